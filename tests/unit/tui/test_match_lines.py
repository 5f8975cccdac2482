"""A proposal as lines: every width is kept, what differs is marked, what was found is said."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from core.matching.metadata import Choice, Field, MetadataChange
from core.model.fingerprints import Algorithm, Fingerprint
from core.model.recommendations import Evidence, MatchedFingerprint, Reason, Recommendation, Status
from core.model.scenes import LocalEntity, MediaFile, Scene
from core.model.stash_boxes import Candidate, RemoteEntity, RemoteFingerprint
from tui.widgets import match_compare
from tui.widgets.lines import Line
from tui.widgets.match_list import MatchList, badge, layout
from tui.widgets.match_status import why_lines
from tui.widgets.match_verdict import verdict_lines
from tui.widgets.window import Place
from tui.widgets.windowed_list import RowLook

ENDPOINT = "https://box.example/graphql"
texts = st.text(max_size=60)


def row_of(
    title: str = "A title", *, matches: int = 2, total: int = 3, local: float | None = 60.0, remote: int = 61
) -> Recommendation:
    found = tuple(
        MatchedFingerprint(
            Algorithm.PHASH, 0x00FF, RemoteFingerprint(Algorithm.PHASH, 0x00FF ^ number, remote, 3, None), number
        )
        for number in range(matches)
    )
    evidence = Evidence(7, "file.mp4", found, min(matches, total), total, 66.7, local, remote, 0)
    candidate = Candidate(
        ENDPOINT, "id", title, date="2020-01-02", studio=RemoteEntity("s", title),
        performers=(RemoteEntity("p", title),), urls=("https://a.example/1",),
        fingerprints=tuple(match.remote for match in found),
    )  # fmt: skip
    reasons = (Reason("match_count", True, title or "x"), Reason("unambiguous", False, "2 candidates at this endpoint"))
    return Recommendation(
        1, Status.PENDING, 5, candidate, evidence, 88.4, False, True, reasons, title, f"/data/{title}", 0, 0
    )


def scene_of(*names: str) -> Scene:
    files = tuple(
        MediaFile(7 + number, f"/data/{name}", 2048, 60.0, 640, 480, (Fingerprint(Algorithm.OSHASH, 5),))
        for number, name in enumerate(names)
    )
    return Scene(5, "Local", "", files=files)


@given(texts, st.integers(60, 220), st.sampled_from(Place), st.booleans())
def test_a_row_fills_its_width_whatever_the_titles(title: str, width: int, place: Place, is_cursor: bool) -> None:
    pieces = MatchList().pieces(row_of(title), RowLook(width, is_cursor, True, place))
    assert sum(cell_len(text) for text, _ in pieces) == width


@pytest.mark.parametrize("width", range(60, 221, 4))
def test_wider_lists_have_more_columns_and_never_lose_the_titles(width: int) -> None:
    names = [column.name for column in layout(width)]
    assert {"local", "length", "match", "badge", "sure", "endpoint", "score"} <= set(names)
    assert len(names) >= len(layout(width - 4))
    assert min(column.width for column in layout(width) if column.name in {"local", "match"}) >= 12


@pytest.mark.parametrize(
    ("matches", "total", "shown"), [(3, 3, "● 3/3"), (2, 3, "◐ 2/3"), (1, 3, "○ 1/3"), (1, 1, "○ 1/1")]
)
def test_the_badge_says_all_some_or_one_by_sign_and_by_class(matches: int, total: int, shown: str) -> None:
    text, part = badge(row_of(matches=matches, total=total).evidence)
    assert text == shown
    assert part == {"●": "match--all", "◐": "match--partial", "○": "match--single"}[shown[0]]


@given(texts, st.integers(58, 160))
def test_no_line_is_wider_than_its_place(title: str, width: int) -> None:
    row, scene = row_of(title), scene_of(title, "b.mp4")
    makers: list[Callable[[int], Sequence[Line]]] = [
        lambda room: match_compare.pair_lines(match_compare.pairs(row, scene, None), room),
        lambda room: match_compare.head_lines(title, ENDPOINT, room),
        lambda room: match_compare.reason_lines(row, room),
        lambda room: match_compare.duration_lines(row, room),
        lambda room: verdict_lines(row, room, endpoint=title, position="", rivals=1, rival_key="r", said=""),
    ]
    for make in makers:
        for line in make(width):
            assert sum(cell_len(text) for text, _ in line) <= width
    assert all(cell_len(line) <= width for line in why_lines(row, width, 2))


def test_a_field_is_equal_different_or_on_one_side() -> None:
    changes = (
        MetadataChange(Field.TITLE, Choice.KEEP, "A TITLE", "A title", "A TITLE"),
        MetadataChange(Field.DATE, Choice.KEEP, "2019", "2020-01-02", "2019"),
        MetadataChange(Field.STUDIO, Choice.KEEP, None, "A title", None),
        MetadataChange(Field.PERFORMERS, Choice.KEEP, (LocalEntity(1, "a title"),), ("A title",), ()),
        MetadataChange(Field.CODE, Choice.KEEP, "X-1", "", "X-1"),
        MetadataChange(Field.URLS, Choice.KEEP, ("https://A.example/1/",), ("https://a.example/1",), ()),
    )
    signs = {pair.label: pair.sign for pair in match_compare.pairs(row_of(), scene_of("a.mp4"), changes)}
    assert signs == {"Title": "=", "Date": "≠", "Studio": "→", "Performers": "=", "Code": "←", "URLs": "="}


def test_what_was_not_read_yet_is_not_called_a_difference() -> None:
    pairs = match_compare.pairs(row_of(), scene_of("a.mp4"), None)
    assert {pair.sign for pair in pairs if pair.label not in {"Title"}} == {" "}


def texts_of(lines: Sequence[Line]) -> str:
    return "\n".join("".join(text for text, _ in line) for line in lines)


def test_the_table_names_what_matches_and_what_does_not() -> None:
    table = texts_of(match_compare.fingerprint_lines(row_of(matches=2), scene_of("file.mp4"), 100))
    assert "exact" in table
    assert " 1 bit " in table
    assert "no such hash there" in table
    many = texts_of(match_compare.fingerprint_lines(row_of(matches=20), None, 100))
    assert "and 8 more fingerprints" in many


def test_the_file_that_speaks_for_the_scene_stands_first_and_is_marked() -> None:
    scene = Scene(5, "", "", files=(MediaFile(9, "/data/other.mp4", 1, None), MediaFile(7, "/data/file.mp4", 1, None)))
    first, second = texts_of(match_compare.file_lines(row_of(), scene, 100)).split("\n")
    assert "file.mp4" in first
    assert "compared" in first
    assert "compared" not in second


@pytest.mark.parametrize("local", [None, 0.0, 60.0, 61.0, 4000.0])
def test_the_bar_stands_for_every_duration(local: float | None) -> None:
    text = texts_of(match_compare.duration_lines(row_of(local=local), 80))
    assert "here" in text
    assert ("▲" in text) == (local is not None and abs(local - 61) >= 1)
