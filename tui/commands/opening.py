"""What every command that works with the database does first."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from core.config import Settings, data_folder, load_settings
from core.errors import UsageError
from core.model.stash_boxes import EndpointState
from core.runtime import Runtime, open_runtime
from core.settings import normal_endpoint
from tui import garbage_collection
from tui.documents import host

if TYPE_CHECKING:
    from core.matching.desk import MatchingDesk
    from tui.console import Console


@asynccontextmanager
async def opened(args: argparse.Namespace, console: Console, *, needs_stash: bool = False) -> AsyncIterator[Runtime]:
    """The runtime over the configuration and data folder that were asked for; what it settled at its start is told.

    Raises ConfigError, and StoreError when the database cannot be used.
    """
    settings = load_settings(args.config, required=needs_stash)
    if needs_stash:
        settings.require_stash()
    async with opened_with(settings, args, console) as runtime:
        yield runtime


@asynccontextmanager
async def opened_with(settings: Settings, args: argparse.Namespace, console: Console) -> AsyncIterator[Runtime]:
    """The runtime over settings that are at hand."""
    garbage_collection.pass_over_once()
    for warning in settings.warnings:
        console.note(warning)
    async with open_runtime(settings, data_dir=data_folder(settings, args.data_dir)) as runtime:
        for words in runtime.recovered:
            console.note(words)
        yield runtime


async def box_names(desk: MatchingDesk) -> dict[str, str]:
    """What the stash-boxes are called in Stash, by endpoint; none before the first scan."""
    return {state.endpoint: state.name for state in (await desk.summary()).endpoints}


async def known_endpoint(desk: MatchingDesk, wanted: str | None) -> str | None:
    """The stash-box that a user named by its address, its host or its name. Raises UsageError for an unknown one."""
    if wanted is None:
        return None
    states = (await desk.summary()).endpoints
    found = _named(states, wanted)
    if found is not None:
        return found
    known = ", ".join(state.endpoint for state in states) or "none before the first scan"
    raise UsageError(f"there is no stash-box {wanted}; known are: {known}")


async def endpoint_to_scan(desk: MatchingDesk, wanted: str) -> str:
    """As `known_endpoint`; what no earlier scan met is passed on, for Stash may know it."""
    return _named((await desk.summary()).endpoints, wanted) or wanted


def _named(states: Sequence[EndpointState], wanted: str) -> str | None:
    for state in states:
        if normal_endpoint(wanted) in {normal_endpoint(state.endpoint), host(state.endpoint), state.name.casefold()}:
            return state.endpoint
    return None
