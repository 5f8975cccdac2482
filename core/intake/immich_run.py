"""The part of a run that concerns Immich: whatever fails there is told, and leaves the pictures waiting."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Final

from core.clock import Clock
from core.errors import EffectRefusedError, ServerError
from core.intake.analysing import Analysing
from core.intake.immich_library import ThroughLibrary
from core.intake.immich_looks import ImmichWay
from core.intake.immich_upload import ThroughUpload
from core.intake.people import ConfidenceProvider
from core.intake.route import wait
from core.intake.run_report import IntakeReport
from core.intake.sorting import Routed, Sorting
from core.job import Job
from core.model.incoming import Item
from core.servers.immich import ImmichClient
from core.settings_intake import IntakeSettings
from core.store import intake_feed
from core.store.database import Database

CONFIDENCE: Final = "confidence"
_PAGE: Final = 500
_AT_ONCE: Final = 20  # the client itself sends a few at a time


class ImmichRun:
    """One run at one Immich. After a failure it is not asked again; `at_work` is what waits for it now."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rules: IntakeSettings,
        client: ImmichClient,
        sorting: Sorting,
        confidence: ConfidenceProvider | None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._client = client
        self._sorting = sorting
        self._confidence = confidence
        self._way: ImmichWay = (
            ThroughLibrary(client, rules) if rules.immich.library_id else ThroughUpload(client, self._will_upload)
        )
        self._is_ready = False
        self._failure = ""
        self._provider_failure = ""
        self._analysing: Analysing | None = None
        self.at_work: dict[int, Item] = {}

    async def offered(self, items: Sequence[Item], job: Job) -> AsyncGenerator[Routed]:
        """Let Immich have these pictures; what is known of some at once."""
        self.at_work = {item.id: item for item in items}
        try:
            if not self._failure and not self._is_ready:
                await self._way.prepare()
                self._is_ready = True
            if not self._failure:
                there = await self._taken_in(items, job)
                self._analysing = Analysing(self._database, self._clock, self._rules, self._way, self._confidence)
                self._analysing.provider_failure = self._provider_failure
                async with aclosing(self._analysing.offer(there)) as found:
                    async for one in found:
                        del self.at_work[one.item.id]
                        yield one
        except ServerError as error:
            self._failure = str(error)
        if self._failure:
            for one in self._left():
                yield one

    async def looked(self, job: Job) -> AsyncGenerator[Routed]:
        """What becomes of the pictures that were offered, as it gets known."""
        if self._analysing is None or self._failure:
            return
        try:
            async with aclosing(self._analysing.run(job)) as found:
                async for one in found:
                    self.at_work.pop(one.item.id, None)
                    yield one
        except ServerError as error:
            self._failure = str(error)
        self._provider_failure = self._analysing.provider_failure
        for one in self._left():
            yield one

    def _left(self) -> list[Routed]:
        left, self.at_work = list(self.at_work.values()), {}
        words = self._failure.removeprefix(f"{self._client.url}: ")
        return [Routed(item, wait(item.filename, f"Immich cannot be asked: {words}")) for item in left]

    async def _taken_in(self, items: Sequence[Item], job: Job) -> list[Item]:
        """The pictures where Immich sees them; those that could not be moved there wait already."""
        outside = [item for item in items if self._way.takes_in(item)]
        if not outside:
            return list(items)

        async def tell(done: int, total: int) -> None:
            await job.report(done=done, total=total, message="taking pictures in")

        moved = {one.id: one for one in await self._sorting.take_in(outside, tell)}
        left = {item.id for item in outside} - moved.keys()
        for one in left:
            del self.at_work[one]
        self.at_work |= moved
        return [moved.get(item.id, item) for item in items if item.id not in left]

    async def _will_upload(self, items: Sequence[Item]) -> None:
        async with self._database.write() as tx:
            await intake_feed.will_upload(tx, [item.id for item in items])

    async def let_go(self, job: Job) -> None:
        """What moved away leaves Immich: a scan takes assets of the library away; copies that Winnow gave it go into
        Immich's trash.
        """
        if self._failure:
            return
        try:
            if self._sorting.has_left_library and isinstance(self._way, ThroughLibrary):
                await self._way.announce()
            await self._trash_copies(job)
        except ServerError as error:
            self._failure = str(error)

    async def _trash_copies(self, job: Job) -> None:
        after = 0
        while True:
            async with self._database.read() as reader:
                items = await intake_feed.own_assets(reader, after=after, limit=_PAGE)
            if not items:
                return
            after = items[-1].id
            for start in range(0, len(items), _AT_ONCE):
                some = items[start : start + _AT_ONCE]
                await job.report(done=start, total=len(items), message="taking copies out of Immich")
                ends = await asyncio.gather(*(self._trash(one) for one in some), return_exceptions=True)
                went = [one.id for one, end in zip(some, ends, strict=True) if not isinstance(end, BaseException)]
                async with self._database.write() as tx:
                    await intake_feed.asset_went(tx, went)
                if failures := [one for one in ends if isinstance(one, BaseException)]:
                    raise failures[0]
                for words in ends:
                    if isinstance(words, str) and words:
                        await job.log(words)

    async def _trash(self, item: Item) -> str:
        """Why a copy stays where it is, which is no concern of Winnow's then; empty where it went."""
        assert item.sha1 is not None
        try:
            await self._client.trash_upload(item.asset_id, item.sha1.hex())
        except EffectRefusedError as refusal:
            return str(refusal)
        return ""

    def tell(self, report: IntakeReport) -> None:
        """Note what failed."""
        if self._failure:
            report.fails(self._client.url, self._failure)
        if self._provider_failure:
            report.fails(CONFIDENCE, self._provider_failure)
