"""What headless commands print of the core's values."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.model.fingerprints import Algorithm
from core.model.recommendations import Evidence, MatchedFingerprint, Reason, Recommendation, Status
from core.model.stash_boxes import Candidate, RemoteEntity, RemoteFingerprint
from tui.documents import (
    CSV_COLUMNS,
    RECOMMENDATION_HEADS,
    duration,
    host,
    iso_time,
    recommendation_cells,
    recommendation_document,
    recommendation_lines,
    recommendation_row,
    recommendation_table,
    table,
)
from tui.present import cells


def recommendation(title: str = "Summer in the meadow", path: str = "/data/summer.mp4") -> Recommendation:
    remote = RemoteFingerprint(Algorithm.PHASH, 0x0C3A5F0E71D2B486, duration=542, submissions=7, reports=1)
    return Recommendation(
        id=12,
        status=Status.PENDING,
        scene_id=7,
        candidate=Candidate(
            endpoint="https://meadow.example/graphql",
            id="0192f000-0000-7000-8000-00000000000a",
            title=title,
            date="2025-05",
            studio=RemoteEntity("s", "Meadow"),
            performers=(RemoteEntity("p", "Ann"), RemoteEntity("q", "Bea")),
        ),
        evidence=Evidence(
            file_id=3,
            file_name="summer.mp4",
            matches=(MatchedFingerprint(Algorithm.PHASH, 0x0C3A5F0E71D2B487, remote, 1),),
            match_count=1,
            total_local_fingerprints=2,
            match_percentage=50.0,
            duration_local=540.2,
            duration_remote=542,
            phash_distance=1,
        ),
        score=61.26,
        is_high_confidence=False,
        is_ambiguous=False,
        reasons=(Reason("match_count", False, "1 fingerprint matches; 2 needed"), Reason("duration", True, "agrees")),
        local_title=title,
        local_path=path,
        created_at=0.0,
        updated_at=86400.0,
    )


def test_the_document_has_the_shape_of_the_product() -> None:
    document = recommendation_document(recommendation())
    assert document["type"] == "scene_fingerprint_match"
    names = (
        "local_scene_id endpoint stashbox_scene_id stashbox_scene_title stashbox_studio stashbox_performers"
        " stashbox_date stashbox_cover_url matching_fingerprints total_local_fingerprints match_count match_percentage"
        " duration_local duration_remote high_confidence phash_distance reasons"
    )
    assert set(names.split()) <= set(document)
    assert document["matching_fingerprints"] == [
        {
            "algorithm": "PHASH",
            "hash": "0c3a5f0e71d2b486",
            "duration": 542,
            "submissions": 7,
            "reports": 1,
            "distance": 1,
        }
    ]
    assert (document["stashbox_studio"], document["stashbox_performers"]) == ("Meadow", ["Ann", "Bea"])
    assert (document["created"], document["decided"]) == ("1970-01-01T00:00:00Z", None)
    assert json.loads(json.dumps(document)) == document


def test_a_csv_row() -> None:
    row = dict(zip(CSV_COLUMNS, recommendation_row(recommendation()), strict=True))
    assert row["stashbox_performers"] == "Ann; Bea"
    assert row["high_confidence"] == "false"
    assert row["reasons"] == "1 fingerprint matches; 2 needed"


@pytest.mark.parametrize("title", ["=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)"])
def test_no_cell_is_a_formula(title: str) -> None:
    row = dict(zip(CSV_COLUMNS, recommendation_row(recommendation(title)), strict=True))
    assert row["stashbox_scene_title"] == "'" + title


@given(st.text(st.characters()), st.text(st.characters()))
def test_nothing_from_outside_steers_the_terminal(title: str, path: str) -> None:
    one = recommendation(title, path)
    lines = recommendation_lines(one, {}) + table(("A",) * 9, [recommendation_cells(one)]) + recommendation_row(one)
    assert all(line.isprintable() or not set(line) & set("\x1b\n\r\x9b\u202e\u2066") for line in lines)
    assert len(recommendation_lines(one, {})) == len(recommendation_lines(recommendation("x", "y"), {})) - (not path)


@given(st.lists(st.lists(st.text(st.characters()), min_size=3, max_size=3), max_size=4), st.integers(40, 90))
def test_a_table_fits_and_is_aligned(rows: list[list[str]], columns: int) -> None:
    lines = table(("ID", "SCENE", "ENTRY"), rows, columns=columns)
    assert len(lines) == len(rows) + 1
    assert all(sum(map(cells, line)) <= columns for line in lines)


@pytest.mark.parametrize(
    ("seconds", "text"), [(None, "?"), (0, "0:00"), (542.4, "9:02"), (59.6, "1:00"), (3723, "1:02:03")]
)
def test_durations(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


def test_times_and_hosts() -> None:
    assert iso_time(1_700_000_000.9) == "2023-11-14T22:13:20Z"
    assert host("https://stashdb.org/graphql") == "stashdb.org"
    assert host("http://[broken") == "http://[broken"


@given(st.lists(st.text(st.characters(), max_size=80), min_size=1, max_size=4), st.integers(40, 200))
def test_recommendations_fit_and_titles_go_before_lesser_columns(titles: list[str], columns: int) -> None:
    lines = recommendation_table([recommendation(title) for title in titles], {}, columns=columns)
    assert len(lines) == len(titles) + 1
    assert all(sum(map(cells, line)) <= columns for line in lines)
    assert {"ID", "SCORE", "SURE", "SCENE", "ENTRY"} <= set(lines[0].split())


def test_a_wide_terminal_shows_every_column_and_a_narrow_one_whole_titles() -> None:
    title = "A title of thirty-odd characters"
    found, names = [recommendation(title)], {"https://meadow.example/graphql": "The Meadow"}
    assert recommendation_table(found, names)[0].split() == list(RECOMMENDATION_HEADS)
    assert "The Meadow" in recommendation_table(found, names)[1]
    narrow = recommendation_table(found, names, columns=80)
    assert "STUDIO" not in narrow[0]
    assert title[:20] in narrow[1]


def test_what_speaks_against_a_match_stands_first() -> None:
    one = recommendation()
    lines = recommendation_lines(replace(one, reasons=one.reasons[::-1]), {})
    at = lines.index("  What high confidence needs:")
    assert [line.split()[0] for line in lines[at + 1 :]] == ["NO", "yes"]


def test_what_is_decided_asks_nobody_to_look() -> None:
    pending, accepted = recommendation(), replace(recommendation(), status=Status.ACCEPTED)
    at = RECOMMENDATION_HEADS.index("SURE")
    assert (recommendation_cells(pending)[at], recommendation_cells(accepted)[at]) == ("look", "")
    assert recommendation_lines(pending, {})[0] == "12: pending, score 61, look at it yourself"
    assert recommendation_lines(accepted, {})[0] == "12: accepted, score 61"
