"""Packing: bounds, fullness, order of nothing lost, and answers joined again."""

from __future__ import annotations

import random
from collections.abc import Iterator

from hypothesis import given
from hypothesis import strategies as st

from core.model.fingerprints import Algorithm, Fingerprint
from core.model.stash_boxes import Candidate
from core.servers.packing import MAX_GROUPS, MAX_PHASHES, Joiner, pack, sendable

ALL = frozenset(Algorithm)
NO_MD5 = ALL - {Algorithm.MD5}


def phash(number: int) -> Fingerprint:
    """The number's own PHASH: no degenerate one, 32 bits set."""
    low = number & 0xFFFFFFFF
    return Fingerprint(Algorithm.PHASH, (low << 32) | (low ^ 0xFFFFFFFF))


def oshash(number: int) -> Fingerprint:
    return Fingerprint(Algorithm.OSHASH, number + 1)


def scene(number: int, phashes: int) -> tuple[Fingerprint, ...]:
    return (oshash(number), *(phash(number * 1000 + place) for place in range(phashes)))


@given(st.lists(st.integers(0, 200), max_size=150))
def test_nothing_is_lost_and_no_bound_is_passed(sizes: list[int]) -> None:
    items = [(number, scene(number, size)) for number, size in enumerate(sizes)]
    batches = list(pack(items, ALL))
    sent: dict[int, set[Fingerprint]] = {}
    parts: dict[int, int] = {}
    for batch in batches:
        assert len(batch.keys) == len(batch.groups) == len(batch.parts) <= MAX_GROUPS
        assert batch.phashes <= MAX_PHASHES
        for key, group in zip(batch.keys, batch.groups, strict=True):
            assert group
            sent.setdefault(key, set()).update(group)
            parts[key] = parts.get(key, 0) + 1
    assert sent == {number: set(group) for number, group in items}
    for batch in batches:
        assert [parts[key] for key in batch.keys] == list(batch.parts)
    assert all(parts[number] == 1 for number, size in enumerate(sizes) if size <= MAX_PHASHES)


def test_requests_are_full() -> None:
    for weights in ([1, 0, 0, 0, 0], [10, 80, 8, 1, 1], [1, 1, 1, 1, 1], [0, 0, 0, 1, 1]):
        generator = random.Random(7)
        sizes = generator.choices([0, 1, 2, 5, 9], weights, k=8000)
        batches = list(pack(((number, scene(number, size)) for number, size in enumerate(sizes)), ALL))
        fullness = sum(batch.fullness for batch in batches) / len(batches)
        assert fullness >= 0.95, (weights, fullness)


@given(st.lists(st.integers(0, 30), max_size=300))
def test_no_two_batches_could_have_been_one(sizes: list[int]) -> None:
    batches = list(pack(((n, scene(n, size)) for n, size in enumerate(sizes)), ALL))
    loose = [batch for batch in batches if len(batch.keys) * 2 < MAX_GROUPS and batch.phashes * 2 < MAX_PHASHES]
    assert len(loose) <= 1


def test_what_is_not_worth_sending_is_dropped() -> None:
    good = phash(3)
    junk = [
        Fingerprint(Algorithm.OSHASH, 0),
        Fingerprint(Algorithm.PHASH, 0),
        Fingerprint(Algorithm.PHASH, 1 << 63),
        Fingerprint(Algorithm.PHASH, (1 << 64) - 1),
        Fingerprint(Algorithm.PHASH, 0b111),
        Fingerprint(Algorithm.MD5, 9),
        good,
    ]
    assert sendable([good, *junk], NO_MD5) == (good,)
    assert sendable(junk, ALL) == (Fingerprint(Algorithm.MD5, 9), good)
    assert list(pack([("only junk", junk[:5])], ALL)) == []


def test_packing_is_lazy() -> None:
    taken = []

    def items() -> Iterator[tuple[int, tuple[Fingerprint, ...]]]:
        for number in range(1000):
            taken.append(number)
            yield number, scene(number, 1)

    next(pack(items(), ALL))
    assert len(taken) == MAX_GROUPS


def candidate(name: str) -> Candidate:
    return Candidate("e", name)


def test_answers_of_a_split_scene_are_joined_in_any_order() -> None:
    batches = list(pack([("big", scene(1, 150)), ("small", scene(2, 1))], ALL))
    joiner: Joiner[str] = Joiner()
    done = {}
    for place, batch in enumerate(reversed(batches)):
        answers = [(candidate("same"), candidate(f"{key}{place}")) for key in batch.keys]
        for key, found in joiner.add(batch, answers):
            assert key not in done
            done[key] = {one.id for one in found or ()}
    assert done["big"] == {"same", "big0", "big1", "big2"}
    assert done.keys() == {"big", "small"}


def test_a_scene_whose_part_failed_failed() -> None:
    first, second = pack([("big", scene(1, 100))], ALL)
    joiner: Joiner[str] = Joiner()
    assert joiner.add(first, [None]) == []
    assert joiner.add(second, [(candidate("a"),)]) == [("big", None)]
