"""No picture starts a program: Pillow hands PostScript to Ghostscript, whatever the name of the file is."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import Any, NoReturn

import pytest
from PIL import EpsImagePlugin, Image

from core.errors import DecodeError
from core.media.frame_difference import image_error
from core.media.image import look_at_image
from core.media.phash import image_phash
from core.media.thumbnail import thumbnail
from tui.pictures.decode import shrink


@pytest.fixture
def postscript(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A drawing in PostScript that calls itself a JPEG; to draw it fails the test."""

    def draw(*_: Any, **__: Any) -> NoReturn:
        pytest.fail("a program was started for a picture")

    monkeypatch.setattr(EpsImagePlugin, "Ghostscript", draw)
    path = tmp_path / "a.jpg"
    Image.new("RGB", (40, 30), "red").save(path, "EPS")
    return path


def test_postscript_is_no_picture(postscript: Path, tmp_path: Path) -> None:
    plain = tmp_path / "b.png"
    Image.new("RGB", (40, 30), "red").save(plain)
    for read in (
        lambda: image_phash(postscript),
        lambda: look_at_image(postscript, wants_second=True),
        lambda: thumbnail(postscript, None),
        lambda: image_error(plain, postscript),
        lambda: shrink(postscript.read_bytes()),
    ):
        with pytest.raises(DecodeError, match=r"is no image that can be decoded|not a picture"):
            read()


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF", "PPM", "ICO", "TGA"])
def test_pictures_are_pictures(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    Image.new("RGB", (64, 64), "red").save(path, kind)
    assert look_at_image(path).container
    out = BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, kind)
    assert shrink(out.getvalue())


def test_a_picture_with_a_second_one_inside(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    first, second = Image.new("RGB", (64, 64), "red"), Image.new("RGB", (64, 64), "blue")
    first.save(path, "MPO", save_all=True, append_images=[second])
    assert look_at_image(path).container == "mpo"
