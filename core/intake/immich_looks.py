"""What a look into Immich gives for a picture: who is in it, that it has to wait, or that nothing will ever come."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from core.model.incoming import Item
from core.servers.immich_assets import Asset
from core.servers.immich_faces import Face
from core.servers.immich_queues import AssetProgress, QueueState, Stage


class Standing(StrEnum):
    """Where a picture stands in Immich."""

    UNSEEN = "unseen"  # Immich does not know it yet
    WAITING = "waiting"
    HELD = "held"  # a queue that is paused, or a failure: to wait for it is of no use now
    UNREAD = "unread"  # nothing is under way, and it has no preview: once more, and it never will
    SEEN = "seen"
    NEVER = "never"


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `faces` of one that is SEEN; `words` say what it waits for, or why nothing will come."""

    standing: Standing
    asset_id: str = ""
    faces: tuple[Face, ...] = ()
    words: str = ""


class ImmichWay(Protocol):
    """A way to have Immich look at pictures. Its methods raise what `ImmichClient` does."""

    async def prepare(self) -> None:
        """Ask whether this way can be gone at all. Raises ServerError in words for the person at the keyboard."""
        ...

    def takes_in(self, item: Item) -> bool:
        """Whether the file has to lie in `temp_dir` first, and does not yet."""
        ...

    def offer(self, items: Sequence[Item]) -> AsyncIterator[tuple[Item, Look]]:
        """Let Immich have these pictures, and say of each, as soon as it has it, how it stands.

        WAITING, with the asset where it is known; NEVER for one that Immich does not take; HELD for one that failed.
        """
        ...

    async def announce(self) -> None:
        """Say that all that is to come has been offered, or that files have gone."""
        ...

    async def look(self, items: Sequence[Item]) -> dict[int, Look]:
        """How far each of these got, by the item's number."""
        ...


_STAGES: Final = {
    Stage.THUMBNAIL: "its preview",
    Stage.DETECTION: "the search for faces",
    Stage.RECOGNITION: "the recognition of its faces",
}
_NEVER: Final = {
    Stage.FAILED: "Immich's search for faces broke off on it",
    Stage.OTHER_OWNER: "it belongs to another user of Immich, who alone is told who is in it: use a key of that user",
    Stage.GONE: "it is gone from Immich",
}
NOT_TAKEN: Final = "Immich takes no files of this kind"
UNREAD: Final = "Immich could not read it: it made no preview of it"


def look_of(asset: Asset, progress: AssetProgress) -> Look:
    """What the progress of an asset means for the picture."""
    if progress.stage is Stage.DONE:
        return Look(Standing.SEEN, asset.id, progress.faces)
    if words := _NEVER.get(progress.stage):
        return Look(Standing.NEVER, asset.id, words=words)
    words = f"it waits in Immich for {_STAGES[progress.stage]}"
    if progress.state is QueueState.PAUSED:
        return Look(Standing.HELD, asset.id, words=f"{words}, which is paused there")
    if progress.is_over:
        return Look(Standing.UNREAD, asset.id, words=UNREAD)
    return Look(Standing.WAITING, asset.id, words=words)
