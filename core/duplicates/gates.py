"""The gates in front of a group: the first that fails is the stated reason why nothing may be done with it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from core.model.groups import Gate, GateCode, GroupKind
from core.model.library_files import FileIdentity, LibraryFile
from core.model.library_records import Media
from core.words import span


@dataclass(frozen=True, slots=True)
class Observed:
    """What is known of the world beside the group itself.

    `identities`: what stands at each file's path now, by file id (absent: it was not looked at again; None: nothing
    that can be reached). `unverified` says in words why the path mapping that leads to a file is not to be trusted.
    `duration_tolerance` in seconds.
    """

    duration_tolerance: float
    identities: Mapping[int, FileIdentity | None] = field(default_factory=dict)
    unverified: Callable[[LibraryFile], str] = lambda _: ""


def first_gate(
    kind: GroupKind,
    files: Sequence[LibraryFile],
    going: Sequence[int],
    protected: Mapping[int, str],
    observed: Observed,
) -> Gate | None:
    """The first gate that fails, None where all stand open.

    `going`: the places of the files that would be removed; `protected`: in words, by file id, why one may not be.
    """
    staying = [file for place, file in enumerate(files) if place not in set(going)]
    leaving = [file for place, file in enumerate(files) if place in set(going)]
    return (
        _one_file(files)
        or _missing(files, observed)
        or _durations(kind, files, observed)
        or _protected(leaving, protected)
        or _no_survivor(staying, observed)
        or _unverified(files, observed)
        or _stale(files, observed)
    )


def _one_file(files: Sequence[LibraryFile]) -> Gate | None:
    """All are names of one inode: removing one frees nothing, and removing both loses the file."""
    inodes = {(file.identity.device, file.identity.inode) for file in files if file.identity is not None}
    if len(files) > 1 and len(inodes) == 1 and all(file.identity is not None for file in files):
        links = max(file.links for file in files)
        what = "hard links to one file" if links > 1 else "one file under several names"
        return Gate(GateCode.ONE_FILE, f"these are {what}: there is nothing to gain")
    return None


def _missing(files: Sequence[LibraryFile], observed: Observed) -> Gate | None:
    for file in files:
        identity = observed.identities.get(file.id, file.identity)
        if identity is None:
            return Gate(GateCode.MISSING, f"{file.name} {file.problem or 'is missing or cannot be reached'}")
    return None


def _durations(kind: GroupKind, files: Sequence[LibraryFile], observed: Observed) -> Gate | None:
    """Several files in one scene, or two scenes of one entry, may well be different cuts."""
    if kind is GroupKind.EXACT:
        return None
    known = [(file.facts.duration, file) for file in files if file.media is Media.VIDEO and file.facts.duration]
    if len(known) < 2:
        return None
    (shortest, short), (longest, long) = min(known, key=_length), max(known, key=_length)
    if longest - shortest > observed.duration_tolerance:
        words = f"{long.name} is {span(longest - shortest)} longer than {short.name}"
        return Gate(GateCode.DURATIONS, words)
    return None


def _length(item: tuple[float, LibraryFile]) -> float:
    return item[0]


def _protected(leaving: Sequence[LibraryFile], protected: Mapping[int, str]) -> Gate | None:
    for file in leaving:
        if words := protected.get(file.id):
            return Gate(GateCode.PROTECTED, f"{file.name} would go, but is protected: {words}")
    return None


def _no_survivor(staying: Sequence[LibraryFile], observed: Observed) -> Gate | None:
    if any(not file.problem and observed.identities.get(file.id, file.identity) is not None for file in staying):
        return None
    return Gate(GateCode.NO_SURVIVOR, "no file would be left that can be read")


def _unverified(files: Sequence[LibraryFile], observed: Observed) -> Gate | None:
    for file in files:
        if words := observed.unverified(file):
            return Gate(GateCode.UNVERIFIED_MAPPING, words)
    return None


def _stale(files: Sequence[LibraryFile], observed: Observed) -> Gate | None:
    for file in files:
        now = observed.identities.get(file.id)
        if file.identity is not None and now is not None and now != file.identity:
            return Gate(GateCode.STALE, f"{file.name} changed since it was looked at: scan again")
    return None


def reclaimable_bytes(files: Sequence[LibraryFile], keeper: int | None) -> int:
    """What is freed when all but the keeper (the largest, where there is none) go: a name of the keeper's own inode
    frees nothing, nor does one whose inode keeps a name elsewhere.
    """
    if len(files) < 2:
        return 0
    kept = keeper if keeper is not None else max(range(len(files)), key=lambda place: files[place].size)
    staying = files[kept].identity
    names: dict[tuple[int, int], int] = {}
    freed = 0
    for place, file in enumerate(files):
        identity = file.identity
        if place == kept:
            continue
        if identity is None:
            freed += file.size
            continue
        key = (identity.device, identity.inode)
        if staying is not None and key == (staying.device, staying.inode):
            continue
        names[key] = names.get(key, 0) + 1
        if names[key] == file.links:
            freed += file.size
    return freed
