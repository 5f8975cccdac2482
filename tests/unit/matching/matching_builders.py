"""Scenes, files, candidates and rules for the tests of the matching rules, with ordinary values as defaults."""

from __future__ import annotations

import random
from dataclasses import dataclass

from hypothesis import strategies as st

from core.model.fingerprints import Algorithm, Fingerprint, is_degenerate_phash
from core.model.scenes import MediaFile, Scene
from core.model.stash_boxes import Candidate, RemoteFingerprint

ENDPOINT = "https://box.example/graphql"
MODERN = frozenset({Algorithm.OSHASH, Algorithm.PHASH})
ALL = frozenset(Algorithm)

OSHASH = 0x1A2B3C4D5E6F7081
PHASH = 0xE3A1959C6A1E4B5A
MD5 = 0x0123456789ABCDEF0123456789ABCDEF


@dataclass(frozen=True)
class Rules:
    """The defaults of product's [matching]."""

    min_matching_fingerprints: int = 2
    min_match_percentage: float = 66
    duration_tolerance_seconds: float = 5
    max_phash_distance: int = 8
    high_confidence_phash_distance: int = 4
    scene_duration_tolerance_percent: float = 10
    exact_hash_is_enough: bool = False


def flipped(value: int, bits: int, *, start: int = 0) -> int:
    """The value with that many of its bits inverted."""
    for bit in range(start, start + bits):
        value ^= 1 << bit
    return value


def random_phash(source: random.Random) -> int:
    """A genuine-looking PHASH: top bit set, 32 bits of 64."""
    value = 1 << 63
    for bit in source.sample(range(63), 31):
        value |= 1 << bit
    return value


def local(
    *fingerprints: tuple[Algorithm, int], file_id: int = 1, duration: float | None = 1800.0, path: str = "/media/a.mp4"
) -> MediaFile:
    """A file with these hashes."""
    return MediaFile(
        id=file_id,
        path=path,
        size=1,
        duration=duration,
        fingerprints=tuple(Fingerprint(algorithm, value) for algorithm, value in fingerprints),
    )


def usual_file(*, file_id: int = 1, duration: float | None = 1800.0) -> MediaFile:
    """OSHASH and PHASH, half an hour."""
    return local((Algorithm.OSHASH, OSHASH), (Algorithm.PHASH, PHASH), file_id=file_id, duration=duration)


def scene(*files: MediaFile) -> Scene:
    """A scene of these files."""
    return Scene(id=7, title="", updated_at="2026-01-01T00:00:00+01:00", files=files)


def remote(
    algorithm: Algorithm, value: int, *, duration: int = 1800, submissions: int = 5, reports: int | None = 0
) -> RemoteFingerprint:
    """A remote fingerprint with five votes."""
    return RemoteFingerprint(algorithm, value, duration, submissions, reports)


def candidate(*fingerprints: RemoteFingerprint, duration: int | None = None, is_deleted: bool = False) -> Candidate:
    """An entry with these fingerprints."""
    return Candidate(
        endpoint=ENDPOINT,
        id="018f3c1e-0000-7000-8000-000000000001",
        duration=duration,
        fingerprints=fingerprints,
        is_deleted=is_deleted,
    )


def usual_candidate(
    *, duration: int | None = None, remote_duration: int = 1800, submissions: int = 5, reports: int | None = 0
) -> Candidate:
    """An entry that holds both hashes of `usual_file`."""
    return candidate(
        remote(Algorithm.OSHASH, OSHASH, duration=remote_duration, submissions=submissions, reports=reports),
        remote(Algorithm.PHASH, PHASH, duration=remote_duration, submissions=submissions, reports=reports),
        duration=duration,
    )


# Small pools, so that hashes meet often: a few exact hashes and PHASHes within some bits of one another.
_EXACT = st.integers(min_value=1, max_value=4)
_BITS = st.lists(st.integers(0, 63), max_size=5, unique=True)


@st.composite
def phash_values(draw: st.DrawFn) -> int:
    """A PHASH that is not degenerate, often near `PHASH`."""
    value = PHASH
    for bit in draw(_BITS):
        value ^= 1 << bit
    assert not is_degenerate_phash(value)
    return value


fingerprints = st.one_of(
    st.builds(Fingerprint, st.sampled_from([Algorithm.OSHASH, Algorithm.MD5]), _EXACT),
    st.builds(Fingerprint, st.just(Algorithm.PHASH), phash_values()),
)
durations = st.integers(min_value=0, max_value=4000)
votes = st.integers(min_value=0, max_value=50)


@st.composite
def remotes(draw: st.DrawFn) -> RemoteFingerprint:
    """A remote fingerprint that has good chances to match."""
    local = draw(fingerprints)
    reports = draw(st.one_of(st.none(), votes))
    return RemoteFingerprint(local.algorithm, local.value, draw(durations), draw(votes), reports)


known_or_not = st.one_of(st.none(), st.floats(min_value=-1, max_value=4000, allow_nan=False))


@st.composite
def files(draw: st.DrawFn) -> MediaFile:
    """A file with up to five hashes."""
    hashes = draw(st.lists(fingerprints, max_size=5))
    return MediaFile(draw(st.integers(1, 9)), "/media/a.mp4", 1, draw(known_or_not), fingerprints=tuple(hashes))


@st.composite
def scenes(draw: st.DrawFn) -> Scene:
    """A scene with up to three files."""
    return scene(*draw(st.lists(files(), max_size=3, unique_by=lambda file: file.id)))


@st.composite
def candidates(draw: st.DrawFn) -> Candidate:
    """An entry with up to eight fingerprints."""
    found = draw(st.lists(remotes(), max_size=8))
    return candidate(*found, duration=draw(st.one_of(st.none(), durations)))
