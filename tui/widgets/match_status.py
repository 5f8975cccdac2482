"""The lines around the list of matches: counts and filters above it, the row's reasons below it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from core.model.recommendations import Reason, Recommendation
from tui.present import plain
from tui.widgets.cells import columns, fit, wrap
from tui.widgets.match_list import HIGH, SEVERAL

GOOD, BAD = "\N{CHECK MARK}", "\N{BALLOT X}"


@dataclass(frozen=True, slots=True)
class Counts:
    """What the status line states."""

    shown: int = 0
    pending: int = 0
    high: int = 0
    ambiguous: int = 0
    selected: int = 0


class MatchStatus(Widget):
    """One line: how many, of what kind, in which order; a second one while something is filtered out."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"status--quiet", "status--strong", "status--accent"}
    DEFAULT_CSS = """
    MatchStatus {
        height: 1; padding: 0 1;
        &.-filtered { height: 2; }
        & > .status--quiet { color: $text-muted; }
        & > .status--strong { text-style: bold; }
        & > .status--accent { color: $accent; text-style: bold; }
    }
    """

    counts: reactive[Counts] = reactive(Counts())
    filters: reactive[tuple[str, ...]] = reactive(())
    order: reactive[str] = reactive("")
    way_out: reactive[str] = reactive("")
    """The key that shows everything again."""

    def watch_filters(self) -> None:
        """The second line comes and goes with the filters."""
        self.set_class(bool(self.filters), "-filtered")

    def render_line(self, y: int) -> Strip:
        """Counts; filters."""
        width = self.size.width
        quiet = self._style("status--quiet")
        if y == 1:
            words = f"only {', '.join(self.filters)}"
            room = max(0, width - len(self.way_out) - 16)
            segments = [Segment(fit(words, min(columns(words), room)), self._style("status--accent"))]
            if self.way_out:
                segments.append(Segment(f"   {self.way_out} shows all", quiet))
            return Strip(segments).adjust_cell_length(width, self.rich_style)
        counts = self.counts
        head = f"{counts.shown} of {counts.pending}" if self.filters else f"{counts.pending}"
        segments = [Segment(head, self._style("status--strong")), Segment(" pending", self.rich_style)]
        segments.append(
            Segment(f"   {HIGH} {counts.high} high confidence   {SEVERAL} {counts.ambiguous} ambiguous", quiet)
        )
        if counts.selected:
            words = f"   \N{BLACK DIAMOND} {counts.selected} selected"
            segments.append(Segment(words, self._style("status--accent")))
        right = f"by {self.order}"
        used = sum(columns(segment.text) for segment in segments)
        if used + len(right) + 2 <= width:
            segments.append(Segment(" " * (width - used - len(right)) + right, quiet))
        return Strip(segments).adjust_cell_length(width, self.rich_style)

    def _style(self, name: str) -> Style:
        return self.rich_style + self.get_component_rich_style(name, partial=True)


class MatchWhy(Widget):
    """Of the row under the cursor: its file, and why it is of high confidence or why not."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {"why--quiet", "why--good", "why--bad"}
    DEFAULT_CSS = """
    MatchWhy {
        height: 4; padding: 0 1; border-top: solid $panel;
        & > .why--quiet { color: $text-muted; }
        & > .why--good { color: $success; }
        & > .why--bad { color: $error; }
    }
    """

    row: reactive[Recommendation | None] = reactive(None, repaint=False)
    said: reactive[str] = reactive("", repaint=False)
    """What the last decision came to; stands in the first line until the cursor moves on."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002  Textual's own name
        super().__init__(id=id)
        self._lines: list[tuple[str, str]] = []

    def watch_row(self, before: Recommendation | None, after: Recommendation | None) -> None:
        """Another row; what was said of the last decision has been read when the cursor moves on."""
        if before is not None and after is not None and before.id != after.id:
            self.said = ""
        self._show()

    def watch_said(self) -> None:
        """Show it."""
        self._show()

    def on_resize(self) -> None:
        """Another width, other lines."""
        self._show()

    def _show(self) -> None:
        """Draw only the lines that differ: over a slow connection every byte of a movement counts."""
        before, self._lines = self._lines, self._made(self.size.width, self.size.height)
        for y, line in enumerate(self._lines):
            if y >= len(before) or before[y] != line:
                self.refresh(Region(0, y, self.size.width, 1))

    def _made(self, width: int, height: int) -> list[tuple[str, str]]:
        """The file or what was said, then the reasons; each with its class."""
        row = self.row
        lines: list[tuple[str, str]] = []
        if self.said:
            lines.append((fit(self.said, width), "why--good"))
        elif row is not None:
            lines.append((_path(row.local_path, width), "why--quiet"))
        if row is not None:
            part = "why--good" if row.is_high_confidence else "why--bad"
            lines += [(fit(line, width), part) for line in why_lines(row, width, max(1, height - 1))]
        return lines + [(" " * width, "")] * (height - len(lines))

    def render_line(self, y: int) -> Strip:
        """One of the lines."""
        width = self.size.width
        text, part = self._lines[y] if y < len(self._lines) else ("", "")
        style = self.rich_style + self.get_component_rich_style(part, partial=True) if part else self.rich_style
        return Strip([Segment(fit(text, width), style)], width)


def why_lines(row: Recommendation, width: int, limit: int) -> list[str]:
    """Why this is of high confidence, or what speaks against it."""
    if row.is_high_confidence:
        words = f"{GOOD} high confidence: " + "; ".join(_told(row.reasons))
    else:
        words = f"{BAD} " + f"   {BAD} ".join(reason.text for reason in row.reasons if not reason.is_met)
    return wrap(words, width, limit=limit)


def _told(reasons: tuple[Reason, ...]) -> list[str]:
    """The reasons that say something of this match; the rest hold for nearly every one."""
    return [reason.text for reason in reasons if reason.code in {"match_percentage", "duration", "phash_distance"}]


def _path(path: str, width: int) -> str:
    """A path cut at its beginning: the end tells more."""
    shown = plain(path)
    if columns(shown) <= width:
        return fit(shown, width)
    while columns(shown) > width - 1:
        shown = shown[max(1, columns(shown) - width) :]
    return fit("\N{HORIZONTAL ELLIPSIS}" + shown, width)
