"""What is looked at before a file is moved: the file itself, whether its base is mounted, and which names are free."""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from core.errors import EffectRefusedError
from core.file_names import free_names, split
from core.ledger.carrying import Going, find
from core.ledger.move_plan import MovePayload
from core.ledger.trash_checks import identity_at
from core.media.volumes import mount_of, why_missing
from core.path_text import shown, unpacked

_NAMES: Final = 10_000


def check_source(given: MovePayload) -> None:
    """Raises EffectRefusedError unless the file is the one that was looked at."""
    source = given.source
    try:
        found = identity_at(source)
    except OSError as error:
        raise EffectRefusedError(
            f"{shown(source)} cannot be looked at ({error.strerror}); nothing was moved"
        ) from error
    if found is None:
        raise EffectRefusedError(why_missing(source, given.identity.device))
    if found != given.identity:
        raise EffectRefusedError(f"{shown(source)} is not the file that was looked at: it changed since; look again")


def check_base(given: MovePayload) -> None:
    """Raises EffectRefusedError unless the base, or at least the folder it is to be made in, is there and mounted."""
    base, mount = Path(unpacked(given.base)), Path(unpacked(given.mount))
    ground = base if base.is_dir() else base.parent
    if not ground.is_dir():
        raise EffectRefusedError(f"{shown(base)} is not there, nor the folder above it: is its disk or share mounted?")
    if (found := mount_of(ground)) != mount:
        raise EffectRefusedError(
            f"{shown(base)} lay under {shown(mount)} and lies under {shown(found)} now: is its disk or share mounted?"
        )
    target = given.target
    if target.is_symlink() or (target.exists() and not target.is_dir()):
        raise EffectRefusedError(f"{shown(target)} is not a folder of its own (a link or a file)")


def wanted_name(given: MovePayload) -> str:
    """What the file is to be called; a sidecar goes by the name that its file got. Raises OSError."""
    with_it = given.companion
    if with_it is None:
        return given.name
    of = Going(given.source, with_it.identity)
    if (place := find(of, places_for(given, with_it.name))) is not None:
        return (split(place.name)[0] if with_it.is_of_stem else place.name) + with_it.ending
    raise EffectRefusedError(f"{shown(given.source)} stays: what it belongs to is not in {shown(given.target)}")


def places_for(given: MovePayload, name: str) -> Iterator[Path]:
    """The places to try in the folder. Raises OSError."""
    ground = next(one for one in (given.target, *given.target.parents) if one.is_dir())
    try:
        longest = os.pathconf(ground, "PC_NAME_MAX")
    except (OSError, ValueError):
        longest = 255
    return (given.target / one for one in islice(free_names(name, given.stamp, max(longest, 64)), _NAMES))
