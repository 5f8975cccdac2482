"""The generated world: one local scene for every case that matching must get right, and what the stash-boxes hold.

`Case` names the scenes; its numbers are their ids in the demo Stash and never change. `box1` is like stash-box v0.10,
`box2` like ThePornDB.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from enum import IntEnum
from random import Random

from core.demo.box_library import BoxAppearance, BoxEntity, BoxFingerprint, BoxImage, BoxScene
from core.demo.cast import Cast, WorldParts
from core.demo.clips import ClipPlan, ImagePlan, MediaFacts
from core.demo.library import EPOCH_TEXT, DemoFile, DemoScene, DemoStashId, local_time, phash_text

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
_FILMS: tuple[tuple[Case, str, str, int], ...] = (
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
    for number, (_, path, subject, seconds) in enumerate(_FILMS)
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


class CaseWorld:
    """Fills a world with the cases. `facts`: as many as `CLIPS`, in order; covers are paths or nothing."""

    def __init__(self, parts: WorldParts, facts: Sequence[MediaFacts]) -> None:
        self.parts = parts
        self.cast = Cast(parts)
        self.films: dict[Case, list[MediaFacts]] = {}
        for (case, *_), fact in zip(_FILMS, facts, strict=True):
            self.films.setdefault(case, []).append(fact)

    def fill(self) -> None:
        """Everything: local scenes first, then what the stash-boxes know of them."""
        for case in Case:
            self._add_local(case)
        self._alter_locals()
        self._link_locals()
        self._certain()
        self._near_and_far()
        self._doubtful()
        self._odd_names()
        self._metadata()

    # -- the local side ----------------------------------------------------------------------------------------

    def _add_local(self, case: Case) -> None:
        films = self.films.get(case, [])
        files = [self._file(case * 10 + number, film) for number, film in enumerate(films)]
        title = case.name.replace("_", " ").capitalize()
        cover = self.parts.cover(films[0]) if films else None
        self.parts.stash.add(DemoScene(int(case), title, files, cover=cover))

    def _file(self, file_id: int, film: MediaFacts) -> DemoFile:
        return DemoFile(
            file_id,
            f"{STASH_ROOT}/{film.plan.path}",
            size=film.size,
            duration=film.duration,
            fingerprints={"oshash": f"{film.oshash:016x}", "phash": phash_text(film.phash)},
            width=film.width,
            height=film.height,
            video_codec=film.video_codec,
            audio_codec=film.audio_codec,
            frame_rate=film.frame_rate,
            bit_rate=film.bit_rate,
            mod_time=local_time(film.mtime_ns / 1e9) if film.mtime_ns else EPOCH_TEXT,
        )

    def _alter_locals(self) -> None:
        """What Stash states otherwise than the files themselves would."""
        scenes = self.parts.stash.scenes
        prints = {case: scenes[case].files[0].fingerprints for case in Case if scenes[case].files}
        prints[Case.LEADING_ZERO]["phash"] = phash_text(self._leading_zero())
        prints[Case.DEGENERATE]["phash"] = "0"
        del prints[Case.OSHASH_ONLY]["phash"]
        prints[Case.MD5_LISTED]["md5"] = self.films[Case.MD5_LISTED][0].md5
        prints[Case.UNKNOWN_TYPE]["sha256"] = self.films[Case.UNKNOWN_TYPE][0].sha256
        prints[Case.BROKEN_HASH] |= {"oshash": "not a hash", "phash": "1" + prints[Case.BROKEN_HASH]["phash"]}
        scenes[Case.NO_DURATION].files[0].duration = -1.0
        scenes[Case.UNMATCHED_TOO].organized = True
        scenes[Case.HOSTILE_NAME].title = HOSTILE + " [link=x]title[/link]"
        scenes[Case.WIDE_TITLE].title = LONG
        scenes[Case.FAR_EAST].title = ""
        scenes[Case.METADATA].title = ""
        scenes[Case.METADATA].tags = [self.cast.local_tags["Landscape"]]

    def _leading_zero(self) -> int:
        return self.films[Case.LEADING_ZERO][0].phash & ((1 << 60) - 1) | 1 << 59

    def _link_locals(self) -> None:
        scenes = self.parts.stash.scenes
        box1, box2 = self.parts.endpoints
        scenes[Case.LINKED_BOTH].stash_ids = [
            DemoStashId(box1, entry_id(0, Case.LINKED_BOTH)),
            DemoStashId(box2, entry_id(1, Case.LINKED_BOTH)),
        ]
        scenes[Case.LINKED_BOX1].stash_ids = [
            DemoStashId(FOREIGN_ENDPOINT, str(uuid.uuid5(NAMESPACE, "foreign"))),
            DemoStashId(box1, entry_id(0, Case.LINKED_BOX1)),
        ]

    # -- the stash-boxes ---------------------------------------------------------------------------------------

    def _entry(self, box: int, case: Case, prints: list[BoxFingerprint], number: int = 0, title: str = "") -> BoxScene:
        """An entry about a case's film, with the usual trimmings."""
        film = self.films[case][0]
        random = Random(f"{box} {int(case)} {number}")  # noqa: S311  # repeatable, no secret
        entry = BoxScene(
            entry_id(box, case, number),
            title or self.parts.stash.scenes[case].title or case.name.capitalize(),
            prints,
            duration=round(film.duration),
            date=f"20{random.randint(10, 25)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
            code=f"{'MH'[box]}-{int(case):03}{number or ''}",
            details="Drawn for the demo world.",
            urls=[f"https://{('meadow', 'harbour')[box]}.example/scenes/{int(case)}-{number}"],
            studio=self.cast.studio(box),
            performers=[BoxAppearance(person) for person in random.sample(self.cast.people[box], 2)],
            tags=random.sample(self.cast.tags[box], 2),
            images=[BoxImage(entry_id(box, case, 900 + number), source=self.parts.cover(film))],
        )
        return self.parts.boxes[box].add(entry)

    def _prints(self, case: Case, *, file: int = 0, seconds: int = 0, votes: int = 12) -> list[BoxFingerprint]:
        """OSHASH, PHASH and the PHASHes of two other encodings; `seconds` are added to every duration."""
        film = self.films[case][file]
        duration = int(film.duration) + seconds
        return [
            BoxFingerprint("OSHASH", film.oshash, duration, votes),
            BoxFingerprint("PHASH", film.phash, duration, votes + 3),
            BoxFingerprint("PHASH", nearby(film.phash, 2, int(case)), duration, 2),
            BoxFingerprint("OSHASH", film.oshash ^ 0x5A5A5A5A5A5A5A5A, duration + 1, 2),
        ]

    def _certain(self) -> None:
        box2_only = (Case.CERTAIN_BOX2, Case.LINKED_BOX1)
        for case in (Case.CERTAIN_BOTH, Case.CERTAIN_BOX1, Case.MD5_LISTED, Case.UNKNOWN_TYPE, Case.LINKED_BOTH):
            self._entry(0, case, self._prints(case))
        for case in (Case.CERTAIN_BOTH, *box2_only, Case.LINKED_BOTH, Case.UNKNOWN_TYPE):
            self._entry(1, case, self._prints(case))
        self._entry(0, Case.LINKED_BOX1, self._prints(Case.LINKED_BOX1))
        self._entry(0, Case.MULTI_FILE, self._prints(Case.MULTI_FILE, file=1)).duration = 32
        oshash_only = [entry for entry in self._prints(Case.OSHASH_ONLY) if entry.algorithm == "OSHASH"]
        self._entry(0, Case.OSHASH_ONLY, oshash_only)
        film, zero = self.films[Case.LEADING_ZERO][0], self._leading_zero()
        for box in (0, 1):
            prints = [
                BoxFingerprint("PHASH", zero, int(film.duration), 9),
                BoxFingerprint("OSHASH", film.oshash, int(film.duration), 9),
            ]
            self._entry(box, Case.LEADING_ZERO, prints)

    def _near_and_far(self) -> None:
        for case, distance in ((Case.NEAR, 4), (Case.NEAR_FAR, 8)):
            film = self.films[case][0]
            near = BoxFingerprint("PHASH", nearby(film.phash, distance, int(case)), int(film.duration), 6)
            self._entry(0, case, [near])
        for number, title in enumerate(("Wandering Block", "Wandering Block (re-release)")):
            self._entry(0, Case.AMBIGUOUS, self._prints(Case.AMBIGUOUS), number, title)
        self._entry(0, Case.NINE_MINUTES, self._prints(Case.NINE_MINUTES, seconds=540)).duration = 576

    def _doubtful(self) -> None:
        for box in (0, 1):
            self._entry(box, Case.DELETED, self._prints(Case.DELETED)).deleted = True
        random = Random(814)  # noqa: S311  # repeatable, no secret
        dark = [BoxFingerprint("PHASH", 0, 20, 40), BoxFingerprint("PHASH", random.getrandbits(64), 1203, 5)]
        self._entry(0, Case.DEGENERATE, dark, title="A stranger in the dark").duration = 1203
        full = [BoxFingerprint("PHASH", random.getrandbits(64) | 1 << 63, 1800, 30) for _ in range(2)]
        self._entry(0, Case.TRAILER, [*full, *self._prints(Case.TRAILER)[:2]]).duration = 1800
        strangers = [
            BoxFingerprint("PHASH" if number % 3 else "OSHASH", random.getrandbits(64), random.randint(5, 4000))
            for number in range(298)
        ]
        self._entry(0, Case.MAGNET, [*self._prints(Case.MAGNET, votes=1)[:2], *strangers]).duration = None
        reported = self._prints(Case.REPORTED, votes=1)[:2]
        for fingerprint in reported:
            fingerprint.reports = fingerprint.submissions + 3
        self._entry(0, Case.REPORTED, reported)
        self._entry(0, Case.NO_DURATION, self._prints(Case.NO_DURATION)).duration = None

    def _odd_names(self) -> None:
        hostile = self._entry(0, Case.HOSTILE_NAME, self._prints(Case.HOSTILE_NAME), title=f"{HOSTILE}[/red] entry")
        hostile.performers = [BoxAppearance(BoxEntity(entry_id(0, Case.HOSTILE_NAME, 7), "[bold]Mallory\x07[/bold]"))]
        self._entry(0, Case.WIDE_TITLE, self._prints(Case.WIDE_TITLE), title=LONG)
        self._entry(1, Case.FAR_EAST, self._prints(Case.FAR_EAST), title=FAR_EAST)

    def _metadata(self) -> None:
        entry = self._entry(0, Case.METADATA, self._prints(Case.METADATA), title="Aurora over the Sea")
        entry.details = "Green light over the water.\n\nFilmed in one night."
        entry.director = "Edda Lind"
        entry.date = "2021-11"
        ada, bruno, cleo, dmitri = self.cast.people[0]
        entry.performers = [
            BoxAppearance(ada),
            BoxAppearance(bruno, "B. Vale"),
            BoxAppearance(cleo),
            BoxAppearance(dmitri),
        ]
        entry.tags = list(self.cast.tags[0])
        entry.studio = self.cast.studio(0)


def entry_id(box: int, case: int, number: int = 0) -> str:
    """The id of a case's entry at a stash-box (0 or 1); `number` 1 is the second entry of an ambiguous case."""
    return str(uuid.uuid5(NAMESPACE, f"box{box + 1}/{int(case)}/{number}"))
