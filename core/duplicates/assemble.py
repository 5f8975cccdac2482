"""From files to groups: what is equal, what looks equal, who is to be kept, and what stands in the way."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from core.duplicates.gates import Observed, first_gate, reclaimable_bytes
from core.duplicates.grouping import Hashed, Looks, neighbours, same, stars
from core.duplicates.keeper import Verdict, choose_keeper, choose_record, quality_rank
from core.duplicates.protection import protected
from core.duplicates.reconcile import FoundGroup
from core.duplicates.rules import Member
from core.model.fingerprints import phash_distance
from core.model.groups import GroupKind
from core.model.library_files import LibraryFile
from core.model.library_records import LibraryRecord, Media, RecordRef
from core.settings_duplicates import DuplicatesSettings

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

_CROWD: Final = 1000  # members beyond which nobody could look through a group
_KNOWN_BETTER: Final = (GroupKind.EXACT, GroupKind.SAME_SCENE, GroupKind.SAME_STASH_ID)


@dataclass(slots=True)
class Assembled:
    """What was found. `suspicious`: PHASHes that too many files share or are near to, and how many."""

    groups: list[FoundGroup] = field(default_factory=list)
    suspicious: list[tuple[int, int]] = field(default_factory=list)


class Assembling:
    """Groups the files of one medium. CPU-bound and synchronous: run it in a thread."""

    def __init__(
        self,
        files: Sequence[LibraryFile],
        records: dict[RecordRef, LibraryRecord],
        settings: DuplicatesSettings,
        unverified: Callable[[LibraryFile], str],
    ) -> None:
        self._files = [file for file in files if not file.is_in_zip]
        self._records = records
        self._settings = settings
        self._observed = Observed(settings.duration_tolerance_seconds, unverified=unverified)
        self._members: dict[int, Member] = {}
        self._sets: set[frozenset[int]] = set()
        self.found = Assembled()

    def run(self, media: Media) -> Assembled:
        """All groups, the strongest reason first; the same files never form two of them."""
        doubles = self._exact(media)
        self._same_record(media)
        if media is Media.VIDEO:
            self._same_stash_id(media)
        self._alike(media, doubles)
        return self.found

    def member(self, place: int) -> Member:
        """A file with its record and what protects it."""
        known = self._members.get(place)
        if known is None:
            file = self._files[place]
            record = None if file.record is None else self._records.get(file.record)
            known = self._members[place] = Member(file, record, protected(file, record, self._settings))
        return known

    def _exact(self, media: Media) -> set[int]:
        """Equal bytes. The places of the copies that a group of equal bytes already speaks for."""
        spoken_for: set[int] = set()
        for places in same([_content(file) for file in self._files]):
            verdict = self._add(GroupKind.EXACT, media, places)
            kept = verdict.keeper if verdict.keeper is not None else 0
            spoken_for.update(place for number, place in enumerate(places) if number != kept)
        return spoken_for

    def _same_record(self, media: Media) -> None:
        for places in same([file.record for file in self._files]):
            self._add(GroupKind.SAME_SCENE, media, places)

    def _same_stash_id(self, media: Media) -> None:
        """Scenes that are linked to one entry, each by its primary file."""
        primary = {file.record: place for place, file in enumerate(self._files) if file.is_primary}
        linked: dict[tuple[str, str], list[int]] = {}
        for record in self._records.values():
            if record.media is media and record.ref in primary:
                for link in record.stash_ids:
                    linked.setdefault((link.endpoint, link.stash_id), []).append(primary[record.ref])
        for places in linked.values():
            if len(places) > 1:
                self._add(GroupKind.SAME_STASH_ID, media, tuple(sorted(places)))

    def _alike(self, media: Media, doubles: set[int]) -> None:
        """Equal and near PHASHes; of equal files one speaks for all."""
        places = [
            place for place, file in enumerate(self._files) if place not in doubles and file.hashes.phash is not None
        ]
        if not places:
            return
        tolerance = float(self._settings.duration_tolerance_seconds) if media is Media.VIDEO else None
        found = neighbours(
            _columns([self._files[place] for place in places]),
            distance=self._settings.distance,
            duration_tolerance=tolerance,
        )
        self.found.suspicious += found.suspicious
        self._add_stars(media, places, found.strong, is_weak=False)
        self._add_stars(media, places, found.weak, is_weak=True)

    def _add_stars(self, media: Media, places: Sequence[int], looks: Looks, *, is_weak: bool) -> None:
        edges = looks.edges
        touched = {places[one] for one in (*edges.first.tolist(), *edges.second.tolist())}
        back = {place: number for number, place in enumerate(places) if place in touched}
        rank = {number: quality_rank(self.member(place)) for place, number in back.items()}

        def choose(numbers: Sequence[int]) -> int | None:
            verdict = choose_keeper([self.member(places[one]) for one in numbers], self._settings)
            return None if verdict.keeper is None else numbers[verdict.keeper]

        for crowd in looks.crowds:
            if len(crowd.members) > _CROWD:
                phash = self._files[places[crowd.members[0]]].hashes.phash
                self.found.suspicious.append((phash or 0, len(crowd.members)))
        small = [one for one in looks.crowds if len(one.members) <= _CROWD]
        for star in (*small, *stars(edges, rank, choose)):
            kind = GroupKind.NEAR if any(star.distances) else GroupKind.SAME_PHASH
            members = tuple(places[one] for one in star.members)
            self._add(kind, media, members, is_weak=is_weak)

    def _add(self, kind: GroupKind, media: Media, places: Sequence[int], *, is_weak: bool = False) -> Verdict:
        """Write a group down, unless a stronger reason has the same files; the verdict counts places of `places`.

        Of a star the first of `places` is its keeper.
        """
        members = [self.member(place) for place in places]
        verdict = choose_keeper(members, self._settings)
        has_distance = kind not in _KNOWN_BETTER
        if has_distance and verdict.keeper and not self._is_near(members[verdict.keeper], members):
            verdict = Verdict(None, verdict.rule, f"{verdict.reason}; but not all of them are near to that one")
        key = frozenset(places)
        if key in self._sets:
            return verdict
        self._sets.add(key)
        order = list(range(len(places)))
        if verdict.keeper is not None:
            order = [verdict.keeper, *(number for number in order if number != verdict.keeper)]
        files = tuple(members[number].file for number in order)
        locks = {one.file.id: one.protected for one in members if one.protected}
        keeper = files[0] if verdict.keeper is not None else None
        others = list(range(1, len(files)))
        going = [number for number in others if files[number].id not in locks] or others
        record_keeper, _ = choose_record(_records_of(members), None if keeper is None else keeper.record)
        self.found.groups.append(
            FoundGroup(
                kind=kind,
                media=media,
                files=files,
                distances=tuple(_distance(files[0], file) if has_distance else None for file in files),
                keeper_id=None if keeper is None else keeper.id,
                reason=verdict.reason,
                record_keeper=record_keeper,
                is_weak=is_weak,
                gate=first_gate(kind, files, going, locks, self._observed),
                protected=locks,
                reclaimable_bytes=reclaimable_bytes(files, 0 if keeper is not None else None),
            )
        )
        return verdict

    def _is_near(self, keeper: Member, members: Sequence[Member]) -> bool:
        return all((_distance(keeper.file, one.file) or 0) <= self._settings.distance for one in members)


def _content(file: LibraryFile) -> tuple[int, int] | None:
    """What names equal bytes: size and MD5, which Stash keeps of pictures and Winnow computes for equal sizes."""
    return None if file.hashes.md5 is None or not file.size else (file.size, file.hashes.md5)


def _records_of(members: Iterable[Member]) -> list[LibraryRecord]:
    found = {one.record.ref: one.record for one in members if one.record is not None}
    return list(found.values())


def _distance(one: LibraryFile, other: LibraryFile) -> int | None:
    here, there = one.hashes.phash, other.hashes.phash
    return None if here is None or there is None else phash_distance(here, there)


def _columns(files: Sequence[LibraryFile]) -> Hashed:
    import numpy

    phash: NDArray[numpy.uint64] = numpy.array([file.hashes.phash or 0 for file in files], numpy.uint64)
    seconds: list[Any] = [math.nan if file.facts.duration is None else file.facts.duration for file in files]
    return Hashed(
        phash,
        numpy.array(seconds, numpy.float64),
        numpy.array([file.hashes.second or 0 for file in files], numpy.uint64),
        numpy.array([file.hashes.second is not None for file in files], numpy.bool_),
    )
