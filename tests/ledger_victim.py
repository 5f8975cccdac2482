"""A Winnow of its own process that kills itself in the middle: run by the tests of sudden ends.

Takes config, data, action ("accept", "link" or "undo"), ids or batch, step and nth (which recorded
step, the how many-th of its name, is the last; "submitted" is the moment before the first effect).
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from ledger_cases import FILL
from matching_desk import IMPATIENT
from victims import die

import core.runtime
from core.config import load_settings
from core.ledger.apply import Ledger
from core.ledger.stash_link import STASH_LINK
from core.servers.http import Http
from core.store.journal_records import NewEffect


async def link(runtime: core.runtime.Runtime, ids: list[int]) -> None:
    """Beside the job, of which only one may run: two of these write at the same moment."""
    ledger = runtime.history._ledger
    effects = [
        NewEffect(
            STASH_LINK,
            f"link scene {one.scene_id}",
            {"scene_id": one.scene_id, "endpoint": one.endpoint, "stash_id": one.candidate.id},
            subject=one.id,
        )
        for one in await runtime.matching.rows(ids)
    ]
    await ledger.apply(await ledger.submit("accept", "link", effects))


async def run(**given: Any) -> None:
    seen = 0

    def on_step(name: str, _: object) -> None:
        nonlocal seen
        seen += name == given["step"]
        if seen == given["nth"]:
            die()

    if given["step"] == "submitted":
        Ledger.apply = lambda *_, **__: die()  # type: ignore[method-assign, assignment]
    core.runtime.Http = functools.partial(Http, IMPATIENT)  # type: ignore[assignment, attr-defined]
    settings = load_settings(Path(given["config"]), env={})
    async with core.runtime.open_runtime(settings, data_dir=Path(given["data"]), on_step=on_step) as runtime:
        if given["action"] == "accept":
            plan = await runtime.matching.plan_accept(given["ids"])
            await runtime.matching.accept(plan, metadata=FILL)
        elif given["action"] == "link":
            await link(runtime, given["ids"])
        else:
            await runtime.history.undo_batch(given["batch"])
