"""What stands in place of an empty list of groups: why it is empty and what to do."""

from __future__ import annotations

from collections.abc import Callable

from textual.content import Content

from core.duplicates.desk import DuplicatesSummary
from tui.documents import local_time
from tui.present import plain
from tui.screens.group_view import GroupView


def empty_words(summary: DuplicatesSummary, view: GroupView, key: Callable[[str], str]) -> Content:
    """A heading and one or two sentences. `key` names the key of a command of the scope."""
    if not summary.is_configured:
        head = "There is nothing to search yet."
        lines = [
            "Winnow searches your Stash, and folders: set [stash] url, or [duplicates] folders, in the settings.",
        ]
    elif view.is_filtered and summary.totals.groups:
        head = "No group matches the filter."
        lines = [f"{summary.totals.groups} wait in all. {_press(key('clear-filters'), 'shows them')}"]
    elif summary.last_scan is None:
        head = "No scan for duplicates has been made yet."
        lines = [
            "A scan reads your library and folders, hashes what has no hash yet and groups what looks the same.",
            "It changes nothing. The first one may take long; it can be stopped and goes on where it was.",
            _press(key("scan"), "starts it"),
        ]
    elif not summary.files:
        head = "No file was found."
        lines = ["Look at the sources below, and at [duplicates] folders.", _press(key("scan"), "scans again")]
    else:
        head = "Nothing waits for a decision."
        when = local_time(summary.last_scan.finished_at)
        lines = [f"The last scan ended {when} and saw {summary.files:,} files. {_press(key('scan'), 'scans again')}"]
        if summary.weak:
            lines.append(f"{summary.weak} weak pairs are not shown. {_press(key('show-weak'), 'shows them')}")
    parts: list[Content | tuple[str, str]] = [(head, "bold")]
    parts += [("\n\n" + line, "$quiet") for line in lines if line]
    for source in [one for one in summary.sources if one.last_error][:3]:
        parts.append((f"\n\n\N{BALLOT X} {plain(source.source, width=50)}: ", "$error"))
        parts.append((plain(source.last_error, width=300), "$error"))
    return Content.assemble(*parts)


def _press(key: str, what: str) -> str:
    return f"{key} {what}." if key else ""
