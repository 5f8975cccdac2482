"""One run over what came in: fetch, compare with what is known, have Immich look, and file or queue each picture.

Everything is written down as it happens: a run that is stopped or killed loses nothing, and the next one goes on there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing, suppress
from pathlib import Path
from typing import Any, Final

import msgspec

from core.clock import Clock
from core.errors import WinnowError
from core.finishing import to_its_end
from core.intake.drop_folder import take_dropped
from core.intake.fetching import Fetching, remove_if_empty
from core.intake.immich_run import ImmichRun
from core.intake.known_contents import Twin, Twins
from core.intake.lookalikes import Nearness
from core.intake.people import ConfidenceProvider
from core.intake.person_folders import PersonFolders
from core.intake.presence import Presence
from core.intake.route import route
from core.intake.run_report import IntakeReport
from core.intake.sorting import BATCH, TAKE_IN, Routed, Sorting
from core.intake.waiting import Waiting
from core.job import Job
from core.ledger.apply import Ledger
from core.ledger.trash_checks import Survivor
from core.media.pool import MediaPool
from core.model.incoming import TO_DO, Destination, Item
from core.path_text import packed
from core.servers.http import Http
from core.servers.immich import ImmichClient
from core.settings import Settings
from core.store import intake, intake_feed
from core.store.database import Database

_BATCH: Final = 1000  # pictures that Immich looks at together
_MOVED: Final = 100  # pictures in one batch of the ledger
_FETCHED_SECONDS: Final = 3.0  # while downloads come, pictures are gathered for so long
_LOGGED: Final = 200
_TOLD: Final = 20  # reasons to wait that a report names


class IntakeRun:
    """One run. Its `report` grows while it is under way. `is_due_only`: leave alone what is to wait for longer."""

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
        is_due_only: bool = False,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._rules = settings.intake
        self._is_due_only = is_due_only
        self.report = IntakeReport()
        self._waiting = Waiting(database, clock)
        self._presence = Presence(database, clock, self._rules, self._waiting)
        self._twins = Twins(database, pool, clock, settings)
        self._near = Nearness(database, pool, clock, distance=settings.duplicates.distance)
        self._sorting = Sorting(database, ledger, clock, self._rules, folders, self._waiting, self.report)
        self._fetching = Fetching(database, clock, http, self._rules)
        self._immich: ImmichRun | None = None
        if immich is not None:
            self._immich = ImmichRun(database, clock, self._rules, immich, self._sorting, confidence)
        self._is_busy = False

    async def run(self, job: Job) -> dict[str, Any]:
        """Run to the end. Raises JobCancelledError."""
        for kind in (BATCH, TAKE_IN):
            await self._ledger.give_up_interrupted(kind, "the run was cut short; the next one planned it anew")
        await take_dropped(self._database, self._clock, self._rules, job, self.report)
        fetching = asyncio.create_task(self._fetching.run(lambda: self._tell_fetched(job)))
        try:
            await self._work_beside(fetching, job)
            await fetching
            await self._tidy(job)
        finally:
            fetching.cancel()
            await to_its_end(_ended(fetching))
            await to_its_end(self._count(job))
        return self.report.as_result()

    async def _work_beside(self, fetching: asyncio.Task[None], job: Job) -> None:
        """Batch after batch, while downloads come and until none is left."""
        seen = set[int]()
        while True:
            is_last = fetching.done()
            if items := await self._next(seen):
                seen |= {one.id for one in items}
                self._is_busy = True
                await self._batch(items, job)
                self._is_busy = False
            elif is_last:
                return
            if not is_last:
                await asyncio.wait({fetching}, timeout=_FETCHED_SECONDS)

    async def _next(self, seen: set[int]) -> list[Item]:
        async with self._database.read() as reader:
            due_by = self._clock.now() if self._is_due_only else None
            ids = [one for one in await intake_feed.to_look_at(reader, due_by=due_by) if one not in seen]
            return await intake.fetch(reader, ids[:_BATCH])

    async def _tell_fetched(self, job: Job) -> None:
        """Say how far the downloads are, unless something else is told; wait here while the job is paused."""
        if self._is_busy:
            now = job.progress
            await job.report(done=now.done, total=now.total)
            return
        report = self._fetching.report
        done = report.fetched + report.later + len(report.failures)
        await job.report(done=done, total=None, message="downloading")

    # -- one batch ---------------------------------------------------------------------------------------------------

    async def _batch(self, items: Sequence[Item], job: Job) -> None:
        there: list[Item] = []
        async with aclosing(self._presence.there(items)) as looks:
            async for found in looks:
                there += [found] if found is not None else []
                await job.report(done=len(there), total=len(items), message="looking at what came in")
        await self._twins.prepare(there, job)
        new: list[Item] = []
        copies: list[Routed] = []
        for number, item in enumerate(there):
            await job.report(done=number, total=len(there), message="comparing with what is known")
            if (twin := await self._twins.of(item)) is None:
                new.append(item)
            else:
                copies.append(self._copy(item, twin))
        await self._file(copies, job)
        if not new:
            return
        if self._immich is None:
            notes = await self._near.notes(new, job)
            routed = [
                Routed(item, route(item.filename, rules=self._rules), near=notes.get(item.id, "")) for item in new
            ]
            await self._file(routed, job)
            return
        await self._through_immich(self._immich, new, job)

    def _copy(self, item: Item, twin: Twin) -> Routed:
        """What becomes of a copy; into the trash goes only one whose twin stands."""
        if not twin.path or twin.identity is None:
            rules = msgspec.structs.replace(self._rules, action_on_duplicate="move_to_review")
            return Routed(item, route(item.filename, rules=rules, duplicate=twin.duplicate))
        outcome = route(item.filename, rules=self._rules, duplicate=twin.duplicate)
        return Routed(item, outcome, survivor=Survivor(packed(twin.path), twin.identity))

    async def _through_immich(self, immich: ImmichRun, items: Sequence[Item], job: Job) -> None:
        """Whatever fails at Immich leaves the pictures pending; the report says so."""
        async with aclosing(immich.offered(items, job)) as offered:
            ready = [one async for one in offered]
        # Immich is at work meanwhile.
        notes = await self._near.notes(list(immich.at_work.values()), job)
        async with aclosing(immich.looked(job)) as looked:
            async for one in looked:
                ready.append(one)
                if len(ready) >= _MOVED:
                    await self._file(_noted(ready, notes), job)
                    ready = []
        await self._file(_noted(ready, notes), job)

    async def _file(self, routed: Sequence[Routed], job: Job) -> None:
        """Write down those that wait, move the others in batches of bounded size."""

        async def tell(done: int, total: int) -> None:
            await job.report(done=done, total=total, message="moving pictures")

        moving: list[Routed] = []
        for one in routed:
            if one.outcome.destination is Destination.WAIT:
                await self._waiting.put(one.item, one.outcome.reason, faces=one.faces)
            else:
                moving.append(one)
        for start in range(0, len(moving), _MOVED):
            await self._sorting.carry_out(moving[start : start + _MOVED], tell)

    # -- the end -----------------------------------------------------------------------------------------------------

    async def _tidy(self, job: Job) -> None:
        """Immich lets go of what was filed; folders in which nothing is left go."""
        await asyncio.to_thread(_remove_empty, Path(self._rules.temp_dir))
        if self._immich is not None:
            await self._immich.let_go(job)

    async def _count(self, job: Job) -> None:
        report = self.report
        async with self._database.read() as reader:
            states = await intake.state_counts(reader)
        fetched = self._fetching.report
        report.pending = sum(states[one] for one in TO_DO)
        report.failed = len(fetched.failures) + len(self._presence.failures)
        report.waiting = dict(list(self._waiting.reasons.items())[:_TOLD])
        lines = [f"{address}: {words.removeprefix(f'{address}: ')}" for _, address, words in fetched.failures]
        lines += [words for _, words in self._presence.failures]
        lines += self._sorting.troubles
        lines += [f"{words} ({number})" for words, number in report.waiting.items()]
        if troubles := self._sorting.troubles:
            more = f" (and {len(troubles) - 1} more, see the log)" if len(troubles) > 1 else ""
            report.fails("moving files", troubles[0] + more)
        for folder, words in self._twins.troubles.items():
            report.fails(folder, words)
        if self._immich is not None:
            self._immich.tell(report)
        with suppress(WinnowError):  # a log that cannot be written must not hide how the run ended
            for line in lines[:_LOGGED]:
                await job.log(line, level="warning")
            for failure in report.errors:
                await job.log(f"{failure.source}: {failure.error}", level="error")


def _noted(routed: Sequence[Routed], notes: Mapping[int, str]) -> list[Routed]:
    return [one.with_near(notes.get(one.item.id, "")) for one in routed]


def _remove_empty(temp_dir: Path) -> None:
    """The items' folders in which nothing is left. Whatever cannot be looked at stays."""
    try:
        folders = [one for one in temp_dir.iterdir() if one.name.isdecimal() and one.is_dir()]
    except OSError:
        return
    for folder in folders:
        remove_if_empty(folder)


async def _ended(task: asyncio.Task[None]) -> None:
    await asyncio.wait({task})
    if not task.cancelled():
        task.exception()  # raised where it was waited for, if it was
