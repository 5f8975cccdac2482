"""What the dashboard says of the intake desk, as lines; pure, so that it is tested without a screen."""

from __future__ import annotations

from typing import Final

from textual.content import Content

from core.intake.desk import IntakeSummary
from core.runtime import Statistics
from core.words import count
from tui.widgets.cells import wrap
from tui.widgets.review_list import CATEGORIES
from tui.wording import ago, clock_time, interval, rough

_HEAD: Final = 13  # columns of the names in front
_DOT: Final = " \N{MIDDLE DOT} "


def intake_lines(summary: IntakeSummary, *, now: float, interval_hours: int, key: str, width: int) -> list[Content]:
    """The card of the intake desk. `key` goes to the review."""
    waiting = sum(summary.queue.values())
    if not summary.is_configured and not waiting:
        return [Content.styled("Not set up: `winnow init`, or [intake] in the settings.", "$quiet")]
    lines = _figures(summary, waiting, width)
    if not summary.is_configured:
        lines += [Content.styled(line, "$warning") for line in wrap(f"! {summary.why_not}", width, limit=3)]
        return lines
    if summary.last_run is None and not summary.today.came_in and not waiting:
        lines.append(
            Content.assemble(
                (key, "bold $accent"), ("  opens the review; `winnow intake add` takes pictures in.", "$quiet")
            )
        )
        return lines
    lines += [Content(""), *_today(summary.today, width)]
    last = summary.last_run
    if last is not None and last.finished_at is not None:
        took = rough(max(last.finished_at - (last.started_at or last.created_at), 0))
        when = f"{ago(last.finished_at, now)} ({clock_time(last.finished_at, now)}), took {took}"
        lines.append(_row("Last run", when))
    if last is not None or summary.next_run_at is not None:
        lines.append(_row("Next run", _next(summary.next_run_at, interval_hours, now)))
    return lines


def _figures(summary: IntakeSummary, waiting: int, width: int) -> list[Content]:
    lines: list[Content] = []
    if waiting:
        oldest = "" if summary.queue_age is None else f", the oldest for {rough(summary.queue_age)}"
        verb = "picture waits" if waiting == 1 else "pictures wait"
        lines.append(
            Content.assemble(
                (f"{waiting:>7,}", "bold $accent"), (f"  {verb} for a decision", "bold"), (oldest, "$quiet")
            )
        )
        each = _DOT.join(
            f"{number:,} {CATEGORIES[category][1]}"
            for category, number in sorted(summary.queue.items(), key=lambda one: -one[1])
            if number
        )
        lines += [Content.styled(f"{'':9}{line}", "$quiet") for line in wrap(each, max(20, width - 9))]
    else:
        lines.append(Content.styled("Nothing waits for a decision.", "bold"))
    if summary.pending:
        lines.append(Content.assemble((f"{summary.pending:>7,}", "bold"), "  still to be looked at"))
    if summary.failed:
        lines.append(
            Content.assemble(
                (f"{summary.failed:>7,}", "bold $error"),
                "  \N{BALLOT X} failed",
                ("   `winnow list intake --status failed` says why", "$quiet"),
            )
        )
    return lines


def _today(today: Statistics, width: int) -> list[Content]:
    """`12 came in: 9 filed unasked · 2 to review`, and the two rates."""
    if not today.came_in:
        return [_row("Today", "nothing came in")]
    parts = [
        f"{number:,} {words}"
        for number, words in (
            (today.auto_sorted, "filed unasked"),
            (today.approved, "approved"),
            (today.in_review, "to review"),
            (today.rejected, "rejected"),
            (today.pending, "pending"),
            (today.failed, "failed"),
            (today.returned, "taken back"),
        )
        if number
    ]
    told = wrap(f"{count(today.came_in, 'picture')}: {_DOT.join(parts)}", max(20, width - _HEAD))
    lines = [_row("Today" if number == 0 else "", text) for number, text in enumerate(told)]
    rates = []
    if today.success_rate is not None:
        rates.append(f"success rate {today.success_rate:.0%}")
    if today.duplicate_rate is not None:
        rates.append(f"known already {today.duplicate_rate:.0%}")
    if rates:
        lines.append(Content.styled(f"{'':{_HEAD}}{_DOT.join(rates)}", "$quiet"))
    return lines


def _next(moment: float | None, interval_hours: int, now: float) -> str:
    if moment is None:
        return "by hand; no schedule is set"
    return f"{'due now' if moment <= now else ago(moment, now)} ({interval(interval_hours)})"


def _row(head: str, words: str) -> Content:
    return Content.assemble((f"{head:<{_HEAD}}", "$quiet"), words)
