"""Has Immich look at pictures and waits for it, within bounds: who is in them, or why that cannot be known.

What Immich cannot be asked about now stays pending; what it will never analyse is said to be so. "Not analysed" is
never taken for "no face".
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import replace
from typing import Final

from core.clock import Clock
from core.intake.immich_upload import ThroughUpload
from core.intake.looks import ImmichWay, Look, Standing
from core.intake.model import Destination, Faces, Item
from core.intake.people import ConfidenceProvider, analysed
from core.intake.route import never_analysed, route, wait
from core.intake.sorting import Routed
from core.jobs import Job
from core.settings_intake import IntakeSettings
from core.store import intake
from core.store.database import Database

_SOON_SECONDS: Final = 0.2


class Analysing:
    """One batch of pictures at an Immich. Raises what the way and the provider do; what waits then stays pending."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        rules: IntakeSettings,
        way: ImmichWay,
        confidence: ConfidenceProvider | None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._rules = rules
        self._way = way
        self._confidence = confidence
        self._waiting: dict[int, Item] = {}
        self._unread: set[int] = set()

    async def run(self, items: Sequence[Item], job: Job) -> AsyncGenerator[Routed]:
        """What becomes of each picture, as soon as it is known; at the deadline, that it waits."""
        async for item, look in self._way.offer(items):
            if look.standing in (Standing.NEVER, Standing.HELD):
                yield self._ended(item, look)
            else:
                self._waiting[item.id] = await self._offered(item, look)
        if not self._waiting:
            return
        await self._way.announce()
        immich = self._rules.immich
        end, pause = self._clock.monotonic() + immich.deadline_seconds, _SOON_SECONDS
        words: dict[int, str] = {}
        while True:
            for item_id, look in (await self._way.look(list(self._waiting.values()))).items():
                words[item_id] = look.words
                if (routed := await self._looked(self._waiting[item_id], look)) is not None:
                    del self._waiting[item_id]
                    yield routed
            if not self._waiting:
                return
            if self._clock.monotonic() >= end:
                break
            await job.report(
                done=len(items) - len(self._waiting), total=len(items), message="Immich looks at the pictures"
            )
            await asyncio.sleep(min(pause, immich.wait_time_seconds, max(0.0, end - self._clock.monotonic())))
            pause *= 2
        for item in self._waiting.values():
            yield Routed(item, wait(item.filename, words.get(item.id, "") or "Immich was not done with it in time"))

    async def _offered(self, item: Item, look: Look) -> Item:
        """Note the asset that stands for a picture, and whether Winnow brought it there."""
        if not look.asset_id or look.asset_id == item.asset_id:
            return item
        is_ours = look.asset_id in self._way.is_ours if isinstance(self._way, ThroughUpload) else False
        async with self._database.write() as tx:
            await intake.set_pending(
                tx, item.id, next_at=self._clock.now(), asset_id=look.asset_id, asset_is_ours=is_ours or None
            )
        return replace(item, asset_id=look.asset_id, asset_is_ours=is_ours or item.asset_is_ours)

    async def _looked(self, item: Item, look: Look) -> Routed | None:
        """What one look means; None: another one is to follow."""
        if look.standing in (Standing.WAITING, Standing.UNSEEN):
            return None
        if look.standing is Standing.UNREAD and item.id not in self._unread:
            self._unread.add(item.id)
            return None
        if look.standing is not Standing.SEEN:
            return self._ended(item, look)
        sure = {}
        if self._confidence is not None and 0 < len(look.faces) <= self._rules.max_faces_per_image:
            sure = dict(await self._confidence.confidences(look.asset_id, [face.id for face in look.faces]))
        faces = analysed(look.faces, sure)
        outcome = route(item.filename, rules=self._rules, faces=faces, retries=item.attempts)
        if outcome.destination is Destination.WAIT and not faces.found:
            async with self._database.write() as tx:
                await intake.set_pending(tx, item.id, next_at=self._clock.now(), is_attempt=True, words=outcome.reason)
            self._waiting[item.id] = replace(item, attempts=item.attempts + 1)
            return None
        return Routed(await self._with_asset(item, look), outcome, faces)

    async def _with_asset(self, item: Item, look: Look) -> Item:
        """The asset of the library, which shows only now."""
        if not look.asset_id or look.asset_id == item.asset_id:
            return item
        async with self._database.write() as tx:
            await intake.set_pending(tx, item.id, next_at=self._clock.now(), asset_id=look.asset_id)
        return replace(item, asset_id=look.asset_id)

    def _ended(self, item: Item, look: Look) -> Routed:
        if look.standing is Standing.HELD:
            return Routed(item, wait(item.filename, look.words))
        return Routed(item, never_analysed(item.filename, look.words, rules=self._rules), Faces(is_analysed=False))
