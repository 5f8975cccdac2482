"""The two lines that say first what a proposal is worth."""

from __future__ import annotations

from core.model.recommendations import Recommendation, Status
from tui.documents import host
from tui.widgets.cells import columns, fit, wrap
from tui.widgets.lines import Line
from tui.widgets.match_list import badge

_DECIDED = {
    Status.ACCEPTED: "\N{CHECK MARK} accepted: linked with this entry",
    Status.DISMISSED: "\N{BALLOT X} dismissed",
    Status.SUPERSEDED: "\N{MIDDLE DOT} superseded: the scene was linked with another entry",
    Status.WITHDRAWN: "\N{MIDDLE DOT} withdrawn: a later scan no longer proposes it",
}


def verdict_lines(
    row: Recommendation, width: int, *, endpoint: str, position: str, rivals: int, rival_key: str, said: str
) -> list[Line]:
    """Line one: high confidence or not, hashes, score, stash-box, place in the list. Line two: the main reason against
    it, the rivals, or what the last decision came to.
    """
    if row.status is not Status.PENDING:
        head, part = _DECIDED[row.status], "accent"
    elif row.is_high_confidence:
        head, part = "\N{CHECK MARK} high confidence", "good"
    elif row.is_ambiguous:
        head, part = "\N{ALMOST EQUAL TO} several candidates", "careful"
    else:
        head, part = "\N{BALLOT X} look at it yourself", "careful"
    signs, _ = badge(row.evidence)
    facts = f"   {signs} hashes   score {row.score:.0f}   "
    room = max(0, min(24, width - columns(head) - columns(facts) - columns(position) - 1))
    facts += fit(endpoint or host(row.endpoint), room).rstrip()
    used = columns(head) + columns(facts)
    first: Line = ((head, part), (facts, ""), (position.rjust(max(0, width - used)), "quiet"))
    return [first, _second(row, width, rivals=rivals, rival_key=rival_key, said=said)]


def _second(row: Recommendation, width: int, *, rivals: int, rival_key: str, said: str) -> Line:
    if said:
        return ((fit(said, width), "good"),)
    against = [reason.text for reason in row.reasons if not reason.is_met]
    if rivals:
        key = f" ({rival_key} shows the next)" if rival_key else ""
        against.insert(0, f"{rivals + 1} candidates of this scene here{key}")
        against = [text for text in against if not text.endswith("candidates at this endpoint")]
    if not against:
        return (("nothing speaks against it", "quiet"),)
    return ((wrap("; ".join(against), width, limit=1)[0], "quiet"),)
