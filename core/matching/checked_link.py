"""The link effect as the matching desk orders it: only for a recommendation that is still pending at that moment."""

from __future__ import annotations

from core.errors import EffectRefusedError
from core.ledger.effects import Image, OuterEffect, Payload
from core.model.recommendations import Status
from core.store import recommendations
from core.store.database import Database


class CheckedLink:
    """Refuses what was decided otherwise between the plan and its turn; all else is the effect's own.

    A plan may be hours old when it is carried out: shown in a dialog, or taken up again after a sudden end.
    """

    def __init__(self, database: Database, effect: OuterEffect) -> None:
        self._database = database
        self._effect = effect

    async def inspect(self, payload: Payload) -> Image:
        """As the effect. Refused unless the recommendation is still pending, and as certain as when it was chosen."""
        wanted = payload.get("recommendation_id")
        if wanted is not None:
            async with self._database.read() as reader:
                found = await recommendations.fetch(reader, [int(wanted)])
            if not found:
                raise EffectRefusedError(f"recommendation {wanted} no longer exists")
            if found[0].status is not Status.PENDING:
                raise EffectRefusedError(f"recommendation {wanted} is {found[0].status} by now, not pending")
            if payload.get("was_certain") and not found[0].is_high_confidence:
                failed = "; ".join(reason.text for reason in found[0].reasons if not reason.is_met)
                raise EffectRefusedError(
                    f"recommendation {wanted} was of high confidence when it was chosen and is no longer ({failed}): "
                    "look at it again"
                )
        return await self._effect.inspect(payload)

    async def perform(self, payload: Payload, before: Image) -> Image:
        """As the effect."""
        return await self._effect.perform(payload, before)

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """As the effect."""
        return await self._effect.settle(payload, before)

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """As the effect."""
        await self._effect.may_revert(payload, before, after)

    async def revert(self, payload: Payload, before: Image, after: Image) -> str | None:
        """As the effect."""
        return await self._effect.revert(payload, before, after)
