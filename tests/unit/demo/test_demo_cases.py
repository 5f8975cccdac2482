"""The generated world holds what its cases promise."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.demo.box_library import BoxFingerprint, BoxLibrary, BoxScene
from core.demo.box_lookup import FingerprintIndex
from core.demo.case_world import CaseWorld
from core.demo.cases import CLIPS, FOREIGN_ENDPOINT, HOSTILE, Case, entry_id, invented_facts, nearby
from core.demo.cast import WorldParts
from core.demo.clips import MediaFacts
from core.demo.library import StashLibrary
from core.demo.synthetic import FIRST_ID, add_scenes
from core.model.fingerprints import is_degenerate_phash, phash_distance

ENDPOINTS = ("http://one.test/graphql", "http://two.test/graphql")


def filled(facts: list[MediaFacts] | None = None) -> WorldParts:
    parts = WorldParts(Path("nowhere"), StashLibrary(), (BoxLibrary(), BoxLibrary()), ENDPOINTS)
    CaseWorld(parts, facts or invented_facts(CLIPS)).fill()
    return parts


def found(parts: WorldParts, case: Case, box: int, distance: int = 8) -> set[str]:
    """Ids of the live entries that a look-up of a local scene answers."""
    index = FingerprintIndex(parts.boxes[box].scenes.values())
    hits = []
    for file in parts.stash.scenes[case].files:
        for kind in ("oshash", "phash"):
            text = file.fingerprints.get(kind, "")
            if 0 < len(text) <= 16 and " " not in text:
                hits += index.find(kind.upper(), int(text, 16), distance)
    return {scene.id for scene in hits if not scene.deleted}


@pytest.mark.parametrize("case", list(Case))
def test_every_look_up_answers_its_own_entries_alone(case: Case) -> None:
    parts = filled()
    for box in (0, 1):
        own = {entry_id(box, case, number) for number in (0, 1)}
        assert found(parts, case, box) <= own


def test_certain_and_ambiguous() -> None:
    parts = filled()
    assert [len(found(parts, Case.CERTAIN_BOTH, box)) for box in (0, 1)] == [1, 1]
    assert [len(found(parts, Case.CERTAIN_BOX1, box)) for box in (0, 1)] == [1, 0]
    assert [len(found(parts, Case.CERTAIN_BOX2, box)) for box in (0, 1)] == [0, 1]
    assert [len(found(parts, Case.AMBIGUOUS, box)) for box in (0, 1)] == [2, 0]
    assert [len(found(parts, Case.UNMATCHED, box)) for box in (0, 1)] == [0, 0]


def test_leading_zero_is_a_zero_and_matches() -> None:
    parts = filled()
    text = parts.stash.scenes[Case.LEADING_ZERO].files[0].fingerprints["phash"]
    assert len(text) == 15
    assert not is_degenerate_phash(int(text, 16))
    entry = parts.boxes[0].scenes[entry_id(0, Case.LEADING_ZERO)]
    assert int(text, 16) in {p.value for p in entry.fingerprints if p.algorithm == "PHASH"}


def test_near_entries_are_found_by_distance_alone() -> None:
    parts = filled()
    for case, distance in ((Case.NEAR, 4), (Case.NEAR_FAR, 8)):
        assert found(parts, case, 0, distance) == {entry_id(0, case)}
        assert found(parts, case, 0, distance - 1) == set()
        assert found(parts, case, 0, 0) == set()


def test_multi_file_is_known_by_its_second_file() -> None:
    parts = filled()
    first, second = parts.stash.scenes[Case.MULTI_FILE].files
    known = {p.value for p in parts.boxes[0].scenes[entry_id(0, Case.MULTI_FILE)].fingerprints}
    assert int(second.fingerprints["oshash"], 16) in known
    assert int(first.fingerprints["oshash"], 16) not in known


def test_nine_minutes_reports_and_magnet() -> None:
    parts = filled()
    box = parts.boxes[0].scenes
    long = box[entry_id(0, Case.NINE_MINUTES)]
    local = parts.stash.scenes[Case.NINE_MINUTES].files[0].duration
    assert min(p.duration for p in long.fingerprints) - local >= 539
    assert all(p.reports > p.submissions for p in box[entry_id(0, Case.REPORTED)].fingerprints)
    assert len(box[entry_id(0, Case.MAGNET)].fingerprints) == 300
    assert box[entry_id(0, Case.DELETED)].deleted
    assert box[entry_id(0, Case.TRAILER)].duration == 1800


def test_links_and_names() -> None:
    scenes = filled().stash.scenes
    assert [link.endpoint for link in scenes[Case.LINKED_BOTH].stash_ids] == list(ENDPOINTS)
    assert [link.endpoint for link in scenes[Case.LINKED_BOX1].stash_ids] == [FOREIGN_ENDPOINT, ENDPOINTS[0]]
    assert HOSTILE in scenes[Case.HOSTILE_NAME].title
    assert HOSTILE in scenes[Case.HOSTILE_NAME].files[0].path
    assert len(scenes[Case.WIDE_TITLE].title) >= 300
    assert not scenes[Case.NO_FILE].files


def test_metadata_is_known_in_every_way() -> None:
    parts = filled()
    entry = parts.boxes[0].scenes[entry_id(0, Case.METADATA)]
    local = list(parts.stash.performers.values())
    ways = []
    for person in (appearance.performer for appearance in entry.performers):
        if any(link.stash_id == person.id for entity in local for link in entity.stash_ids):
            ways.append("id")
        elif any(entity.name == person.name for entity in local):
            ways.append("name")
        elif any(person.name in entity.aliases for entity in local):
            ways.append("alias")
        else:
            ways.append("unknown")
    assert ways == ["id", "name", "alias", "unknown"]


@given(st.integers(0, (1 << 63) - 1), st.sampled_from([2, 4, 6, 8]), st.integers(0, 99))
def test_nearby_is_at_its_distance(low: int, distance: int, seed: int) -> None:
    value = low | 1 << 63
    if 4 <= low.bit_count() <= 59:
        near = nearby(value, distance, seed)
        assert phash_distance(near, value) == distance
        assert near.bit_count() == value.bit_count()


@given(st.lists(st.integers(0, (1 << 64) - 1), min_size=1, max_size=30), st.integers(0, 64), st.data())
def test_index_finds_what_comparing_all_finds(values: list[int], distance: int, data: st.DataObject) -> None:
    scenes = [BoxScene(str(number), fingerprints=[BoxFingerprint("PHASH", v, 60)]) for number, v in enumerate(values)]
    index = FingerprintIndex(scenes)
    flips = data.draw(st.integers(0, (1 << 64) - 1))
    wanted = data.draw(st.sampled_from(values)) ^ flips
    expected = {scene.id for scene, v in zip(scenes, values, strict=True) if phash_distance(v, wanted) <= distance}
    assert {scene.id for scene in index.find("PHASH", wanted, distance)} == expected


def test_synthetic_scenes_are_the_same_at_every_run() -> None:
    def made() -> WorldParts:
        parts = WorldParts(Path("nowhere"), StashLibrary(), (BoxLibrary(), BoxLibrary()), ENDPOINTS)
        add_scenes(parts, 2000)
        return parts

    one, other = made(), made()
    assert one.stash.scenes == other.stash.scenes
    assert one.boxes == other.boxes
    assert min(one.stash.scenes) == FIRST_ID
    linked = sum(len(scene.stash_ids) == 2 for scene in one.stash.scenes.values())
    assert 0.66 < linked / 2000 < 0.74
    titles = [scene.title or "" for scene in one.boxes[0].scenes.values()]
    assert len(titles) > 300
    assert any(title.endswith("again") for title in titles)
