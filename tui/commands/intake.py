"""`winnow list intake` and `winnow intake ...`: the review and decisions about it, what failed, figures."""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.errors import UsageError
from core.intake.reading import ReviewEntry
from core.model.incoming import TO_DO, Category, ItemState
from core.runtime import ReviewAction, ReviewFilter, ReviewLine
from core.words import count, size, span
from tui.commands.decide import print_outcomes
from tui.commands.opening import opened
from tui.documents import local_time
from tui.intake_documents import entry_document, item_document, lines_of, review_document, statistics_document
from tui.present import plain

if TYPE_CHECKING:
    from core.intake.desk import IntakeDesk
    from core.runtime import BatchReport, Runtime, Statistics
    from tui.console import Console

_TEXT_LIMIT: Final = 100
REVIEWED: Final = {one.value: (one,) for one in ReviewAction}
_ITEMS: Final = {
    "waiting": TO_DO,
    "failed": (ItemState.FAILED,),
    "returned": (ItemState.RETURNED,),
}


async def list_review(args: argparse.Namespace, console: Console) -> int:
    """Print pictures of the review, the newest first; or what came in and stands elsewhere."""
    if args.status not in REVIEWED | _ITEMS:
        raise UsageError(f"pictures are never {args.status}; there are: {', '.join(REVIEWED | _ITEMS)}")
    limit = args.limit if args.limit or args.json else _TEXT_LIMIT
    async with opened(args, console) as runtime:
        if args.status in _ITEMS:
            return await _list_items(runtime.intake, args, console, limit)
        desk = runtime.intake
        categories = None if args.category is None else (Category(args.category),)
        wanted = ReviewFilter(actions=REVIEWED[args.status], categories=categories)
        counts = await desk.counts(wanted)
        total = sum(counts.values())
        ids = await desk.ids(wanted, limit=limit)
        if args.json:
            named = {category.value: number for category, number in counts.items()}
            head = {"desk": "intake", "total": total, "categories": named}
            await console.json_list(head, "review", (review_document(one) async for one in lines_of(desk, ids)))
            return 0
        console.table(_HEADS, [_row(one) for one in await desk.lines(ids)], empty=_empty(args.status))
        if total > len(ids):
            console.out(f"... and {total - len(ids)} more (--limit {total} shows all)")
    return 0


_HEADS: Final = ("ID", "CATEGORY", "FILE", "SIZE", "SINCE", "PERSON", "REASON")


def _row(one: ReviewLine) -> tuple[str, ...]:
    return (
        str(one.id),
        one.category.value.replace("_", " "),
        one.filename,
        size(one.size),
        local_time(one.created_at),
        one.person_name or (f"{one.suggested_person}?" if one.suggested_person else ""),
        one.reason,
    )


def _empty(status: str) -> str:
    if status == ReviewAction.PENDING:
        return "Nothing waits for a decision. What came in is looked at by: winnow --scan-only --desk intake"
    return f"None is {status}."


async def _list_items(desk: IntakeDesk, args: argparse.Namespace, console: Console, limit: int | None) -> int:
    if args.category is not None:
        raise UsageError(f"what is {args.status} has no category; leave --category out")
    found = await desk.items(_ITEMS[args.status], limit=limit)
    if args.json:
        console.json({"desk": "intake", "items": [item_document(one) for one in found]})
        return 0
    rows = [
        (str(one.id), one.state.value, one.filename, one.url or one.source, local_time(one.created_at), one.error)
        for one in found
    ]
    heads = ("ID", "STATE", "FILE", "FROM", "SINCE", "REASON")
    console.table(heads, rows, empty=f"Nothing is {args.status}.")
    return 0


async def show(args: argparse.Namespace, console: Console) -> int:
    """Print one picture of the review with its faces."""
    async with opened(args, console) as runtime:
        entry = await runtime.intake.get(args.id)
    if entry is None:
        raise UsageError(f"there is no picture {args.id} in the review; `winnow list intake` shows what waits")
    print_entry(entry, args, console)
    return 0


def print_entry(entry: ReviewEntry, args: argparse.Namespace, console: Console) -> None:
    """One picture, as JSON where that was asked for."""
    if args.json:
        console.json({"review": entry_document(entry)})
        return
    line = entry.line
    console.out(f"{line.id}: {plain(line.filename)}, {line.category.value.replace('_', ' ')}, {line.action.value}")
    console.out(f"  reason: {plain(line.reason)}")
    console.out(f"  file: {plain(line.path)} ({size(line.size)})")
    console.out(f"  since: {local_time(line.created_at)}, from {plain(entry.item.url or line.source)}")
    if line.action is ReviewAction.PENDING and line.suggested_person:
        console.out(f"  probably: {plain(line.suggested_person)}")
    if line.person_name:
        console.out(f"  person: {plain(line.person_name)}")
    if line.reviewed_at is not None:
        console.out(f"  decided: {local_time(line.reviewed_at)}, by {plain(line.reviewed_by)}")
    if entry.near:
        console.out(f"  looks like: {plain(entry.near)}")
    for number, face in enumerate(() if entry.faces is None else entry.faces.found, 1):
        who = "nobody known" if face.person is None else plain(face.person.name) or "somebody without a name"
        sure = "" if face.confidence is None else f", {face.confidence:.0%} sure"
        box = face.box
        console.out(f"  face {number}: {who}{sure}, at {box.x:.0%} {box.y:.0%}, {box.width:.0%} by {box.height:.0%}")


async def approve(args: argparse.Namespace, console: Console) -> int:
    """Move pictures into a person's folder, after they were shown and confirmed; 1 when any was refused."""
    async with opened(args, console) as runtime:
        desk = runtime.intake
        person = await desk.find_person(args.person)
        note = await desk.cannot_be_undone(args.ids, person) if args.assign_face else ""
        if note:
            console.note(f"note: {note}")
        folder = person.folder or "a new folder"
        question = f"Move {count(len(args.ids), 'picture')} to {plain(person.name)} ({plain(folder)})?"
        if not await _is_confirmed(desk, question, args, console):
            return 0
        waiting = await _waiting(desk, args.ids)
        report = await desk.approve(args.ids, person, assign_face=args.assign_face)
        return await _finish(runtime, report, waiting, args, console, ReviewAction.APPROVED)


async def reject(args: argparse.Namespace, console: Console) -> int:
    """Move pictures to the trash, after they were shown and confirmed; 1 when any was refused."""
    async with opened(args, console) as runtime:
        question = f"Move {count(len(args.ids), 'picture')} to the trash?"
        if not await _is_confirmed(runtime.intake, question, args, console):
            return 0
        waiting = await _waiting(runtime.intake, args.ids)
        report = await runtime.intake.reject(args.ids)
        return await _finish(runtime, report, waiting, args, console, ReviewAction.REJECTED)


async def _is_confirmed(desk: IntakeDesk, question: str, args: argparse.Namespace, console: Console) -> bool:
    if args.yes:
        return True
    console.require_person("--yes")
    for one in await desk.lines(args.ids):
        console.aside(f"  {one.id}  {plain(one.filename)}  {size(one.size)}  {plain(one.reason)}")
    if console.confirm(question, flag="--yes"):
        return True
    console.aside("Nothing was changed.")
    return False


async def _waiting(desk: IntakeDesk, ids: Sequence[int]) -> list[int]:
    """Those that wait for a decision, each once."""
    lines = await desk.lines(list(dict.fromkeys(ids)))
    return [one.id for one in lines if one.action is ReviewAction.PENDING]


async def _finish(
    runtime: Runtime,
    report: BatchReport,
    waiting: Sequence[int],
    args: argparse.Namespace,
    console: Console,
    wanted: ReviewAction,
) -> int:
    """Print what became of a decision: pictures are counted, not what went along with them."""
    lines = await runtime.intake.lines(waiting) if report.done else []
    done = [one for one in lines if one.action is wanted]
    refused = [*report.refused_before, *(f"{one.title}: {one.words}" for one in report.not_done)]
    is_ok = not refused and not report.stopped_by
    if args.json:
        console.json(
            {
                "ok": is_ok,
                "batch": report.batch_id or None,
                wanted.value: [review_document(one) for one in done],
                "refused": [{"reason": plain(one)} for one in refused],
                "notes": [f"{plain(one.title)}: {plain(one.words)}" for one in report.notes],
                "stopped_by": report.stopped_by or None,
            }
        )
        return 0 if is_ok else 1
    print_outcomes(report, console, verb=wanted.value.capitalize(), count=len(done))
    for words in report.refused_before:
        console.out(f"  refused: {plain(words)}")
    if report.done:
        console.out(f"Take it back with: winnow undo {report.batch_id}")
    return 0 if is_ok else 1


async def skip(args: argparse.Namespace, console: Console) -> int:
    """Put pictures to the end of the list; 1 when one of them does not wait any more."""
    wanted = set(args.ids)
    async with opened(args, console) as runtime:
        skipped = await runtime.intake.skip(args.ids)
    if args.json:
        console.json({"ok": skipped == len(wanted), "skipped": skipped})
    else:
        console.out(f"Skipped: {skipped}.")
        if skipped < len(wanted):
            console.out(f"  {count(len(wanted) - skipped, 'picture')} did not wait for a decision")
    return 0 if skipped == len(wanted) else 1


async def retry(args: argparse.Namespace, console: Console) -> int:
    """Begin anew with what failed or was given back; 1 when there was nothing to begin anew with one of them."""
    wanted = set(args.ids)
    async with opened(args, console) as runtime:
        begun = await runtime.intake.retry(args.ids)
    left = sorted(wanted - {one.id for one in begun})
    if args.json:
        console.json({"ok": not left, "items": [item_document(one) for one in begun], "left": left})
        return 1 if left else 0
    console.out(f"Begun anew: {len(begun)}." + (" The next run looks at them." if begun else ""))
    for one in left:
        console.out(f"  left alone: {one}, which neither failed nor was given back")
    return 1 if left else 0


async def stats(args: argparse.Namespace, console: Console) -> int:
    """Print what became of what came in on these days."""
    async with opened(args, console) as runtime:
        found = await runtime.intake.statistics_of_days(args.days)
    if args.json:
        console.json({"days": args.days} | statistics_document(found, time.time()))
        return 0
    console.out(f"Since {local_time(found.since)}: {count(found.came_in, 'picture')} came in")
    for words, number in _figures(found):
        console.out(f"  {words:<16}{number:>8,}")
    for name, rate in (("success rate", found.success_rate), ("duplicate rate", found.duplicate_rate)):
        console.out(f"  {name:<16}{'-' if rate is None else f'{rate:.1%}':>8}")
    _print_sums(console, "By person", [(plain(name), number) for name, number in found.by_person.items()])
    by_category = [(one.value.replace("_", " "), number) for one, number in found.by_category.items() if number]
    _print_sums(console, "To the review", by_category)
    age = found.queue_age(time.time())
    oldest = "" if age is None else f", the oldest for {span(age)}"
    console.out(f"Waiting for a decision: {found.queue:,}{oldest}")
    return 0


def _figures(found: Statistics) -> list[tuple[str, int]]:
    return [
        ("sorted unasked", found.auto_sorted),
        ("approved", found.approved),
        ("rejected", found.rejected),
        ("in review", found.in_review),
        ("under way", found.pending),
        ("failed", found.failed),
        ("given back", found.returned),
        ("duplicates", found.duplicates),
    ]


def _print_sums(console: Console, head: str, sums: Sequence[tuple[str, int]]) -> None:
    if sums:
        console.out(f"{head}:")
    for words, number in sums:
        console.out(f"  {plain(words, width=40):<40}{number:>8,}")
