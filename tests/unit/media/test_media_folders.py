"""Walking folders: what is found, what is passed over, and what cannot be looked at."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import UnreadableFileError
from core.media.folders import PASSED_OVER, FoundFile, Wanted, media_of, walk
from core.model.library_records import Media

EVERYTHING = Wanted(frozenset(Media))
VIDEOS = Wanted(frozenset([Media.VIDEO]))


def fill(root: Path, *names: str) -> None:
    """Files of these names below a folder, each with its own name as its content."""
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.fsencode(name))


def found_in(root: Path, wanted: Wanted = EVERYTHING, troubles: list[str] | None = None) -> list[FoundFile]:
    """All files of a walk, in its order."""
    return [one for batch in walk(root, wanted, [] if troubles is None else troubles) for one in batch]


def names_in(root: Path, wanted: Wanted = EVERYTHING, troubles: list[str] | None = None) -> list[str]:
    """The found paths below the root, in the order of the alphabet."""
    return sorted(os.path.relpath(one.path, root) for one in found_in(root, wanted, troubles))


def refuse(monkeypatch: pytest.MonkeyPatch, refused: Path, error: OSError) -> None:
    """Let the listing of one folder fail."""
    real = os.scandir

    def scandir(path: Any) -> Any:
        if os.fspath(path) == str(refused):
            raise error
        return real(path)

    monkeypatch.setattr("core.media.folders.os.scandir", scandir)


# -- what is found --------------------------------------------------------------------------------------------------


def test_every_level_is_walked_and_only_media_are_given(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "one/b.MP4", "one/two/c.WebP", "one/two/three/four/d.mkv", ".hidden/e.png")
    fill(tmp_path, "notes.txt", "one/film.mp4.part", "jpg", ".jpg", "album.zip", "one/a.jpg.xmp")
    assert names_in(tmp_path) == [".hidden/e.png", "a.jpg", "one/b.MP4", "one/two/c.WebP", "one/two/three/four/d.mkv"]
    assert names_in(tmp_path, VIDEOS) == ["one/b.MP4", "one/two/three/four/d.mkv"]


@pytest.mark.parametrize(
    ("name", "media"),
    [("a.JPEG", Media.IMAGE), ("a.tar.tiff", Media.IMAGE), ("a.M4V", Media.VIDEO), ("a.jpg ", None), ("mp4", None)],
)
def test_a_file_is_what_its_extension_says(name: str, media: Media | None) -> None:
    assert media_of(name) is media


def test_a_found_file_states_what_it_is(tmp_path: Path) -> None:
    fill(tmp_path, "a.mp4")
    os.utime(tmp_path / "a.mp4", ns=(0, 1_600_000_000_123_456_789))
    facts = (tmp_path / "a.mp4").stat()
    (one,) = found_in(tmp_path)
    assert (one.path, one.media, one.links) == (str(tmp_path / "a.mp4"), Media.VIDEO, 1)
    identity = one.identity
    assert (identity.device, identity.inode) == (facts.st_dev, facts.st_ino)
    assert (identity.size, identity.mtime_ns) == (5, 1_600_000_000_123_456_789)
    assert one.modified_at == pytest.approx(1_600_000_000.123, abs=0.001)


def test_many_files_come_in_batches_and_none_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.media.folders.BATCH", 3)
    fill(tmp_path, *(f"{folder}/{number}.jpg" for folder in "abcd" for number in range(2)))
    batches = list(walk(tmp_path, EVERYTHING, []))
    assert [len(one) for one in batches] == [4, 4]
    assert len({found.path for batch in batches for found in batch}) == 8


def test_an_empty_folder_has_no_files_and_no_troubles(tmp_path: Path) -> None:
    troubles: list[str] = []
    assert list(walk(tmp_path, EVERYTHING, troubles)) == []
    assert troubles == []


# -- what is left out -----------------------------------------------------------------------------------------------


def test_files_and_folders_that_are_not_wanted_are_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "keep/a.jpg", "keep/b.jpg", "drop/a.jpg", "drop/deeper/a.jpg")
    refuse(monkeypatch, tmp_path / "drop", OSError(5, "must not be listed"))
    asked: list[str] = []

    def takes(path: str) -> bool:
        asked.append(path)
        return path.endswith("/a.jpg")

    troubles: list[str] = []
    wanted = Wanted(frozenset(Media), takes=takes, enters=lambda path: not path.endswith("/drop"))
    assert names_in(tmp_path, wanted, troubles) == ["keep/a.jpg"]
    assert sorted(asked) == [str(tmp_path / "keep/a.jpg"), str(tmp_path / "keep/b.jpg")]
    assert troubles == []


@pytest.mark.parametrize("name", [*PASSED_OVER, ".Trash-1000", ".winnow-trash-2"])
def test_trashes_are_passed_over_at_every_level(tmp_path: Path, name: str) -> None:
    fill(tmp_path, f"{name}/a.jpg", f"deeper/{name}/files/a.jpg", "deeper/b.jpg")
    assert names_in(tmp_path) == ["deeper/b.jpg"]


def test_symbolic_links_are_not_followed(tmp_path: Path) -> None:
    outside, root = tmp_path / "outside", tmp_path / "root"
    fill(outside, "a.jpg")
    fill(root, "b.jpg", "deep/c.jpg")
    (root / "file.jpg").symlink_to(root / "b.jpg")
    (root / "away.jpg").symlink_to(outside / "a.jpg")
    (root / "folder").symlink_to(outside, target_is_directory=True)
    (root / "folder.jpg").symlink_to(outside, target_is_directory=True)
    (root / "nowhere.jpg").symlink_to(tmp_path / "gone.jpg")
    (root / "deep/loop").symlink_to(root, target_is_directory=True)
    (root / "itself.jpg").symlink_to(root / "itself.jpg")
    troubles: list[str] = []
    assert names_in(root, troubles=troubles) == ["b.jpg", "deep/c.jpg"]
    assert troubles == []


def test_a_root_that_is_a_link_is_what_was_asked_for(tmp_path: Path) -> None:
    fill(tmp_path / "real", "a.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "real", target_is_directory=True)
    (one,) = found_in(tmp_path / "link")
    assert one.path == str(tmp_path / "link" / "a.jpg")


def test_hard_links_are_one_content_under_several_names(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "other/alone.jpg")
    (tmp_path / "other/b.jpg").hardlink_to(tmp_path / "a.jpg")
    found = {os.path.relpath(one.path, tmp_path): one for one in found_in(tmp_path)}
    assert {name: one.links for name, one in found.items()} == {"a.jpg": 2, "other/b.jpg": 2, "other/alone.jpg": 1}
    assert found["a.jpg"].identity == found["other/b.jpg"].identity != found["other/alone.jpg"].identity


def test_what_only_looks_like_a_file_is_left_alone(tmp_path: Path) -> None:
    fill(tmp_path, "movie.mp4/inside.jpg")  # a folder
    os.mkfifo(tmp_path / "pipe.jpg")
    troubles: list[str] = []
    assert names_in(tmp_path, troubles=troubles) == ["movie.mp4/inside.jpg"]
    assert troubles == []


def test_names_that_are_no_utf8_come_through_whole(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path) + b"/\xff\xfe"
    os.mkdir(folder)  # noqa: PTH102  a name in bytes
    for name in (b"caf\xe9.jpg", "café.jpg".encode(), b"new\nline.jpg"):
        Path(os.fsdecode(folder + b"/" + name)).write_bytes(b"x")
    found = {os.fsencode(one.path) for one in found_in(tmp_path)}
    assert found == {folder + b"/caf\xe9.jpg", folder + b"/caf\xc3\xa9.jpg", folder + b"/new\nline.jpg"}


# -- what cannot be looked at ---------------------------------------------------------------------------------------


def test_a_folder_that_may_not_be_listed_is_told_and_the_rest_is_walked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(tmp_path, "a.jpg", "locked/b.jpg", "open/c.jpg")
    refuse(monkeypatch, tmp_path / "locked", PermissionError(13, "Permission denied"))
    troubles: list[str] = []
    assert names_in(tmp_path, troubles=troubles) == ["a.jpg", "open/c.jpg"]
    assert troubles == [f"{tmp_path / 'locked'}: cannot be listed (Permission denied)"]


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is locked for root")
def test_the_rights_of_a_folder_are_told(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg", "locked/b.jpg")
    (tmp_path / "locked").chmod(0)
    troubles: list[str] = []
    try:
        assert names_in(tmp_path, troubles=troubles) == ["a.jpg"]
    finally:
        (tmp_path / "locked").chmod(0o755)
    assert troubles == [f"{tmp_path / 'locked'}: cannot be listed (Permission denied)"]


def test_a_folder_that_vanished_meanwhile_is_no_trouble(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fill(tmp_path, "a.jpg", "gone/b.jpg")
    refuse(monkeypatch, tmp_path / "gone", FileNotFoundError(2, "No such file or directory"))
    troubles: list[str] = []
    assert names_in(tmp_path, troubles=troubles) == ["a.jpg"]
    assert troubles == []


class Entry:
    """A directory entry whose facts cannot be had."""

    def __init__(self, real: os.DirEntry[str], error: OSError) -> None:
        self.name, self.path = real.name, real.path
        self._error = error

    def is_dir(self, *, follow_symlinks: bool = True) -> bool:
        return False

    def is_file(self, *, follow_symlinks: bool = True) -> bool:
        return True

    def stat(self, *, follow_symlinks: bool = True) -> os.stat_result:
        raise self._error


class Listing:
    """A listing in which one name cannot be looked at."""

    def __init__(self, path: str, name: str, error: OSError) -> None:
        with os.scandir(path) as entries:
            self._entries = [Entry(one, error) if one.name == name else one for one in entries]

    def __enter__(self) -> Iterator[Any]:
        return iter(self._entries)

    def __exit__(self, *_: object) -> None:
        pass


@pytest.mark.parametrize(
    ("error", "words"),
    [(OSError(5, "Input/output error"), ["cannot be looked at (Input/output error)"]), (FileNotFoundError(2, "x"), [])],
)
def test_a_file_that_cannot_be_looked_at_costs_itself_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError, words: list[str]
) -> None:
    fill(tmp_path, "a.jpg", "bad.jpg", "c.jpg")
    listing = Listing(str(tmp_path), "bad.jpg", error)
    monkeypatch.setattr("core.media.folders.os.scandir", lambda _: listing)
    troubles: list[str] = []
    assert names_in(tmp_path, troubles=troubles) == ["a.jpg", "c.jpg"]
    assert troubles == [f"{tmp_path / 'bad.jpg'}: {one}" for one in words]


def test_a_root_that_is_not_there_is_an_error_and_not_an_empty_folder(tmp_path: Path) -> None:
    for missing in (tmp_path / "share", tmp_path / "share" / "deeper"):
        with pytest.raises(UnreadableFileError, match=r"share\S*: is not there .* mounted\? .* unreachable") as raised:
            list(walk(missing, EVERYTHING, []))
        assert raised.value.path == missing


def test_a_root_that_dangles_or_is_a_file_is_an_error(tmp_path: Path) -> None:
    fill(tmp_path, "a.jpg")
    (tmp_path / "link").symlink_to(tmp_path / "unmounted", target_is_directory=True)
    with pytest.raises(UnreadableFileError, match="link: is not there"):
        list(walk(tmp_path / "link", EVERYTHING, []))
    with pytest.raises(UnreadableFileError, match=r"a\.jpg: is no folder"):
        list(walk(tmp_path / "a.jpg", EVERYTHING, []))


@pytest.mark.parametrize(
    "error", [PermissionError(13, "Permission denied"), OSError(116, "Stale file handle"), FileNotFoundError(2, "gone")]
)
def test_a_root_that_cannot_be_listed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: OSError
) -> None:
    fill(tmp_path, "a.jpg")
    refuse(monkeypatch, tmp_path, error)
    troubles: list[str] = []
    with pytest.raises(UnreadableFileError, match=rf"cannot be listed \({error.strerror}\)"):
        list(walk(tmp_path, EVERYTHING, troubles))
    assert troubles == []
