"""Values of the core as JSON, CSV and lines of text: what headless commands print."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import urlsplit

from core.model.recommendations import SCENE_FINGERPRINT_MATCH, Dismissal, MatchedFingerprint, Recommendation, Status
from tui.present import cells, plain

CSV_COLUMNS: Final = (
    "id",
    "status",
    "score",
    "high_confidence",
    "local_scene_id",
    "local_title",
    "local_path",
    "endpoint",
    "stashbox_scene_id",
    "stashbox_scene_title",
    "stashbox_studio",
    "stashbox_performers",
    "stashbox_date",
    "match_count",
    "total_local_fingerprints",
    "match_percentage",
    "phash_distance",
    "duration_local",
    "duration_remote",
    "reasons",
)
_WIDEST: Final = 60  # columns of one cell; whole texts are in `show`, JSON and CSV
_READABLE: Final = 24  # columns below which a title says too little
_FORMULA_STARTS: Final = ("=", "+", "-", "@")


def recommendation_document(one: Recommendation) -> dict[str, Any]:
    """A recommendation with all that a decision needs; hashes in hexadecimal, durations in seconds, times ISO 8601."""
    candidate, evidence = one.candidate, one.evidence
    return {
        "id": one.id,
        "type": SCENE_FINGERPRINT_MATCH,
        "status": one.status.value,
        "score": round(one.score, 1),
        "high_confidence": one.is_high_confidence,
        "ambiguous": one.is_ambiguous,
        "local_scene_id": one.scene_id,
        "local_title": one.local_title,
        "local_path": one.local_path,
        "endpoint": one.endpoint,
        "stashbox_scene_id": candidate.id,
        "stashbox_scene_title": candidate.title,
        "stashbox_studio": candidate.studio.name if candidate.studio else None,
        "stashbox_performers": [performer.name for performer in candidate.performers],
        "stashbox_date": candidate.date or None,
        "stashbox_cover_url": candidate.cover_url or None,
        "matching_fingerprints": [_fingerprint_document(match) for match in evidence.matches],
        "total_local_fingerprints": evidence.total_local_fingerprints,
        "match_count": evidence.match_count,
        "match_percentage": evidence.match_percentage,
        "duration_local": evidence.duration_local,
        "duration_remote": evidence.duration_remote,
        "phash_distance": evidence.phash_distance,
        "reasons": [{"code": reason.code, "met": reason.is_met, "text": reason.text} for reason in one.reasons],
        "created": iso_time(one.created_at),
        "updated": iso_time(one.updated_at),
        "decided": iso_time(one.decided_at),
    }


def _fingerprint_document(match: MatchedFingerprint) -> dict[str, Any]:
    remote = match.remote
    return {
        "algorithm": remote.algorithm.value,
        "hash": remote.hex,
        "duration": remote.duration,
        "submissions": remote.submissions,
        "reports": remote.reports,
        "distance": match.distance,
    }


def recommendation_row(one: Recommendation) -> list[str]:
    """A recommendation as cells of `CSV_COLUMNS`. Lists are joined by "; ", reasons are those that are not met."""
    document = recommendation_document(one)
    document["reasons"] = [reason.text for reason in one.reasons if not reason.is_met]
    return [csv_cell(document[column]) for column in CSV_COLUMNS]


def csv_cell(value: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        value = "; ".join(value)
    if not isinstance(value, str):
        return str(value)
    text = plain(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text


def dismissal_document(one: Dismissal) -> dict[str, Any]:
    """A dismissal."""
    return {
        "id": one.id,
        "local_scene_id": one.scene_id,
        "local_title": one.local_title,
        "endpoint": one.endpoint,
        "stashbox_scene_id": one.candidate_id,
        "stashbox_scene_title": one.match_title,
        "reason": one.reason,
        "until_next_scan": one.is_until_next_scan,
        "created": iso_time(one.created_at),
    }


def recommendation_cells(one: Recommendation, names: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """A recommendation as cells below `RECOMMENDATION_HEADS`. `names`: what stash-boxes are called, by endpoint."""
    sure = "sure" if one.is_high_confidence else "several" if one.is_ambiguous else "look"
    if one.status is not Status.PENDING:
        sure = ""  # decided: nobody need look at it any more
    studio = one.candidate.studio.name if one.candidate.studio else ""
    evidence = f"{one.evidence.match_count}/{one.evidence.total_local_fingerprints}"
    return (
        str(one.id),
        f"{one.score:.0f}",
        sure,
        evidence,
        one.local_title,
        one.candidate.title or one.candidate.id,
        studio,
        one.candidate.date,
        (names or {}).get(one.endpoint) or host(one.endpoint),
    )


RECOMMENDATION_HEADS: Final[tuple[str, ...]] = (
    "ID",
    "SCORE",
    "SURE",
    "HASHES",
    "SCENE",
    "ENTRY",
    "STUDIO",
    "DATE",
    "STASH-BOX",
)
_SPARED: Final = ("HASHES", "STUDIO", "DATE", "STASH-BOX")  # columns that a narrow terminal goes without, in this order


def recommendation_lines(one: Recommendation, names: Mapping[str, str]) -> list[str]:
    """A recommendation with all its evidence, line by line, each made harmless. `names`: stash-boxes by endpoint."""
    candidate, evidence = one.candidate, one.evidence
    unmet = [reason for reason in one.reasons if not reason.is_met]
    certainty = ", high confidence" if one.is_high_confidence else ", look at it yourself"
    if one.status is not Status.PENDING:
        certainty = ""
    pairs = [
        ("scene", f"{one.scene_id}  {one.local_title}"),
        ("file", one.local_path),
        ("entry", f"{candidate.title}  {candidate.id}"),
        ("stash-box", f"{names[one.endpoint]}  {one.endpoint}" if names.get(one.endpoint) else one.endpoint),
        ("studio", candidate.studio.name if candidate.studio else ""),
        ("performers", ", ".join(performer.name for performer in candidate.performers)),
        ("date", candidate.date),
        ("cover", candidate.cover_url),
        ("durations", f"{duration(evidence.duration_local)} here, {duration(evidence.duration_remote)} there"),
    ]
    lines = [f"{one.id}: {one.status.value}, score {one.score:.0f}{certainty}"]
    lines += [f"  {name:<11} {plain(text)}" for name, text in pairs if text]
    lines.append(
        f"  {evidence.match_count} of {evidence.total_local_fingerprints} hashes of {plain(evidence.file_name)} match"
        f" ({evidence.match_percentage:g} %):"
    )
    lines += [f"    {fingerprint_line(match)}" for match in evidence.matches]
    lines.append("  What high confidence needs:")
    met = [reason for reason in one.reasons if reason.is_met]
    lines += [f"    {'yes' if reason.is_met else 'NO '} {plain(reason.text)}" for reason in (*unmet, *met)]
    return lines


def fingerprint_line(match: MatchedFingerprint) -> str:
    """One matching hash: which, how far, how long, who vouches for it."""
    remote = match.remote
    distance = f", distance {match.distance}" if match.distance else ""
    reports = "" if remote.reports is None else f", {remote.reports} reports"
    votes = f"{remote.submissions} submissions{reports}"
    return f"{remote.algorithm.value} {remote.hex}{distance}, {duration(remote.duration)}, {votes}"


def recommendation_table(
    found: Iterable[Recommendation], names: Mapping[str, str], *, columns: int | None = None
) -> list[str]:
    """Recommendations below their heads; where `columns` are few, titles go before lesser columns."""
    rows = [recommendation_cells(one, names) for one in found]
    heads = RECOMMENDATION_HEADS
    for spared in _SPARED:
        if columns is None or _needed(heads, rows) <= columns:
            break
        at = heads.index(spared)
        heads = heads[:at] + heads[at + 1 :]
        rows = [row[:at] + row[at + 1 :] for row in rows]
    return table(heads, rows, columns=columns)


def _needed(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> int:
    """The columns a table needs so that no cell is cut below `_READABLE`."""
    columns = zip(heads, *rows, strict=True)
    return sum(min(_READABLE, max(_width(plain(cell)) for cell in column)) + 2 for column in columns) - 2


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, columns: int | None = None) -> list[str]:
    """Rows below their heads, aligned, every cell made harmless and cut to `_WIDEST`; with `columns`, to what fits.

    Of a path the end stays, which names the file.
    """
    harmless = [[_cut(plain(cell), _WIDEST) for cell in row] for row in rows]
    widths = [max(_width(cell) for cell in column) for column in zip(heads, *harmless, strict=True)]
    if columns is not None:
        while sum(widths) + 2 * (len(widths) - 1) > columns and max(widths) > 8:
            widths[widths.index(max(widths))] -= 1
    return ["  ".join(map(_padded, line, widths)).rstrip() for line in [list(heads), *harmless]]


def _padded(cell: str, width: int) -> str:
    shown = _cut(cell, width)
    return shown + " " * (width - _width(shown))


def _cut(cell: str, width: int) -> str:
    is_path = cell.startswith(("/", "\N{HORIZONTAL ELLIPSIS}"))
    return plain(cell[::-1], width=width)[::-1] if is_path else plain(cell, width=width)


def _width(text: str) -> int:
    return sum(map(cells, text))


def duration(seconds: float | None) -> str:
    """`9:02`, `1:02:03`, or `?`."""
    if seconds is None:
        return "?"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def iso_time(moment: float | None) -> str | None:
    """A Unix time as ISO 8601 in UTC."""
    return None if moment is None else time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(moment))


def local_time(moment: float | None) -> str:
    """A Unix time as the user's clock shows it, to the minute."""
    return "" if moment is None else time.strftime("%Y-%m-%d %H:%M", time.localtime(moment))


def host(endpoint: str) -> str:
    """The host of an endpoint, which is how people call it."""
    try:
        return urlsplit(endpoint).netloc.rpartition("@")[2] or endpoint
    except ValueError:
        return endpoint
