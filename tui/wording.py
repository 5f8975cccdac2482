"""How the screens say times, amounts and states: a sign, a word and a style, never a colour alone."""

from __future__ import annotations

import time
from typing import Final

from textual.content import Content

from core.runtime import BatchState, EffectState, JobState, Progress
from core.words import span

_JOBS: Final = {
    JobState.RUNNING: ("▶", "running", "$accent"),
    JobState.PAUSED: ("‖", "paused", "$warning"),
    JobState.DONE: ("✓", "done", "$success"),
    JobState.FAILED: ("✗", "failed", "$error"),
    JobState.CANCELLED: ("■", "stopped", "$warning"),
    JobState.INTERRUPTED: ("!", "cut short", "$warning"),
}
_BATCHES: Final = {
    BatchState.OPEN: ("▶", "open", "$accent"),
    BatchState.DONE: ("✓", "done", "$success"),
    BatchState.INTERRUPTED: ("!", "cut short", "$warning"),
    BatchState.UNDONE: ("↶", "undone", "$quiet"),
}
_EFFECTS: Final = {
    EffectState.PLANNED: ("·", "planned", "$quiet"),
    EffectState.STARTED: ("▶", "started", "$accent"),
    EffectState.DONE: ("✓", "done", "$success"),
    EffectState.REFUSED: ("–", "refused", "$warning"),
    EffectState.FAILED: ("✗", "failed", "$error"),
    EffectState.DROPPED: ("·", "dropped", "$quiet"),
    EffectState.UNDOING: ("↶", "undoing", "$accent"),
    EffectState.UNDONE: ("↶", "undone", "$quiet"),
}


def state(value: JobState | BatchState | EffectState) -> Content:
    """A state as sign and word."""
    if isinstance(value, JobState):
        sign, word, style = _JOBS[value]
    elif isinstance(value, BatchState):
        sign, word, style = _BATCHES[value]
    else:
        sign, word, style = _EFFECTS[value]
    return Content.styled(f"{sign} {word}", style)


def ago(moment: float, now: float) -> str:
    """How long a moment lies back: `just now`, `5 min ago`, `3 days ago`; a future one: `in 3 days`."""
    seconds = now - moment
    if abs(seconds) < 60:
        return "just now" if seconds >= 0 else "in a moment"
    amount = rough(abs(seconds))
    return f"{amount} ago" if seconds > 0 else f"in {amount}"


def rough(seconds: float) -> str:
    """A length of time in its largest unit: `40 s`, `5 min`, `3 h`, `12 days`."""
    if seconds < 1:
        return "under 1 s"
    if seconds < 60:
        return span(round(seconds))
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    if seconds < 48 * 3600:
        return f"{round(seconds / 3600)} h"
    return f"{round(seconds / 86400)} days"


def clock_time(moment: float, now: float) -> str:
    """A moment as the user's clock shows it, in 11 columns: today the time alone, this year the day too."""
    there, here = time.localtime(moment), time.localtime(now)
    if there[:3] == here[:3]:
        return time.strftime("%H:%M", there)
    return time.strftime("%m-%d %H:%M" if there[0] == here[0] else "%Y-%m-%d", there)


def bar(done: int, total: int | None, width: int) -> Content:
    """A bar of progress; without a total it is empty."""
    if not total or width < 3:
        return Content.styled("·" * max(width, 0), "$quiet")
    filled = min(width, int(width * min(done, total) / total))
    return Content.assemble(("━" * filled, "$accent"), ("─" * (width - filled), "$quiet"))


def progress_words(progress: Progress) -> str:
    """`1,200 of 30,000 · 54/s · 9 min left`."""
    parts = [f"{progress.done:,}" if progress.total is None else f"{progress.done:,} of {progress.total:,}"]
    if progress.rate is not None:
        parts.append(f"{progress.rate:,.0f}/s" if progress.rate >= 10 else f"{progress.rate:.1f}/s")
    if progress.seconds_left is not None and progress.state is JobState.RUNNING:
        parts.append(f"{rough(progress.seconds_left)} left")
    return " · ".join(parts)


def interval(hours: int) -> str:
    """A schedule in words."""
    known = {0: "off", 24: "daily", 72: "every 3 days", 168: "weekly", 336: "every 2 weeks"}
    return known.get(hours, f"every {hours} hours")
