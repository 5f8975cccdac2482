"""What the dashboard says, as lines; pure, so that it is tested without a screen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from textwrap import wrap
from typing import Any, Final

from textual.content import Content

from core.model.stash_boxes import EndpointState
from core.runtime import JobRecord, JobState, MatchingSummary, Progress
from core.words import count
from tui.documents import host
from tui.present import plain
from tui.wording import ago, bar, clock_time, interval, progress_words, rough, state

_HEAD: Final = 13  # columns of the names in front
_CUT_SHORT: Final = (JobState.FAILED, JobState.CANCELLED, JobState.INTERRUPTED)


def card_lines(
    summary: MatchingSummary,
    newest: JobRecord | None,
    *,
    now: float,
    interval_hours: int,
    key: Callable[[str], str],
    width: int,
) -> list[Content]:
    """The card of the matching desk. `newest` is its newest scan, ended or not; `key` names the key of a command."""
    lines = _figures(summary, key)
    lines.append(Content(""))
    lines += _last_scan(summary.last_scan, newest, now)
    if summary.last_scan is not None:
        lines.append(_row("Next scan", Content(_next_words(summary.next_scan_at, interval_hours, now))))
    lines += _endpoints(summary.endpoints, now, width)
    return lines


def no_server_lines() -> list[Content]:
    """The card of the matching desk for somebody who has no Stash server, and may well want none."""
    return [
        Content.styled("No Stash server is configured.", "bold"),
        Content.styled("Matching looks up its scenes: `winnow init` connects one. Duplicates need none.", "$quiet"),
    ]


def _figures(summary: MatchingSummary, key: Callable[[str], str]) -> list[Content]:
    if summary.last_scan is None and not summary.pending:
        return [
            Content.styled("No scan has been made yet.", "bold"),
            Content.assemble(
                (key("scan"), "bold $accent"),
                "  looks up the fingerprints of your scenes at your stash-boxes.",
            ),
            Content.styled("   It changes nothing; what it finds waits here for your decision.", "$quiet"),
        ]
    if not summary.pending:
        found = _result(summary.last_scan).get("scenes", summary.scenes)
        if not found:
            return [
                Content.styled("The library holds no scenes.", "bold"),
                Content.styled(
                    "Add a folder in Stash (Settings > Library), scan it there, and then scan here.", "$quiet"
                ),
            ]
        return [
            Content.styled("Nothing waits for a decision.", "bold"),
            Content.styled(f"{found:,} scenes were looked at.", "$quiet"),
        ]
    lines = [
        Content.assemble((f"{summary.pending:>7,}", "bold $accent"), ("  wait for a decision", "bold")),
        Content.assemble(
            (f"{summary.high_confidence:>7,}", "bold $success"), "  certain (high confidence)",
            *([("   ", ""), (key("accept-all"), "bold $accent"), ("  accepts them", "$quiet")]
              if summary.high_confidence and key("accept-all") else []),
        ),
    ]  # fmt: skip
    if summary.ambiguous:
        lines.append(Content.assemble((f"{summary.ambiguous:>7,}", "bold"), "  of scenes with several candidates"))
    return lines


def _result(job: JobRecord | None) -> dict[str, Any]:
    return (job.result or {}) if job is not None else {}


def _row(head: str, words: Content) -> Content:
    return Content.assemble((f"{head:<{_HEAD}}", "$quiet"), words)


def _last_scan(last: JobRecord | None, newest: JobRecord | None, now: float) -> list[Content]:
    lines = []
    if last is not None and last.finished_at is not None:
        took = rough(max(last.finished_at - (last.started_at or last.created_at), 0))
        when = f"{ago(last.finished_at, now)} ({clock_time(last.finished_at, now)}), took {took}"
        lines.append(_row("Last scan", Content(when)))
        lines.append(_row("", Content.styled(_came_of(_result(last)), "$quiet")))
    if newest is not None and newest.state in _CUT_SHORT and (last is None or newest.id > last.id):
        words = Content.assemble(state(newest.state), f" {ago(newest.finished_at or newest.created_at, now)}")
        if newest.error:
            words = Content.assemble(words, f": {plain(newest.error)}")
        lines.append(_row("Newest scan", words))
        if newest.state is not JobState.FAILED:
            lines.append(_row("", Content.styled("The next one goes on where it was.", "$quiet")))
    return lines


def _came_of(result: dict[str, Any]) -> str:
    """`12 new, 3 updated, 1 withdrawn; 240 scenes looked up`."""
    found = result.get("recommendations", {})
    parts = [f"{found[name]:,} {name}" for name in ("new", "updated", "withdrawn") if found.get(name)]
    looked_up = result.get("looked_up", 0)
    scenes = count(result.get("scenes", 0), "scene")
    return f"{', '.join(parts) or 'nothing new'}; {looked_up:,} look-up{'' if looked_up == 1 else 's'} of {scenes}"


def _next_words(moment: float | None, interval_hours: int, now: float) -> str:
    if moment is None:
        return "by hand; no schedule is set"
    return f"{'due now' if moment <= now else ago(moment, now)} ({interval(interval_hours)})"


def _endpoints(endpoints: Sequence[EndpointState], now: float, width: int) -> list[Content]:
    lines = []
    for number, one in enumerate(endpoints):
        name = plain(one.name or host(one.endpoint), width=24)
        if not one.is_enabled:
            words = Content.styled(f"–  {name}: turned off", "$quiet")
        elif one.last_error and (one.last_ok_at is None or (one.last_error_at or 0) >= one.last_ok_at):
            since = f" ({ago(one.last_error_at, now)})" if one.last_error_at else ""
            told = plain(one.last_error.removeprefix(f"{one.endpoint}: "))
            more = wrap(told, max(width - _HEAD - 3, 20), max_lines=4)
            words = Content("\n").join(
                [
                    Content.assemble((f"✗  {name}", "bold $error"), since),
                    *(Content(f"{'':{_HEAD + 3}}{line}") for line in more),
                ]
            )
        else:
            words = Content.assemble(("✓", "$success"), f"  {name}")
        lines.append(_row("Stash-boxes" if number == 0 else "", words))
    return lines


def trouble_lines(trouble: str, *, has_stored: bool) -> list[Content]:
    """What is wrong with the server and what that means; nothing while it answers."""
    if not trouble:
        return []
    stays = "What is stored can still be looked at and dismissed. " if has_stored else ""
    return [
        Content.assemble(("✗  Stash cannot be used now. ", "bold $error"), plain(trouble)),
        Content.styled(f"   {stays}It is asked again every 15 seconds; `winnow doctor` tells more.", "$quiet"),
    ]


def running_lines(progress: Sequence[Progress], elsewhere: JobRecord | None, *, width: int) -> list[Content]:
    """The jobs under way, each with a bar."""
    lines: list[Content] = []
    for one in progress:
        lines.append(
            Content.assemble(
                state(one.state),
                "  ",
                (plain(one.title, width=30), "bold"),
                (f"  {plain(one.message, width=40)}", "$quiet"),
            )
        )
        words = progress_words(one)
        lines.append(Content.assemble(bar(one.done, one.total, max(min(width - len(words) - 2, 50), 8)), f"  {words}"))
    if elsewhere is not None:
        lines.append(
            Content.assemble(
                state(elsewhere.state), "  ", (plain(elsewhere.title, width=30), "bold"),
                (f"  in another Winnow, {elsewhere.done:,} done", "$quiet"),
            )
        )  # fmt: skip
    return lines
