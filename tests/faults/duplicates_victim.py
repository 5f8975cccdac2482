"""A process that applies or undoes what the rules decide, and ends itself by `kill -9` at a given recorded step."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from core.config import load_settings
from core.runtime import open_runtime
from core.store.journal import EffectRecord


async def main(given: dict[str, Any]) -> None:
    seen = 0

    def die(step: str, effect: EffectRecord) -> None:
        nonlocal seen
        if step == given["step"]:
            seen += 1
            if seen == given["number"]:
                os.kill(os.getpid(), signal.SIGKILL)

    settings = load_settings(Path(given["config"]))
    async with open_runtime(settings, data_dir=Path(given["data"]), on_step=die) as runtime:
        if given["does"] == "apply":
            await runtime.duplicates.apply(await runtime.duplicates.load_plan(given["plan"]))
        else:
            await runtime.history.undo_batch(given["batch"])


asyncio.run(main(json.loads(sys.argv[1])))
