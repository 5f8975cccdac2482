"""`winnow accept`, `dismiss`, `dismissals`: decisions, shown before they are carried out."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final

from core.matching.metadata import Choice, Field, MetadataChange, uniform_choices
from core.model.recommendations import Recommendation, RecommendationFilter
from tui.commands.opening import box_names, known_endpoint, opened
from tui.commands.scan import progress_line
from tui.documents import dismissal_document, local_time, recommendation_table
from tui.present import plain

TITLE_COLUMNS: Final = 100  # columns of what was done to what; whole titles are in JSON

if TYPE_CHECKING:
    from core.matching.desk import MatchingDesk
    from core.runtime import AcceptPlan, BatchReport, Outcome
    from tui.console import Console


async def accept(args: argparse.Namespace, console: Console) -> int:
    """Link what was chosen, after the plan was shown and confirmed; 1 when anything was refused."""
    choices = None if args.metadata == "none" else uniform_choices(Choice(args.metadata))
    async with opened(args, console, needs_stash=True) as runtime:
        desk = runtime.matching
        plan = await _plan(desk, args)
        say = console.aside if args.json else console.out
        if not (args.json and (args.yes or args.dry_run)):
            for line in _plan_lines(plan, await box_names(desk), console.columns):
                say(line)
        report: BatchReport | None = None
        changes: dict[int, tuple[MetadataChange, ...]] = {}
        if args.dry_run:
            changes = await _metadata_changes(desk, plan, choices)
            if not args.json:
                _print_changes(changes, console)
        elif plan.accepted:
            if not args.yes and not console.confirm(f"Link {_scenes(len(plan.accepted))}?", flag="--yes"):
                say("Nothing was changed.")
                return 0
            unsubscribe = runtime.jobs.subscribe(lambda progress: console.progress(progress_line(progress)))
            try:
                is_by_person = bool(args.ids) or not args.yes
                report = await desk.accept(plan, metadata=choices, is_by_person=is_by_person)
            finally:
                unsubscribe()
        return _print_accepted(plan, report, changes, args, console)


async def _plan(desk: MatchingDesk, args: argparse.Namespace) -> AcceptPlan:
    if args.ids:
        return await desk.plan_accept(args.ids)
    endpoint = await known_endpoint(desk, args.endpoint)
    wanted = RecommendationFilter(is_high_confidence=True, endpoint=endpoint)
    return await desk.plan_accept(wanted=wanted, exclude=args.exclude or ())


def _plan_lines(plan: AcceptPlan, names: Mapping[str, str], columns: int | None) -> list[str]:
    lines: list[str] = []
    if plan.accepted:
        lines += [f"To be linked ({len(plan.accepted)}):"]
        lines += recommendation_table(plan.accepted, names, columns=columns)
    else:
        lines += ["There is nothing to link."]
    lines += [f"Refused: {item.recommendation.id}: {plain(item.refusal)}" for item in plan.refused]
    return lines


def _scenes(count: int) -> str:
    return "1 scene" if count == 1 else f"{count} scenes"


async def _metadata_changes(
    desk: MatchingDesk, plan: AcceptPlan, choices: Mapping[Field, Choice] | None
) -> dict[int, tuple[MetadataChange, ...]]:
    if choices is None:
        return {}
    return {one.id: await desk.compare_metadata(one, choices) for one in plan.accepted}


def _print_changes(changes: Mapping[int, tuple[MetadataChange, ...]], console: Console) -> None:
    for number, fields in changes.items():
        console.out(f"Metadata of {number}:")
        for change in fields:
            if change.is_change:
                console.out(f"  {change.field.value}: {_value(change.local)} -> {_value(change.result)}")
            for words in (*(one.text for one in change.unresolved), *change.notes):
                console.out(f"  {change.field.value}: {plain(words)}")


def _value(value: Any) -> str:
    """A field's value on one line."""
    if not value:
        return "(nothing)"
    if isinstance(value, tuple):
        return ", ".join(_value(one) for one in value)
    return plain(getattr(value, "name", value), width=60)


def _print_accepted(
    plan: AcceptPlan,
    report: BatchReport | None,
    changes: Mapping[int, tuple[MetadataChange, ...]],
    args: argparse.Namespace,
    console: Console,
) -> int:
    refused = [{"id": item.recommendation.id, "reason": item.refusal} for item in plan.refused]
    done: list[Recommendation] = list(plan.accepted) if report is None else []
    if report is not None:
        linked = {outcome.subject for outcome in report.done if outcome.subject is not None}
        done = [one for one in plan.accepted if one.id in linked]
        refused += [{"id": one.subject or 0, "title": one.title, "reason": one.words} for one in report.not_done]
    is_ok = not refused and not (report and report.stopped_by)
    if args.json:
        console.json(
            {
                "ok": is_ok,
                "dry_run": args.dry_run,
                "batch": report.batch_id if report and report.outcomes else None,
                "accepted": [_accepted_document(one, changes.get(one.id, ())) for one in done],
                "refused": refused,
                "stopped_by": report.stopped_by or None if report else None,
            }
        )
    elif report is not None:
        print_outcomes(report, console, verb="Linked", count=len(done))
        if done:
            console.out(f"Take it back with: winnow undo {report.batch_id}")
    elif args.dry_run:
        console.out("Nothing was changed: this was a dry run.")
    return 0 if is_ok else 1


def _accepted_document(one: Recommendation, changes: tuple[MetadataChange, ...]) -> dict[str, Any]:
    document: dict[str, Any] = {
        "id": one.id,
        "local_scene_id": one.scene_id,
        "endpoint": one.endpoint,
        "stashbox_scene_id": one.candidate.id,
    }
    if changes:
        document["metadata"] = {
            change.field.value: {
                "local": _json_value(change.local),
                "result": _json_value(change.result),
                "unresolved": [each.text for each in change.unresolved],
                "notes": list(change.notes),
            }
            for change in changes
        }
    return document


def _json_value(value: Any) -> Any:
    if isinstance(value, tuple):
        return [_json_value(one) for one in value]
    return getattr(value, "name", value)


def print_outcomes(report: BatchReport, console: Console, *, verb: str, count: int) -> None:
    """What became of a batch: how many, and each that was not done with its reason."""
    console.out(f"{verb}: {count}.")
    for outcome in report.notes:
        console.out(f"  note: {plain(outcome.title, width=TITLE_COLUMNS)}: {plain(outcome.words)}")
    for outcome in report.not_done:
        console.out(f"  refused: {plain(outcome.title, width=TITLE_COLUMNS)}: {plain(outcome.words)}")
    if report.stopped_by:
        console.out(f"  stopped: {plain(report.stopped_by)}")


async def dismiss(args: argparse.Namespace, console: Console) -> int:
    """Remember that these entries are not these scenes; 1 when any was refused."""
    async with opened(args, console) as runtime:
        report = await runtime.matching.dismiss(args.ids, reason=args.reason, is_until_next_scan=args.until_next_scan)
    return finish_batch(report, args, console, verb="Dismissed")


async def withdraw(args: argparse.Namespace, console: Console) -> int:
    """Take dismissals back; 1 when any was refused."""
    async with opened(args, console) as runtime:
        report = await runtime.matching.withdraw(args.ids)
    return finish_batch(report, args, console, verb="Withdrawn")


def finish_batch(
    report: BatchReport, args: argparse.Namespace, console: Console, *, verb: str, can_undo: bool = True
) -> int:
    """Print what became of a batch, and the exit status that says so."""
    is_ok = not report.not_done and not report.stopped_by
    if args.json:
        console.json(
            {
                "ok": is_ok,
                "batch": report.batch_id,
                "done": [_done_document(one) for one in report.done],
                "refused": [{"id": one.subject, "title": one.title, "reason": one.words} for one in report.not_done],
                "stopped_by": report.stopped_by or None,
            }
        )
    else:
        print_outcomes(report, console, verb=verb, count=len(report.done))
        if report.done and can_undo:
            console.out(f"Take it back with: winnow undo {report.batch_id}")
    return 0 if is_ok else 1


def _done_document(one: Outcome) -> dict[str, Any]:
    return {"id": one.subject, "title": one.title} | ({"note": one.words} if one.words else {})


async def dismissals(args: argparse.Namespace, console: Console) -> int:
    """Print the dismissals in force, newest first."""
    async with opened(args, console) as runtime:
        found = await runtime.matching.dismissals()
    if args.json:
        console.json({"dismissals": [dismissal_document(one) for one in found]})
        return 0
    rows = [
        (
            str(one.id),
            local_time(one.created_at),
            "until the next scan" if one.is_until_next_scan else "for good",
            one.local_title,
            one.match_title or one.candidate_id,
            one.reason,
        )
        for one in found
    ]
    console.table(("ID", "SINCE", "HOW LONG", "SCENE", "ENTRY", "REASON"), rows, empty="Nothing is dismissed.")
    return 0
