"""`winnow hash` and `winnow export duplicates`, the whole way, against a real server and real files."""

from __future__ import annotations

import csv
import io
import json
import sqlite3
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

import pytest
from cli_runner import Ran, command

from core.demo.world import DemoWorld
from core.media.phash import image_phash
from core.path_map import local_path
from core.settings import PathMapping

Winnow = Callable[..., Awaitable[Ran]]


@pytest.fixture
def run(duplicates_world: DemoWorld, tmp_path: Path) -> Winnow:
    """Runs a command against the world."""
    places = {"WINNOW_CONFIG": str(duplicates_world.config_path), "WINNOW_DATA_DIR": str(tmp_path / "data")}

    async def run_here(*words: str | Path, **env: str) -> Ran:
        return await command(tmp_path, *words, **places, **env)

    return run_here


def in_stash(world: DemoWorld) -> dict[int, int | None]:
    """The PHASH of every picture in the Stash, by the number of its file."""
    return {
        file.id: int(file.fingerprints["phash"], 16) if file.fingerprints.get("phash") else None
        for image in world.stash.library.images.values()
        for file in image.files
    }


async def test_missing_phashes_are_exported_written_and_taken_back(
    run: Winnow, duplicates_world: DemoWorld, tmp_path: Path
) -> None:
    before = in_stash(duplicates_world)
    assert set(before.values()) == {None}, "a Stash before 0.31 holds no PHASH of a picture"
    exported = tmp_path / "phashes.csv"
    ran = await run("hash", "--media", "image", "--export", exported, "--json")
    assert ran.status == 0, ran.err
    document = json.loads(ran.out)
    assert document["lacking_in_stash"] == document["exported"] == len(before)
    assert in_stash(duplicates_world) == before, "nothing is written unasked"
    with exported.open(newline="") as stream:
        rows = {int(row["file_id"]): int(row["phash"], 16) for row in csv.DictReader(stream)}
    assert set(rows) == set(before)
    mapping = (PathMapping(stash="/data", local=str(duplicates_world.directory / "library")),)
    for image in duplicates_world.stash.library.images.values():
        for file in image.files:
            path = local_path(file.path, mapping)
            assert path is not None
            assert rows[file.id] == image_phash(path)

    ran = await run("hash", "--media", "image", "--write-to-stash", "--yes")
    assert ran.status == 0, ran.err
    assert "0 hashed" in ran.out, "what was computed once is known"
    assert in_stash(duplicates_world) == rows
    ran = await run("hash", "--media", "image", "--write-to-stash", "--yes")
    assert (ran.status, "there is nothing to write" in ran.err) == (0, True)
    ran = await run("undo", "--last")
    assert ran.status == 0, ran.err
    assert in_stash(duplicates_world) == before


async def test_what_could_not_be_decoded_is_tried_anew_when_that_is_asked_for(run: Winnow, tmp_path: Path) -> None:
    words = "ended the process that read it (SIGKILL); it is damaged, or memory ran out"
    ran = await run("hash", "--media", "image", "--json")
    assert ran.status == 0, ran.err
    broken = {one["path"] for one in json.loads(ran.out)["problems"]}
    with closing(sqlite3.connect(tmp_path / "data" / "winnow.db")) as database, database:
        victim = database.execute("SELECT inode FROM hash_cache WHERE problem = '' AND phash IS NOT NULL").fetchone()
        database.execute("UPDATE hash_cache SET phash = NULL, problem = ? WHERE inode = ?", (words, *victim))
        database.execute("UPDATE library_files SET phash = NULL, detail = json_set(detail, '$.hashes.phash', NULL)")
    remembered = json.loads((await run("hash", "--media", "image", "--json")).out)
    assert [one["reason"] for one in remembered["problems"] if one["path"] not in broken] == [words]
    again = json.loads((await run("hash", "--media", "image", "--again", "--json")).out)
    assert {one["path"] for one in again["problems"]} == broken
    assert again["hashed"] == 1 + len(broken)


async def test_writing_asks_first_and_needs_a_server(run: Winnow, duplicates_world: DemoWorld, tmp_path: Path) -> None:
    ran = await run("hash", "--write-to-stash")
    assert (ran.status, "--yes" in ran.err) == (2, True)
    assert "hashed" not in ran.out, "before hours of work, not after"
    config = tmp_path / "folders.toml"
    config.write_text(f'[duplicates]\nfolders = ["{duplicates_world.directory / "camera"}"]\n')
    ran = await run("hash", "--write-to-stash", "--yes", "--config", config)
    assert (ran.status, "[stash] url" in ran.err) == (2, True)
    config.write_text("[duplicates]\nfolders = []\n")
    ran = await run("hash", "--config", config)
    assert (ran.status, "nothing to search" in ran.err) == (2, True)


async def test_phashes_of_files_behind_a_wrong_mapping_are_not_written(
    run: Winnow, duplicates_world: DemoWorld, tmp_path: Path
) -> None:
    """Equal sizes, another content: a mapping that leads to the wrong folder must not put its hashes into Stash."""
    for image in duplicates_world.stash.library.images.values():
        for file in image.files:
            file.fingerprints["md5"] = "0123456789abcdef0123456789abcdef"
    ran = await run("hash", "--media", "image", "--write-to-stash", "--yes")
    assert set(in_stash(duplicates_world).values()) == {None}
    assert "there is nothing to write" in ran.err


async def test_a_broken_picture_is_named_and_the_others_are_hashed(
    run: Winnow, duplicates_world: DemoWorld, tmp_path: Path
) -> None:
    (duplicates_world.directory / "camera" / "torn.jpg").write_bytes(b"no picture")
    ran = await run("hash", "--media", "image", "--json")
    document = json.loads(ran.out)
    assert [Path(one["path"]).name for one in document["problems"]] == ["torn.jpg"]
    assert (ran.status, document["ok"], document["hashed"] > 1) == (0, True, True)


async def test_groups_are_exported_as_csv_and_json(run: Winnow, tmp_path: Path) -> None:
    ran = await run("--scan-only", "--desk", "duplicates")
    assert ran.status == 0, ran.err
    ran = await run("export", "duplicates", "--format", "json", "--output", tmp_path / "groups.json")
    assert ran.status == 0, ran.err
    groups = json.loads((tmp_path / "groups.json").read_text())["groups"]
    ran = await run("export", "duplicates", "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(ran.out)))
    assert len(rows) == sum(len(one["files"]) for one in groups) > 20
    assert [int(row["file"]) for row in rows] == [file["id"] for one in groups for file in one["files"]]
    assert {row["kind"] for row in rows} >= {"exact", "near", "same_scene"}
    ran = await run("export", "duplicates", "--format", "csv", "--status", "accepted")
    assert (ran.status, "never accepted" in ran.err) == (2, True)
    ran = await run("export", "matching", "--format", "csv", "--status", "kept")
    assert (ran.status, "never kept" in ran.err) == (2, True)
