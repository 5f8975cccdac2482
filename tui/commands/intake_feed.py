"""`winnow intake add`, `run` and `watch`: pictures come in and are worked on."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import UsageError
from core.intake.adding import AddReport, HowAdded, listed
from core.words import count
from tui.commands.opening import opened
from tui.commands.scan import print_report, progress_line
from tui.present import plain

if TYPE_CHECKING:
    from core.intake.run_report import IntakeReport
    from core.runtime import Runtime
    from tui.console import Console

_STDIN = "-"


async def add(args: argparse.Namespace, console: Console) -> int:
    """Write down what is handed over; 1 when something was refused."""
    inputs = await asyncio.to_thread(_inputs, args.inputs, args.lists)
    if not inputs:
        raise UsageError("name what to take in: addresses, files, folders, or --from-file with a list of them")
    async with opened(args, console) as runtime:
        reports = await runtime.intake.add(inputs, source=args.source)
    refused = [one for one in reports if one.how is HowAdded.REFUSED]
    if args.json:
        await console.json_list({"ok": not refused}, "added", _documents(reports))
        return 1 if refused else 0
    for one in refused:
        console.note(f"{one.what} {one.words}")
    numbers = {how: sum(one.how is how for one in reports) for how in HowAdded}
    words = f"{count(numbers[HowAdded.NEW], 'picture')} taken in"
    if numbers[HowAdded.AGAIN]:
        words += f", {numbers[HowAdded.AGAIN]} begun anew"
    if numbers[HowAdded.KNOWN]:
        words += f", {numbers[HowAdded.KNOWN]} there already"
    console.out(words + (f", {len(refused)} refused." if refused else "."))
    if numbers[HowAdded.NEW] or numbers[HowAdded.AGAIN]:
        console.out("Next: winnow intake run")
    return 1 if refused else 0


async def _documents(reports: list[AddReport]) -> AsyncIterator[dict[str, Any]]:
    for one in reports:
        yield {
            "input": one.what,
            "result": one.how.value,
            "id": one.item_id,
            "state": None if one.state is None else one.state.value,
            "error": one.words or None,
        }


def _inputs(named: list[str], lists: list[str]) -> list[str]:
    """What was named, and what the lists name. Raises UsageError for a list that cannot be read."""
    found = [one for one in named if one != _STDIN]
    for name in [*lists, *([_STDIN] if _STDIN in named else [])]:
        try:
            data = sys.stdin.buffer.read() if name == _STDIN else Path(name).read_bytes()
        except OSError as error:
            raise UsageError(f"the list {name} cannot be read: {error.strerror or error}") from error
        found += listed(data.decode("utf-8", "surrogateescape"))  # names that are no UTF-8 pass
    return found


async def run(args: argparse.Namespace, console: Console) -> int:
    """Work on what came in; 1 when a part of it failed."""
    async with opened(args, console) as runtime:
        report = await _run(runtime, console)
    if args.json:
        console.json({"ok": report.is_ok, **report.as_result()})
    else:
        print_report(report, console)
    return 0 if report.is_ok else 1


async def _run(runtime: Runtime, console: Console) -> IntakeReport:
    unsubscribe = runtime.jobs.subscribe(lambda progress: console.progress(progress_line(progress)))
    try:
        return await runtime.intake.run()
    finally:
        unsubscribe()


async def watch(args: argparse.Namespace, console: Console) -> int:
    """Watch the drop folder until a signal ends it."""
    async with opened(args, console) as runtime:
        console.aside(f"Watching {plain(runtime.settings.intake.drop_folder)}; Ctrl-C ends it.")
        await runtime.intake.watch(console.note)
    return 0
