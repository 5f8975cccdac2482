"""What stands in place of an empty review: why it is empty and what to do."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from core.intake.desk import IntakeSummary
from core.words import count
from tui.documents import local_time
from tui.present import plain
from tui.screens.review_view import ReviewView


def empty_words(summary: IntakeSummary, view: ReviewView, key: Callable[[str], str], *, was_used: bool) -> Content:
    """A heading and one or two sentences. `key` names the key of a command of the scope.

    `was_used`: something was in the review before.
    """
    waiting = sum(summary.queue.values())
    if view.is_filtered:
        head = "No picture matches the filter."
        lines = [
            f"{count(waiting, 'picture')} {'waits' if waiting == 1 else 'wait'} in all. "
            + _press(key("clear-filters"), "shows what waits")
        ]
    elif not summary.is_configured:
        head = "The intake desk is not set up."
        lines = [
            "It takes in pictures, asks Immich who is in them, and files each one to its person. What it is not sure",
            "of waits here. `winnow init` sets it up; or set [intake] in the settings.",
            plain(summary.why_not),
        ]
    elif not was_used and summary.last_run is None and not summary.today.came_in:
        head = "Nothing has come in yet."
        lines = [
            "`winnow intake add` takes in addresses, files and folders, `winnow intake watch` a drop folder.",
            "What cannot be filed by itself waits here for you.",
        ]
    else:
        head = "Nothing waits for a decision."
        lines = [_ran(summary)]
    if summary.is_configured and not view.is_filtered:
        if summary.pending:
            lines.append(
                f"{count(summary.pending, 'picture')} still to be looked at. {_press(key('scan'), 'does it now')}"
            )
        if summary.failed:
            lines.append(f"{count(summary.failed, 'picture')} failed: `winnow list intake --status failed` lists them.")
    parts: list[Content | tuple[str, str]] = [(head, "bold")]
    for number, line in enumerate(one for one in lines if one):
        parts.append((("\n\n" if number == 0 else "\n") + line, "$quiet"))
    return Content.assemble(*parts)


def _ran(summary: IntakeSummary) -> str:
    today = summary.today
    words = f"Today {count(today.came_in, 'picture')} came in, {today.auto_sorted:,} filed by themselves."
    if summary.last_run is not None:
        words = f"The last run ended {local_time(summary.last_run.finished_at)}. {words}"
    return words


def _press(key: str, what: str) -> str:
    return f"{key} {what}." if key else ""
