"""What files are by their content."""

from __future__ import annotations

import builtins
import io
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from core.errors import UnreadableFileError
from core.media.kinds import UNKNOWN, What, kind_of


def saved(path: Path, form: str) -> Path:
    """A small picture of a format."""
    out = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(out, form)
    path.write_bytes(out.getvalue())
    return path


@pytest.mark.parametrize(
    ("form", "extension"),
    [
        ("JPEG", ".jpg"),
        ("PNG", ".png"),
        ("GIF", ".gif"),
        ("WEBP", ".webp"),
        ("BMP", ".bmp"),
        ("TIFF", ".tif"),
        ("AVIF", ".avif"),
    ],
)
def test_pictures_are_known_whatever_their_name(tmp_path: Path, form: str, extension: str) -> None:
    kind = kind_of(saved(tmp_path / "x.exe", form))
    assert (kind.what, kind.format, kind.extensions[0]) == (What.IMAGE, form.lower(), extension)


@pytest.mark.parametrize(
    ("head", "what", "form"),
    [
        (b"\0\0\0\x18ftypmp42", What.VIDEO, "mp4"),
        (b"\0\0\0\x14ftypqt  ", What.VIDEO, "mov"),
        (b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\x82\x84webm", What.VIDEO, "webm"),
        (b"\x1a\x45\xdf\xa3\x9fB\x82\x88matroska", What.VIDEO, "matroska"),
        (b"RIFF\0\0\0\0AVI LIST", What.VIDEO, "avi"),
        (b"FLV\x01\x05", What.VIDEO, "flv"),
        (b"\0\0\x01\xba\x44", What.VIDEO, "mpeg"),
        (b"<!DOCTYPE html><p>x", What.PAGE, "html"),
        (b"\xef\xbb\xbf \n<!-- a --><!-- b -->\n<HTML lang='x'>", What.PAGE, "html"),
        (b"<?xml version='1.0'?>\n<!doctype html>", What.PAGE, "html"),
        (b"<!-- <html> " * 400, What.OTHER, ""),
        (b"BMX riders, a text", What.OTHER, ""),
        (b"\xff\xd8\xff and no more of a picture", What.OTHER, ""),
        (b"\x89PNG\r\n\x1a\n", What.OTHER, ""),
        (b"plain text", What.OTHER, ""),
        (b"", What.OTHER, ""),
    ],
)
def test_what_a_file_begins_with(tmp_path: Path, head: bytes, what: What, form: str) -> None:
    path = tmp_path / "x.jpg"
    path.write_bytes(head)
    assert (kind_of(path).what, kind_of(path).format) == (what, form)


def test_heic_is_a_picture_only_where_it_can_be_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **more: Any) -> Any:
        if name == "pillow_heif":
            raise ImportError(name)
        return real(name, *rest, **more)

    monkeypatch.setattr(builtins, "__import__", without)
    path = tmp_path / "x.jpg"
    path.write_bytes(b"\0\0\0\x18ftypheic\0\0\0\0mif1heic")
    kind = kind_of(path)
    assert (kind.what, kind.extensions) == (What.OTHER, (".heic", ".heif"))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UnreadableFileError):
        kind_of(tmp_path / "gone")
    assert UNKNOWN.extensions == ()
