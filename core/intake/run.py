"""One run over what came in: fetch, compare with what is known, have Immich look, and file or queue each picture.

Everything is written down as it happens: a run that is stopped or killed loses nothing, and the next one goes on there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from core.clock import Clock
from core.errors import ServerError, WinnowError
from core.intake.adding import Adding, HowAdded
from core.intake.analysing import Analysing
from core.intake.dropped import at_rest
from core.intake.fetching import Fetching, remove_if_empty
from core.intake.immich_library import ThroughLibrary, own_folder
from core.intake.immich_upload import ThroughUpload
from core.intake.looks import ImmichWay
from core.intake.model import TO_DO, Category, Destination, Item, NewFile
from core.intake.offered import ReadFile, read_file
from core.intake.people import ConfidenceProvider
from core.intake.person_folders import PersonFolders
from core.intake.route import route, wait
from core.intake.sorting import BATCH, TAKE_IN, Routed, Sorting
from core.intake.twins import Twins
from core.jobs import Job
from core.ledger.apply import Ledger
from core.media.files import look_at
from core.media.pool import MediaPool
from core.path_text import shown
from core.servers.http import Http
from core.servers.immich import ImmichClient
from core.settings import Settings
from core.store import intake, intake_feed
from core.store.database import Database

DROP: Final = "drop folder"
_BATCH: Final = 1000  # pictures that Immich looks at together
_MOVED: Final = 100  # pictures in one batch of the ledger
_LOGGED: Final = 200


@dataclass(frozen=True, slots=True)
class SourceState:
    """A part of the run that failed, in words."""

    source: str
    error: str


@dataclass(slots=True)
class IntakeReport:
    """What a run came to. `pending` and `failed` count what is left over in all, and what failed in this run."""

    processed: int = 0
    sorted: int = 0
    review: dict[Category, int] = field(default_factory=lambda: dict.fromkeys(Category, 0))
    trashed: int = 0
    pending: int = 0
    failed: int = 0
    errors: list[SourceState] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        """Whether every part could be done."""
        return not self.errors

    def as_result(self) -> dict[str, Any]:
        """As a job keeps it and a document prints it."""
        return {
            "processed": self.processed,
            "sorted": self.sorted,
            "review": {category.value: number for category, number in self.review.items()},
            "trashed": self.trashed,
            "pending": self.pending,
            "failed": self.failed,
            "errors": [{"source": one.source, "error": one.error} for one in self.errors],
        }


class IntakeRun:
    """One run. Its `report` grows while it is under way."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        clock: Clock,
        settings: Settings,
        folders: PersonFolders,
        *,
        pool: MediaPool,
        http: Http,
        immich: ImmichClient | None,
        confidence: ConfidenceProvider | None,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._rules = settings.intake
        self._immich = immich
        self._confidence = confidence
        self._http = http
        self._twins = Twins(database, pool, clock, settings)
        self._sorting = Sorting(database, ledger, clock, settings.intake, folders)
        self._moved_out = False
        self.report = IntakeReport()

    async def run(self, job: Job) -> dict[str, Any]:
        """Run to the end. Raises JobCancelledError."""
        for kind in (BATCH, TAKE_IN):
            await self._ledger.give_up_interrupted(kind, "the run was cut short; the next one planned it anew")
        await self._take_dropped(job)
        await self._fetch(job)
        after = 0
        try:
            while items := await self._next(after):
                after = items[-1].id
                await self._batch(items, job)
            await self._tidy()
        finally:
            await self._count(job)
        return self.report.as_result()

    async def _next(self, after: int) -> list[Item]:
        async with self._database.read() as reader:
            return await intake_feed.to_look_at(reader, after=after, limit=_BATCH)

    # -- what comes in -----------------------------------------------------------------------------------------------

    async def _take_dropped(self, job: Job) -> None:
        """Take over what lies whole in the drop folder."""
        if not self._rules.drop_folder:
            return
        folder = Path(self._rules.drop_folder)
        adding = Adding(self._database, self._clock, self._rules)
        await job.report(done=0, total=None, message=f"looking into {shown(folder)}")
        try:
            whole = await at_rest(folder)
        except WinnowError as error:
            await self._fails(job, shown(folder), str(error))
            return
        async with aclosing(adding.files(whole, source=DROP)) as reports:
            async for one in reports:
                if one.how is HowAdded.REFUSED:
                    await job.log(f"{one.what} {one.words}", level="warning")

    async def _fetch(self, job: Job) -> None:
        fetching = Fetching(self._database, self._clock, self._http, self._rules)

        async def tell() -> None:
            done = fetching.report.fetched + fetching.report.later + len(fetching.report.failures)
            await job.report(done=done, total=None, message="downloading")

        await fetching.run(tell)
        self.report.failed += len(fetching.report.failures)
        for _, address, words in fetching.report.failures[:_LOGGED]:
            await job.log(f"{address}: {words.removeprefix(f'{address}: ')}", level="warning")

    # -- one batch ---------------------------------------------------------------------------------------------------

    async def _batch(self, items: Sequence[Item], job: Job) -> None:
        there = [found for item in items if (found := await self._there(item)) is not None]
        await self._twins.prepare(there, job)
        new: list[Item] = []
        routed: list[Routed] = []
        for number, item in enumerate(there):
            duplicate = await self._twins.of(item)
            if duplicate is None:
                new.append(item)
            else:
                routed.append(Routed(item, route(item.filename, rules=self._rules, duplicate=duplicate)))
                routed = await self._carried_out(routed)
            await job.report(done=number + 1, total=len(there), message="comparing with what is known")
        routed = await self._carried_out(routed, is_last=True)
        if self._immich is None:
            for item in new:
                outcome = route(item.filename, rules=self._rules)
                routed = await self._carried_out([*routed, Routed(item, outcome, near=await self._twins.near(item))])
            await self._carried_out(routed, is_last=True)
        elif new:
            await self._through_immich(new, job)

    async def _there(self, item: Item) -> Item | None:
        """The picture, if its file is the one that came in; else what became of that is written down."""
        path = item.file_path or ""
        seen = await asyncio.to_thread(look_at, path)
        if seen.identity is not None and seen.identity == item.identity:
            return item
        if seen.identity is None:
            await self._gone(item, seen.problem)
            return None
        found = await asyncio.to_thread(read_file, Path(path))
        if not isinstance(found, ReadFile):
            await self._sorting.wait(Routed(item, wait(item.filename, found)))
            return None
        sums = found.sums
        file = NewFile(
            item.source,
            path,
            item.filename,
            found.identity,
            bytes.fromhex(sums.sha256),
            bytes.fromhex(sums.sha1),
            bytes.fromhex(sums.md5),
        )
        async with self._database.write() as tx:
            await intake_feed.took_new_content(tx, item.id, file)
            return await intake.get(tx, item.id)

    async def _gone(self, item: Item, words: str) -> None:
        """No file is there: fetched again where it came from an address, failed where its folder is there without it.

        Where not even the folder is there, its disk may come back: it waits.
        """
        folder = Path(item.file_path or "").parent
        is_away = not await asyncio.to_thread(folder.is_dir) and folder != own_folder(self._rules, item.id)
        now = self._clock.now()
        if is_away:
            await self._sorting.wait(Routed(item, wait(item.filename, words)))
            return
        async with self._database.write() as tx:
            if item.url:
                await intake_feed.fetch_anew(tx, item.id, now=now)
            else:
                await intake.set_error(tx, item.id, words, next_at=None, now=now)
                self.report.failed += 1

    async def _through_immich(self, items: Sequence[Item], job: Job) -> None:
        """Whatever fails at Immich leaves the pictures pending; the report says so."""
        assert self._immich is not None
        way: ImmichWay = (
            ThroughLibrary(self._immich, self._rules) if self._rules.immich.library_id else ThroughUpload(self._immich)
        )
        waiting = {item.id: item for item in items}
        try:
            await way.prepare()
            outside = [item for item in items if way.takes_in(item)]
            if outside:
                await job.report(done=0, total=len(outside), message="taking pictures in")
                moved = {one.id: one for one in await self._sorting.take_in(outside)}
                items = [moved.get(item.id, item) for item in items if item.id in moved or not way.takes_in(item)]
            routed: list[Routed] = []
            analysing = Analysing(self._database, self._clock, self._rules, way, self._confidence)
            async with aclosing(analysing.run(items, job)) as found:
                async for one in found:
                    waiting.pop(one.item.id, None)
                    near = "" if one.outcome.destination is Destination.WAIT else await self._twins.near(one.item)
                    routed = await self._carried_out([*routed, replace(one, near=near)])
            await self._carried_out(routed, is_last=True)
            if self._moved_out and isinstance(way, ThroughLibrary):
                await way.announce()
        except WinnowError as error:
            if not isinstance(error, ServerError):
                raise
            await self._fails(job, self._immich.url, str(error))
            for item in waiting.values():
                await self._sorting.wait(Routed(item, wait(item.filename, str(error))))

    async def _carried_out(self, routed: list[Routed], *, is_last: bool = False) -> list[Routed]:
        """Write down those that wait, move the others once there are enough; those that are still to be moved."""
        for one in routed:
            if one.outcome.destination is Destination.WAIT:
                await self._sorting.wait(one)
        moving = [one for one in routed if one.outcome.destination is not Destination.WAIT]
        if not moving or (len(moving) < _MOVED and not is_last):
            return moving
        await self._sorting.carry_out(moving)
        self._moved_out = True
        return []

    # -- the end -----------------------------------------------------------------------------------------------------

    async def _tidy(self) -> None:
        """Copies that Winnow gave Immich go into Immich's trash once their pictures are filed; empty folders go."""
        await asyncio.to_thread(_remove_empty, Path(self._rules.temp_dir))
        if self._immich is None:
            return
        async with self._database.read() as reader:
            items = await intake_feed.own_assets(reader, limit=_BATCH)
        for item in items:
            assert item.sha1 is not None
            try:
                await self._immich.trash_upload(item.asset_id, item.sha1.hex())
            except ServerError as error:
                self.report.errors.append(SourceState(self._immich.url, str(error)))
                return
            except WinnowError:
                pass  # refused: it is gone, or not that content any more
            async with self._database.write() as tx:
                await intake_feed.asset_went(tx, [item.id])

    async def _count(self, job: Job) -> None:
        sums, report = self._sorting.sums, self.report
        async with self._database.read() as reader:
            states = await intake.state_counts(reader)
        report.sorted, report.review, report.trashed = sums.sorted, dict(sums.review), sums.trashed
        report.failed += sums.failed
        report.processed = sums.done + report.failed
        report.pending = sum(states[one] for one in TO_DO)
        for title, words in sums.troubles[:_LOGGED]:
            await job.log(f"{title}: {words}", level="warning")
        if sums.troubles:
            title, words = sums.troubles[0]
            more = f" (and {len(sums.troubles) - 1} more)" if len(sums.troubles) > 1 else ""
            report.errors.append(SourceState("moving files", f"{title}: {words}{more}"))
        report.errors += [SourceState(folder, words) for folder, words in self._twins.troubles.items()]

    async def _fails(self, job: Job, source: str, words: str) -> None:
        self.report.errors.append(SourceState(source, words))
        await job.log(f"{source}: {words}", level="error")


def _remove_empty(temp_dir: Path) -> None:
    """The items' folders in which nothing is left. Whatever cannot be looked at stays."""
    try:
        folders = [one for one in temp_dir.iterdir() if one.name.isdecimal() and one.is_dir()]
    except OSError:
        return
    for folder in folders:
        remove_if_empty(folder)
