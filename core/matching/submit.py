"""Telling a stash-box which hashes belong to an entry: off by default, for matches a person accepted, for good."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any, Final

from core.errors import EffectRefusedError, LedgerError, UndoRefusedError
from core.ledger.effects import Image, Payload
from core.matching.evidence import known_duration, lookup_fingerprints
from core.model.fingerprints import Algorithm, Fingerprint
from core.model.scenes import Scene
from core.servers.stash_box import StashBoxClient, Submission

SUBMIT: Final = "stash_box.submit"

Client = Callable[[str], Awaitable[StashBoxClient | None]]
"""Gives the stash-box of an endpoint, None when Stash no longer names it or it is turned off."""


class Submit:
    """Submits fingerprints of accepted matches. A stash-box keeps what it is told: this cannot be taken back."""

    def __init__(self, client: Client) -> None:
        self._client = client

    async def inspect(self, payload: Payload) -> Image:
        """Refused when there is nothing to tell, or nobody to tell it to."""
        await self._box(payload)
        if not payload["submissions"]:
            raise EffectRefusedError("the accepted files hold no fingerprint worth submitting")
        return {}

    async def perform(self, payload: Payload, before: Image) -> Image:
        """Submit; telling a stash-box the same thing twice is the same as once."""
        outcomes = await (await self._box(payload)).submit_fingerprints(_submissions(payload))
        refused = [words for words in outcomes if words]
        if len(refused) == len(outcomes):
            raise LedgerError(f"{payload['endpoint']} took none of them: {refused[0]}")
        return {"taken": len(outcomes) - len(refused), "refused": refused}

    async def settle(self, payload: Payload, before: Image) -> Image | None:
        """It cannot be seen; since twice is the same as once, it counts as not done."""
        return None

    async def may_revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Always refused."""
        raise UndoRefusedError("a submission to a stash-box cannot be taken back")

    async def revert(self, payload: Payload, before: Image, after: Image) -> None:
        """Always refused."""
        raise UndoRefusedError("a submission to a stash-box cannot be taken back")

    async def _box(self, payload: Payload) -> StashBoxClient:
        client = await self._client(payload["endpoint"])
        if client is None:
            raise EffectRefusedError(f"{payload['endpoint']} is no longer configured in Stash, or is turned off")
        return client


def submissions_of(scene: Scene, candidate_id: str) -> list[dict[str, Any]]:
    """What is worth telling about a scene, as JSON: OSHASH and PHASH of every file with a duration."""
    found: list[dict[str, Any]] = []
    for file in scene.files:
        duration = known_duration(file.duration)
        if duration is None:
            continue
        alone = replace(scene, files=(file,))
        found += [
            {
                "scene_id": candidate_id,
                "algorithm": item.algorithm.value,
                "value": item.value,
                "duration": int(duration),  # cut off, not rounded: as Stash itself submits it
            }
            for item in lookup_fingerprints(alone, frozenset({Algorithm.OSHASH, Algorithm.PHASH}))
        ]
    return found


def _submissions(payload: Payload) -> list[Submission]:
    return [
        Submission(one["scene_id"], Fingerprint(Algorithm(one["algorithm"]), one["value"]), one["duration"])
        for one in payload["submissions"]
    ]
