"""Part files: held by one, gone on with, named without overwriting."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from core.media.part_file import PartFile, Source, part_path
from core.servers.download_names import numbered


def names(folder: Path) -> list[str]:
    """Everything in the folder."""
    return sorted(path.name for path in folder.iterdir())


def test_a_part_is_written_and_gets_its_name(tmp_path: Path) -> None:
    part = PartFile.open(tmp_path, "t")
    assert (part.size, part.source, names(tmp_path)) == (0, None, [".winnow-t.part"])
    part.remember(Source("digest", '"e"', "", 6))
    part.write(b"abcd")
    part.write(b"ef")
    assert part.size == 6
    assert part.settle("a.jpg", numbered) == tmp_path / "a.jpg"
    part.leave(keep=False)
    assert names(tmp_path) == ["a.jpg"]
    assert (tmp_path / "a.jpg").read_bytes() == b"abcdef"


def test_a_part_is_gone_on_with(tmp_path: Path) -> None:
    part = PartFile.open(tmp_path, "t")
    part.remember(Source("digest", '"e"', "", 6))
    part.write(b"abc")
    part.leave(keep=True)
    again = PartFile.open(tmp_path, "t")
    assert (again.size, again.source) == (3, Source("digest", '"e"', "", 6))
    again.write(b"def")
    again.restart()
    assert (again.size, again.source, names(tmp_path)) == (0, None, [".winnow-t.part"])
    again.write(b"x")
    assert again.settle("a", numbered).read_bytes() == b"x"


def test_a_part_is_held_by_one(tmp_path: Path) -> None:
    part = PartFile.open(tmp_path, "t")
    with pytest.raises(BlockingIOError):
        PartFile.open(tmp_path, "t")
    PartFile.open(tmp_path, "u").leave(keep=False)
    part.leave(keep=False)
    assert names(tmp_path) == []
    PartFile.open(tmp_path, "t").leave(keep=False)


def test_a_part_that_got_its_name_while_it_was_opened_is_not_written_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = PartFile.open(tmp_path, "t")
    first.write(b"whole")
    real, calls = os.open, []

    def opening(path: Any, *rest: Any) -> int:
        descriptor = real(path, *rest)
        calls.append(path)
        if len(calls) == 1:
            first.settle("a.jpg", numbered)
        return descriptor

    monkeypatch.setattr(os, "open", opening)
    second = PartFile.open(tmp_path, "t")
    second.write(b"x")
    second.leave(keep=False)
    assert (tmp_path / "a.jpg").read_bytes() == b"whole"
    assert names(tmp_path) == ["a.jpg"]


def test_a_link_in_place_of_the_part_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    part_path(tmp_path, "t").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic"):
        PartFile.open(tmp_path, "t")
    assert (tmp_path / "precious").read_text() == "mine"


def test_names_that_are_taken_are_numbered(tmp_path: Path) -> None:
    for name in ("a.jpg", "a (2).jpg"):
        (tmp_path / name).write_text("mine")
    (tmp_path / "a (3).jpg").symlink_to("nowhere")
    part = PartFile.open(tmp_path, "t")
    assert part.settle("a.jpg", numbered).name == "a (4).jpg"


def test_a_disk_that_takes_only_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, data: real(descriptor, data[:3]))
    part = PartFile.open(tmp_path, "t")
    part.write(b"abcdefg")
    assert part.size == 7
    assert part.settle("a", numbered).read_bytes() == b"abcdefg"
