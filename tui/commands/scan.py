"""`winnow --scan-only`: scan, say what was found, end."""

from __future__ import annotations

import argparse
import time
from typing import TYPE_CHECKING, Any

from core.errors import ConfigError, JobCancelledError, UsageError, WinnowError
from core.runtime import Progress, Runtime, ScanOptions, ScanReport
from tui.commands.opening import endpoint_to_scan, opened
from tui.documents import duration, iso_time, local_time
from tui.present import plain

if TYPE_CHECKING:
    from tui.console import Console


async def scan(args: argparse.Namespace, console: Console) -> int:
    """Scan the desks that were asked for; 1 when a source or an endpoint failed."""
    async with opened(args, console, needs_stash=True) as runtime:
        wanted = args.scan_endpoint
        endpoints = (await endpoint_to_scan(runtime.matching, wanted),) if wanted else ()
        options = ScanOptions(endpoints=endpoints, is_full=args.full)
        return await scan_with(runtime, console, options, is_due_only=args.due, is_json=args.scan_json)


async def scan_with(
    runtime: Runtime, console: Console, options: ScanOptions, *, is_due_only: bool = False, is_json: bool = False
) -> int:
    """Scan in an open runtime and print the outcome."""
    started = time.time()
    desks: dict[str, Any] = {}
    error = ""
    report: ScanReport | None = None
    next_at = await runtime.matching.next_scan_at() if is_due_only else started
    is_due = next_at is not None and next_at <= started
    if is_due:
        unsubscribe = runtime.jobs.subscribe(lambda progress: console.progress(progress_line(progress)))
        try:
            report = await runtime.matching.scan(options)
            desks["matching"] = report.as_result()
        except (ConfigError, UsageError, JobCancelledError):
            raise
        except WinnowError as failure:
            error = str(failure)
        finally:
            unsubscribe()
    is_ok = not error and (report is None or report.is_ok)
    if error:
        console.note(error)
    if is_json:
        document = {"ok": is_ok, "started": iso_time(started), "finished": iso_time(time.time()), "desks": desks}
        console.json(document | ({"error": error} if error else {}))
    elif report is not None:
        print_report(report, console)
    elif not is_due:
        when = f"; the next scan is due {local_time(next_at)}" if next_at is not None else ": the schedule is off"
        console.out(f"Nothing is due{when}.")
    return 0 if is_ok else 1


def print_report(report: ScanReport, console: Console) -> None:
    """What a scan found, in words."""
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
