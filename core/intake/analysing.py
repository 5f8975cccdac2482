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
from core.errors import WinnowError
from core.intake.immich_looks import ImmichWay, Look, Standing
from core.intake.immich_upload import ThroughUpload
from core.intake.people import ConfidenceProvider, analysed
from core.intake.route import never_analysed, route, wait
from core.intake.sorting import Routed
from core.job import Job
from core.model.incoming import Destination, Faces, Item
from core.settings_intake import IntakeSettings
from core.store import intake
from core.store.database import Database

_SOON_SECONDS: Final = 0.2


class Analysing:
    """One batch of pictures at an Immich. Raises what the way does; what waits then stays pending.

    `provider_failure`: why it cannot be told how sure faces are, in words. Pictures with faces wait then.
    """

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
        self._again: dict[int, float] = {}  # those without a face: not to be looked at before
        self._unread: set[int] = set()
        self.provider_failure = ""

    async def offer(self, items: Sequence[Item]) -> AsyncGenerator[Routed]:
        """Let Immich have the pictures; those of which nothing will come, or not now."""
        async for item, look in self._way.offer(items):
            if look.standing in (Standing.NEVER, Standing.HELD):
                if look.standing is Standing.NEVER and not look.asset_id and item.asset_is_ours:
                    await self._note(item, is_ours=False)
                yield self._ended(item, look)
            else:
                self._waiting[item.id] = await self._offered(item, look)
        if self._waiting:
            await self._way.announce()

    async def run(self, job: Job) -> AsyncGenerator[Routed]:
        """What becomes of each picture that was offered, as soon as it is known; at the deadline, that it waits."""
        immich, total = self._rules.immich, len(self._waiting)
        end, pause = self._clock.monotonic() + immich.deadline_seconds, _SOON_SECONDS
        words: dict[int, str] = {}
        while self._waiting:
            now = self._clock.monotonic()
            wanted = [one for one in self._waiting.values() if self._again.get(one.id, now) <= now or now >= end]
            for item_id, look in (await self._way.look(wanted)).items() if wanted else ():
                words[item_id] = look.words
                if (routed := await self._looked(self._waiting[item_id], look)) is not None:
                    del self._waiting[item_id]
                    yield routed
            if not self._waiting or self._clock.monotonic() >= end:
                break
            await job.report(done=total - len(self._waiting), total=total, message="Immich looks at the pictures")
            await asyncio.sleep(max(0.0, min(pause, immich.wait_time_seconds, end - self._clock.monotonic())))
            pause *= 2
        for item in self._waiting.values():
            yield Routed(item, wait(item.filename, words.get(item.id, "") or "Immich was not done with it in time"))

    async def _offered(self, item: Item, look: Look) -> Item:
        """Note the asset that stands for a picture, and whether Winnow brought it there."""
        if not look.asset_id or look.asset_id == item.asset_id:
            return item
        is_ours = look.asset_id in self._way.is_ours if isinstance(self._way, ThroughUpload) else None
        return await self._note(item, asset_id=look.asset_id, is_ours=is_ours)

    async def _note(self, item: Item, *, asset_id: str | None = None, is_ours: bool | None = None) -> Item:
        async with self._database.write() as tx:
            await intake.set_pending(tx, item.id, next_at=self._clock.now(), asset_id=asset_id, asset_is_ours=is_ours)
        ours = item.asset_is_ours if is_ours is None else is_ours
        return replace(item, asset_id=item.asset_id if asset_id is None else asset_id, asset_is_ours=ours)

    async def _looked(self, item: Item, look: Look) -> Routed | None:
        """What one look means; None: another one is to follow."""
        if look.standing in (Standing.WAITING, Standing.UNSEEN):
            return None
        if look.standing is Standing.UNREAD and item.id not in self._unread:
            self._unread.add(item.id)
            return None
        if look.standing is not Standing.SEEN:
            return self._ended(item, look)
        sure = await self._sure(look)
        if self.provider_failure and any(face.person is not None for face in look.faces):
            return Routed(
                item, wait(item.filename, f"it cannot be told how sure its faces are: {self.provider_failure}")
            )
        faces = analysed(look.faces, sure)
        outcome = route(item.filename, rules=self._rules, faces=faces, retries=item.attempts)
        if outcome.destination is Destination.WAIT and not faces.found and self._is_retried(item):
            async with self._database.write() as tx:
                await intake.set_pending(tx, item.id, next_at=self._clock.now(), is_attempt=True, words=outcome.reason)
            self._waiting[item.id] = replace(item, attempts=item.attempts + 1)
            self._again[item.id] = self._clock.monotonic() + self._rules.immich.wait_time_seconds
            return None
        return Routed(replace(item, asset_id=look.asset_id or item.asset_id), outcome, faces)

    def _is_retried(self, item: Item) -> bool:
        immich = self._rules.immich
        return immich.retry_if_no_faces and item.attempts < immich.max_retries

    async def _sure(self, look: Look) -> dict[str, float]:
        """How sure the faces are, where somebody can tell; he is not asked again after he failed."""
        given = [face.id for face in look.faces if face.person is not None]
        is_asked = 0 < len(look.faces) <= self._rules.max_faces_per_image  # with more the rules do not ask
        if self._confidence is None or self.provider_failure or not given or not is_asked:
            return {}
        try:
            return dict(await self._confidence.confidences(look.asset_id, given))
        except WinnowError as error:
            self.provider_failure = str(error)
            return {}

    def _ended(self, item: Item, look: Look) -> Routed:
        if look.standing is Standing.HELD:
            return Routed(item, wait(item.filename, look.words))
        return Routed(item, never_analysed(item.filename, look.words, rules=self._rules), Faces(is_analysed=False))
