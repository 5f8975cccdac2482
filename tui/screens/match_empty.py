"""What stands in place of an empty list of matches: why it is empty and what to do."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from core.runtime import MatchingSummary
from tui.documents import local_time
from tui.present import plain
from tui.screens.match_view import MatchView


def empty_words(summary: MatchingSummary, view: MatchView, key: Callable[[str], str]) -> Content:
    """A heading and one or two sentences. `key` names the key of a command of the scope."""
    failing = [state for state in summary.endpoints if state.is_enabled and state.last_error]
    if view.is_filtered and summary.pending:
        head = "Nothing pending matches the filter."
        lines = [f"{summary.pending} are pending in all. {_press(key('clear-filters'), 'shows them')}"]
    elif summary.last_scan is None:
        head = "No scan has been made yet."
        lines = [
            "A scan looks up the fingerprints of your scenes at every stash-box that Stash knows; it changes nothing.",
            _press(key("scan"), "starts it"),
        ]
    elif summary.scenes == 0:
        head = "The library holds no scenes."
        lines = [
            "Add a library in Stash (Settings > Library), scan there, and then here.",
            _press(key("scan"), "scans"),
        ]
    else:
        head = "Nothing waits for a decision."
        when = local_time(summary.last_scan.finished_at)
        lines = [
            f"The last scan ended {when} and looked at {summary.scenes} scenes. {_press(key('scan'), 'scans again')}"
        ]
    parts: list[Content | tuple[str, str]] = [(head, "bold")]
    parts += [("\n\n" + line, "$quiet") for line in lines if line]
    for state in failing[:3]:
        parts.append((f"\n\n\N{BALLOT X} {plain(state.name or state.endpoint, width=30)}: ", "$error"))
        parts.append((plain(state.last_error, width=300), "$error"))
    return Content.assemble(*parts)


def _press(key: str, what: str) -> str:
    return f"{key} {what}." if key else ""
