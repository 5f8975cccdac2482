"""Which file is kept, and why: every rule, its tolerance, and when nobody but a person can say."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import pytest
from duplicates_builders import member, record, tags
from hypothesis import given
from hypothesis import strategies as st
from soaking import examples

from core.duplicates.keeper import chain_for, choose_keeper, choose_record, quality_rank
from core.duplicates.rules import RULES, STABLE_ID, Member
from core.errors import UsageError
from core.model.library_records import Media
from core.settings_duplicates import DEFAULT_KEEP, DuplicatesSettings

DEFAULTS = DuplicatesSettings()


def test_every_rule_of_the_settings_exists() -> None:
    assert {*RULES, STABLE_ID} == set(DEFAULT_KEEP)


@pytest.mark.parametrize(
    ("rule", "kept", "other"),
    [
        ("protected", {"protected": "it is organized"}, {}),
        ("complete", {}, {"problem": "is broken"}),
        ("stash_id", {"of": record(1, is_linked=True)}, {"of": record(2)}),
        ("resolution", {"width": 1920, "height": 1080}, {}),
        ("quality", {"bit_rate": 4_000_000}, {"bit_rate": 2_000_000}),
        ("quality", {"bit_rate": 2_000_000, "video_codec": "hevc"}, {"bit_rate": 2_200_000}),
        ("frame_rate", {"frame_rate": 60.0, "bit_rate": 2_400_000}, {"frame_rate": 25.0, "bit_rate": 1_000_000}),
        ("audio", {"audio_codec": "aac"}, {}),
        ("metadata", {"of": record(1, tags=tags("Sea", "Dusk"))}, {"of": record(2, tags=tags("Sea"))}),
        ("older", {"modified_at": 1000.0}, {"modified_at": 5000.0}),
        ("stable_id", {"stash_file_id": 3}, {"stash_file_id": 9}),
    ],
)
def test_a_rule_keeps_what_it_is_named_after(rule: str, kept: dict[str, Any], other: dict[str, Any]) -> None:
    verdict = choose_keeper([member(2, **other), member(1, **kept)], DEFAULTS)
    assert (verdict.keeper, verdict.rule) == (1, rule)
    assert verdict.reason.startswith(f"{rule}: ")


def test_preferred_folders_decide_in_their_order() -> None:
    wanted = DuplicatesSettings(preferred_paths=("/best/**", "/good/**"))
    found = choose_keeper([member(1, path="/good/a.mp4"), member(2, path="/best/a.mp4")], wanted)
    assert (found.keeper, found.rule) == (1, "preferred_path")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"width": 1280, "height": 720}, {"width": 1270, "height": 714}),
        ({"bit_rate": 2_000_000}, {"bit_rate": 1_800_000}),
        ({"modified_at": 1000.0}, {"modified_at": 1030.0}),
    ],
)
def test_a_difference_within_the_tolerance_decides_nothing(one: dict[str, Any], other: dict[str, Any]) -> None:
    verdict = choose_keeper([member(1, **one), member(2, **other)], DEFAULTS)
    assert verdict.rule == "stable_id"


def test_what_is_longer_but_poorer_is_for_a_person() -> None:
    verdict = choose_keeper([member(1, duration=90.0, width=640, height=360), member(2)], DEFAULTS)
    assert verdict.keeper is None
    assert "30 s longer" in verdict.reason


def test_another_shape_is_for_a_person() -> None:
    one = member(1, media=Media.IMAGE, width=1000, height=1000)
    verdict = choose_keeper([one, member(2, media=Media.IMAGE, width=1600, height=900)], DEFAULTS)
    assert verdict.keeper is None
    assert "another shape" in verdict.reason


def test_what_is_broken_is_not_kept_for_its_size() -> None:
    broken = member(1, width=3840, height=2160, problem="is broken")
    assert choose_keeper([broken, member(2)], DEFAULTS).keeper == 1


members = st.builds(
    lambda size, rate, age, is_linked, problem, number: member(
        number,
        width=size[0],
        height=size[1],
        bit_rate=rate,
        modified_at=age,
        of=record(number, is_linked=is_linked),
        problem=problem,
        path=f"/library/{number}.mp4",
        stash_file_id=number,
    ),
    st.sampled_from([(640, 360), (1280, 720), (1920, 1080)]),
    st.sampled_from([0, 500_000, 2_000_000, 2_100_000]),
    st.floats(0, 1e6),
    st.booleans(),
    st.sampled_from(["", "", "is broken"]),
    st.integers(1, 10_000),
)


@given(st.lists(members, min_size=2, max_size=4, unique_by=lambda one: one.file.id))
@examples(80)
def test_the_order_makes_no_difference(found: list[Member]) -> None:
    names = set()
    for some in permutations(found):
        verdict = choose_keeper(some, DEFAULTS)
        names.add(None if verdict.keeper is None else some[verdict.keeper].file.id)
    assert len(names) == 1


@given(st.lists(members, min_size=2, max_size=4, unique_by=lambda one: one.file.id))
def test_what_is_protected_is_never_outvoted(found: list[Member]) -> None:
    guarded = Member(found[0].file, found[0].record, "it is organized")
    verdict = choose_keeper([*found[1:], guarded], DEFAULTS)
    assert verdict.keeper == len(found) - 1


@given(members, members)
def test_the_rank_is_a_total_order(one: Member, other: Member) -> None:
    assert (quality_rank(one) < quality_rank(other)) or (quality_rank(other) <= quality_rank(one))


def test_one_rule_may_be_put_first_but_what_is_protected_stays_so() -> None:
    assert chain_for("older", DEFAULTS)[:2] == ("protected", "older")
    assert sorted(chain_for("older", DEFAULTS)) == sorted(DEFAULT_KEEP)
    assert chain_for("default", DEFAULTS) == DEFAULT_KEEP
    with pytest.raises(UsageError, match="no rule 'largest'"):
        chain_for("largest", DEFAULTS)


def test_the_record_with_the_history_survives() -> None:
    plain, played = record(1), record(2, play_count=3)
    assert choose_record([plain, played], plain.ref) == (played.ref, "it was played")
    assert choose_record([plain, record(3)], record(3).ref)[0] == record(3).ref
    assert choose_record([], None) == (None, "")
