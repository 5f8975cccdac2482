"""What tests of the effects on Stash's records share: a library of twins with files, a ledger, what must be true."""

from __future__ import annotations

import os
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matching_desk import IMPATIENT

from core.clock import SystemClock
from core.demo.clips import ClipPlan, ImagePlan, make_clip, make_image
from core.demo.stash_objects import (
    DemoEntity,
    DemoFile,
    DemoGallery,
    DemoGroup,
    DemoGroupPlace,
    DemoImage,
    DemoMarker,
    DemoScene,
    DemoStashId,
    parse_time,
)
from core.demo.stash_scan import file_facts
from core.demo.world import DemoWorld
from core.duplicates.merged import merged_values
from core.errors import EffectRefusedError, UndoRefusedError
from core.ledger.apply import Ledger
from core.ledger.stash_delete_file import STASH_DELETE_FILE, StashDeleteFile
from core.ledger.stash_entry import STASH_ENTRY, StashEntry, entry_effect
from core.ledger.stash_fingerprints import STASH_FINGERPRINTS, StashFingerprints
from core.ledger.stash_merge import STASH_MERGE, StashMerge, merge_effect
from core.ledger.stash_places import GoingFile
from core.ledger.stash_primary import STASH_PRIMARY, StashPrimary
from core.ledger.stash_records import FileName
from core.ledger.stash_remove_entry import STASH_REMOVE_ENTRY, StashRemoveEntry, remove_entry_effect
from core.ledger.stash_return import StashReturn
from core.model.library_records import LibraryRecord, Media, RecordRef
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_library import StashLibrary
from core.servers.stash_removal import StashRemoval
from core.store import journal
from core.store.database import Database
from core.store.journal_records import EffectRecord, EffectState, NewEffect
from core.store.owner import Owner, exclusive

MOVE = "test.move"
ROOT = "/data"
SEA, HILLS, NIGHT = "sea.mp4", "hills.mp4", "copy/sea.mp4"
STILL, OTHER_STILL = "sea.jpg", "hills.jpg"
THERE = "https://there.example/graphql"
ELSEWHERE = "https://elsewhere.example/graphql"
TIMES = ("2024-01-11T18:07:53+02:00", "2024-02-01T10:00:00+02:00", "2024-03-01T10:00:00+02:00")


def local(world: DemoWorld, path: str) -> Path:
    """Where a path of the demo Stash lies."""
    return world.directory / "library" / path.removeprefix(f"{ROOT}/")


def media_in(folder: Path) -> None:
    """Two clips, one of them twice, and two images."""
    for number, name in enumerate((SEA, HILLS), 1):
        make_clip(str(folder), ClipPlan(name, name.partition(".")[0], number, seconds=2, frame_rate=8))
    (folder / "library" / "copy").mkdir()
    shutil.copy2(folder / "library" / SEA, folder / "library" / NIGHT)
    for number, name in enumerate((STILL, OTHER_STILL), 3):
        make_image(str(folder), ImagePlan(name, name.partition(".")[0], number))


def known_file(world: DemoWorld, number: int, name: str) -> DemoFile:
    """A file as Stash knows it after a scan, with a PHASH."""
    file = file_facts(f"{ROOT}/{name}", local(world, name), "image" if name.endswith("jpg") else "video")
    file.id = number
    file.fingerprints |= {"phash": f"{0xABC0_0000_0000_0000 + number:x}"}
    return file


def fill(world: DemoWorld, drawn: Path) -> None:
    """Scenes 1 (keeper) and 2 of other content, 3 with the content of 1; images 1 and 2."""
    shutil.copytree(drawn / "library", world.directory / "library", dirs_exist_ok=True)
    library = world.stash.library
    for number in range(1, 5):
        library.tags[number] = DemoEntity(number, f"tag {number}")
        library.performers[number] = DemoEntity(number, f"performer {number}")
    library.studios[1] = DemoEntity(1, "studio")
    library.groups |= {4: DemoGroup(4, "Trilogy"), 5: DemoGroup(5, "Other")}
    library.galleries |= {6: DemoGallery(6, "Holidays"), 7: DemoGallery(7, "Home")}
    tags, performers = library.tags, library.performers
    library.add(
        DemoScene(
            1,
            "kept",
            [known_file(world, 11, SEA)],
            [DemoStashId(THERE, "kept")],
            urls=["https://a/1"],
            tags=[tags[1], tags[2]],
            performers=[performers[1]],
            groups=(DemoGroupPlace(library.groups[4], 1),),
            play_history=TIMES[:1],
            play_duration=10.0,
        ),
        DemoScene(
            2,
            "lost",
            [known_file(world, 21, HILLS)],
            [DemoStashId(ELSEWHERE, "lost")],
            code="C-2",
            details="words",
            director="somebody",
            date="2024-01",
            urls=["https://a/2"],
            rating100=80,
            organized=True,
            studio=library.studios[1],
            tags=[tags[2], tags[3]],
            performers=[performers[2]],
            groups=(DemoGroupPlace(library.groups[5], 2),),
            galleries=(library.galleries[6],),
            markers=(
                DemoMarker(5, "start", 1.0, tags[1], 1.5, tags=(tags[2], tags[3])),
                DemoMarker(6, "start", 1.0, tags[1]),
            ),
            play_history=(TIMES[0], TIMES[1], TIMES[1]),
            o_history=TIMES[2:],
            play_duration=30.0,
            resume_time=1.5,
        ),
        DemoScene(3, "copy", [known_file(world, 31, NIGHT)], tags=[tags[4]], play_history=TIMES[2:]),
    )
    library.add_images(
        DemoImage(1, "picture", [known_file(world, 41, STILL)], tags=[tags[1]], o_counter=1),
        DemoImage(
            2,
            "other",
            [known_file(world, 51, OTHER_STILL)],
            photographer="somebody",
            tags=[tags[2]],
            galleries=(library.galleries[7],),
            rating100=40,
            o_counter=2,
        ),
    )


def state(world: DemoWorld) -> dict[str, Any]:
    """Everything Stash holds of each file by its path, but numbers, times of rows and covers."""
    found: dict[str, Any] = {}
    library = world.stash.library
    things: list[DemoScene | DemoImage] = [*library.scenes.values(), *library.images.values()]
    for thing in things:
        values: dict[str, Any] = {
            "titles": (thing.title, thing.code, thing.details, thing.date, thing.rating100, thing.organized),
            "files": [(file.path, file.size, sorted(file.fingerprints.items())) for file in thing.files],
            "urls": sorted(thing.urls),
            "studio": thing.studio and thing.studio.id,
            "tags": sorted(one.id for one in thing.tags),
            "performers": sorted(one.id for one in thing.performers),
            "galleries": sorted(one.id for one in thing.galleries),
        }
        if isinstance(thing, DemoScene):
            values |= {
                "director": thing.director,
                "groups": sorted((one.group.id, one.scene_index) for one in thing.groups),
                "links": sorted((one.endpoint, one.stash_id) for one in thing.stash_ids),
                "plays": sorted(parse_time(text) for text in thing.play_history),
                "os": sorted(parse_time(text) for text in thing.o_history),
                "seconds": (thing.play_duration, thing.resume_time),
                "markers": sorted(
                    (one.title, one.seconds, one.end_seconds or 0, one.primary_tag.id, [tag.id for tag in one.tags])
                    for one in thing.markers
                ),
            }
        else:
            values |= {"photographer": thing.photographer, "o": thing.o_counter}
        for file in thing.files:
            assert file.path not in found, f"{file.path} is held twice"
            found[file.path] = values
    for file in library.loose_files.values():
        assert file.path not in found, f"{file.path} is held twice"
        found[file.path] = "loose"
    return found


class Move:
    """Stands for the trash: moves a file aside and back."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def _places(self, payload: dict[str, Any]) -> tuple[Path, Path]:
        place = Path(payload["path"])
        return place, self.folder / place.relative_to("/").as_posix().replace("/", "_")

    async def inspect(self, payload: dict[str, Any]) -> dict[str, Any]:
        """The file must be there."""
        if not os.path.lexists(payload["path"]):
            raise EffectRefusedError("the file is not there")
        return {}

    async def perform(self, payload: dict[str, Any], before: dict[str, Any]) -> dict[str, Any]:
        """Aside."""
        place, aside = self._places(payload)
        self.folder.mkdir(exist_ok=True)
        place.rename(aside)
        return {}

    async def settle(self, payload: dict[str, Any], before: dict[str, Any]) -> dict[str, Any] | None:
        """Where it is."""
        return {} if self._places(payload)[1].exists() else None

    async def may_revert(self, payload: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
        """It must be where it was put."""
        if not self._places(payload)[1].exists():
            raise UndoRefusedError("it is not in the trash")

    async def revert(self, payload: dict[str, Any], before: dict[str, Any], after: dict[str, Any]) -> None:
        """Back."""
        place, aside = self._places(payload)
        if aside.exists():
            aside.rename(place)


@dataclass(slots=True)
class Bench:
    """A ledger over a demo Stash, with the effects on its records."""

    url: str
    files: Path
    ledger: Ledger
    database: Database
    removal: StashRemoval
    recovered: list[str]

    async def record(self, media: Media, number: int) -> LibraryRecord:
        """One that is there."""
        found = await self.removal.record(RecordRef(media, number))
        assert found is not None
        return found

    async def removing(
        self, media: Media, loser: int, keeper: int | None = None, *, part: str = "part", file: int = 0
    ) -> list[NewEffect]:
        """The actions that remove a file of a record: merged into a keeper, or only written down."""
        record = await self.record(media, loser)
        gone = record.files[file]
        name = FileName(gone.id, gone.path)
        is_scene = media is Media.VIDEO
        if keeper is None:
            first = entry_effect(record, gone, part=part)
            going = GoingFile(media, loser, name, is_record_going=len(record.files) == 1)
        else:
            first = merge_effect(await self.record(media, keeper), record, part=part)
            going = GoingFile(media, keeper if is_scene else loser, name, is_record_going=not is_scene)
        place = self.files / gone.path.removeprefix(f"{ROOT}/")
        move = NewEffect(MOVE, f"trash {gone.path}", {"path": str(place)}, part=part)
        return [first, move, remove_entry_effect(going, part=part)]

    async def three(self) -> list[NewEffect]:
        """A scene merged into another, a scene written down, an image merged: nine actions."""
        return [
            *await self.removing(Media.VIDEO, 2, 1, part="one"),
            *await self.removing(Media.VIDEO, 3, part="two"),
            *await self.removing(Media.IMAGE, 2, 1, part="three"),
        ]

    async def apply(self, effects: list[NewEffect]) -> int:
        """Carry these out; the batch's number."""
        batch_id = await self.ledger.submit("resolve", "resolve", effects)
        await self.ledger.apply(batch_id)
        return batch_id

    async def effects(self, batch_id: int) -> list[EffectRecord]:
        """The actions of a batch."""
        async with self.database.read() as reader:
            return await journal.of_batch(reader, batch_id)

    async def states(self, batch_id: int) -> str:
        """Their states, in order."""
        return " ".join(one.state.value for one in await self.effects(batch_id))

    async def words(self, batch_id: int) -> list[str]:
        """Why actions were not done."""
        return [one.words for one in await self.effects(batch_id) if one.words]

    async def done(self, effects: list[NewEffect]) -> int:
        """Carry these out, every one."""
        batch_id = await self.apply(effects)
        assert {one.state for one in await self.effects(batch_id)} == {EffectState.DONE}, await self.words(batch_id)
        return batch_id

    async def undo(self, batch_id: int) -> None:
        """Take a whole batch back."""
        preview = await self.ledger.preview_undo(batch_id)
        assert preview.not_done == []
        report = await self.ledger.undo_batch(batch_id)
        assert report.not_done == []


@asynccontextmanager
async def bench_over(
    url: str, api_key: str, files: Path, data: Path, *, on_step: Callable[[str, Any], None] | None = None
) -> AsyncIterator[Bench]:
    """A ledger over the Stash at an address, whose /data lies in `files`."""
    locks = data / "locks"
    with Owner.hold(locks) as owner:
        async with Database.open(data / "winnow.sqlite") as database, Http(IMPATIENT) as http:
            client = StashClient(http, url, api_key)
            removal = StashRemoval(client, StashLibrary(client))

            def turn() -> Any:
                return exclusive(locks, "stash")

            def locate(path: str) -> Path | None:
                return files / path.removeprefix(f"{ROOT}/") if path.startswith(f"{ROOT}/") else None

            back = StashReturn(removal, turn, locate, rescan_seconds=10.0)
            handlers: dict[str, Any] = {
                STASH_MERGE: StashMerge(removal, turn, merged_values, back),
                STASH_ENTRY: StashEntry(removal, turn, back),
                STASH_PRIMARY: StashPrimary(removal, turn),
                STASH_REMOVE_ENTRY: StashRemoveEntry(removal, turn, locate),
                STASH_DELETE_FILE: StashDeleteFile(removal, turn),
                STASH_FINGERPRINTS: StashFingerprints(removal, turn),
                MOVE: Move(data / "aside"),
            }
            ledger = Ledger(database, owner, SystemClock(), handlers=handlers, witnesses={}, on_step=on_step)
            yield Bench(url, files, ledger, database, removal, await ledger.recover())


@asynccontextmanager
async def bench_of(world: DemoWorld, **given: Any) -> AsyncIterator[Bench]:
    """A ledger over a world; the same world has the same database."""
    data = world.directory.parent / "bench"
    async with bench_over(
        world.stash.base_url, world.stash.api_key, local(world, "").resolve(), data, **given
    ) as found:
        yield found


async def agree(bench: Bench, world: DemoWorld, batch_id: int) -> None:
    """Nothing is half done, no file is lost or doubled, and journal, disk and Stash say the same."""
    held = state(world)
    for effect in await bench.effects(batch_id):
        assert effect.state in (EffectState.PLANNED, EffectState.DONE, EffectState.UNDONE, EffectState.DROPPED), effect
        is_done = effect.state is EffectState.DONE
        if effect.kind == MOVE:
            assert Path(effect.payload["path"]).exists() != is_done
        elif effect.kind == STASH_REMOVE_ENTRY and is_done:
            assert effect.payload["file"]["path"] not in held
        elif effect.kind == STASH_MERGE and effect.payload["media"] == "video":
            assert (effect.payload["loser_id"] in world.stash.library.scenes) == (effect.state is EffectState.PLANNED)
