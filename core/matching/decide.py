"""Decisions of the matching desk as effects: dismiss, withdraw a dismissal, and what an accepted link settles."""

from __future__ import annotations

from typing import Final

import msgspec

from core.clock import Clock
from core.errors import EffectRefusedError, UndoRefusedError
from core.ledger.effects import Image, Payload
from core.ledger.stash_link import LinkPayload
from core.matching.propose import recompute, relink
from core.model.recommendations import Status
from core.settings import MatchingSettings
from core.store import dismissals, recommendations
from core.store.database import Transaction
from core.store.journal_records import EffectRecord

DISMISS: Final = "matching.dismiss"
WITHDRAW: Final = "matching.withdraw"


class DismissPayload(msgspec.Struct, frozen=True):
    """Which recommendation is turned down, and why."""

    recommendation_id: int
    scene_id: int
    endpoint: str
    candidate_id: str
    reason: str
    is_until_next_scan: bool


class Dismiss:
    """Turns a candidate down: it is not proposed again, and no longer a rival to others."""

    def __init__(self, settings: MatchingSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def perform_local(self, tx: Transaction, payload: Payload) -> tuple[Image, Image]:
        """Record the dismissal and compute the scene's proposals anew. Refused unless it is still pending."""
        wanted = msgspec.convert(payload, DismissPayload)
        found = await recommendations.fetch(tx, [wanted.recommendation_id])
        if not found:
            raise EffectRefusedError(f"recommendation {wanted.recommendation_id} no longer exists")
        if found[0].status is not Status.PENDING:
            raise EffectRefusedError(f"recommendation {wanted.recommendation_id} is {found[0].status}, not pending")
        now = self._clock.now()
        dismissal_id = await dismissals.add(
            tx,
            scene_id=wanted.scene_id,
            endpoint=wanted.endpoint,
            candidate_id=wanted.candidate_id,
            reason=wanted.reason,
            is_until_next_scan=wanted.is_until_next_scan,
            now=now,
        )
        await recommendations.set_status(tx, wanted.recommendation_id, Status.DISMISSED, now=now, decided_at=now)
        await recompute(tx, wanted.endpoint, [wanted.scene_id], settings=self._settings, now=now)
        return {"status": Status.PENDING}, {"dismissal_id": dismissal_id}

    async def revert_local(self, tx: Transaction, payload: Payload, before: Image, after: Image) -> None:
        """Withdraw the dismissal. Refused when it is no longer in force."""
        wanted = msgspec.convert(payload, DismissPayload)
        now = self._clock.now()
        if not await dismissals.end(tx, int(after["dismissal_id"]), now=now):
            raise UndoRefusedError(f"the dismissal of recommendation {wanted.recommendation_id} was withdrawn already")
        await recommendations.set_status(tx, wanted.recommendation_id, Status.PENDING, now=now, decided_at=None)
        await recompute(tx, wanted.endpoint, [wanted.scene_id], settings=self._settings, now=now)


class Withdraw:
    """Takes a dismissal back: the candidate may be proposed again."""

    def __init__(self, settings: MatchingSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def perform_local(self, tx: Transaction, payload: Payload) -> tuple[Image, Image]:
        """End the dismissal and compute the scene's proposals anew. Refused unless it is in force."""
        dismissal_id = int(payload["dismissal_id"])
        found = await dismissals.get(tx, dismissal_id)
        if found is None:
            raise EffectRefusedError(f"there is no dismissal {dismissal_id}; `winnow dismissals` lists them")
        if found.ended_at is not None:
            raise EffectRefusedError(f"dismissal {dismissal_id} is no longer in force")
        now = self._clock.now()
        await dismissals.end(tx, dismissal_id, now=now)
        await recompute(tx, found.endpoint, [found.scene_id], settings=self._settings, now=now)
        return {"ended_at": None}, {"ended_at": now}

    async def revert_local(self, tx: Transaction, payload: Payload, before: Image, after: Image) -> None:
        """Put the dismissal in force again. Refused when the candidate was turned down anew meanwhile."""
        dismissal_id = int(payload["dismissal_id"])
        found = await dismissals.get(tx, dismissal_id)
        if found is None or found.ended_at is None:
            raise UndoRefusedError(f"dismissal {dismissal_id} is in force again already")
        if (found.scene_id, found.candidate_id) in await dismissals.pairs(tx, found.endpoint, [found.scene_id]):
            raise UndoRefusedError(f"the candidate of dismissal {dismissal_id} was turned down anew meanwhile")
        await dismissals.reopen(tx, dismissal_id)
        await recompute(tx, found.endpoint, [found.scene_id], settings=self._settings, now=self._clock.now())


class LinkWitness:
    """Keeps recommendations in step with links: accepted, its rivals superseded, and back on undo."""

    def __init__(self, settings: MatchingSettings, clock: Clock) -> None:
        self._settings = settings
        self._clock = clock

    async def was_done(self, tx: Transaction, effect: EffectRecord) -> None:
        """The scene is linked."""
        link = msgspec.convert(effect.payload, LinkPayload)
        now = self._clock.now()
        await relink(tx, link.scene_id, link.endpoint, link.stash_id)
        if effect.subject is not None:
            await recommendations.set_status(tx, effect.subject, Status.ACCEPTED, now=now, decided_at=now)
        await recommendations.decide_rivals(
            tx,
            scene_id=link.scene_id,
            endpoint=link.endpoint,
            before=Status.PENDING,
            after=Status.SUPERSEDED,
            now=now,
        )
        await recompute(tx, link.endpoint, [link.scene_id], settings=self._settings, now=now)

    async def was_undone(self, tx: Transaction, effect: EffectRecord) -> None:
        """The scene is no longer linked: its candidates are proposed again."""
        link = msgspec.convert(effect.payload, LinkPayload)
        now = self._clock.now()
        await relink(tx, link.scene_id, link.endpoint, None)
        if effect.subject is not None:
            await recommendations.set_status(tx, effect.subject, Status.PENDING, now=now, decided_at=None)
        await recompute(tx, link.endpoint, [link.scene_id], settings=self._settings, now=now)
