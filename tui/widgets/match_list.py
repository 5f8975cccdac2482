"""Proposed matches as lines: which columns fit, and how one recommendation looks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar, Final

from textual.reactive import reactive

from core.model.recommendations import Evidence, Recommendation, Sort
from tui.documents import duration, host
from tui.widgets.cells import fit
from tui.widgets.list_head import GUTTER, Column
from tui.widgets.window import Place
from tui.widgets.windowed_list import Piece, RowLook, WindowedList

_LEAST_TITLE: Final = 12
HIGH, SEVERAL, NEITHER = "\N{CHECK MARK}", "\N{ALMOST EQUAL TO}", "\N{MIDDLE DOT}"


def layout(width: int) -> tuple[Column, ...]:
    """The columns that fit a list of this width; the two titles share what the others leave."""
    extra: tuple[Column, ...] = ()
    if width >= 150:
        extra = (Column("studio", "Studio", 18), Column("performers", "Performers", 24), Column("date", "Date", 10))
    elif width >= 112:
        extra = (Column("studio", "Studio", 12), Column("performers", "Performers", 13), Column("date", "Date", 10))
    elif width >= 96:
        extra = (Column("studio", "Studio", 12), Column("date", "Date", 10))
    tail = (
        *extra,
        Column("badge", "Hashes", 6),
        Column("sure", "?", 1),
        Column("endpoint", "Box", 7 if width < 96 else 8),
        Column("score", "Pts", 4, True),
    )
    length = Column("length", "Length", 7, True)
    fixed = GUTTER + length.width + sum(column.width for column in tail) + len(tail) + 2
    titles = max(2 * _LEAST_TITLE, width - fixed)
    left = titles // 2
    return Column("local", "Scene", left), length, Column("match", "Proposed entry", titles - left), *tail


def badge(evidence: Evidence) -> tuple[str, str]:
    """How many of the file's hashes match, with the sign of all, some or a single one; and the class it is drawn in."""
    numbers = f"{evidence.match_count}/{evidence.total_local_fingerprints}"
    if evidence.match_count <= 1:
        return f"\N{WHITE CIRCLE} {numbers}", "match--single"
    if evidence.match_count >= evidence.total_local_fingerprints:
        return f"\N{BLACK CIRCLE} {numbers}", "match--all"
    return f"\N{CIRCLE WITH LEFT HALF BLACK} {numbers}", "match--partial"


def sureness(row: Recommendation) -> tuple[str, str]:
    """The mark of high confidence, of several candidates, or of neither; and its class."""
    if row.is_high_confidence:
        return HIGH, "match--all"
    if row.is_ambiguous:
        return SEVERAL, "match--partial"
    return NEITHER, "list--muted"


class MatchList(WindowedList[Recommendation]):
    """Recommendations. Rivals of one scene that stand together are held by a bracket."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"match--all", "match--partial", "match--single", "match--mark"}
    DEFAULT_CSS = """
    MatchList {
        & > .match--all { color: $success; text-style: bold; }
        & > .match--partial { color: $warning; }
        & > .match--single { color: $text-muted; }
        & > .match--mark { color: $accent; text-style: bold; }
    }
    """

    endpoint_names: reactive[Mapping[str, str]] = reactive(dict, init=False)
    """Short names of the stash-boxes, by address."""

    def watch_endpoint_names(self) -> None:
        """Draw the names anew."""
        self._strips.clear()
        self.refresh()

    def are_together(self, one: Recommendation, other: Recommendation) -> bool:
        """Candidates of one scene, at whichever stash-box."""
        return one.scene_id == other.scene_id

    def pieces(self, row: Recommendation, look: RowLook) -> Iterable[Piece]:
        """The line of a recommendation."""
        yield ("\N{LEFT HALF BLOCK}" if look.is_cursor else " "), "match--mark"
        yield ("\N{BLACK DIAMOND}" if look.is_marked else " "), "match--mark"
        yield look.place.value + " ", "list--muted"
        is_repeated = look.place in (Place.MIDDLE, Place.LAST)
        for number, column in enumerate(layout(look.width)):
            text, part = self._cell(row, column.name, is_repeated=is_repeated)
            yield (" " if number else "") + fit(text, column.width, is_right=column.is_right), part

    def _cell(self, row: Recommendation, column: str, *, is_repeated: bool) -> Piece:
        candidate = row.candidate
        match column:
            case "local":
                return row.local_title, "list--muted" if is_repeated else ""
            case "length":
                return duration(row.evidence.duration_local), "list--muted"
            case "match":
                return candidate.title or candidate.id, ""
            case "studio":
                return candidate.studio.name if candidate.studio else "", "list--muted"
            case "performers":
                return ", ".join(performer.name for performer in candidate.performers), "list--muted"
            case "date":
                return candidate.date, "list--muted"
            case "badge":
                return badge(row.evidence)
            case "sure":
                return sureness(row)
            case "endpoint":
                return self.endpoint_names.get(row.endpoint) or host(row.endpoint), "list--muted"
            case _:
                return f"{row.score:.0f}", ""


SORTED: Final = {
    "local": Sort.TITLE, "match": Sort.MATCH, "studio": Sort.STUDIO, "date": Sort.DATE, "endpoint": Sort.ENDPOINT,
    "score": Sort.SCORE,
}  # fmt: skip
