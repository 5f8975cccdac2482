"""A process that decides about the review, or takes that back, and ends itself by `kill -9` at a recorded step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from intake_cases import Place, desk_over
from victims import die

from core.store.journal_records import EffectRecord


async def run(**given: Any) -> None:
    seen = 0

    def on_step(step: str, _: EffectRecord) -> None:
        nonlocal seen
        seen += step == given["step"]
        if seen == given["number"]:
            die()

    immich = None if given["immich"] is None else tuple(given["immich"])
    async with desk_over(Place(Path(given["root"]), immich), on_step=on_step) as runtime:
        if given["does"] == "approve":
            await runtime.intake.approve(given["ids"], "Ada", assign_face=immich is not None)
        elif given["does"] == "reject":
            await runtime.intake.reject(given["ids"])
        else:
            await runtime.history.undo_batch(given["batch"])
