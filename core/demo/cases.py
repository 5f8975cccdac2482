"""The cases of the generated world: one local scene for each that matching must get right, and its film.

`Case` names the scenes; its numbers are their ids in the demo Stash and never change. `box1` is like stash-box v0.10,
`box2` like ThePornDB.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from enum import IntEnum
from random import Random

from core.demo.clips import ClipPlan, ImagePlan, MediaFacts

STASH_ROOT = "/data"
FOREIGN_ENDPOINT = "https://elsewhere.example/graphql"
NAMESPACE = uuid.UUID("5b0e4bd2-53a5-4ce4-9f6e-3f3c9a6f2f10")


class Case(IntEnum):
    """Local scenes by what is special about them."""

    CERTAIN_BOTH = 1  # OSHASH and PHASH, duration and votes agree, at both stash-boxes
    CERTAIN_BOX1 = 2  # the same at the first alone
    CERTAIN_BOX2 = 3  # the same at the second alone
    AMBIGUOUS = 4  # a re-release: two entries with the same fingerprints at box1
    LEADING_ZERO = 5  # the stated phash has 15 digits; the entry states it with 16
    NEAR = 6  # no OSHASH there; its PHASH is 4 bits away
    NEAR_FAR = 7  # the same, 8 bits away: shown, never accepted in bulk
    MULTI_FILE = 8  # two files, only the second one is known there: it must not count as a half match
    NINE_MINUTES = 9  # every fingerprint matches, but its file was 540 s longer
    DELETED = 10  # box1 hides its deleted entry, box2 still answers it
    LINKED_BOTH = 11  # holds an id at both, nothing to look up
    LINKED_BOX1 = 12  # holds an id at box1 and at a foreign endpoint, to be kept; a certain match at box2
    OSHASH_ONLY = 13  # Stash made no phash of it
    MD5_LISTED = 14  # its md5 is no fingerprint that a server still takes
    UNKNOWN_TYPE = 15  # a plugin stored a sha256 as fingerprint: sent out, it would fail the whole batch
    DEGENERATE = 16  # a black clip: PHASH 0, which hangs on a stranger's entry at box1
    TRAILER = 17  # its fingerprints hang on the full scene of half an hour
    MAGNET = 18  # the entry collected 300 strangers' fingerprints
    REPORTED = 19  # more reports than submissions
    NO_DURATION = 20  # Stash does not know its duration (-1), the entry states none
    HOSTILE_NAME = 21  # markup, escape sequences and a right-to-left override in name and title
    WIDE_TITLE = 22  # a title of 300 columns
    FAR_EAST = 23  # double-width characters, emoji and combining marks
    NO_FILE = 24  # a scene without a file
    UNMATCHED = 25  # known nowhere
    UNMATCHED_TOO = 26  # known nowhere, and organized
    METADATA = 27  # studio, performers and tags: some known here by stash id, by name, by alias, or not at all
    BROKEN_HASH = 28  # an oshash that is not hexadecimal and a phash that is too long


HOSTILE = "[/b][red]\x1b[2J\u202e"
LONG = "The Lighthouse at the End of the Very Long Road " * 6 + "and Back Again"
FAR_EAST = "海辺の朝 🌅👩‍👩‍👧 — a\u0301o\u0308u\u0302"

# what is drawn: case, file under the library, subject. Some scenes have two.
FILMS: tuple[tuple[Case, str, str, int], ...] = (
    (Case.CERTAIN_BOTH, "landscapes/morning over the hills.mp4", "hills", 30),
    (Case.CERTAIN_BOX1, "landscapes/the ferry.mp4", "sea", 26),
    (Case.CERTAIN_BOX2, "city/lights out.mp4", "skyline", 24),
    (Case.AMBIGUOUS, "patterns/wandering block.mp4", "bars", 28),
    (Case.LEADING_ZERO, "clocks/station clock.mp4", "clock", 24),
    (Case.NEAR, "patterns/marbles.mp4", "balls", 22),
    (Case.NEAR_FAR, "patterns/pond.mp4", "rings", 22),
    (Case.MULTI_FILE, "night/orbit (rough cut).mp4", "stars", 20),
    (Case.MULTI_FILE, "night/orbit.mp4", "stars", 32),
    (Case.NINE_MINUTES, "landscapes/evening over the hills.mp4", "hills", 36),
    (Case.DELETED, "landscapes/regatta.mp4", "sea", 22),
    (Case.LINKED_BOTH, "city/harbour front.mp4", "skyline", 20),
    (Case.LINKED_BOX1, "patterns/colour bars.mp4", "bars", 20),
    (Case.OSHASH_ONLY, "clocks/kitchen clock.mp4", "clock", 20),
    (Case.MD5_LISTED, "patterns/pinball.mp4", "balls", 24),
    (Case.UNKNOWN_TYPE, "patterns/raindrops.mp4", "rings", 24),
    (Case.DEGENERATE, "night/lens cap.mp4", "black", 20),
    (Case.TRAILER, "night/comet (trailer).mp4", "stars", 20),
    (Case.MAGNET, "landscapes/valley.mp4", "hills", 22),
    (Case.REPORTED, "landscapes/breakers.mp4", "sea", 20),
    (Case.NO_DURATION, "city/office hours.mp4", "skyline", 22),
    (Case.HOSTILE_NAME, f"odd/{HOSTILE}.mp4", "bars", 22),
    (Case.WIDE_TITLE, "odd/wide.mp4", "clock", 22),
    (Case.FAR_EAST, f"odd/{FAR_EAST}.mp4", "balls", 20),
    (Case.UNMATCHED, "home/birthday.mp4", "rings", 20),
    (Case.UNMATCHED_TOO, "home/garden.mp4", "stars", 22),
    (Case.METADATA, "landscapes/aurora over the sea.mp4", "sea", 28),
    (Case.BROKEN_HASH, "odd/broken hashes.mp4", "hills", 20),
)
CLIPS = tuple(
    ClipPlan(path, subject, seed=800 + number, seconds=seconds)
    for number, (_, path, subject, seconds) in enumerate(FILMS)
)
IMAGES = tuple(
    ImagePlan(f"images/{subject} {number}.{kind}", subject, 500 + number)
    for number, (subject, kind) in enumerate(
        (("hills", "jpg"), ("sea", "jpg"), ("skyline", "png"), ("clock", "png"), ("rings", "webp"), ("stars", "jpg"))
    )
)


def invented_facts(plans: Sequence[ClipPlan]) -> list[MediaFacts]:
    """Facts of clips that are not drawn: hashes as such files might have, the same at every call."""
    return [_invented(plan) for plan in plans]


def _invented(plan: ClipPlan) -> MediaFacts:
    random = Random(plan.path)  # noqa: S311  # repeatable, no secret
    bits = [63, *random.sample(range(63), 31)]
    return MediaFacts(
        plan=plan,
        size=random.randrange(200_000, 900_000),
        mtime_ns=0,
        oshash=random.getrandbits(64),
        phash=0 if plan.subject == "black" else sum(1 << bit for bit in bits),
        md5=f"{random.getrandbits(128):032x}",
        sha256=f"{random.getrandbits(256):064x}",
        duration=float(plan.seconds),
        width=plan.width,
        height=plan.height,
        video_codec="h264",
        audio_codec="",
        frame_rate=float(plan.frame_rate),
        bit_rate=80_000,
    )


def nearby(phash: int, distance: int, seed: int = 0) -> int:
    """A PHASH that many bits away (even), with as many bits set: as another encoding of the same pictures has."""
    random = Random(seed * 101 + distance)  # noqa: S311  # repeatable, no secret
    ones = [bit for bit in range(63) if phash >> bit & 1]
    zeros = [bit for bit in range(63) if not phash >> bit & 1]
    half = distance // 2
    return phash ^ sum(1 << bit for bit in (*random.sample(ones, half), *random.sample(zeros, distance - half)))


def entry_id(box: int, case: int, number: int = 0) -> str:
    """The id of a case's entry at a stash-box (0 or 1); `number` 1 is the second entry of an ambiguous case."""
    return str(uuid.uuid5(NAMESPACE, f"box{box + 1}/{int(case)}/{number}"))
