"""A local scene and a stash-box entry side by side, as lines: fields, fingerprints, durations, reasons. No services."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from core.matching.metadata import Field, MetadataChange, url_key
from core.model.fingerprints import Algorithm
from core.model.recommendations import MatchedFingerprint, Recommendation
from core.model.scenes import LocalEntity, Scene
from core.words import count, span
from tui.documents import duration, host
from tui.widgets.cells import columns, fit, wrap
from tui.widgets.lines import Line

SAME, DIFFERENT, ONLY_HERE, ONLY_THERE = "=", "\N{NOT EQUAL TO}", "\N{LEFTWARDS ARROW}", "\N{RIGHTWARDS ARROW}"
_LABEL: Final = 11
_MOST_FINGERPRINTS: Final = 12
_LABELS: Final = {
    Field.TITLE: "Title", Field.STUDIO: "Studio", Field.PERFORMERS: "Performers", Field.DATE: "Date",
    Field.CODE: "Code", Field.DIRECTOR: "Director", Field.URLS: "URLs", Field.TAGS: "Tags",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Pair:
    """One field of both sides."""

    label: str
    local: str
    remote: str
    is_known: bool = True  # False: the local value was not read yet, or cannot be

    @property
    def sign(self) -> str:
        """Equal, different, or on one side alone."""
        if not self.is_known:
            return " "
        here, there = self.local.strip(), self.remote.strip()
        if here.casefold() == there.casefold():
            return SAME if here else " "
        return DIFFERENT if here and there else ONLY_HERE if here else ONLY_THERE


def pairs(row: Recommendation, scene: Scene | None, changes: Sequence[MetadataChange] | None) -> list[Pair]:
    """The fields in the order they are read. `changes` None: what Stash knows of the scene was not read yet."""
    candidate = row.candidate
    known = {change.field: change for change in changes or ()}
    remote = {
        Field.TITLE: candidate.title,
        Field.STUDIO: candidate.studio.name if candidate.studio else "",
        Field.PERFORMERS: ", ".join(each.name for each in candidate.performers),
        Field.DATE: candidate.date,
        Field.CODE: candidate.code,
        Field.DIRECTOR: candidate.director,
        Field.URLS: "  ".join(candidate.urls),
    }
    found: list[Pair] = []
    for each, there in remote.items():
        here = _text(known[each].local) if each in known else ""
        if each is Field.TITLE and each not in known and scene is not None:
            here = scene.title
        if not (here or there):
            continue
        if each is Field.URLS and {url_key(url) for url in here.split()} == {url_key(url) for url in there.split()}:
            here = there
        if each is Field.PERFORMERS and _names(here) == _names(there):
            here = there
        found.append(Pair(_LABELS[each], here, there, is_known=each in known or each is Field.TITLE))
    return found


def _text(value: object) -> str:
    if isinstance(value, LocalEntity):
        return value.name
    if isinstance(value, tuple):
        names = [each.name if isinstance(each, LocalEntity) else str(each) for each in value]
        return ("  " if any("://" in name for name in names) else ", ").join(names)
    return str(value or "")


def _names(text: str) -> set[str]:
    return {name.strip().casefold() for name in text.split(",")}


def head_lines(name: str, endpoint: str, width: int) -> list[Line]:
    """Whose column is whose."""
    side = max(10, (width - _LABEL - 3) // 2)
    there = f"At {name}" if name else f"At {host(endpoint)}"
    return [((" " * _LABEL, ""), (fit("In Stash", side) + "   ", "strong"), (fit(there, side), "strong"))]


def trouble_lines(words: str, width: int) -> list[Line]:
    """Why the local side is incomplete."""
    text = f"What Stash knows of the scene could not be read: {words}"
    return [((line, "wrong"),) for line in wrap(text, width, limit=3)]


def pair_lines(found: Sequence[Pair], width: int, *, limit: int = 3) -> list[Line]:
    """Two columns with the sign between them; what differs stands out on both sides."""
    side = max(10, (width - _LABEL - 3) // 2)
    lines: list[Line] = []
    for pair in found:
        left = wrap(pair.local, side, limit=limit) or ["" if pair.is_known else "\N{HORIZONTAL ELLIPSIS}"]
        right = wrap(pair.remote, side, limit=limit) or [""]
        sign = pair.sign
        part = {SAME: "quiet", DIFFERENT: "careful", ONLY_HERE: "", ONLY_THERE: "", " ": "quiet"}[sign]
        for number in range(max(len(left), len(right))):
            is_first = number == 0
            lines.append(
                (
                    (fit(pair.label if is_first else "", _LABEL), "quiet"),
                    (fit(left[number] if number < len(left) else "", side), part),
                    (f" {sign if is_first else ' '} ", "accent" if sign != SAME else "quiet"),
                    (fit(right[number] if number < len(right) else "", side), part),
                )
            )
    return lines


def file_lines(row: Recommendation, scene: Scene | None, width: int) -> list[Line]:
    """The files of the scene; the one that speaks for it first and marked."""
    files = list(scene.files) if scene is not None else []
    files.sort(key=lambda file: file.id != row.evidence.file_id)
    if not files:
        return [((fit("File", _LABEL), "quiet"), (fit(row.local_path, width - _LABEL), ""))]
    lines: list[Line] = []
    for number, file in enumerate(files[:6]):
        size = f"{file.width}x{file.height}, " if file.width else ""
        facts = f"   {size}{duration(file.duration)}, {_bytes(file.size)}"
        speaks = "   compared" if file.id == row.evidence.file_id and len(files) > 1 else ""
        room = width - _LABEL - columns(facts) - columns(speaks)
        name = file.path if columns(file.path) <= room else file.name
        label = ("File" if len(files) == 1 else "Files") if number == 0 else ""
        lines.append(((fit(label, _LABEL), "quiet"), (fit(name, min(room, columns(name))), ""), (facts, "quiet"),
                      (speaks, "accent")))  # fmt: skip
    if len(files) > 6:
        lines.append(((" " * _LABEL, ""), (f"and {len(files) - 6} more", "quiet")))
    return lines


def _bytes(size: int) -> str:
    amount = float(size)
    for unit in ("B", "KiB", "MiB", "GiB"):
        if amount < 1024 or unit == "GiB":
            return f"{amount:.0f} {unit}" if unit == "B" or amount >= 100 else f"{amount:.1f} {unit}"
        amount /= 1024
    return ""


def reason_lines(row: Recommendation, width: int) -> list[Line]:
    """Every condition of high confidence, what is not met first."""
    lines: list[Line] = []
    for reason in sorted(row.reasons, key=lambda reason: reason.is_met):
        sign, part = ("\N{CHECK MARK}", "good") if reason.is_met else ("\N{BALLOT X}", "wrong")
        for number, text in enumerate(wrap(reason.text, max(10, width - 2)) or [""]):
            lines.append(((f"{sign} " if number == 0 else "  ", part), (text, "" if not reason.is_met else "quiet")))
    return lines


def fingerprint_lines(row: Recommendation, scene: Scene | None, width: int) -> list[Line]:
    """A table: the hashes that match, then those of the compared file that do not."""
    has_room = width >= 72
    hash_width = 16 if has_room else max(6, min(16, (width - 34) // 2))
    head = (
        f"{'':7}{fit('here', hash_width)} {fit('there', hash_width)} "
        f"{'differs':>7} {'length':>7} {'sent':>5}{' rep.' if has_room else ''}{'  net':>5}"
    )
    lines: list[Line] = [((head, "quiet"),)]
    shown = row.evidence.matches[:_MOST_FINGERPRINTS]
    lines += [_match_line(match, hash_width, has_room=has_room) for match in shown]
    left = len(row.evidence.matches) - _MOST_FINGERPRINTS
    if left > 0:
        lines.append(((f"{'':7}and {count(left, 'more fingerprint')}", "quiet"),))
    matched = {(match.algorithm, match.local_value) for match in row.evidence.matches}
    for file in scene.files if scene is not None else ():
        if file.id != row.evidence.file_id:
            continue
        for one in file.fingerprints:
            if (one.algorithm, one.value) not in matched and one.algorithm is not Algorithm.MD5:
                text = f"{fit(one.algorithm.value, 7)}{fit(one.hex, hash_width)} "
                lines.append(((text, "quiet"), ("no such hash there", "quiet")))
    return lines


def _match_line(match: MatchedFingerprint, hash_width: int, *, has_room: bool) -> Line:
    remote = match.remote
    local = f"{match.local_value:0{match.algorithm.hex_digits}x}"
    differs = "exact" if match.distance == 0 else count(match.distance, "bit")
    part = "good" if match.distance == 0 else "careful"
    reports = "?" if remote.reports is None else str(remote.reports)
    return (
        (fit(match.algorithm.value, 7), "strong"),
        (fit(local, hash_width) + " ", ""),
        (fit("same" if match.distance == 0 else remote.hex, hash_width) + " ", "quiet" if match.distance == 0 else ""),
        (f"{differs:>7} ", part),
        (f"{duration(remote.duration or None):>7} {remote.submissions:>5}", ""),
        (f"{reports:>5}" if has_room else "", ""),
        (f"{remote.net_votes:>5}", "good" if remote.net_votes > 0 else "wrong"),
    )


def duration_lines(row: Recommendation, width: int) -> list[Line]:
    """A bar from the shortest to the longest duration, and what it says in words."""
    local = row.evidence.duration_local
    stated = [one.duration for one in row.candidate.fingerprints if one.duration > 0]
    matching = [match.remote.duration for match in row.evidence.matches if match.remote.duration > 0]
    if local is None and not stated:
        return [(("neither side states a duration", "quiet"),)]
    words = [f"here {duration(local)}"]
    off = row.evidence.duration_difference
    if off is not None:
        near = "the same" if abs(off) < 0.5 else f"{span(round(off))} {'shorter' if off < 0 else 'longer'} here"
        words.append(f"closest match {duration(row.evidence.duration_remote)}, {near}")
    if stated:
        words.append(f"{count(len(stated), 'fingerprint')} there: {duration(min(stated))} to {duration(max(stated))}")
    if row.candidate.duration:
        words.append(f"entry {duration(row.candidate.duration)}")
    lines: list[Line] = [((line, ""),) for line in wrap("; ".join(words), width)]
    return lines + _bar(local, stated or matching, matching, max(12, width))


def _bar(local: float | None, stated: Sequence[int], matching: Sequence[int], width: int) -> list[Line]:
    """Three marks on one axis: every remote duration, the matching ones, and the local file below them."""
    points = [*stated, *matching, *([local] if local is not None else [])]
    low, high = min(points), max(points)
    ends = (duration(low), duration(high))
    room = width - sum(map(len, ends)) - 2
    if room < 8 or high - low < 1:
        return []

    def place(seconds: float) -> int:
        return round((seconds - low) / (high - low) * (room - 1))

    axis = ["\N{BOX DRAWINGS LIGHT HORIZONTAL}"] * room
    parts = ["quiet"] * room
    for seconds in stated:
        axis[place(seconds)], parts[place(seconds)] = "\N{BOX DRAWINGS LIGHT VERTICAL AND HORIZONTAL}", ""
    for seconds in matching:
        axis[place(seconds)], parts[place(seconds)] = "\N{BLACK CIRCLE}", "good"
    pieces = ((f"{ends[0]} ", "quiet"), *zip(axis, parts, strict=True), (f" {ends[1]}", "quiet"))
    lines: list[Line] = [pieces]
    if local is not None:
        at = len(ends[0]) + 1 + place(local)
        word = "\N{BLACK UP-POINTING TRIANGLE} here" if at + 6 <= width else "here \N{BLACK UP-POINTING TRIANGLE}"
        start = at if at + 6 <= width else at - 5
        lines.append(((" " * start, ""), (word, "accent")))
    return lines
