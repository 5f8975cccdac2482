"""`winnow doctor`: what it finds, in words and in JSON, and what it leaves alone."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path
from typing import Any

import pytest
from cli_runner import command

from core.demo.stash_objects import DemoScene, video
from core.demo.world import DemoWorld
from core.doctor import examine
from core.doctor_machine import Check, State
from core.media.checksums import checksums


async def checks(world: DemoWorld, data_dir: Path, more: str = "") -> dict[str, Check]:
    """The checks by name with these lines added to a configuration; of several of one name the worst."""
    config = data_dir.parent / "config.toml"
    config.touch(0o600)
    config.write_text(f'[stash]\nurl = "{world.stash.base_url}"\napi_key = "demo-stash-key"\n{more}')
    order = [State.OK, State.SKIPPED, State.WARNING, State.FAILED]
    found: dict[str, Check] = {}
    async for check in examine(config, data_dir, env={}):
        if check.name not in found or order.index(check.state) > order.index(found[check.name].state):
            found[check.name] = check
    return found


def add_file(world: DemoWorld, number: int, path: Path, stash_path: str, **changes: Any) -> None:
    """A scene over a real file, which the Stash sees at `stash_path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(bytes([number]) * 70_000)
    sums = checksums(path)
    known = {"oshash": sums.oshash, "size": sums.size, **changes}
    world.stash.library.add(DemoScene(number, f"scene {number}", [video(number, stash_path, **known)]))


async def test_all_is_well(empty_world: DemoWorld, tmp_path: Path) -> None:
    for number in (1, 2, 3):
        add_file(empty_world, number, tmp_path / "media" / f"{number}.mp4", f"/data/films/{number}.mp4")
    found = await checks(
        empty_world, tmp_path / "data", f'path_map = [{{ stash = "/data/films", local = "{tmp_path / "media"}" }}]\n'
    )
    states = {name: check.state for name, check in found.items()}
    assert states == {
        "configuration": State.OK,
        "data folder": State.OK,
        "disk space": states["disk space"],
        "database": State.OK,
        "decoder": State.OK,
        "ffmpeg": State.SKIPPED,
        "clock": State.OK,
        "Stash": State.OK,
        "stash-box Meadow": State.OK,
        "stash-box Harbour": State.OK,
        "path mapping": State.OK,
        "trash": State.OK,
        "intake": State.SKIPPED,
    }
    assert "states reports" in found["stash-box Meadow"].words
    assert "states no reports" in found["stash-box Harbour"].words
    assert "3 of 3 sample files are the same" in found["path mapping"].words
    assert not (tmp_path / "data").exists()


async def test_a_disabled_stash_box_is_never_contacted(empty_world: DemoWorld, tmp_path: Path) -> None:
    box, other = empty_world.boxes
    more = f'[matching]\ndisabled_endpoints = ["{box.endpoint.upper()}", "https://typo.example/graphql"]\n'.replace(
        "HTTP://", "http://"
    )
    found = await checks(empty_world, tmp_path / "data", more)
    assert found["stash-box Meadow"].state is State.SKIPPED
    assert not box.log.requests
    assert other.log.requests
    assert found["stash-boxes"].state is State.WARNING
    assert "https://typo.example/graphql" in found["stash-boxes"].words


async def test_a_wrong_mapping_is_found(empty_world: DemoWorld, tmp_path: Path) -> None:
    media = tmp_path / "media"
    add_file(empty_world, 1, media / "same.mp4", "/data/same.mp4")
    add_file(empty_world, 2, media / "other.mp4", "/data/other.mp4", oshash=77)
    add_file(empty_world, 3, media / "size.mp4", "/data/size.mp4", size=5)
    add_file(empty_world, 4, media / "not there.mp4", "/data/missing.mp4")
    found = await checks(empty_world, tmp_path / "data", f'path_map = [{{ stash = "/data", local = "{media}" }}]\n')
    assert found["path mapping"].state is State.FAILED
    assert "3 of 4 sample files differ; /data/other.mp4 has another OSHASH" in found["path mapping"].words


async def test_paths_that_exist_nowhere_here_are_told(empty_world: DemoWorld, tmp_path: Path) -> None:
    add_file(empty_world, 1, tmp_path / "a.mp4", "/no such folder/a.mp4")
    found = await checks(empty_world, tmp_path / "data", 'path_map = [{ stash = "/elsewhere", local = "/x" }]\n')
    assert found["path mapping"].state is State.WARNING


async def test_wrong_keys(empty_world: DemoWorld, tmp_path: Path) -> None:
    empty_world.boxes[0].api_key = "another"
    found = await checks(empty_world, tmp_path / "data")
    assert found["stash-box Meadow"].state is State.FAILED
    assert "refuses the key" in found["stash-box Meadow"].words
    assert found["stash-box Harbour"].state is State.OK
    empty_world.stash.api_key = "another"
    found = await checks(empty_world, tmp_path / "data")
    assert found["Stash"].state is State.FAILED
    assert found["Stash"].advice == "copy the key from Stash: Settings > Security > API Key"


async def test_a_broken_configuration_ends_only_what_needs_it(empty_world: DemoWorld, tmp_path: Path) -> None:
    found = await checks(empty_world, tmp_path / "data", "recheck = 3\n")
    assert found["configuration"].state is State.FAILED
    assert "unknown setting recheck" in found["configuration"].words
    assert found["decoder"].state is State.OK
    assert found["Stash"].state is State.SKIPPED
    assert not empty_world.stash.log.requests


@pytest.mark.parametrize("kind", ["foreign", "newer", "damaged"])
async def test_a_database_that_is_not_whole(empty_world: DemoWorld, tmp_path: Path, kind: str) -> None:
    path = tmp_path / "winnow.db"
    if kind == "damaged":
        path.write_bytes(b"no database at all" * 100)
    else:
        with sqlite3.connect(path) as connection:
            pragma = "application_id = 77" if kind == "foreign" else "user_version = 9999"
            connection.execute("CREATE TABLE a (b)")
            connection.execute(f"PRAGMA {pragma}")
        connection.close()
    before = path.read_bytes()
    found = await checks(empty_world, tmp_path)
    assert found["database"].state is State.FAILED
    assert path.read_bytes() == before


async def test_the_command_in_words_and_json(empty_world: DemoWorld, tmp_path: Path) -> None:
    ran = await command(tmp_path, "doctor", "--config", empty_world.config_path)
    assert ran.status == 0
    assert "ok        Stash: " in ran.out
    assert "skipped   terminal: " in ran.out
    empty_world.stash.boxes[0] = type(empty_world.stash.boxes[0])("http://127.0.0.1:9/graphql", "k", "Gone\x1b[2J")
    ran = await command(tmp_path, "doctor", "--config", empty_world.config_path)
    assert ran.status == 1
    assert "FAILED    stash-box Gone\u241b[2J: " in ran.out
    ran = await command(tmp_path, "doctor", "--json", "--config", empty_world.config_path)
    document = json.loads(ran.out)
    assert (ran.status, ran.err) == (1, "")
    assert (document["version"], document["ok"]) == (1, False)
    assert {"name", "state", "words", "advice"} == set(document["checks"][0])
    assert empty_world.stash.api_key not in ran.out


async def test_folders_database_and_trash_are_looked_at(empty_world: DemoWorld, tmp_path: Path) -> None:
    media, empty = tmp_path / "media", tmp_path / "empty"
    for folder in (media, empty):
        folder.mkdir()
    (media / "a.jpg").write_bytes(b"a")
    (tmp_path / "stash.sqlite").write_bytes(b"no database")

    async def look(lines: str) -> dict[str, Check]:
        return await checks(empty_world, tmp_path / "data", lines)

    found = await look(f'[duplicates]\nfolders = ["{media}"]\n')
    assert (found["folder"].state, found["trash"].state) == (State.OK, State.OK)
    assert ".winnow-trash" in found["trash"].words
    assert (await look(f'[duplicates]\nfolders = ["{empty}"]\n'))["folder"].state is State.WARNING
    found = await look(f'[duplicates]\nfolders = ["{tmp_path}/gone"]\n')
    assert (found["folder"].state, "mount it" in found["folder"].advice) == (State.FAILED, True)
    found = await look(f'database = "{tmp_path}/stash.sqlite"\n')
    assert (found["Stash database"].state, "[stash] database" in found["Stash database"].advice) == (State.FAILED, True)
    assert not list(tmp_path.glob("stash.sqlite-*"))
    blocked = tmp_path / "file"
    blocked.write_bytes(b"")
    found = await look(f'[duplicates]\nfolders = ["{media}"]\n[trash]\ndirectory = "{blocked}/trash"\n')
    assert (found["trash"].state, "cannot be written" in found["trash"].words) == (State.FAILED, True)
    found = await look("[trash]\nuse_system_trash = true\n")
    assert "system's own trash" in found["trash"].words
