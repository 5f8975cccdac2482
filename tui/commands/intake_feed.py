"""`winnow intake add` and `run`: hand pictures over, and work on what was handed over."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Final

from core.errors import UsageError
from core.intake.adding import AddReport, HowAdded, listed
from core.runtime import ScanOptions
from core.words import count
from tui.commands.opening import opened
from tui.commands.scan import INTAKE, scan_with
from tui.present import plain

if TYPE_CHECKING:
    from tui.console import Console

_STDIN: Final = "-"
_SAID: Final = 50  # things that are named one by one


async def add(args: argparse.Namespace, console: Console) -> int:
    """Write down what is handed over; 1 when something of it was refused."""
    inputs = list(args.inputs)
    for name in args.from_file or ():
        inputs += await asyncio.to_thread(_list_in, name)
    if not inputs:
        raise UsageError("nothing was named: give addresses, files or folders, or a list with --from-file")
    async with opened(args, console) as runtime:
        reports = await runtime.intake.add(inputs, source=args.source or "")
    refused = [one for one in reports if one.how is HowAdded.REFUSED]
    if args.json:
        console.json({"ok": not refused, "items": [_document(one) for one in reports]})
        return 1 if refused else 0
    counts = Counter(one.how for one in reports)
    parts = [f"{counts[how]} {words}" for how, words in _WORDS.items() if counts[how]]
    taken = len(reports) - len(refused)
    console.out(f"{count(taken, 'picture')} handed over" + (f" ({', '.join(parts)})." if parts else "."))
    for one in refused[:_SAID]:
        console.note(f"{plain(one.what)}: {plain(one.words)}")
    if len(refused) > _SAID:
        console.note(f"... and {len(refused) - _SAID} more were refused")
    if taken:
        console.out("Next: winnow intake run")
    return 1 if refused else 0


_WORDS: Final = {HowAdded.NEW: "new", HowAdded.AGAIN: "again", HowAdded.KNOWN: "on their way already"}


def _list_in(name: str) -> list[str]:
    """What a list names. Raises UsageError where it cannot be read."""
    try:
        data = sys.stdin.buffer.read() if name == _STDIN else Path(name).read_bytes()
    except OSError as error:
        raise UsageError(f"the list {name} cannot be read: {error.strerror}") from error
    return list(listed(data.decode("utf-8", "surrogateescape")))


def _document(one: AddReport) -> dict[str, object]:
    return {
        "input": plain(one.what),
        "result": one.how.value,
        "id": one.item_id,
        "state": None if one.state is None else one.state.value,
        "reason": plain(one.words) or None,
    }


async def run(args: argparse.Namespace, console: Console) -> int:
    """Work on everything that came in; 1 when a part of it failed."""
    async with opened(args, console) as runtime:
        return await scan_with(runtime, console, ScanOptions(), desks=(INTAKE,), is_json=args.json)
