"""The queues of an Immich, and how far an asset got on its way through them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from core.servers.immich_faces import Face

THUMBNAILS = "thumbnailGeneration"
DETECTION = "faceDetection"
RECOGNITION = "facialRecognition"
# What a file passes through between a scan and its thumbnail, in order.
BEFORE_THUMBNAIL = ("library", "sidecar", "metadataExtraction", "storageTemplateMigration", THUMBNAILS)
CHAIN = (*BEFORE_THUMBNAIL, DETECTION, RECOGNITION)
# The server lists about a thousand jobs of a queue; from here on one that is not listed may be there nevertheless.
LISTED = 1000


class QueueState(StrEnum):
    """What may be expected of a queue. A paused one never drains: it is reported, not waited for."""

    IDLE = "idle"
    BUSY = "busy"
    PAUSED = "paused"


class Stage(StrEnum):
    """What an asset still waits for, or why nothing more will come."""

    THUMBNAIL = "thumbnail"
    DETECTION = "detection"
    RECOGNITION = "recognition"
    DONE = "done"
    FAILED = "failed"  # the search for faces broke off; that there are no faces says nothing
    OTHER_OWNER = "other owner"  # seen, but its people are told to its owner alone
    GONE = "gone"  # not there, or not for this key


@dataclass(frozen=True, slots=True)
class Queue:
    """One queue and how many jobs are where in it."""

    name: str
    is_paused: bool
    active: int
    waiting: int
    delayed: int
    paused: int
    failed: int

    @property
    def pending(self) -> int:
        """Jobs still to be done."""
        return self.active + self.waiting + self.delayed + self.paused

    @property
    def state(self) -> QueueState:
        """Paused is said even of an empty queue, since what comes into it stays there."""
        if self.is_paused:
            return QueueState.PAUSED
        return QueueState.BUSY if self.pending else QueueState.IDLE


@dataclass(frozen=True, slots=True)
class Queues:
    """All queues at about the same time: the server counts one after the other."""

    items: tuple[Queue, ...]

    def named(self, name: str) -> Queue | None:
        """The queue with this name."""
        return next((queue for queue in self.items if queue.name == name), None)

    def state(self, names: Iterable[str] = CHAIN) -> QueueState:
        """The state of these together: paused when one is, busy when one is, else idle."""
        states = {queue.state for name in names if (queue := self.named(name)) is not None}
        return next((state for state in (QueueState.PAUSED, QueueState.BUSY) if state in states), QueueState.IDLE)

    @property
    def paused(self) -> tuple[str, ...]:
        """The paused queues an asset has to pass through, by name."""
        return tuple(name for name in CHAIN if (queue := self.named(name)) is not None and queue.is_paused)


@dataclass(frozen=True, slots=True)
class QueuedJobs:
    """The assets or faces that the jobs of one queue are about. `is_complete` is false when the list was cut off."""

    ids: frozenset[str]
    is_complete: bool

    def may_hold(self, thing_id: str) -> bool:
        """Whether a job for this one is there, or cannot be ruled out."""
        return thing_id in self.ids or not self.is_complete


@dataclass(frozen=True, slots=True)
class AssetProgress:
    """How far an asset got. `state` is that of the queues it waits for; `faces` are those found in one that is DONE.

    Waiting for the thumbnail while those are idle means that the file cannot be read. DONE and FAILED are idle.
    """

    stage: Stage
    state: QueueState = QueueState.IDLE
    faces: tuple[Face, ...] = field(default=(), compare=False)

    @property
    def is_over(self) -> bool:
        """Whether asking again later is of no use."""
        is_broken = self.stage is Stage.THUMBNAIL and self.state is QueueState.IDLE
        return is_broken or self.stage in (Stage.DONE, Stage.FAILED, Stage.OTHER_OWNER, Stage.GONE)
