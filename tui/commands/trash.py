"""`winnow trash`: what lies there, bring back, empty."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.words import count, size
from tui.commands.decide import finish_batch
from tui.commands.opening import opened
from tui.documents import iso_time, local_time
from tui.present import plain

if TYPE_CHECKING:
    from tui.console import Console


async def held(args: argparse.Namespace, console: Console) -> int:
    """Print what lies in the trash, newest first."""
    async with opened(args, console) as runtime:
        found = await runtime.duplicates.trash.held(older_than_days=args.older_than)
    if args.json:
        listed: list[dict[str, Any]] = [
            {
                "id": one.id,
                "path": plain(one.path),
                "place": plain(one.place),
                "size": one.size,
                "trashed": iso_time(one.trashed_at),
                "system": one.is_system,
            }
            for one in found
        ]
        console.json({"trash": listed, "bytes": sum(one.size for one in found)})
        return 0
    rows = [(str(one.id), local_time(one.trashed_at), size(one.size), one.path) for one in found]
    console.table(("ID", "SINCE", "SIZE", "WAS AT"), rows, empty="The trash is empty.")
    if found:
        console.out(f"{count(len(found), 'file')}, {size(sum(one.size for one in found))}")
    return 0


async def restore(args: argparse.Namespace, console: Console) -> int:
    """Bring files back to their places; 1 when any was refused."""
    async with opened(args, console) as runtime:
        report = await runtime.duplicates.trash.restore(args.ids)
    return finish_batch(report, args, console, verb="Brought back", can_undo=False)


async def empty(args: argparse.Namespace, console: Console) -> int:
    """Delete for good what lies in the trash for so many days; asks first."""
    async with opened(args, console) as runtime:
        found = await runtime.duplicates.trash.held(older_than_days=args.older_than)
        ours = [one for one in found if not one.is_system]
        if ours and not args.yes:
            what = f"{count(len(ours), 'file')} ({size(sum(one.size for one in ours))})"
            if not console.confirm(f"Delete {what} for good? This cannot be undone.", flag="--yes"):
                console.aside("Nothing was changed.")
                return 0
        report = await runtime.duplicates.trash.empty(ours)
    return finish_batch(report, args, console, verb="Deleted for good", can_undo=False)
