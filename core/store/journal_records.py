"""What stands in the journal: batches of effects, and the states they pass through."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class BatchState(StrEnum):
    """Where a batch stands. INTERRUPTED: its process ended; what was not started can be resumed."""

    OPEN = "open"
    DONE = "done"
    INTERRUPTED = "interrupted"
    UNDONE = "undone"


class EffectState(StrEnum):
    """Where an effect stands.

    planned -> started -> done -> undoing -> undone; planned or started -> refused (nothing was written) or failed
    (the server or disk said no); planned -> dropped (the batch was given up before its turn).
    """

    PLANNED = "planned"
    STARTED = "started"
    DONE = "done"
    REFUSED = "refused"
    FAILED = "failed"
    DROPPED = "dropped"
    UNDOING = "undoing"
    UNDONE = "undone"


@dataclass(frozen=True, slots=True)
class EffectRecord:
    """One effect as journaled. Times are Unix seconds; `words` is why it was refused, failed, or a note.

    Effects of a batch with the same `part` stand and fall together: one is only done after those before it, and only
    taken back after those behind it. An empty part is none.
    """

    id: int
    batch_id: int
    kind: str
    title: str
    subject: int | None
    payload: dict[str, Any]
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    state: EffectState
    words: str
    owner: str
    started_at: float | None
    ended_at: float | None
    undone_at: float | None
    part: str = ""


@dataclass(frozen=True, slots=True)
class BatchRecord:
    """One batch as journaled, with the number of its effects in each state."""

    id: int
    kind: str
    title: str
    state: BatchState
    owner: str
    created_at: float
    finished_at: float | None
    counts: dict[EffectState, int]


@dataclass(frozen=True, slots=True)
class NewEffect:
    """An effect to be journaled as planned. `subject` is the recommendation it decides, if any; `part` as journaled."""

    kind: str
    title: str
    payload: dict[str, Any]
    subject: int | None = None
    part: str = ""
