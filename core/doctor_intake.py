"""What `winnow doctor` finds out about the folders of the intake desk."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from core.doctor_machine import Check, State
from core.errors import ConfigError
from core.media.volumes import mount_of
from core.mounts import file_system
from core.path_text import shown
from core.settings import Settings

_NAMES: Final = ("drop_folder", "temp_dir", "final_base", "review_base")
_WAYS: Final = (
    ("drop_folder", "temp_dir"),
    ("temp_dir", "final_base"),
    ("temp_dir", "review_base"),
    ("review_base", "final_base"),
)


def intake_folders(settings: Settings) -> Iterator[Check]:
    """Whether each folder is there and can be written, and whether files get from one to the next by a rename."""
    intake = settings.intake
    if not intake.enabled:
        yield Check("intake", State.SKIPPED, "[intake] enabled is false")
        return
    try:
        intake.ready()
    except ConfigError as error:
        yield Check("intake", State.FAILED, str(error), "see docs/configuration.md, or set [intake] enabled to false")
    places = {name: Path(folder) for name in _NAMES if (folder := getattr(intake, name))}
    usable: dict[str, Path] = {}
    for name, folder in places.items():
        check = _folder(name, folder)
        if check.state is State.OK:
            usable[name] = folder
        yield check
    for first, second in _WAYS:
        if first in usable and second in usable:
            yield _way(first, usable[first], second, usable[second])


def _folder(name: str, folder: Path) -> Check:
    words = f"[intake] {name}, {shown(folder)},"
    if not folder.is_dir():
        what = "is no folder" if folder.exists() else "is not there"
        advice = f"make it, mount its disk, or correct [intake] {name}"
        return Check("intake folder", State.FAILED, f"{words} {what}", advice)
    if not os.access(folder, os.R_OK | os.W_OK | os.X_OK):
        advice = "correct its owner and mode, or mount it writable"
        return Check("intake folder", State.FAILED, f"{words} cannot be written", advice)
    kind = file_system(folder)
    return Check("intake folder", State.OK, f"{words} can be written" + (f" ({kind})" if kind else ""))


def _way(first: str, source: Path, second: str, target: Path) -> Check:
    if source.stat().st_dev == target.stat().st_dev and mount_of(source) == mount_of(target):
        words = f"from {first} to {second} files go by one rename"
    else:
        words = f"{first} and {second} are on two file systems: files are copied, read back and then removed"
    return Check("intake folder", State.OK, words)
