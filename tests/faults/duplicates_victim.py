"""A process that applies or undoes what the rules decide, and ends itself by `kill -9` at a given recorded step."""

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

    settings = load_settings(Path(given["config"]))
    async with open_runtime(settings, data_dir=Path(given["data"]), on_step=on_step) as runtime:
        if given["does"] == "apply":
            await runtime.duplicates.apply(await runtime.duplicates.load_plan(given["plan"]))
        else:
            await runtime.history.undo_batch(given["batch"])
