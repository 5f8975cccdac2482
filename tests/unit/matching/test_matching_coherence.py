"""Magnets are unmasked, popular entries are spared."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from matching_builders import flipped, random_phash, remote, remotes

from core.matching.coherence import MIN_FAMILIES, judge
from core.model.fingerprints import Algorithm
from core.model.stash_boxes import RemoteFingerprint

OS, P = Algorithm.OSHASH, Algorithm.PHASH

seeds = st.integers(0, 10_000)


def video(
    source: random.Random, *, seconds: int, encodes: int, submissions: int = 1, bits: int = 6
) -> list[RemoteFingerprint]:
    """The fingerprints of one video: each encode with its OSHASH and a PHASH some bits off, durations 1 s apart."""
    true = random_phash(source)
    found: list[RemoteFingerprint] = []
    for _ in range(encodes):
        duration = seconds + source.randint(-1, 1)
        near = flipped(true, source.randint(0, bits // 2) * 2, start=source.randint(0, 50))
        votes = source.randint(1, submissions)
        found.append(remote(P, near, duration=duration, submissions=votes))
        found.append(remote(OS, source.getrandbits(63) + 1, duration=duration, submissions=votes))
    return found


def strangers(source: random.Random, number: int, *, submissions: int = 3) -> list[RemoteFingerprint]:
    """Files of unrelated videos, from seconds to over an hour."""
    return [
        fingerprint
        for _ in range(number)
        for fingerprint in video(source, seconds=source.randint(5, 4300), encodes=1, submissions=submissions)
    ]


@given(seeds)
def test_an_entry_like_stash_box_814_is_a_magnet(seed: int) -> None:
    """300 fingerprints, over 100 PHASHes, durations from seconds to more than an hour."""
    source = random.Random(seed)
    crowd = strangers(source, 150)
    assert len(crowd) == 300
    verdict = judge(crowd)
    assert not verdict.is_coherent
    assert "magnet" in verdict.text
    assert "300 fingerprints" in verdict.text
    assert "150 PHASHes" in verdict.text


@given(seeds)
def test_a_true_core_does_not_hide_a_hundred_strangers(seed: int) -> None:
    """Blind confirmation gives the core many votes; the strangers remain."""
    source = random.Random(seed)
    core = video(source, seconds=1800, encodes=10, submissions=60)
    assert not judge(core + strangers(source, 100)).is_coherent


@given(seeds)
def test_a_small_magnet_is_found(seed: int) -> None:
    source = random.Random(seed)
    files = [
        video(source, seconds=seconds, encodes=1, submissions=2)
        for seconds in (12, 95, 240, 610, 1300, 1800, 2700, 3900)
    ]
    assert not judge([each for file in files for each in file]).is_coherent


@given(seeds)
def test_a_magnet_of_short_clips_is_found(seed: int) -> None:
    """PHASHes of short clips are weak, so magnets collect them: seconds apart is far apart there."""
    source = random.Random(seed)
    clips = [video(source, seconds=source.randint(5, 45), encodes=1, submissions=2) for _ in range(60)]
    assert not judge([each for clip in clips for each in clip]).is_coherent


@given(seeds)
def test_a_magnet_of_oshashes_alone_is_found(seed: int) -> None:
    """Where an entry has no PHASHes, durations speak."""
    source = random.Random(seed)
    crowd = [each for each in strangers(source, 60) if each.algorithm is OS]
    verdict = judge(crowd)
    assert not verdict.is_coherent
    assert "PHASH" not in verdict.text


@given(seeds, st.integers(1, 120), st.integers(1, 400))
def test_an_ordinary_popular_entry_is_spared(seed: int, encodes: int, submissions: int) -> None:
    """Many submissions, several encodes with PHASHes a few bits apart, durations within seconds."""
    source = random.Random(seed)
    assert judge(video(source, seconds=source.randint(20, 7000), encodes=encodes, submissions=submissions)).is_coherent


@given(seeds, st.integers(1, 40))
def test_strays_a_trailer_and_a_re_release_are_forgiven(seed: int, encodes: int) -> None:
    source = random.Random(seed)
    entry = video(source, seconds=1800, encodes=encodes, submissions=30)
    entry += video(source, seconds=1822, encodes=max(1, encodes // 2), submissions=10)  # with an intro
    entry += video(source, seconds=65, encodes=1)  # the trailer
    entry += strangers(source, 2)
    assert judge(entry).is_coherent


@given(seeds)
def test_a_popular_entry_collects_some_strays_and_is_spared(seed: int) -> None:
    source = random.Random(seed)
    entry = video(source, seconds=2400, encodes=30, submissions=80) + strangers(source, 12, submissions=1)
    assert judge(entry).is_coherent


@given(seeds)
def test_two_cuts_of_equal_weight_are_spared(seed: int) -> None:
    source = random.Random(seed)
    entry = video(source, seconds=1800, encodes=12) + video(source, seconds=1200, encodes=12)
    assert judge(entry).is_coherent


@given(seeds)
def test_unlike_pictures_of_one_length_are_spared(seed: int) -> None:
    """Virtual reality comes in projections whose PHASHes have little in common; the length is the same."""
    source = random.Random(seed)
    entry = [each for _ in range(12) for each in video(source, seconds=2500, encodes=2)]
    assert judge(entry).is_coherent


@given(seeds)
def test_wrong_durations_of_one_video_are_spared(seed: int) -> None:
    """Where the PHASHes show one video, the durations are to blame."""
    source = random.Random(seed)
    true = random_phash(source)
    entry = [remote(P, flipped(true, source.randint(0, 6)), duration=source.randint(5, 4000)) for _ in range(20)]
    assert judge(entry).is_coherent


@given(seeds)
def test_strangers_that_were_voted_down_weigh_nothing(seed: int) -> None:
    source = random.Random(seed)
    crowd = [
        remote(P, random_phash(source), duration=source.randint(5, 4000), submissions=1, reports=3) for _ in range(50)
    ]
    assert judge(crowd + video(source, seconds=1800, encodes=3)).is_coherent


@given(seeds)
def test_an_endpoint_without_votes_is_judged_all_the_same(seed: int) -> None:
    source = random.Random(seed)
    crowd = [
        remote(P, random_phash(source), duration=source.randint(5, 4000), submissions=0, reports=None)
        for _ in range(90)
    ]
    assert not judge(crowd).is_coherent


@pytest.mark.parametrize(("bits", "is_coherent"), [(12, True), (13, False)])
def test_a_family_reaches_twelve_bits(bits: int, is_coherent: bool) -> None:
    """Seven PHASHes around a leader, each in a direction of its own, and no two durations alike."""
    leader = random_phash(random.Random(1))
    around = [flipped(leader, bits, start=8 * direction) for direction in range(7)]
    entry = [remote(P, value, duration=10 * 2**index) for index, value in enumerate([*around, leader])]
    entry[-1] = replace(entry[-1], submissions=9)
    assert judge(entry).is_coherent is is_coherent


def test_most_of_the_durations_suffice() -> None:
    """Six in ten agree, and no PHASH is like another: not every stranger makes a magnet."""
    source = random.Random(2)
    same = [remote(P, random_phash(source), duration=1800) for _ in range(12)]
    other = [remote(P, random_phash(source), duration=20 * 2**index) for index in range(8)]
    assert judge(same + other).is_coherent
    assert not judge(same[:7] + other).is_coherent


def test_one_phash_cannot_vouch() -> None:
    """A single PHASH agrees with itself, whatever it shows."""
    source = random.Random(3)
    crowd = [remote(OS, source.getrandbits(63), duration=10 * 2**index) for index in range(9)]
    assert not judge([*crowd, remote(P, random_phash(source), duration=1800)]).is_coherent


def test_degenerate_phashes_cannot_vouch() -> None:
    source = random.Random(4)
    crowd = [remote(OS, source.getrandbits(63), duration=10 * 2**index) for index in range(9)]
    flat = [remote(P, 1 << 63, duration=10 * 2**index) for index in range(9)]
    assert not judge(crowd + flat).is_coherent


def test_unrelated_phashes_of_few_lengths_form_a_crowd() -> None:
    source = random.Random(5)
    entry = [remote(P, random_phash(source), duration=seconds) for seconds in (60, 600, 1800, 3600) for _ in range(3)]
    assert not judge(entry).is_coherent


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 4), st.integers(0, 11)), min_size=6, max_size=20),
    st.randoms(use_true_random=False),
)
def test_chains_of_phashes_are_divided_alike_in_any_order(
    links: list[tuple[int, int, int]], source: random.Random
) -> None:
    """Each PHASH of a chain is near the next one; who leads must not depend on who comes first."""
    start = random_phash(random.Random(6))
    entry = [
        remote(P, flipped(start, 9 * place), duration=5 * 2**doubled, submissions=votes)
        for place, votes, doubled in links
    ]
    shuffled = list(entry)
    source.shuffle(shuffled)
    assert judge(shuffled) == judge(entry)


@given(st.lists(remotes(), max_size=MIN_FAMILIES - 1))
def test_few_fingerprints_never_make_a_magnet(fingerprints: list[RemoteFingerprint]) -> None:
    assert judge(fingerprints).is_coherent


@given(st.lists(remotes(), max_size=40), st.randoms(use_true_random=False))
def test_the_order_plays_no_part(fingerprints: list[RemoteFingerprint], source: random.Random) -> None:
    shuffled = list(fingerprints)
    source.shuffle(shuffled)
    assert judge(shuffled) == judge(fingerprints)


@pytest.mark.parametrize("value", [0, 1 << 63, (1 << 64) - 1])
def test_degenerate_phashes_and_unknown_durations_are_left_out(value: int) -> None:
    assert judge([remote(P, value, duration=0) for _ in range(50)]).is_coherent
