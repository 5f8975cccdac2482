"""`winnow --scan-only`: scan, say what was found, end."""

from __future__ import annotations

import argparse
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Final

from core.duplicates.scan import DuplicatesReport
from core.errors import ConfigError, JobCancelledError, UsageError, WinnowError
from core.intake.run_report import IntakeReport
from core.runtime import Progress, Runtime, ScanOptions, ScanReport
from core.words import count, size
from tui.commands.opening import endpoint_to_scan, opened
from tui.documents import duration, iso_time, local_time
from tui.present import plain

if TYPE_CHECKING:
    from tui.console import Console

MATCHING: Final = "matching"
DUPLICATES: Final = "duplicates"
INTAKE: Final = "intake"
Report = ScanReport | DuplicatesReport | IntakeReport


async def scan(args: argparse.Namespace, console: Console) -> int:
    """Scan the desks that were asked for; 1 when a source or an endpoint failed."""
    asked = tuple(dict.fromkeys(args.scan_desks or ()))
    if args.scan_endpoint and not asked:
        asked = (MATCHING,)
    async with opened(args, console, needs_stash=asked == (MATCHING,)) as runtime:
        wanted = args.scan_endpoint
        endpoints = (await endpoint_to_scan(runtime.matching, wanted),) if wanted else ()
        options = ScanOptions(endpoints=endpoints, is_full=args.full)
        desks = asked or desks_in_use(runtime)
        if INTAKE in desks:
            runtime.settings.intake.ready(path=runtime.settings.path)
        return await scan_with(runtime, console, options, desks=desks, is_due_only=args.due, is_json=args.scan_json)


def desks_in_use(runtime: Runtime) -> tuple[str, ...]:
    """The desks that have something to scan. Raises ConfigError when none has."""
    settings = runtime.settings
    in_use = {
        MATCHING: bool(settings.stash.url),
        DUPLICATES: runtime.duplicates.is_configured,
        INTAKE: settings.intake.enabled,
    }
    if not any(in_use.values()):
        settings.require_stash()
    return tuple(desk for desk, is_used in in_use.items() if is_used)


async def scan_with(
    runtime: Runtime,
    console: Console,
    options: ScanOptions,
    *,
    desks: Sequence[str] = (MATCHING, DUPLICATES),
    is_due_only: bool = False,
    is_json: bool = False,
) -> int:
    """Scan in an open runtime and print the outcome. One desk's failure does not stop the next."""
    started = time.time()
    scans: dict[str, tuple[Callable[[], Awaitable[Report]], Callable[[], Awaitable[float | None]]]] = {
        MATCHING: (lambda: runtime.matching.scan(options), runtime.matching.next_scan_at),
        DUPLICATES: (runtime.duplicates.scan, runtime.duplicates.next_scan_at),
        INTAKE: (runtime.intake.run, runtime.intake.next_run_at),
    }
    reports: dict[str, Report] = {}
    errors: list[str] = []
    next_times: list[float] = []
    unsubscribe = runtime.jobs.subscribe(lambda progress: console.progress(progress_line(progress)))
    try:
        for desk in desks:
            run, when = scans[desk]
            next_at = await when() if is_due_only else started
            if next_at is None or next_at > time.time():  # asked after it: what never ran is due now
                next_times += [next_at] if next_at is not None else []
                continue
            try:
                reports[desk] = await run()
            except (ConfigError, UsageError, JobCancelledError):
                raise
            except WinnowError as failure:
                errors.append(str(failure))
    finally:
        unsubscribe()
    is_ok = not errors and all(report.is_ok for report in reports.values())
    for error in errors:
        console.note(error)
    if is_json:
        found = {desk: report.as_result() for desk, report in reports.items()}
        document = {"ok": is_ok, "started": iso_time(started), "finished": iso_time(time.time()), "desks": found}
        console.json(document | ({"error": "; ".join(errors)} if errors else {}))
    else:
        for report in reports.values():
            print_report(report, console)
        if not reports and not errors:
            when_next = (
                f"; the next scan is due {local_time(min(next_times))}" if next_times else ": the schedule is off"
            )
            console.out(f"Nothing is due{when_next}.")
    return 0 if is_ok else 1


def print_report(report: Report, console: Console) -> None:
    """What a scan found, in words."""
    if isinstance(report, ScanReport):
        _print_matching(report, console)
    elif isinstance(report, DuplicatesReport):
        _print_duplicates(report, console)
    else:
        _print_intake(report, console)


def _print_matching(report: ScanReport, console: Console) -> None:
    counts = report.counts
    proposals = f"{counts.new} new, {counts.updated} updated, {counts.withdrawn} withdrawn"
    console.out(f"{report.scenes} scenes looked through. Proposals: {proposals}.")
    for run in report.endpoints:
        words = f"{run.looked_up} looked up, {run.matched} matched"
        failure = f", FAILED: {plain(run.error.removeprefix(f'{run.endpoint}: '))}" if run.error else ""
        console.out(f"  {plain(run.endpoint)}: {words}{failure}")
    for note in report.notes:
        console.out(f"  {plain(note)}")
    waiting = "1 waits" if report.pending == 1 else f"{report.pending} wait"
    console.out(f"{waiting} for a decision, {report.high_confidence} of them with high confidence.")
    if report.pending:
        console.out("Next: winnow list matching")


def _print_duplicates(report: DuplicatesReport, console: Console) -> None:
    groups = sum(report.groups.values())
    console.out(f"{report.files:,} files looked at, {report.hashed:,} hashed.")
    for run in report.sources:
        failure = f", FAILED: {plain(run.error.removeprefix(f'{run.source}: '))}" if run.error else ""
        console.out(f"  {plain(run.source)}: {count(run.files, 'file')}{failure}")
    if report.problems:
        console.out(f"  {report.problems} cannot be read or decoded: `winnow jobs` leads to the log that names them")
    parts = ", ".join(f"{number} {kind.value.replace('_', ' ')}" for kind, number in report.groups.items() if number)
    waiting = "1 group waits" if groups == 1 else f"{groups} groups wait"
    gain = f" ({parts}); {size(report.reclaimable_bytes)} to gain" if groups else ""
    console.out(f"{waiting} for a decision{gain}.")
    if groups:
        console.out("Next: winnow list duplicates")


def _print_intake(report: IntakeReport, console: Console) -> None:
    review = {category: number for category, number in report.review.items() if number}
    console.out(
        f"{count(report.processed, 'picture')} worked on: {report.sorted} sorted, {sum(review.values())} to review."
    )
    for category, number in review.items():
        console.out(f"  {category.value.replace('_', ' ')}: {number}")
    if report.trashed:
        console.out(f"  {report.trashed} to the trash: known already")
    if report.failed:
        console.out(f"  {report.failed} failed: `winnow list intake --status failed` names them")
    for words, number in report.waiting.items():
        console.out(f"  waits ({number}): {plain(words)}")
    for failure in report.errors:
        console.out(f"  {plain(failure.source)}: FAILED: {plain(failure.error)}")
    if report.pending:
        console.out(f"{count(report.pending, 'picture')} still to be worked on, in a later run.")
    if review:
        console.out("Next: winnow list intake")


def progress_line(progress: Progress) -> str:
    """How far a job is, on one line."""
    parts = [progress.message or progress.title]
    if progress.total:
        parts.append(f"{progress.done} of {progress.total} ({100 * progress.done // progress.total} %)")
    elif progress.done:
        parts.append(str(progress.done))
    if progress.rate:
        parts.append(f"{progress.rate:.1f}/s")
    if progress.seconds_left is not None:
        parts.append(f"{duration(progress.seconds_left)} left")
    return ", ".join(parts)
