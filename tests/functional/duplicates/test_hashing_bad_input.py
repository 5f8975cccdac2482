"""Hashing what is broken, foreign, locked or hostile: each file is told with its reason, and the rest goes on."""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import imagehash
import pytest
from bad_files import MARKED, NO_UTF8, Bench, deep, picture, request, trouble_by_name, write_bad, write_good
from PIL import Image

from core.media.phash import image_phash
from core.media.video import video_phash
from core.model.groups import GroupKind
from core.path_text import shown


@pytest.fixture
async def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    trouble_by_name(tmp_path / "hook", monkeypatch)
    async with Bench.open(tmp_path / "data") as bench:
        yield bench


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "media"
    root.mkdir()
    return root


async def test_every_bad_file_is_told_with_its_reason_and_all_others_are_hashed(bench: Bench, root: Path) -> None:
    good, bad = write_good(root), write_bad(root)
    report = await bench.scan(root)
    assert report.is_ok
    assert (report.files, report.hashed) == (len(good) + len(bad), len(good) + len(bad))
    assert report.problems == len(bad)
    files, log = await bench.files(), await bench.logged()
    assert {name for name, one in files.items() if one.problem} == set(bad)
    for name, reason in bad.items():
        assert re.search(reason, files[name].problem), f"{name}: {files[name].problem}"
        assert files[name].hashes.phash is None
        assert f"{shown(root / name)}: {files[name].problem}" in log
    for name in good:
        hashed = video_phash(root / name) if name.endswith(".mp4") else image_phash(root / name)
        assert files[name].hashes.phash == hashed, name
        assert files[name].facts.width, name
    assert files["moving.gif"].facts.is_animated
    assert not files["still.gif"].facts.is_animated
    (group,) = await bench.groups()
    assert (group.kind, {one.file.name for one in group.members}) == (
        GroupKind.SAME_PHASH,
        {"upright.jpg", "turned.jpg"},
    )


async def test_a_second_scan_takes_good_and_bad_from_the_cache(
    bench: Bench, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, bad = write_good(root), write_bad(root)
    await bench.scan(root)
    before = await bench.files()
    (root / "plain.png").rename(root / "renamed.png")

    async def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a file was read again")

    monkeypatch.setattr(bench.pool, "_run", refuse)
    report = await bench.scan(root)
    assert (report.files, report.hashed, report.problems) == (len(good) + len(bad), 0, len(bad))
    after = await bench.files()
    assert after["renamed.png"].hashes == before["plain.png"].hashes
    assert {name: one.problem for name, one in after.items() if one.problem} == {
        name: before[name].problem for name in bad
    }


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("locked.jpg", "may not be read"),
        ("locked.mp4", "may not be read"),
        ("failing.jpg", r"read \(Input/output error\)"),
    ],
)
async def test_what_cannot_be_read_today_is_looked_at_again(
    bench: Bench, root: Path, name: str, reason: str, tmp_path: Path
) -> None:
    write_good(root)
    (root / "clip.mp4" if name.endswith("mp4") else root / "plain.png").rename(root / name)
    first = await bench.scan(root)
    assert (first.problems, first.hashed) == (1, first.files - 1)
    assert re.search(reason, (await bench.files())[name].problem)
    again = await bench.scan(root)  # still so: told again
    assert (again.problems, again.hashed) == (1, 0)
    (tmp_path / "hook" / "sitecustomize.py").unlink()
    async with Bench.open(tmp_path / "data") as allowed:  # chmod changes neither size nor time
        assert (report := await allowed.scan(root)).hashed == 1
        assert report.problems == 0
        file = (await allowed.files())[name]
    assert file.problem == ""
    assert file.hashes.phash is not None


async def test_a_helper_that_ends_over_checksums_says_nothing_of_the_content(
    bench: Bench, root: Path, tmp_path: Path
) -> None:
    for name in ("leaving.png", "leaving twin.png"):
        Image.fromarray(picture(1)).save(root / name)
    for _ in range(2):
        report = await bench.scan(root)
        assert (report.problems, report.hashed) == (2, 0)
    (tmp_path / "hook" / "sitecustomize.py").unlink()
    report = await bench.scan(root)
    assert (report.problems, report.hashed) == (0, 2)
    (group,) = await bench.groups()
    assert group.kind is GroupKind.EXACT


async def test_a_file_that_changes_while_it_is_read_waits_for_the_next_scan(bench: Bench, root: Path) -> None:
    for name in ("growing.png", "growing-twin.png", "growing.mp4"):
        path = root / name
        if name.endswith("mp4"):
            write_good(root)
            (root / "clip.mp4").rename(path)
        else:
            Image.fromarray(picture(9)).save(path)  # one size: checksums are wanted
        os.utime(path, ns=(MARKED, MARKED))
    report = await bench.scan(root)
    assert (report.problems, report.hashed) == (3, report.files - 3)
    files = await bench.files()
    for name in ("growing.png", "growing-twin.png", "growing.mp4"):
        assert "changed while it was read; the next scan looks again" in files[name].problem
        assert (files[name].hashes.phash, files[name].hashes.sha256) == (None, None)
    second = await bench.scan(root)
    assert (second.problems, second.hashed) == (0, 3)
    assert [one.kind for one in await bench.groups()].count(GroupKind.EXACT) == 1


async def test_sums_of_a_changed_content_are_not_kept_under_what_the_file_was(bench: Bench, root: Path) -> None:
    path = root / "a.jpg"
    Image.fromarray(picture(1)).save(path)
    wanted = request(path, wants_checksums=True)
    facts = path.stat()
    path.write_bytes(path.read_bytes() + b"more")  # between the walk and the read
    report = await bench.hash([wanted])
    assert report.problems == [(str(path), "changed while it was read; the next scan looks again")]
    assert report.hashed == 0
    os.truncate(path, facts.st_size)
    os.utime(path, ns=(facts.st_atime_ns, facts.st_mtime_ns))  # as it was, as a restored backup is
    assert await bench.known(path) == {}


async def test_a_file_that_goes_while_it_is_read_is_told_as_gone(bench: Bench, root: Path) -> None:
    Image.fromarray(picture(1)).save(root / "vanishing.png")
    Image.fromarray(picture(2)).save(root / "plain.png")
    report = await bench.scan(root)
    assert (report.problems, report.hashed) == (1, 1)
    assert "missing" in (await bench.files())["vanishing.png"].problem


async def test_broken_copies_are_copies(bench: Bench, root: Path) -> None:
    names = ["one.jpg", NO_UTF8, "film.mp4", "other film.mp4"]
    for name in names:
        (root / name).write_bytes(b"no film" if name.endswith("mp4") else b"no picture")
    await bench.scan(root)
    files = await bench.files()
    assert all(files[name].problem and files[name].hashes.sha256 for name in names)
    found = {(one.kind, frozenset(member.file.name for member in one.members)) for one in await bench.groups()}
    assert found == {(GroupKind.EXACT, frozenset(names[:2])), (GroupKind.EXACT, frozenset(names[2:]))}


async def test_a_copy_of_a_file_known_as_broken_is_found_later(bench: Bench, root: Path) -> None:
    (root / "one.jpg").write_bytes(b"broken")
    assert (await bench.scan(root)).hashed == 1
    assert (await bench.files())["one.jpg"].hashes.sha256 is None
    (root / "two.jpg").write_bytes(b"broken")
    report = await bench.scan(root)
    assert (report.hashed, report.problems) == (2, 2)
    (group,) = await bench.groups()
    assert group.kind is GroupKind.EXACT
    assert (await bench.scan(root)).hashed == 0


async def test_hard_links_are_read_once(bench: Bench, root: Path) -> None:
    Image.fromarray(picture(1)).save(root / "a.png")
    (root / "b.png").hardlink_to(root / "a.png")
    assert (await bench.scan(root)).hashed == 1
    files = await bench.files()
    assert files["a.png"].hashes == files["b.png"].hashes


async def test_include_and_exclude_choose_what_is_hashed(bench: Bench, root: Path) -> None:
    for name in ("camera/a.jpg", "camera/b.png", "camera/thumbs/c.jpg", "camera/d (1).jpg", "other/e.jpg"):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture(len(name))).save(root / name)
    report = await bench.scan(root, include=("camera/**/*.jpg",), exclude=("**/thumbs", "* (?).jpg"))
    assert (report.files, report.hashed) == (1, 1)
    assert set(await bench.files()) == {"a.jpg"}
    assert (await bench.scan(root, exclude=(f"{root}/camera/**",))).files == 1
    assert set(await bench.files()) == {"e.jpg"}


@pytest.mark.parametrize("kind", ["plain", "deep", "print", "turned", "fast"])
async def test_the_second_hash_of_odd_pictures_is_that_of_what_they_show(bench: Bench, root: Path, kind: str) -> None:
    pixels = picture(2)
    shows = Image.fromarray(pixels[:, :, 0] if kind == "deep" else pixels)
    path = root / ("a.png" if kind in ("plain", "deep") else "a.jpg")
    exif = Image.Exif()
    exif[0x0112] = 8 if kind == "turned" else 1
    saved: Any = {"deep": Image.fromarray(deep(pixels[:, :, 0])), "print": shows.convert("CMYK")}.get(kind, shows)
    saved.save(path, exif=exif, **({} if path.suffix == ".png" else {"quality": 95}))
    await bench.hash([request(path, wants_second=True)], is_fast=kind == "fast")
    hashes = (await bench.known(path))["a" + path.suffix].hashes
    assert hashes.second is not None
    assert (hashes.second ^ int(str(imagehash.dhash(shows)), 16)).bit_count() <= 4
    assert hashes.phash is not None
    assert (hashes.phash ^ image_phash(path)).bit_count() <= 2
    assert hashes.phash_method == "exact", "a small JPEG is decoded whole even where fast hashes are asked for"


async def test_an_unmounted_folder_fails_and_nothing_of_it_is_forgotten(bench: Bench, root: Path) -> None:
    write_good(root)
    files = (await bench.scan(root)).files
    root.rename(root.with_name("away"))
    report = await bench.scan(root)
    assert not report.is_ok
    assert "is not there" in report.sources[0].error
    assert "mounted" in await bench.logged()
    assert report.files == files
    root.with_name("away").rename(root)
    assert (await bench.scan(root)).hashed == 0
