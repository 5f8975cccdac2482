"""What the dashboard says of the duplicates desk, as lines; pure, so that it is tested without a screen."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from core.duplicates.desk import DuplicatesSummary
from core.words import size
from tui.present import plain
from tui.wording import ago, clock_time, interval, rough

_HEAD: Final = 13  # columns of the names in front


def duplicates_lines(summary: DuplicatesSummary, *, now: float, interval_hours: int, key: str) -> list[Content]:
    """The card of the duplicates desk. `key` goes to its list."""
    lines = _figures(summary, key)
    last = summary.last_scan
    if last is not None and last.finished_at is not None:
        took = rough(max(last.finished_at - (last.started_at or last.created_at), 0))
        lines.append(Content(""))
        lines.append(
            _row("Last scan", f"{ago(last.finished_at, now)} ({clock_time(last.finished_at, now)}), took {took}")
        )
        when = summary.next_scan_at
        words = "by hand; no schedule is set"
        if when is not None:
            words = f"{'due now' if when <= now else ago(when, now)} ({interval(interval_hours)})"
        lines.append(_row("Next scan", words))
    for source in summary.sources:
        if source.last_error:
            told = plain(source.last_error.removeprefix(f"{source.source}: "), width=70)
            lines.append(Content.assemble((f"✗  {plain(source.source, width=24)}", "bold $error"), f"  {told}"))
    return lines


def _figures(summary: DuplicatesSummary, key: str) -> list[Content]:
    if not summary.is_configured:
        return [Content.styled("No source is set: [stash] url, or [duplicates] folders.", "$quiet")]
    if summary.last_scan is None and not summary.totals.groups:
        words = "  opens the list; a scan there finds files that show the same. It changes nothing."
        return [
            Content.styled("No scan has been made yet.", "bold"),
            Content.assemble((key, "bold $accent"), (words, "$quiet")),
        ]
    if not summary.totals.groups:
        return [
            Content.styled("Nothing waits for a decision.", "bold"),
            Content.styled(f"{summary.files:,} files were looked at.", "$quiet"),
        ]
    totals = summary.totals
    lines = [
        Content.assemble((f"{totals.groups:>7,}", "bold $accent"), ("  groups wait for a decision", "bold")),
        Content.assemble((f"{size(totals.reclaimable_bytes):>7}", "bold $success"), "  to gain"),
        Content.assemble((f"{summary.decidable:>7,}", "bold"), "  that a rule decides"),
    ]
    if totals.decided:
        lines.append(
            Content.assemble(
                (f"{totals.decided:>7,}", "bold"), f"  decided, {size(totals.marked_bytes)} to go: not applied yet"
            )
        )
    return lines


def _row(head: str, words: str) -> Content:
    return Content.assemble((f"{head:<{_HEAD}}", "$quiet"), words)
