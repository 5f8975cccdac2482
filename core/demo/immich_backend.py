"""A demo Immich without its HTTP: what it holds and how it works on it."""

from __future__ import annotations

from pathlib import Path

from core.demo.disk import DemoDisk
from core.demo.immich_answers import Answers
from core.demo.immich_import import DemoImport
from core.demo.immich_jobs import DemoQueues
from core.demo.immich_world import ImmichWorld


class ImmichBackend:
    """One Immich of a version, given as (major, minor), over a folder that it sees as `root`.

    `violations` are things a careful client never asks for, in words.
    """

    def __init__(self, root: str, folder: Path, version: tuple[int, ...], job_seconds: float) -> None:
        self.version = version
        self.disk = DemoDisk(root, folder)
        self.world = ImmichWorld()
        self.queues = DemoQueues(version, job_seconds)
        self.imports = DemoImport(self.world, self.disk, self.queues)
        self.answers = Answers(version, self.world)
        self.has_faces = True
        self.has_trash = True
        self.violations: list[str] = []
