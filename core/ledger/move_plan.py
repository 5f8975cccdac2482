"""Plans the moves of a file and of what goes with it: a JSON, text or XMP file of the same name beside it.

Each sidecar is an effect of its own behind the file's in the same part, and takes the name that the file got.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import msgspec

from core.file_names import split
from core.ledger.trash_checks import identity_at
from core.media.volumes import mount_of
from core.model.library_files import FileIdentity
from core.path_text import packed, shown, unpacked
from core.store.journal_records import NewEffect

FILE_MOVE: Final = "file.move"
_SIDECARS: Final = frozenset({".json", ".txt", ".xmp", ".info.json", ".description"})


class Companion(msgspec.Struct, frozen=True):
    """The file that a sidecar goes with: its wanted name there and what it was when it was planned.

    `ending` follows that file's name, or its stem (`is_of_stem`).
    """

    name: str
    identity: FileIdentity
    ending: str
    is_of_stem: bool


class MovePayload(msgspec.Struct, frozen=True):
    """A file to be moved into a folder below a base. Paths as `core.path_text.packed` writes them.

    `mount` is the mount point that the base lay under when it was set up. `stamp` tells the file from one of the same
    name. `sha256` in hexadecimal, None where it is not known. `item_id` is the intake item it is, None for another;
    `meaning` (JSON) is for whoever keeps records of that.
    """

    path: str
    identity: FileIdentity
    base: str
    mount: str
    folder: str
    name: str
    stamp: str
    sha256: str | None = None
    item_id: int | None = None
    companion: Companion | None = None
    meaning: dict[str, Any] | None = None

    @property
    def source(self) -> Path:
        """Where it is."""
        return Path(unpacked(self.path))

    @property
    def target(self) -> Path:
        """The folder it goes to."""
        return Path(unpacked(self.base)) / self.folder


@dataclass(frozen=True, slots=True)
class Base:
    """A folder that was set up for files to be moved below it, and the mount point that it lies under."""

    path: Path
    mount: Path

    @staticmethod
    def of(path: Path) -> Base:
        """The folder as it is now. Ask while its disk is known to be mounted, and keep the answer."""
        return Base(path, mount_of(path))


def stamp_of(moment: float) -> str:
    """A moment (Unix seconds) as it stands in a name, in local time: `20260131-120000`."""
    return f"{datetime.fromtimestamp(moment, UTC).astimezone():%Y%m%d-%H%M%S}"


def sidecars_of(path: Path, names: Sequence[str] | None = None) -> list[Path]:
    """What goes with a file: `name.jpg.json`, and `name.json` unless another file has that stem. Raises OSError.

    `names`: those in its folder, sorted, where many files of one folder are asked about; None: the folder is read.
    """
    stem = split(path.name)[0]
    beside = names_in(path.parent) if names is None else names
    after = map(beside.__getitem__, range(bisect_left(beside, stem), len(beside)))
    others = [one for one in takewhile(lambda name: name.startswith(stem), after) if one != path.name]
    is_alone = all(split(one)[0] != stem or _is_sidecar_of(one, stem) for one in others)
    beginnings = (path.name, stem) if is_alone else (path.name,)
    found = (one for one in others if any(_is_sidecar_of(one, beginning) for beginning in beginnings))
    return [place for one in found if identity_at(place := path.parent / one) is not None]


def names_in(folder: Path) -> list[str]:
    """The names in a folder, sorted. Raises OSError."""
    return sorted(one.name for one in folder.iterdir())


def _is_sidecar_of(name: str, beginning: str) -> bool:
    return name.startswith(beginning) and name.removeprefix(beginning).lower() in _SIDECARS


def move_effects(
    path: Path,
    identity: FileIdentity,
    *,
    base: Base,
    folder: str,
    name: str,
    stamp: str,
    part: str,
    sha256: str | None = None,
    item_id: int | None = None,
    meaning: dict[str, Any] | None = None,
    sidecars: Sequence[tuple[Path, FileIdentity]] = (),
) -> list[NewEffect]:
    """The planned moves of a file and its sidecars into `folder` below the base; `folder` and `name` are safe names.

    `part` binds them: a sidecar follows only a file that was moved, and comes back before it.
    """
    payload = MovePayload(
        packed(path),
        identity,
        packed(base.path),
        packed(base.mount),
        folder,
        name,
        stamp,
        sha256=sha256,
        item_id=item_id,
        meaning=meaning,
    )
    planned = [NewEffect(FILE_MOVE, _title("", path, payload), msgspec.to_builtins(payload), part=part)]
    for sidecar, its_identity in sidecars:
        is_of_stem = not sidecar.name.startswith(path.name)
        ending = sidecar.name.removeprefix(split(path.name)[0] if is_of_stem else path.name)
        with_it = msgspec.structs.replace(
            payload,
            path=packed(sidecar),
            identity=its_identity,
            sha256=None,
            item_id=None,
            meaning=None,
            companion=Companion(name, identity, ending, is_of_stem),
        )
        planned.append(
            NewEffect(FILE_MOVE, _title("sidecar ", sidecar, with_it), msgspec.to_builtins(with_it), part=part)
        )
    return planned


def _title(what: str, path: Path, given: MovePayload) -> str:
    """The name first, which tells most where there is little room."""
    return f"move {what}{shown(path.name)} to {shown(given.target)}"
