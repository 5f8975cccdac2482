"""Stars: no chains, no pair missed, durations and second hashes obeyed, degenerate and crowded hashes out."""

from __future__ import annotations

import math
from typing import Any

import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from soaking import examples

from core.duplicates.crowds import Edges, Gathering
from core.duplicates.grouping import Hashed, is_degenerate, neighbours, same, stars
from core.media.hamming import Engine, iter_near_pairs, near_pairs, nearest
from core.model.fingerprints import is_degenerate_phash, phash_distance

BASE = 0xB0252ED4956ADB35


def columns(hashes: list[int], durations: list[float] | None = None, seconds: list[int | None] | None = None) -> Hashed:
    length = len(hashes)
    second = seconds or [None] * length
    return Hashed(
        numpy.array(hashes, numpy.uint64),
        numpy.array(durations or [60.0] * length, numpy.float64),
        numpy.array([one or 0 for one in second], numpy.uint64),
        numpy.array([one is not None for one in second], numpy.bool_),
    )


def pairs_of(edges: Edges) -> dict[tuple[int, int], int]:
    return {
        (one, other): bits
        for one, other, bits in zip(edges.first.tolist(), edges.second.tolist(), edges.distance.tolist(), strict=True)
    }


@given(st.lists(st.integers(0, (1 << 64) - 1), min_size=1, max_size=50))
def test_degenerate_values_are_those_of_the_model(values: list[int]) -> None:
    found = is_degenerate(numpy.array(values, numpy.uint64)).tolist()
    assert found == [is_degenerate_phash(value) for value in values]


def planted(kind: str, number: int) -> Any:
    random = numpy.random.default_rng(7)
    values = random.integers(0, 1 << 63, number, numpy.uint64) | numpy.uint64(1 << 63)
    if kind == "skew":
        styles = random.integers(0, 1 << 63, 8, numpy.uint64)
        noise = random.integers(0, 64, (number, 12))
        values = styles[random.integers(0, 8, number)]
        for column in noise.T:
            values = values ^ (numpy.uint64(1) << column.astype(numpy.uint64))
    close = values[: number // 5].copy()
    for _ in range(6):
        bits = random.integers(0, 64, len(close)).astype(numpy.uint64)
        close ^= numpy.uint64(1) << bits
    return numpy.unique(numpy.concatenate([values, close]))


@pytest.mark.parametrize("kind", ["uni", "skew"])
@pytest.mark.parametrize("distance", [1, 4, 8, 10])
def test_no_pair_is_missed_and_none_is_invented(kind: str, distance: int) -> None:
    values = planted(kind, 1500)
    found = near_pairs(values, distance, engine=Engine.NUMPY)
    bits = numpy.bitwise_count(values[:, None] ^ values[None, :])
    first, second = numpy.nonzero(numpy.triu(bits <= distance, 1))
    assert list(zip(found.first.tolist(), found.second.tolist(), strict=True)) == list(
        zip(first.tolist(), second.tolist(), strict=True)
    )
    assert found.distance.tolist() == bits[first, second].tolist()


def test_one_against_many_gives_the_near_ones() -> None:
    values = planted("uni", 500)
    places, bits = nearest(values, int(values[3]), 6)
    assert 3 in places.tolist()
    assert all(
        phash_distance(int(values[place]), int(values[3])) == bit for place, bit in zip(places, bits, strict=True)
    )


def test_distance_zero_has_no_pairs_of_different_values() -> None:
    assert list(iter_near_pairs(planted("uni", 100), 0)) == []


def test_videos_must_agree_in_duration_and_unknown_ones_never_do() -> None:
    files = columns([BASE, BASE, BASE ^ 3, BASE], [60.0, 61.0, 60.5, math.nan])
    found = neighbours(files, distance=4, duration_tolerance=1.0)
    assert pairs_of(found.strong.edges) == {(0, 1): 0, (0, 2): 2, (1, 2): 2}
    assert len(found.weak.edges) == 0


def test_beyond_four_bits_pictures_need_a_second_opinion() -> None:
    far = BASE ^ 0b111111
    files = columns([BASE, far, far ^ (3 << 20), far ^ (3 << 40)], seconds=[5, 5, None, (1 << 40) - 1])
    found = neighbours(files, distance=8, duration_tolerance=None)
    assert (0, 1) in pairs_of(found.strong.edges)
    assert (0, 2) in pairs_of(found.weak.edges)
    assert (0, 3) not in {**pairs_of(found.strong.edges), **pairs_of(found.weak.edges)}


def test_degenerate_and_crowded_values_form_no_group() -> None:
    crowd = [BASE] * 51
    found = neighbours(columns([0, 0, 1 << 63, 1 << 63, *crowd]), distance=4, duration_tolerance=None)
    assert len(found.strong.edges) == len(found.weak.edges) == 0
    assert found.suspicious == ((BASE, 51),)


def edges_of(pairs: dict[tuple[int, int], int]) -> Edges:
    return Edges(
        numpy.array([one for one, _ in pairs], numpy.int32),
        numpy.array([other for _, other in pairs], numpy.int32),
        numpy.array(list(pairs.values()), numpy.uint8),
    )


def test_a_chain_does_not_become_a_group() -> None:
    chain = edges_of({(0, 1): 4, (1, 2): 4})
    (middle,) = stars(chain, {0: 1, 1: 0, 2: 2}, lambda places: places[0])
    assert middle.members == (1, 0, 2)
    (end,) = stars(chain, {0: 0, 1: 1, 2: 2}, lambda places: places[0])
    assert end.members == (0, 1)


@given(
    st.dictionaries(
        st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda pair: pair[0] < pair[1]),
        st.integers(0, 4),
        max_size=30,
    ),
    st.permutations(range(13)),
    st.integers(0, 5),
)
@examples(100)
def test_every_member_is_a_neighbour_of_its_keeper_and_in_one_group(
    pairs: dict[tuple[int, int], int], rank: list[int], pick: int
) -> None:
    found = stars(edges_of(pairs), dict(enumerate(rank)), lambda places: places[pick % len(places)])
    seen: list[int] = []
    for star in found:
        keeper, *others = star.members
        assert others
        assert list(star.distances[1:]) == [pairs[min(keeper, one), max(keeper, one)] for one in others]
        seen += star.members
    assert len(seen) == len(set(seen))
    turned = edges_of(dict(reversed(pairs.items())))
    again = stars(turned, dict(enumerate(rank)), lambda places: places[pick % len(places)])
    assert {star.members for star in again} == {star.members for star in found}


def test_equal_keys_stand_together() -> None:
    assert same(["a", None, "b", "a", None]) == [(0, 3)]


def star_edges(values: list[int], distance: int, centre: int) -> Edges:
    near = [(other, phash_distance(values[centre], value)) for other, value in enumerate(values) if other != centre]
    near = [(other, bits) for other, bits in near if bits <= distance]
    return Edges(
        numpy.full(len(near), centre, numpy.int32),
        numpy.array([other for other, _ in near], numpy.int32),
        numpy.array([bits for _, bits in near], numpy.uint8),
    )


@given(st.integers(0, 1 << 30), st.integers(1, 60), st.integers(2, 12))
def test_crowds_take_their_neighbours_and_leave_all_other_pairs(seed: int, held: int, hub: int) -> None:
    """With little room the pairs of crowds go, and nothing else: what is left is what is between the others."""
    random = numpy.random.default_rng(seed)
    base = random.integers(0, 1 << 63, 3, numpy.uint64)
    noise = numpy.uint64(1) << random.integers(0, 64, (3, 60), numpy.uint64)
    values = (base[random.integers(0, 3, 60)] ^ noise[0] ^ noise[1] ^ noise[2]).tolist()
    pairs = {
        (one, other): phash_distance(values[one], values[other])
        for one in range(60)
        for other in range(one + 1, 60)
        if phash_distance(values[one], values[other]) <= 4
    }
    gathering = Gathering(60, lambda centre: star_edges(values, 4, centre), held=held, hub=hub)
    whole = edges_of(pairs)
    for start in range(0, len(whole), 7):
        some = slice(start, start + 7)
        gathering.take(Edges(whole.first[some], whole.second[some], whole.distance[some]))
    taken = {one for crowd in gathering.crowds for one in crowd.members}
    assert sum(len(crowd.members) for crowd in gathering.crowds) == len(taken)
    for crowd in gathering.crowds:
        distances = [phash_distance(values[crowd.members[0]], values[one]) for one in crowd.members]
        assert list(crowd.distances) == distances
        assert max(distances) <= 4
    assert pairs_of(gathering.edges()) == {pair: bits for pair, bits in pairs.items() if not taken & set(pair)}


def test_a_dense_set_becomes_a_crowd_and_its_neighbourhood_is_still_searched() -> None:
    random = numpy.random.default_rng(3)
    flips = numpy.bitwise_or.reduce(numpy.uint64(1) << random.integers(0, 64, (2, 3000), numpy.uint64))
    crowd = numpy.unique(numpy.uint64(BASE) ^ flips)
    others = planted("uni", 300)
    files = columns([*crowd.tolist(), *others.tolist()])
    found = neighbours(files, distance=4, duration_tolerance=1.0)
    assert len(found.strong.crowds) >= 1
    taken = {one for star in found.strong.crowds for one in star.members}
    assert len(taken & set(range(len(crowd)))) > len(crowd) * 0.9
    apart = neighbours(columns(others.tolist()), distance=4, duration_tolerance=1.0)
    shift = len(crowd)
    assert {pair for pair in pairs_of(found.strong.edges) if pair[0] >= shift} == {
        (one + shift, other + shift) for one, other in pairs_of(apart.strong.edges)
    }
