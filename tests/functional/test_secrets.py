"""No key and no password in anything Winnow prints or writes, though servers repeat what they were sent."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import tomlkit
from cli_runner import Ran, command
from soaking import cases

from core.demo.faults import FaultKind
from core.demo.world import DemoWorld

STASH, PASSWORD, IMMICH, DATABASE = (
    "St4shKey-Planted-0001",
    "B4sicPassw0rd-Planted-0002",
    "Imm1chKey-Planted-0003",
    "Db-Planted-0004",
)
APPRISE, HOOK, BOX, BOX2 = "Appr1se-Planted-0005", "H00k-Planted-0006", "Meadow.Planted-0007", "Harbour.Planted-0008"
USER = "owner"
PLANTED: tuple[str, ...] = (STASH, PASSWORD, IMMICH, DATABASE, APPRISE, HOOK, BOX, BOX2)
BASIC = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
PLANTED += (BASIC.rstrip("="),)
COMMANDS: tuple[tuple[str, ...], ...] = (
    ("--scan-only", "--json"),
    ("doctor",),
    ("doctor", "--json"),
    ("list", "matching", "--json"),
    ("list", "duplicates"),
    ("show", "1"),
    ("accept", "--high-confidence", "--yes"),
    ("history",),
    ("history", "--json"),
    ("undo", "--last"),
    ("jobs",),
    ("jobs", "--json"),
    ("jobs", "show", "1"),
    ("jobs", "show", "2"),
    ("jobs", "show", "3", "--json"),
    ("export", "matching", "--format", "json"),
    ("intake", "stats"),
    ("hash", "--yes"),
)


def written(*folders: Path) -> Iterator[tuple[Path, bytes]]:
    """Every file below these folders."""
    for folder in folders:
        for path in folder.rglob("*"):
            if path.is_file():
                yield path, path.read_bytes()


@pytest.mark.parametrize("kind", cases(["works", FaultKind.ERROR], FaultKind))
async def test_nothing_repeats_a_secret(world: DemoWorld, tmp_path: Path, kind: str) -> None:
    home = tmp_path / "home"
    (home / "folder").mkdir(parents=True)
    world.stash.api_key = STASH
    for box, key in zip(world.boxes, (BOX, BOX2), strict=True):
        box.api_key = key
    world.stash.boxes = [
        type(one)(one.endpoint, box.api_key, one.name, one.max_requests_per_minute)
        for one, box in zip(world.stash.boxes, world.boxes, strict=True)
    ]
    url = world.stash.base_url.replace("http://", f"http://{USER}:{PASSWORD}@")
    folders = {name: str(home / name) for name in ("temp_dir", "final_base", "review_base")}
    for folder in folders.values():
        Path(folder).mkdir()
    settings: dict[str, Any] = {
        "stash": {"url": url, "api_key": STASH},
        "duplicates": {"folders": [str(home / "folder")]},
        "intake": {
            "enabled": True,
            **folders,
            "immich": {
                "url": url.replace("/graphql", ""),
                "api_key": IMMICH,
                "database": f"postgresql://immich:{DATABASE}@127.0.0.1:1/immich",
            },
        },
    }
    if kind != "works":  # to load Apprise takes seconds
        settings["notify"] = {
            "url": f"http://127.0.0.1:1/{HOOK}?token={HOOK}",
            "apprise": [f"json://{APPRISE}@127.0.0.1:1/"],
        }
    config = home / "winnow.toml"
    config.touch(mode=0o600)
    config.write_text(tomlkit.dumps(settings))
    if kind != "works":
        for server, said in zip(world.servers, (f"{STASH} Basic {BASIC} {USER}:{PASSWORD}", BOX, BOX2), strict=True):
            server.faults.add(kind, times=None, message=f"your headers were {said}")
    env = {"WINNOW_CONFIG": str(config), "WINNOW_DATA_DIR": str(home / "data"), "WINNOW_DEBUG": "1"}
    ran: list[tuple[tuple[str, ...], Ran]] = []
    for words in COMMANDS:
        ran.append((words, await command(home, *words, **env)))
    for words, one in ran:
        for text in (one.out, one.err):
            assert not [secret for secret in PLANTED if secret in text], (words, text)
    for path, content in written(home, world.directory / "data"):
        if path != config:
            assert not [secret for secret in PLANTED if secret.encode() in content], path
