"""From a decision about pictures of the review to the effects that carry it out. Synchronous: it looks at files."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from core.errors import EffectRefusedError
from core.file_names import safe_file_name
from core.intake.let_go import let_go_effect
from core.intake.witness import Approve, Reject, meaning_of
from core.ledger.carrying import sha256_of
from core.ledger.move_plan import Base, move_effects, names_in, sidecars_of, stamp_of
from core.ledger.trash import trash_effect
from core.ledger.trash_checks import GoingPayload, identity_at
from core.media.volumes import why_missing
from core.model.incoming import Item, Person
from core.model.library_files import FileIdentity
from core.path_text import packed, shown
from core.store.journal_records import NewEffect
from core.store.review_queue import ReviewLine

_NO_DEVICE: Final = -1


@dataclass(frozen=True, slots=True)
class Waiting:
    """A picture that waits for a decision."""

    line: ReviewLine
    item: Item

    @property
    def path(self) -> Path:
        """Where it lies."""
        return Path(self.line.path)

    @property
    def part(self) -> str:
        """What binds its effects."""
        return f"review:{self.line.id}"


def approving_effects(
    waiting: Sequence[Waiting], *, person: Person, base: Base, folder: str, by: str, now: float
) -> tuple[list[NewEffect], list[str]]:
    """The moves into a person's folder, with what goes along, and in words what cannot be moved."""
    effects: list[NewEffect] = []
    refused: list[str] = []
    beside = _Beside()
    for one in waiting:
        try:
            identity = _seen(one)
            effects += move_effects(
                one.path,
                identity,
                base=base,
                folder=folder,
                name=safe_file_name(one.item.filename),
                stamp=stamp_of(now),
                part=one.part,
                sha256=None if one.item.sha256 is None else one.item.sha256.hex(),
                item_id=one.item.id,
                meaning=meaning_of(Approve(one.line.id, person, by)),
                sidecars=beside.sidecars(one.path),
            )
        except EffectRefusedError as refusal:
            refused.append(str(refusal))
    return effects, refused


def rejecting_effects(waiting: Iterable[Waiting], *, by: str) -> tuple[list[NewEffect], list[str]]:
    """The ways into the trash, with what goes along, and in words what cannot go. What is gone already is let go."""
    effects: list[NewEffect] = []
    refused: list[str] = []
    beside = _Beside()
    for one in waiting:
        try:
            identity, item = _seen(one), one.item
            sha256 = None if item.sha256 is None else item.sha256.hex()
            going = GoingPayload(
                path=packed(one.path),
                identity=identity,
                is_unwanted=True,
                md5=None if item.md5 is None else item.md5.hex(),
                sha256=sha256,
                meaning=meaning_of(Reject(one.line.id, item.id, by, sha256)),
            )
            others = [
                GoingPayload(path=packed(path), identity=its_own, is_sidecar=True)
                for path, its_own in beside.sidecars(one.path)
            ]
            effects += [trash_effect(each, part=one.part) for each in (going, *others)]
        except _GoneError:
            effects.append(
                let_go_effect(review_id=one.line.id, item_id=one.item.id, path=one.line.path, by=by, part=one.part)
            )
        except EffectRefusedError as refusal:
            refused.append(str(refusal))
    return effects, refused


def _seen(one: Waiting) -> FileIdentity:
    """Which file it is. Raises EffectRefusedError unless it is the one that came in.

    Numbers of devices and of inodes change with a mount: size and time tell, or the content.
    """
    path, known = one.path, one.item.identity
    try:
        found = identity_at(path)
        if found is None:
            raise _missing(path, known)
        if known is not None and (found.size, found.mtime_ns) == (known.size, known.mtime_ns):
            return found
        if one.item.sha256 is not None and found.size == one.line.size and sha256_of(path) == one.item.sha256.hex():
            return found
    except OSError as error:
        raise EffectRefusedError(f"{shown(path)} cannot be looked at ({error.strerror}); nothing was moved") from error
    raise EffectRefusedError(f"{shown(path)} is not the file that came in: it changed since; nothing was moved")


class _GoneError(EffectRefusedError):
    """The file is not in its folder, and the folder is there, on the volume where it was."""


def _missing(path: Path, known: FileIdentity | None) -> EffectRefusedError:
    """Numbers of devices change from one start of the system to the next: the folder's own counts where it is used."""
    device, is_gone = _NO_DEVICE, False
    try:
        own = path.parent.stat().st_dev
        device = own if known is None or any(path.parent.iterdir()) else known.device
        is_gone = device == own and not os.path.lexists(path)  # Path.exists follows links
    except OSError:
        pass
    words = why_missing(path, device, advice="put it back to decide about it, or reject it to let it go")
    return _GoneError(words) if is_gone else EffectRefusedError(words)


class _Beside:
    """What lies beside the pictures; each folder is read once."""

    def __init__(self) -> None:
        self._names: dict[Path, list[str]] = {}

    def sidecars(self, path: Path) -> list[tuple[Path, FileIdentity]]:
        """What goes along with a picture. Raises EffectRefusedError."""
        folder = path.parent
        try:
            if folder not in self._names:
                self._names[folder] = names_in(folder)
            found = sidecars_of(path, self._names[folder])
            return [(one, identity) for one in found if (identity := identity_at(one)) is not None]
        except OSError as error:
            raise EffectRefusedError(f"{shown(folder)} cannot be read ({error.strerror}); nothing was moved") from error
