"""A process that works on what came in, or takes that back, and ends itself by `kill -9` at a recorded step."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from victims import die

from core.config import load_settings
from core.runtime import open_runtime
from core.store.journal_records import EffectRecord


async def run(**given: Any) -> None:
    seen = 0

    def on_step(step: str, _: EffectRecord) -> None:
        nonlocal seen
        seen += step == given["step"]
        if seen == given["number"]:
            die()

    root = Path(given["root"])
    settings = load_settings(root / "winnow.toml")
    async with open_runtime(settings, data_dir=root / "data", on_step=on_step) as runtime:
        if given["does"] == "run":
            await runtime.intake.run()
        else:
            for batch in await runtime.history.batches():
                await runtime.history.undo_batch(batch.id)
