"""Names, titles and words of servers that would steer a terminal: no command passes any of it on, in no output."""

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from cli_runner import Ran, command
from tui_driver import opened

from core.demo.drawing import draw
from core.demo.faults import FaultKind
from core.demo.world import DemoWorld

HOSTILE = "\x1b]0;x\x07\x1b[2J\x1b[31m\u202eevil\u2066\x9b2J\x90q\x9c\r\n\x08\t[red]\u2028\u200f\x7f"
FILE = "a\x1b]52;c;eA==\x07\n\u202e[b]"  # what a file system takes
DESKS = ("matching", "duplicates", "intake")


def harmful(text: str) -> list[str]:
    """Signs that a terminal acts on, or that hide what is said."""
    return sorted({repr(sign) for sign in text if not (sign.isprintable() or sign in "\n\u00ad\u200c\u200d")})


@pytest.fixture
def hostile(world: DemoWorld) -> DemoWorld:
    """The case world whose every text from outside is hostile."""
    for scene in world.stash.library.scenes.values():
        scene.title = f"{scene.title}{HOSTILE}"
        scene.details = scene.code = scene.director = HOSTILE
    for box in world.boxes:
        for entry in box.library.scenes.values():
            entry.title = f"{entry.title}{HOSTILE}"
            entry.details = entry.code = entry.director = entry.date = HOSTILE
            for entity in (entry.studio, *entry.tags, *(one.performer for one in entry.performers)):
                if entity is not None:
                    entity.name = f"{entity.name}{HOSTILE}"
        box.library.changed()
    return world


@pytest.fixture
def home(tmp_path: Path, hostile: DemoWorld) -> Path:
    """A folder with pictures of hostile names and a configuration that leads everywhere."""
    home = tmp_path / "home"
    (home / "pictures" / f"in{FILE}").mkdir(parents=True)
    draw("skyline", 944, 0.0, 200, 150).save(home / "pictures" / f"in{FILE}" / f"{FILE}.png")
    shutil.copy(home / "pictures" / f"in{FILE}" / f"{FILE}.png", home / "pictures" / f"b{FILE}.png")
    (home / "pictures" / f"broken{FILE}.png").write_bytes(b"none")
    for name in ("temp", "faces", "review"):
        (home / name).mkdir()
    with hostile.config_path.open("a") as file:
        file.write(
            f'\n[duplicates]\nfolders = ["{home / "pictures"}"]\n[intake]\nenabled = true\n'
            f'temp_dir = "{home / "temp"}"\nfinal_base = "{home / "faces"}"\nreview_base = "{home / "review"}"\n'
        )
    return home


Winnow = Callable[..., Awaitable[Ran]]


@pytest.fixture
def run(hostile: DemoWorld, home: Path) -> Winnow:
    """Runs a command and looks at whatever it prints."""

    async def run_here(*words: str | Path, **env: str) -> Ran:
        places = {"WINNOW_CONFIG": str(hostile.config_path), "WINNOW_DATA_DIR": str(home / "data")}
        ran = await command(home, *words, **places, **env)
        assert harmful(ran.out) == [], (words, ran.out)
        assert harmful(ran.err) == [], (words, ran.err)
        assert "defect of Winnow" not in ran.err, (words, ran.err)
        if "--json" in words and ran.status == 0:
            assert ran.out.isascii(), words
            json.loads(ran.out)
        return ran

    return run_here


def every_way(*words: str) -> Iterator[tuple[str, ...]]:
    """A command as text and as JSON."""
    yield words
    yield (*words, "--json")


async def test_no_output_of_a_command_steers_the_terminal(run: Winnow, home: Path) -> None:
    picture = home / "pictures" / f"b{FILE}.png"
    await run("--scan-only")
    await run("intake", "add", f"http://127.0.0.1:1/{HOSTILE}.jpg")
    await run("intake", "add", picture, home / f"missing{FILE}")
    await run("intake", "run")
    found = {}
    for desk in DESKS:
        for words in every_way("list", desk):
            found[desk] = await run(*words)
    ids = [str(one["id"]) for one in json.loads(found["matching"].out)["recommendations"]]
    assert len(ids) > 5
    for number in ids[:4]:
        for words in every_way("show", number):
            await run(*words)
    await run("accept", "--high-confidence", "--dry-run")
    await run("accept", "--high-confidence", "--yes")
    await run("dismiss", ids[-1], "--reason", HOSTILE)
    groups = [str(one["id"]) for one in json.loads(found["duplicates"].out).get("groups", [])]
    for number in groups[:2]:
        await run("duplicates", "show", number)
        await run("duplicates", "show", number, "--json")
    await run("duplicates", "plan", "--json")
    await run("duplicates", "plan")
    for words in (("dismissals",), ("history",), ("jobs",), ("trash", "list"), ("intake", "stats"), ("doctor",)):
        for way in every_way(*words):
            await run(*way)
    for job in range(1, 6):
        for words in every_way("jobs", "show", str(job)):
            await run(*words)
    await run("undo", "--last")
    for desk in DESKS:
        await run("export", desk, "--format", "csv")
        await run("export", desk, "--format", "json")
    wrong: list[tuple[str | Path, ...]] = [("show", HOSTILE), (HOSTILE,), ("list", HOSTILE), ("undo", HOSTILE)]
    for some in (*wrong, ("--config", home / f"none{FILE}")):
        assert (await run(*some)).status == 2


@pytest.mark.parametrize("kind", [FaultKind.REFUSE, FaultKind.ERROR])
async def test_no_words_of_a_server_steer_the_terminal(run: Winnow, hostile: DemoWorld, kind: FaultKind) -> None:
    for server in hostile.servers:
        server.faults.add(kind, times=None, message=HOSTILE)
    for words in (("--scan-only",), ("doctor",), ("jobs",), ("jobs", "show", "1"), ("jobs", "show", "2")):
        for way in every_way(*words):
            await run(*way, WINNOW_DEBUG="1")


async def test_no_screen_shows_it(hostile: DemoWorld, tmp_path: Path) -> None:
    async with opened(hostile, tmp_path, size=(120, 40)) as driver:
        await driver.scan()
        for key, keys in {"1": "", "2": "jj", "3": "j", "4": "", "5": "jjj", "6": "j"}.items():
            await driver.press(key, *keys)
            await driver.pilot.pause()
            assert harmful(driver.text) == [], key
            for opening in ("enter", "?", "ctrl+p"):
                await driver.press(opening)
                await driver.pilot.pause()
                assert harmful(driver.text) == [], (key, opening)
                await driver.press("escape")
                await driver.pilot.pause()
