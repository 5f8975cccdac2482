"""Fills the generated world: a local scene for every case, and what the stash-boxes hold of it."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from random import Random

from core.demo.box_library import BoxAppearance, BoxEntity, BoxFingerprint, BoxImage, BoxScene
from core.demo.cases import (
    FAR_EAST,
    FILMS,
    FOREIGN_ENDPOINT,
    HOSTILE,
    LONG,
    NAMESPACE,
    STASH_ROOT,
    Case,
    entry_id,
    nearby,
)
from core.demo.cast import Cast, WorldParts
from core.demo.clips import MediaFacts
from core.demo.stash_objects import EPOCH_TEXT, DemoFile, DemoScene, DemoStashId, local_time, phash_text


class CaseWorld:
    """Fills a world with the cases. `facts`: as many as `CLIPS`, in order; covers are paths or nothing."""

    def __init__(self, parts: WorldParts, facts: Sequence[MediaFacts]) -> None:
        self.parts = parts
        self.cast = Cast(parts)
        self.films: dict[Case, list[MediaFacts]] = {}
        for (case, *_), fact in zip(FILMS, facts, strict=True):
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
