"""`winnow doctor` for the intake desk: Immich, its key, library, queues and database, the folders, notifications."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from core.demo.immich_server import DemoImmich
from core.doctor import examine
from core.doctor_machine import Check, State
from core.servers.immich_version import CORRECTION, LIBRARY, READING

KEY = "demo-immich-key"
NAMES = ("in", "faces", "review", "drop")


@dataclass(slots=True)
class Setting:
    """A demo Immich over a folder that holds those of the intake, and what is configured."""

    immich: DemoImmich
    home: Path
    folders: dict[str, Path]
    immich_lines: dict[str, str]
    more: str = ""

    async def checks(self, *names: str) -> list[Check]:
        """What the doctor says of these."""
        folders = zip(("temp_dir", "final_base", "review_base", "drop_folder"), self.folders.values(), strict=True)
        lines = ["[intake]", "enabled = true", *(f'{name} = "{path}"' for name, path in folders)]
        lines += ["[intake.immich]", *(f"{name} = {value}" for name, value in self.immich_lines.items()), self.more]
        config = self.home / "config.toml"
        config.touch(0o600)
        config.write_text("\n".join(lines))
        found = [check async for check in examine(config, self.home / "data", env={})]
        assert KEY not in "".join(check.words + check.advice for check in found)
        return [check for check in found if check.name in names]

    async def only(self, name: str) -> Check:
        """What the doctor says of that, the one thing."""
        (check,) = await self.checks(name)
        return check


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    folders = {name: tmp_path / "pictures" / name for name in NAMES}
    for folder in folders.values():
        folder.mkdir(parents=True)
    async with DemoImmich.open(tmp_path / "pictures") as immich:
        lines = {
            "url": f'"{immich.base_url}"',
            "api_key": f'"{KEY}"',
            "library_id": f'"{immich.library.id}"',
            "path_map": f'[{{ immich = "/mnt/library", local = "{tmp_path / "pictures"}" }}]',
        }
        yield Setting(immich, tmp_path, folders, lines)
        assert immich.log.violations == []


async def test_all_is_well(setting: Setting) -> None:
    found = await setting.checks(
        "Immich", "face recognition", "Immich key", "Immich library", "Immich queues", "intake folder", "trash"
    )
    assert {check.state for check in found} == {State.OK}
    words = {check.name: check.words for check in found}
    assert words["Immich"] == f"{setting.immich.base_url} runs version 3.3.0"
    assert words["Immich key"] == "acts as Owner, an administrator"
    assert words["Immich library"] == f"Intake holds /mnt/library/in, which is {setting.folders['in']} here"
    assert words["Immich queues"] == "none is paused; they are idle"
    folders = [check.words for check in found if check.name == "intake folder"]
    assert len(folders) == 8
    assert folders[0].startswith(f"[intake] drop_folder, {setting.folders['drop']}, can be written")
    assert folders[5] == "from temp_dir to final_base files go by one rename"
    assert not any(setting.folders["in"].iterdir())


async def test_nothing_is_asked_while_the_desk_is_off(setting: Setting, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f'[intake.immich]\nurl = "{setting.immich.base_url}"\ndatabase = "postgresql://127.0.0.1:1/x"\n')
    found = {check.name: check async for check in examine(config, tmp_path / "data", env={})}
    assert found["intake"].state is State.SKIPPED
    assert not setting.immich.log.requests
    assert "Immich database" not in found


async def test_an_immich_that_is_not_there_or_too_old(setting: Setting) -> None:
    setting.immich_lines["url"] = '"http://127.0.0.1:1"'
    check = await setting.only("Immich")
    assert (check.state, check.advice) == (State.FAILED, "is it running, and is [intake.immich] url right?")
    assert "nothing listens there" in check.words
    setting.immich_lines["url"] = '""'
    assert "every picture goes to review" in (await setting.only("Immich")).words


@pytest.mark.parametrize(("version", "state", "words"), [
    ({"major": 1, "minor": 132, "patch": 1}, State.FAILED, "Immich 1.132.1 is too old"),
    ({"major": 3, "minor": 4, "patch": 0}, State.WARNING, "newer than 3.3"),
])  # fmt: skip
async def test_versions(setting: Setting, version: dict[str, int], state: State, words: str) -> None:
    setting.immich.alter = lambda call, body: version if call.endswith("/server/version") else body
    check = await setting.only("Immich")
    assert check.state is state
    assert words in check.words


async def test_recognition_that_is_switched_off(setting: Setting) -> None:
    setting.immich.backend.has_faces = False
    check = await setting.only("face recognition")
    assert check.state is State.FAILED
    assert "Administration" in check.advice


async def test_each_missing_right_is_named_with_what_it_is_for(setting: Setting) -> None:
    setting.immich.key.scopes = frozenset({"user.read", "asset.read", "queue.read", "library.read", "face.read"})
    found = await setting.checks("Immich key")
    assert [(check.state, check.words) for check in found[:5]] == [
        (State.FAILED, "lacks person.read, which it takes to know whose faces they are"),
        (State.FAILED, "lacks library.update, which it takes to have the library scanned"),
        (State.FAILED, "lacks queueJob.read, which it takes to know when a picture is analysed"),
        (State.WARNING, "lacks face.update, which it takes to assign a face when you approve a picture"),
        (State.WARNING, "lacks person.create, which it takes to make a new person when you approve a picture"),
    ]
    assert all("API keys" in check.advice for check in found[:5])


async def test_a_key_without_the_right_to_know_its_user(setting: Setting) -> None:
    setting.immich.key.scopes = frozenset(
        {*READING, *LIBRARY, *CORRECTION, "queue.read", "queueJob.read"} - {"user.read"}
    )
    assert [check.words for check in await setting.checks("Immich key")] == [
        "lacks user.read, which it takes to know whose key it is"
    ]


async def test_the_rights_of_uploads(setting: Setting) -> None:
    setting.immich_lines["library_id"] = '""'
    setting.immich.key.scopes = frozenset({*READING, "queue.read", "queueJob.read", *CORRECTION})
    assert [(check.state, check.words.split(",")[0]) for check in await setting.checks("Immich key")][:2] == [
        (State.FAILED, "lacks asset.upload"),
        (State.WARNING, "lacks asset.delete"),
    ]
    assert (await setting.only("Immich library")).state is State.SKIPPED


async def test_wrong_keys(setting: Setting) -> None:
    setting.immich_lines["api_key"] = '"wrong"'
    check = await setting.only("Immich key")
    assert check.state is State.FAILED
    assert "refuses the key" in check.words
    guest = setting.immich.world.add_user("Guest")
    setting.immich.world.add_key("guest-key", guest)
    setting.immich_lines["api_key"] = '"guest-key"'
    check = await setting.only("Immich key")
    assert check.state is State.FAILED
    assert "acts as Guest, who is no administrator" in check.words


async def test_a_library_that_does_not_fit(setting: Setting) -> None:
    library, world = setting.immich.library, setting.immich.world
    library.exclusion_patterns.append("**/in/**")
    check = await setting.only("Immich library")
    assert (check.state, "exclusion pattern **/in/**" in check.words) == (State.FAILED, True)
    library.exclusion_patterns.clear()
    library.import_paths = ["/mnt/library/elsewhere"]
    assert "does not hold /mnt/library/in" in (await setting.only("Immich library")).words
    library.import_paths = ["/mnt/library"]
    library.owner_id = world.add_user("Somebody").id
    check = await setting.only("Immich library")
    assert (check.state, "belongs to another user than the key (Owner)" in check.words) == (State.FAILED, True)
    setting.immich_lines["library_id"] = '"00000000-0000-4000-8000-000000000000"'
    assert "there is no library" in (await setting.only("Immich library")).words


async def test_paused_queues_are_named(setting: Setting) -> None:
    setting.immich.queues.pause("faceDetection", "facialRecognition")
    found = await setting.checks("Immich queues")
    assert [check.state for check in found] == [State.WARNING] * 2
    assert found[0].words == "faceDetection is paused: pictures wait until it goes on"


async def test_folders_that_are_not_there_or_are_one(setting: Setting) -> None:
    setting.folders["review"] = setting.home / "nowhere"
    setting.folders["drop"] = setting.home / "config.toml"
    found = await setting.checks("intake folder")
    failed = {check.words.split(",")[0]: check for check in found if check.state is State.FAILED}
    assert failed["[intake] review_base"].words.endswith("is not there")
    assert failed["[intake] drop_folder"].words.endswith("is no folder")
    setting.folders["review"] = setting.folders["in"]
    assert "temp_dir and review_base are the same folder" in (await setting.only("intake")).words


async def test_folders_on_two_file_systems(setting: Setting) -> None:
    other = Path("/dev/shm")
    if not other.is_dir() or other.stat().st_dev == setting.home.stat().st_dev:
        pytest.skip("there is no second file system to try it with")
    setting.folders["faces"] = other
    words = [check.words for check in await setting.checks("intake folder")]
    assert "temp_dir and final_base are on two file systems: files are copied, read back and then removed" in words
    assert "from temp_dir to review_base files go by one rename" in words


async def test_a_database_that_does_not_answer(setting: Setting) -> None:
    setting.immich_lines["database"] = '"postgresql://reader:demo-immich-key@127.0.0.1:1/immich"'
    check = await setting.only("Immich database")
    assert check.state is State.FAILED
    assert check.words.startswith("postgresql://127.0.0.1:1/immich: nothing listens there")
    assert check.advice == "correct [intake.immich] database, or leave it empty to do without"


async def test_notifications(setting: Setting) -> None:
    setting.more = '[notify]\ncommand = ["sh", "-c", "true"]\napprise = ["json://127.0.0.1:1/demo-immich-key"]'
    check = await setting.only("notifications")
    assert (check.state, check.words) == (
        State.OK,
        "by command, apprise when a job is done, failed; nothing was sent",
    )
    setting.more = '[notify]\napprise = ["json://127.0.0.1:1", "demo-immich-key"]'
    check = await setting.only("notifications")
    assert (check.state, check.words.split(":")[0]) == (State.FAILED, "address 2")
    setting.more = '[notify]\ncommand = ["not-there-at-all"]'
    assert (await setting.only("notifications")).words == "not-there-at-all is not there or not executable"
