"""The duplicates desk from the command line over a folder alone: scan, look, decide, plan, apply, bring back."""

from __future__ import annotations

import json
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from cli_runner import Ran, Terminal, command, winnow

from core.demo.drawing import draw

Winnow = Callable[..., Awaitable[Ran]]
KEPT = ("harbour.png", "night.png", "valley.jpg")
GOING = ("phone/IMG_1.png", "valley (small).jpg")


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder with a picture twice, one in two sizes, and one that is alone."""
    folder = tmp_path / "pictures"
    (folder / "phone").mkdir(parents=True)
    valley = draw("hills", 933, 0.0, 640, 480)
    valley.save(folder / "valley.jpg", quality=92)
    valley.resize((320, 240)).save(folder / "valley (small).jpg", quality=80)
    draw("skyline", 944, 0.0, 400, 300).save(folder / "harbour.png")
    shutil.copy(folder / "harbour.png", folder / "phone" / "IMG_1.png")
    draw("stars", 947, 0.0, 400, 300).save(folder / "night.png")
    return folder


@pytest.fixture
def places(tmp_path: Path, pictures: Path) -> dict[str, str]:
    """The environment that leads to a configuration without a server."""
    config = tmp_path / "winnow.toml"
    config.touch(mode=0o600)
    config.write_text(f'[duplicates]\nfolders = ["{pictures}"]\n[trash]\ndirectory = "{tmp_path / "trash"}"\n')
    return {"WINNOW_CONFIG": str(config), "WINNOW_DATA_DIR": str(tmp_path / "data")}


@pytest.fixture
def run(tmp_path: Path, places: dict[str, str]) -> Winnow:
    """Runs a command there."""

    async def run_here(*words: str | Path) -> Ran:
        return await command(tmp_path, *words, **places)

    return run_here


@pytest.fixture
async def scanned(run: Winnow) -> dict[str, Any]:
    """The document of a first scan."""
    return await document(run, "--scan-only", "--desk", "duplicates")


async def document(run: Winnow, *words: str, status: int = 0) -> dict[str, Any]:
    """What a command prints with --json."""
    ran = await run(*words, "--json")
    assert ran.status == status, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


async def groups(run: Winnow, *words: str) -> dict[str, dict[str, Any]]:
    """The groups of a list, by their kind."""
    return {one["kind"]: one for one in (await document(run, "list", "duplicates", *words))["groups"]}


def there(folder: Path) -> dict[str, bytes]:
    """The files of the folder with their bytes."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def on_line(text: str, *words: str) -> bool:
    """Whether one line holds all these words."""
    return any(all(word in line for word in words) for line in text.splitlines())


async def test_the_scan_document(tmp_path: Path, pictures: Path, places: dict[str, str]) -> None:
    ran = await winnow(tmp_path, "--scan-only", "--desk", "duplicates", "--json", **places)
    assert (ran.status, ran.err) == (0, "")
    scanned = json.loads(ran.out)
    assert (scanned["version"], scanned["ok"], list(scanned["desks"])) == (1, True, ["duplicates"])
    found = scanned["desks"]["duplicates"]
    assert (found["files"], found["hashed"], found["new"], found["problems"]) == (5, 5, 2, 0)
    assert {kind for kind, count in found["groups"].items() if count} == {"exact", "same_phash"}
    assert found["sources"] == [{"source": str(pictures), "ok": True, "error": None, "files": 5}]


async def test_groups_are_listed_and_shown(run: Winnow, scanned: dict[str, Any], pictures: Path) -> None:
    found = await groups(run)
    assert set(found) == {"exact", "same_phash"}
    exact, near = found["exact"], found["same_phash"]
    assert {one["path"] for one in exact["files"]} == {
        str(pictures / "harbour.png"),
        str(pictures / "phone" / "IMG_1.png"),
    }
    assert near["keeper"] == near["files"][0]["id"]
    assert near["files"][0]["path"] == str(pictures / "valley.jpg")
    assert near["reason"] == "resolution: 640 x 480 against 320 x 240"
    sizes = sum((pictures / name).stat().st_size for name in GOING)
    listed = await document(run, "list", "duplicates")
    assert (listed["total"], listed["reclaimable_bytes"]) == (2, sizes)
    assert len(await groups(run, "--limit", "1")) == 1
    text = await run("list", "duplicates")
    assert on_line(text.out, "same phash", "a rule decides", "valley.jpg")

    shown = await document(run, "duplicates", "show", str(near["id"]))
    assert shown["group"] == near
    text = await run("duplicates", "show", str(near["id"]))
    assert on_line(text.out, "keep the first", near["reason"])
    assert on_line(text.out, "keeper", "640x480", "valley.jpg")


async def test_a_plan_is_applied_and_taken_back(run: Winnow, scanned: dict[str, Any], pictures: Path) -> None:
    before = there(pictures)
    (plan,) = (await document(run, "duplicates", "plan"))["plans"]
    assert (plan["files"], plan["groups"], plan["permanent"]) == (2, 2, False)
    assert sorted(path for item in plan["items"] for path in item["remove"]) == [str(pictures / one) for one in GOING]
    assert there(pictures) == before
    number = str(plan["plan"])

    for words in ([], ["--json"]):
        unanswered = await run("duplicates", "apply", number, *words)
        assert (unanswered.status, there(pictures)) == (2, before)
        assert "give --yes" in unanswered.err

    applied = await run("duplicates", "apply", number, "--yes")
    assert applied.status == 0, applied.err
    assert "Actions done: 2." in applied.out
    assert "Carry it out with" not in applied.out  # it was
    assert set(there(pictures)) == set(KEPT)
    again = await run("duplicates", "apply", number, "--yes")
    assert again.status == 2
    assert f"plan {number} was applied already" in again.err
    assert await groups(run) == {}
    assert set(await groups(run, "--status", "resolved")) == {"exact", "same_phash"}

    assert "Take it back with: winnow undo " in applied.out
    undone = await run("undo", "--last")
    assert (undone.status, there(pictures)) == (0, before)
    assert (await document(run, "trash", "list"))["trash"] == []
    nothing = await run("undo", "--last")
    assert nothing.status == 1
    assert "nothing to undo" in nothing.err


async def test_what_lies_in_the_trash_is_brought_back_one_by_one(
    run: Winnow, scanned: dict[str, Any], pictures: Path
) -> None:
    before = there(pictures)
    await run("duplicates", "plan")
    applied = await document(run, "duplicates", "apply", "1", "--yes")
    assert (applied["ok"], len(applied["done"]), applied["refused"]) == (True, 2, [])
    listed = await document(run, "trash", "list")
    held = {one["path"]: one for one in listed["trash"]}
    assert set(held) == {str(pictures / one) for one in GOING}
    assert listed["bytes"] == sum(len(before[one]) for one in GOING)
    assert (await document(run, "trash", "list", "--older-than", "1"))["trash"] == []
    assert on_line((await run("trash")).out, "valley (small).jpg")

    small, copy = held[str(pictures / GOING[1])], held[str(pictures / GOING[0])]
    restored = await run("trash", "restore", str(small["id"]))
    assert (restored.status, restored.out) == (0, "Brought back: 1.\n")
    assert set(there(pictures)) == {*KEPT, GOING[1]}
    again = await run("trash", "restore", str(small["id"]))
    assert again.status == 2
    assert "was restored already" in again.err

    (pictures / GOING[0]).write_bytes(b"somebody else's")
    beside = await run("trash", "restore", str(copy["id"]))
    assert beside.status == 0
    assert on_line(beside.out, "note: ", "IMG_1 (restored).png")
    after = there(pictures)
    assert after.pop("phone/IMG_1 (restored).png") == before[GOING[0]]
    assert after == before | {GOING[0]: b"somebody else's"}
    assert on_line((await run("trash")).out, "The trash is empty.")


async def test_emptying_the_trash_asks_first(run: Winnow, scanned: dict[str, Any], tmp_path: Path) -> None:
    await run("duplicates", "plan")
    await run("duplicates", "apply", "1", "--yes")
    unanswered = await run("trash", "empty")
    assert unanswered.status == 2
    assert "give --yes" in unanswered.err
    assert len(there(tmp_path / "trash")) == 2
    assert (await run("trash", "empty", "--older-than", "1", "--yes")).out == "Deleted for good: 0.\n"
    assert (await run("trash", "empty", "--yes")).out == "Deleted for good: 2.\n"
    assert there(tmp_path / "trash") == {}
    undone = await run("undo", "1")
    assert undone.status == 1
    assert "no longer in the trash" in undone.out


async def test_what_changed_since_the_plan_is_refused(run: Winnow, scanned: dict[str, Any], pictures: Path) -> None:
    await run("duplicates", "plan")
    with (pictures / GOING[1]).open("ab") as file:
        file.write(b"more")
    applied = await document(run, "duplicates", "apply", "1", "--yes", status=1)
    assert (applied["ok"], len(applied["done"]), len(applied["refused"])) == (False, 1, 1)
    assert "changed since" in applied["refused"][0]["reason"]
    assert set(there(pictures)) == {*KEPT, GOING[1]}


async def test_marks_are_kept_until_they_are_applied(run: Winnow, scanned: dict[str, Any], pictures: Path) -> None:
    exact = (await groups(run))["exact"]
    group = str(exact["id"])
    wanted = next(one for one in exact["files"] if one["path"].endswith("IMG_1.png"))  # not the one the rules keep
    assert wanted["id"] != exact["keeper"]
    before = there(pictures)
    assert (await run("duplicates", "keep", group, str(wanted["id"]))).status == 0
    marks = {one["id"]: one["mark"] for one in (await groups(run, "--status", "decided"))["exact"]["files"]}
    assert marks == {wanted["id"]: "keep", exact["keeper"]: "trash"}
    assert there(pictures) == before
    await run("duplicates", "plan", "--marked")
    assert (await run("duplicates", "apply", "1", "--yes")).status == 0
    assert set(before) - set(there(pictures)) == {"harbour.png"}


async def test_deleting_for_good_is_said_twice(
    run: Winnow, scanned: dict[str, Any], pictures: Path, tmp_path: Path, places: dict[str, str]
) -> None:
    before = there(pictures)
    assert "delete for good 2 files" in (await run("duplicates", "plan", "--permanent")).out
    once = await run("duplicates", "apply", "1", "--yes")
    assert (once.status, there(pictures)) == (2, before)
    assert "say --permanent, too" in once.err
    with Terminal(tmp_path, "duplicates", "apply", "1", "--permanent", **places) as terminal:
        await terminal.expect('Type "delete" to go on')
        terminal.type("yes")
        await terminal.expect("Nothing was changed.")
        assert await terminal.end() == 0
    assert there(pictures) == before
    twice = await run("duplicates", "apply", "1", "--permanent", "--yes")
    assert (twice.status, set(there(pictures))) == (0, set(KEPT))
    assert "Take it back" not in twice.out
    assert not (tmp_path / "trash").exists()


async def test_what_is_no_duplicate_is_remembered_and_withdrawn(run: Winnow, scanned: dict[str, Any]) -> None:
    near = (await groups(run))["same_phash"]
    ran = await run("duplicates", "not", str(near["id"]), "--reason", "two takes")
    assert (ran.status, ran.out) == (0, "Remembered: 1.\nTake it back with: winnow undo 1\n")
    assert set(await groups(run)) == {"exact"}
    assert set(await groups(run, "--status", "kept")) == {"same_phash"}
    assert (await document(run, "--scan-only", "--desk", "duplicates"))["desks"]["duplicates"]["new"] == 0
    assert set(await groups(run)) == {"exact"}
    (kept,) = (await document(run, "duplicates", "kept"))["kept"]
    assert (kept["reason"], kept["files"]) == ("two takes", 2)
    assert on_line((await run("duplicates", "kept")).out, "two takes", kept["title"])

    assert (await run("duplicates", "kept", "withdraw", str(kept["id"]))).status == 0
    assert set(await groups(run)) == {"exact", "same_phash"}
    again = await run("duplicates", "kept", "withdraw", str(kept["id"]))
    assert again.status == 1
    assert "is not in force" in again.out
    assert (await run("undo", "--last")).status == 0
    assert set(await groups(run)) == {"exact"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("duplicates", "show", "99"), "there is no group 99"),
        (("duplicates", "show", "x"), "x"),
        (("duplicates", "keep", "99", "1"), "there is no group 99"),
        (("duplicates", "keep", "1", "99"), "file 99 is not in group 1"),
        (("duplicates", "not", "99"), "there is no group 99"),
        (("duplicates", "apply", "99", "--yes"), "there is no plan 99"),
        (("duplicates", "plan", "--rule", "smallest"), "there is no rule 'smallest'; there are: "),
        (("list", "duplicates", "--status", "accepted"), "groups of duplicates are never accepted"),
        (("trash", "restore", "99"), "99 is not in the trash"),
        (("undo", "99"), "there is no batch 99"),
    ],
)
async def test_what_is_not_there_is_named(
    run: Winnow, scanned: dict[str, Any], pictures: Path, words: tuple[str, ...], told: str
) -> None:
    before = there(pictures)
    ran = await run(*words)
    assert (ran.status, ran.out, there(pictures)) == (2, "", before)
    assert told in ran.err
    assert "Traceback" not in ran.err
