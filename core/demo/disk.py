"""The files behind the demo Stash: its paths, the folder of the world they lie in, and nothing outside of it."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

FUNSCRIPT = ".funscript"


class DemoDisk:
    """Where a Stash's paths lie. `folder`: what stands for `root`; None: there is no disk, every file is missing.

    `trash` is Stash's own trash folder (`deleteTrashPath`, as Stash names it), empty: files are removed for good.
    `is_stuck`: removing fails, which Stash only writes into its log (`complaints`).
    """

    def __init__(self, root: str, folder: Path | None = None) -> None:
        self.root = root
        self.folder = folder
        self.trash = ""
        self.is_stuck = False
        self.complaints: list[str] = []

    def local(self, path: str) -> Path | None:
        """Where a path of Stash lies; None for one that is not below the root, or leads out of it."""
        if self.folder is None or not path.startswith(self.root + "/"):
            return None
        place = self.folder / path[len(self.root) + 1 :]
        if not place.parent.resolve().is_relative_to(self.folder.resolve()) or place.name in ("", ".", ".."):
            return None
        return place

    def exists(self, path: str) -> bool:
        """Whether there is a file, as Stash sees it."""
        place = self.local(path)
        return place is not None and place.is_file()

    def remove(self, path: str) -> None:
        """Delete a file, or move it into Stash's trash. What cannot be done is only complained of, as Stash does."""
        place = self.local(path)
        if place is None or not os.path.lexists(place):
            self.complaints.append(f"file {path} does not exist and was not deleted")
            return
        if self.is_stuck:
            self.complaints.append(f"error deleting file {path}: text file busy")
            return
        if (trash := self.local(self.trash)) is None:
            place.unlink()
            return
        trash.mkdir(parents=True, exist_ok=True)
        goal = trash / place.name
        if goal.exists():
            goal = goal.with_stem(f"{goal.stem}_{time.strftime('%Y%m%d-%H%M%S')}")
        place.rename(goal)

    def remove_video(self, path: str) -> None:
        """As `remove`, with the funscript beside it."""
        self.remove(path)
        script = path.rpartition(".")[0] + FUNSCRIPT
        if self.exists(script):
            self.remove(script)

    def walk(self, path: str) -> Iterator[tuple[str, Path]]:
        """(Stash's path, local path) of the file, or of every file below the folder, in order; names in UTF-8 only."""
        place = self.folder if path == self.root else self.local(path)
        if place is None or self.folder is None:
            return
        found = sorted(place.rglob("*")) if place.is_dir() else [place]
        for entry in found:
            name = entry.relative_to(self.folder).as_posix()
            if entry.is_file() and _is_utf8(name):
                yield f"{self.root}/{name}", entry


def _is_utf8(name: str) -> bool:
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
