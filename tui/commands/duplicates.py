"""`winnow list duplicates` and `winnow duplicates ...`: groups of files, decisions, plans."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final

from core.duplicates.plan import PlannedGroup, RemovalPlan
from core.duplicates.removal import cannot_be_undone
from core.errors import UsageError
from core.model.groups import GroupFilter, GroupStatus, Mark
from core.runtime import BatchReport
from core.words import count, size
from tui.commands.decide import finish_batch, print_outcomes
from tui.commands.opening import opened
from tui.commands.scan import progress_line
from tui.documents import iso_time, local_time
from tui.group_documents import group_document, groups_of
from tui.present import plain

if TYPE_CHECKING:
    from core.runtime import Runtime
    from tui.console import Console

_TEXT_LIMIT: Final = 100
STATUSES: Final = {
    "pending": (GroupStatus.PENDING, GroupStatus.DECIDED),
    "decided": (GroupStatus.DECIDED,),
    "resolved": (GroupStatus.RESOLVED,),
    "kept": (GroupStatus.KEPT,),
    "withdrawn": (GroupStatus.WITHDRAWN,),
}


async def list_groups(args: argparse.Namespace, console: Console) -> int:
    """Print groups, those that free most first."""
    if args.status not in STATUSES:
        raise UsageError(f"groups of duplicates are never {args.status}; there are: {', '.join(STATUSES)}")
    wanted = GroupFilter(statuses=STATUSES[args.status], is_weak=False)
    async with opened(args, console) as runtime:
        desk = runtime.duplicates
        totals = await desk.totals(wanted)
        ids = await desk.ids(wanted, limit=args.limit if args.limit or args.json else _TEXT_LIMIT)
        if args.json:
            head = {"desk": args.desk, "total": totals.groups, "reclaimable_bytes": totals.reclaimable_bytes}
            await console.json_list(head, "groups", (group_document(one) async for one in groups_of(desk, ids)))
            return 0
        rows = [
            (
                str(line.id),
                line.kind.value.replace("_", " ") + (f" {line.distance}" if line.distance else ""),
                str(line.files),
                size(line.reclaimable_bytes),
                line.gate_words or ("a rule decides" if line.keeper_id is not None else "no rule decides"),
                line.path,
            )
            for line in await desk.lines(ids)
        ]
        heads = ("ID", "KIND", "FILES", "TO GAIN", "VERDICT", "FIRST FILE")
        console.table(heads, rows, empty="Nothing. A scan looks for more: winnow --scan-only --desk duplicates")
        if totals.groups > len(rows):
            console.out(f"... and {totals.groups - len(rows)} more (--limit {totals.groups} shows all)")
    return 0


async def show(args: argparse.Namespace, console: Console) -> int:
    """Print one group with its files, and what a rule says."""
    async with opened(args, console) as runtime:
        group = await runtime.duplicates.group(args.id)
    if args.json:
        console.json({"group": group_document(group)})
        return 0
    console.out(f"{group.id}: {group.kind.value.replace('_', ' ')}, {group.status.value}")
    if group.gate is not None:
        console.out(f"  gate: {plain(group.gate.words)}")
    verdict = "keep the first" if group.keeper_id is not None else "no rule decides"
    console.out(f"  {verdict}: {plain(group.reason)}")
    rows = [
        (
            str(one.file.id),
            one.mark.value or ("keeper" if one.file.id == group.keeper_id else ""),
            "" if one.distance is None else str(one.distance),
            size(one.file.size),
            f"{one.file.facts.width}x{one.file.facts.height}",
            one.file.shown_path,
        )
        for one in group.members
    ]
    console.table(("FILE", "MARK", "BITS", "SIZE", "PICTURE", "PATH"), rows, empty="Its files are gone.")
    return 0


async def keep(args: argparse.Namespace, console: Console) -> int:
    """Keep these files of a group and mark all others to go; nothing is done to a file yet."""
    async with opened(args, console) as runtime:
        group = await runtime.duplicates.group(args.group)
        known = {one.file.id for one in group.members}
        if unknown := set(args.files) - known:
            raise UsageError(f"file {min(unknown)} is not in group {args.group}; it has {sorted(known)}")
        marks = {file_id: Mark.KEEP if file_id in args.files else Mark.TRASH for file_id in known}
        report = await runtime.duplicates.mark(args.group, marks, is_merging=args.merge)
    return finish_batch(report, args, console, verb="Marked")


async def not_duplicates(args: argparse.Namespace, console: Console) -> int:
    """Remember that these are no duplicates."""
    async with opened(args, console) as runtime:
        report = await runtime.duplicates.keep_all(args.ids, reason=args.reason)
    return finish_batch(report, args, console, verb="Remembered")


async def kept(args: argparse.Namespace, console: Console) -> int:
    """Print what was said to be no duplicates."""
    async with opened(args, console) as runtime:
        found = await runtime.duplicates.kept()
    if args.json:
        listed = [
            {
                "id": one.contents.id,
                "title": plain(one.contents.title),
                "reason": one.contents.reason,
                "created": iso_time(one.contents.created_at),
                "files": len(one.contents.contents),
            }
            for one in found
        ]
        console.json({"kept": listed})
        return 0
    rows = [
        (
            str(one.contents.id),
            local_time(one.contents.created_at),
            str(len(one.contents.contents)),
            one.contents.title,
            one.contents.reason,
        )
        for one in found
    ]
    console.table(("ID", "SINCE", "FILES", "FIRST", "REASON"), rows, empty="Nothing was said to be no duplicates.")
    return 0


async def withdraw(args: argparse.Namespace, console: Console) -> int:
    """Withdraw "not duplicates": their groups wait again."""
    async with opened(args, console) as runtime:
        report = await runtime.duplicates.withdraw(args.ids)
    return finish_batch(report, args, console, verb="Withdrawn")


async def plan(args: argparse.Namespace, console: Console) -> int:
    """Work out what the rules, or the marks, would remove; write it down, to be applied by its number."""
    rules = args.rule or [""]
    async with opened(args, console) as runtime:
        made = [await _plan(runtime, console, rule, args) for rule in rules]
    if args.json:
        console.json({"plans": [_plan_document(one) for one in made]})
        return 0
    for one in made:
        _print_plan(one, console)
        if one.files:
            option = " --permanent" if one.is_permanent else ""
            console.out(f"Carry it out with: winnow duplicates apply {one.id}{option}")
    return 0


async def _plan(runtime: Runtime, console: Console, rule: str, args: argparse.Namespace) -> RemovalPlan:
    desk = runtime.duplicates
    if args.marked:
        return await desk.store_plan(await desk.plan_marked(is_permanent=args.permanent))
    unsubscribe = runtime.jobs.subscribe(lambda progress: console.progress(progress_line(progress)))
    try:
        made = await desk.plan_by_rule(rule, is_verifying=args.verify, is_permanent=args.permanent)
    finally:
        unsubscribe()
    return await desk.store_plan(made)


def _plan_document(one: RemovalPlan) -> dict[str, Any]:
    def line(item: PlannedGroup) -> dict[str, Any]:
        return {
            "group": item.group.id,
            "kind": item.group.kind.value,
            "keep": [plain(file.shown_path) for file in item.kept],
            "remove": [plain(removal.file.shown_path) for removal in item.removals],
            "bytes": item.freed_bytes,
            "reason": item.reason,
            "merge": [ref.id for ref in item.merged],
            "notes": list(item.notes),
            "refusal": item.refusal or None,
        }

    return {
        "plan": one.id,
        "title": one.title,
        "permanent": one.is_permanent,
        "groups": len(one.accepted),
        "files": one.files,
        "bytes": one.freed_bytes,
        "note": cannot_be_undone(one) or None,
        "items": [line(item) for item in one.items],
    }


def _print_plan(one: RemovalPlan, console: Console) -> None:
    what = "delete for good" if one.is_permanent else "move to the trash"
    head = f"{what} {count(one.files, 'file')} of {count(len(one.accepted), 'group')}, {size(one.freed_bytes)}"
    console.out(f"Plan {one.id} ({one.title}): {head}")
    for item in one.accepted:
        console.out(f"  {item.group.id}  keep {plain(', '.join(file.shown_path for file in item.kept))}")
        console.out(f"      since {plain(item.reason)}")
        for removal in item.removals:
            console.out(f"      - {plain(removal.file.shown_path)}  {size(removal.file.size)}")
        for note in item.notes:
            console.out(f"      ! {plain(note)}")
    for item in one.refused:
        console.out(f"  {item.group.id}  left alone: {plain(item.refusal)}")
    if words := cannot_be_undone(one):
        console.out(f"Note: {words}.")


async def apply(args: argparse.Namespace, console: Console) -> int:
    """Carry a stored plan out, after it was shown and confirmed; 1 when anything was refused."""
    async with opened(args, console) as runtime:
        made = await runtime.duplicates.load_plan(args.plan, is_permanent=args.permanent)
        if made.is_permanent and not args.permanent:
            raise UsageError(f"plan {args.plan} deletes files for good: say --permanent, too")
        if not args.json:
            _print_plan(made, console)
        report: BatchReport | None = None
        if made.accepted:
            if not _is_confirmed(made, args, console):
                console.aside("Nothing was changed.")
                return 0
            unsubscribe = runtime.jobs.subscribe(lambda progress: console.progress(progress_line(progress)))
            try:
                report = await runtime.duplicates.apply(made)
            finally:
                unsubscribe()
    return _applied(made, report, args, console)


def _is_confirmed(made: RemovalPlan, args: argparse.Namespace, console: Console) -> bool:
    if args.yes:
        return True
    if made.is_final:
        word = console.ask('This cannot be undone. Type "delete" to go on', flag="--yes")
        return word.strip() == "delete"
    return console.confirm(f"Move {count(made.files, 'file')} to the trash?", flag="--yes")


def _applied(made: RemovalPlan, report: BatchReport | None, args: argparse.Namespace, console: Console) -> int:
    refused = [{"group": item.group.id, "reason": item.refusal} for item in made.refused]
    not_done = [] if report is None else report.not_done
    is_ok = not refused and not not_done and not (report and report.stopped_by)
    if args.json:
        console.json(
            {
                "ok": is_ok,
                "plan": made.id,
                "batch": report.batch_id if report else None,
                "done": [one.title for one in report.done] if report else [],
                "refused": [*refused, *({"title": one.title, "reason": one.words} for one in not_done)],
                "stopped_by": (report.stopped_by or None) if report else None,
            }
        )
    elif report is not None:
        print_outcomes(report, console, verb="Actions done", count=len(report.done))
        if report.done and not made.is_final:
            console.out(f"Take it back with: winnow undo {report.batch_id}")
    return 0 if is_ok else 1
