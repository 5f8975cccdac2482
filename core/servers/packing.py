"""Filling look-up requests: as many scenes as a stash-box takes, never more, and the answers put together again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from core.model.fingerprints import Algorithm, Fingerprint, is_degenerate_phash
from core.model.stash_boxes import Candidate

K = TypeVar("K")

MAX_GROUPS = 40  # stash-box refuses more: "too many scenes"
MAX_PHASHES = 64  # its index keeps a request's PHASHes in a 64-bit mask and does not chunk
_OPEN_BATCHES = 8


@dataclass(frozen=True, slots=True)
class Batch(Generic[K]):
    """One request: groups of hashes with the keys they belong to, side by side.

    `parts[i]` is in how many groups, over all batches, the hashes of `keys[i]` went: more than 1 only for a scene with
    more than 64 PHASHes.
    """

    keys: tuple[K, ...]
    groups: tuple[tuple[Fingerprint, ...], ...]
    parts: tuple[int, ...]

    @property
    def phashes(self) -> int:
        """PHASHes in all groups."""
        return sum(_phashes(group) for group in self.groups)

    @property
    def fullness(self) -> float:
        """0..1, by whichever bound is nearer."""
        return max(len(self.keys) / MAX_GROUPS, self.phashes / MAX_PHASHES)


def sendable(fingerprints: Iterable[Fingerprint], accepted: frozenset[Algorithm]) -> tuple[Fingerprint, ...]:
    """What is worth looking up: each hash once, of accepted algorithms, neither zero nor a degenerate PHASH.

    A stash-box reads a hash it cannot understand as zero, so zeros match strangers.
    """
    return tuple(
        item
        for item in dict.fromkeys(fingerprints)
        if item.algorithm in accepted
        and item.value
        and not (item.algorithm is Algorithm.PHASH and is_degenerate_phash(item.value))
    )


@dataclass(slots=True)
class _Open(Generic[K]):
    keys: list[K] = field(default_factory=list)
    groups: list[tuple[Fingerprint, ...]] = field(default_factory=list)
    parts: list[int] = field(default_factory=list)
    phashes: int = 0

    @property
    def is_full(self) -> bool:
        return len(self.keys) == MAX_GROUPS or self.phashes == MAX_PHASHES

    def has_room(self, phashes: int) -> bool:
        return len(self.keys) < MAX_GROUPS and self.phashes + phashes <= MAX_PHASHES

    def put(self, key: K, group: tuple[Fingerprint, ...], parts: int) -> None:
        self.keys.append(key)
        self.groups.append(group)
        self.parts.append(parts)
        self.phashes += _phashes(group)

    def close(self) -> Batch[K]:
        return Batch(tuple(self.keys), tuple(self.groups), tuple(self.parts))


class Packer(Generic[K]):
    """Takes scenes one by one and gives out batches as they fill.

    A scene goes into the first open batch with room for it; a few are kept open, so that one scene with many PHASHes
    does not close a batch that smaller ones could still fill.
    """

    def __init__(self, accepted: frozenset[Algorithm]) -> None:
        self._accepted = accepted
        self._open: list[_Open[K]] = []

    def add(self, key: K, fingerprints: Iterable[Fingerprint]) -> list[Batch[K]]:
        """The batches that are full now. A scene without a hash worth sending goes into none (see `sendable`)."""
        group = sendable(fingerprints, self._accepted)
        ready: list[Batch[K]] = []
        pieces = _split(group)
        for piece in pieces:
            ready += self._put(key, piece, len(pieces))
        return ready

    def flush(self) -> list[Batch[K]]:
        """The rest, packed anew as tightly as it goes."""
        rest = [item for batch in self._open for item in zip(batch.keys, batch.groups, batch.parts, strict=True)]
        self._open = []
        rest.sort(key=lambda item: _phashes(item[1]), reverse=True)
        closed: list[_Open[K]] = []
        for key, group, parts in rest:
            place = next((batch for batch in closed if batch.has_room(_phashes(group))), None)
            if place is None:
                place = _Open()
                closed.append(place)
            place.put(key, group, parts)
        return [batch.close() for batch in closed]

    def _put(self, key: K, group: tuple[Fingerprint, ...], parts: int) -> list[Batch[K]]:
        place = next((batch for batch in self._open if batch.has_room(_phashes(group))), None)
        if place is None:
            place = _Open()
            self._open.append(place)
        place.put(key, group, parts)
        ready = [place] if place.is_full else []
        if not ready and len(self._open) > _OPEN_BATCHES:
            ready = [max(self._open, key=lambda batch: max(len(batch.keys) / MAX_GROUPS, batch.phashes / MAX_PHASHES))]
        for batch in ready:
            self._open.remove(batch)
        return [batch.close() for batch in ready]


def pack(items: Iterable[tuple[K, Iterable[Fingerprint]]], accepted: frozenset[Algorithm]) -> Iterator[Batch[K]]:
    """Batches for all items, lazily. See `Packer`."""
    packer: Packer[K] = Packer(accepted)
    for key, fingerprints in items:
        yield from packer.add(key, fingerprints)
    yield from packer.flush()


class Joiner(Generic[K]):
    """Puts the answers of scenes that went out in several parts together again, in whatever order they come."""

    def __init__(self) -> None:
        self._waiting: dict[K, list[tuple[Candidate, ...] | None]] = {}

    def add(
        self, batch: Batch[K], answers: Sequence[tuple[Candidate, ...] | None]
    ) -> list[tuple[K, tuple[Candidate, ...] | None]]:
        """The scenes whose answers are whole now. None, as everywhere: the server failed for this scene."""
        done: list[tuple[K, tuple[Candidate, ...] | None]] = []
        for key, parts, answer in zip(batch.keys, batch.parts, answers, strict=True):
            if parts == 1:
                done.append((key, answer))
                continue
            collected = self._waiting.setdefault(key, [])
            collected.append(answer)
            if len(collected) == parts:
                done.append((key, _join(self._waiting.pop(key))))
        return done


def _join(answers: list[tuple[Candidate, ...] | None]) -> tuple[Candidate, ...] | None:
    found: dict[str, Candidate] = {}
    for answer in answers:
        if answer is None:
            return None
        found |= {candidate.id: candidate for candidate in answer}
    return tuple(found.values())


def _split(group: tuple[Fingerprint, ...]) -> list[tuple[Fingerprint, ...]]:
    """The group in pieces of at most 64 PHASHes; nothing for an empty one."""
    if _phashes(group) <= MAX_PHASHES:
        return [group] if group else []
    others = [item for item in group if item.algorithm is not Algorithm.PHASH]
    phashes = [item for item in group if item.algorithm is Algorithm.PHASH]
    pieces = [tuple(phashes[start : start + MAX_PHASHES]) for start in range(0, len(phashes), MAX_PHASHES)]
    return [*pieces[:-1], (*others, *pieces[-1])]


def _phashes(group: tuple[Fingerprint, ...]) -> int:
    return sum(item.algorithm is Algorithm.PHASH for item in group)
