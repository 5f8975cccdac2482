"""Every kind of effect with how it is done, and with who keeps records of it: the runtime gives both to the ledger."""

from __future__ import annotations

from pathlib import Path

from core.clock import Clock
from core.duplicates.decide import KEEP_ALL, MARK, WITHDRAW_KEPT, KeepAll, MarkMembers, RemovalWitness, WithdrawKept
from core.duplicates.merged import merged_values
from core.intake.let_go import LET_GO, LetGo
from core.intake.witness import FaceWitness, MoveWitness, RejectWitness
from core.ledger.effects import LocalEffect, OuterEffect, Witness
from core.ledger.immich_face import IMMICH_FACE, IMMICH_FACE_FOR_GOOD, AssignFace
from core.ledger.move import MoveFile
from core.ledger.move_plan import FILE_MOVE
from core.ledger.stash_delete_file import STASH_DELETE_FILE, StashDeleteFile
from core.ledger.stash_entry import STASH_ENTRY, StashEntry
from core.ledger.stash_fingerprints import STASH_FINGERPRINTS, StashFingerprints
from core.ledger.stash_link import STASH_LINK, StashLink, Turn
from core.ledger.stash_merge import STASH_MERGE, StashMerge
from core.ledger.stash_metadata import STASH_METADATA, StashMetadata
from core.ledger.stash_primary import STASH_PRIMARY, StashPrimary
from core.ledger.stash_remove_entry import STASH_REMOVE_ENTRY, StashRemoveEntry
from core.ledger.stash_return import StashReturn
from core.ledger.trash import FILE_TRASH, TrashFile
from core.ledger.trash_bin import EmptyWitness, TrashWitness, Witnesses
from core.ledger.trash_deletion import FILE_DELETE, TRASH_DELETE, DeleteFile, EmptyTrashed
from core.matching.boxes import BoxClients
from core.matching.checked_link import CheckedLink
from core.matching.decide import DISMISS, WITHDRAW, Dismiss, LinkWitness, Withdraw
from core.matching.pull import MetadataPull
from core.matching.submit import SUBMIT, Submit
from core.path_map import local_path
from core.servers.immich import ImmichClient
from core.servers.stash import StashClient
from core.servers.stash_library import StashLibrary
from core.servers.stash_removal import StashRemoval
from core.settings import Settings
from core.store.database import Database


def effect_handlers(
    settings: Settings,
    database: Database,
    clock: Clock,
    *,
    stash: StashClient | None,
    immich: ImmichClient | None,
    boxes: BoxClients,
    turn: Turn,
) -> dict[str, OuterEffect | LocalEffect]:
    """How each kind is done, as far as the servers it needs are set up. `turn`: one process at a time at the Stash."""
    handlers: dict[str, OuterEffect | LocalEffect] = {
        DISMISS: Dismiss(settings.matching, clock),
        WITHDRAW: Withdraw(settings.matching, clock),
        MARK: MarkMembers(clock),
        KEEP_ALL: KeepAll(clock),
        WITHDRAW_KEPT: WithdrawKept(clock),
        LET_GO: LetGo(clock),
        FILE_TRASH: TrashFile(settings.trash, database),
        FILE_DELETE: DeleteFile(),
        TRASH_DELETE: EmptyTrashed(),
        FILE_MOVE: MoveFile(),
    }
    if stash is not None:
        pull = MetadataPull(database, stash, settings.matching)
        handlers |= {
            STASH_LINK: CheckedLink(database, StashLink(stash, turn)),
            STASH_METADATA: StashMetadata(stash, turn, pull.compute),
            SUBMIT: Submit(boxes.client),
        }
        handlers |= _stash_removal_handlers(stash, settings, turn)
    if immich is not None:
        handlers |= dict.fromkeys((IMMICH_FACE, IMMICH_FACE_FOR_GOOD), AssignFace(immich))
    return handlers


def effect_witnesses(settings: Settings, clock: Clock) -> dict[str, Witness]:
    """Who keeps records of each kind."""
    removal = RemovalWitness(clock)
    return {
        STASH_LINK: LinkWitness(settings.matching, clock),
        FILE_TRASH: Witnesses(TrashWitness(clock), removal, RejectWitness(clock)),
        FILE_DELETE: removal,
        TRASH_DELETE: EmptyWitness(clock),
        FILE_MOVE: MoveWitness(clock),
        IMMICH_FACE: FaceWitness(),
        IMMICH_FACE_FOR_GOOD: FaceWitness(),
    }


def _stash_removal_handlers(stash: StashClient, settings: Settings, turn: Turn) -> dict[str, OuterEffect | LocalEffect]:
    """The effects that remove records of files from a Stash, and bring them back."""

    def locate(path: str) -> Path | None:
        return local_path(path, settings.stash.path_map)

    removal = StashRemoval(stash, StashLibrary(stash))
    back = StashReturn(removal, turn, locate)
    return {
        STASH_MERGE: StashMerge(removal, turn, merged_values, back),
        STASH_ENTRY: StashEntry(removal, turn, back),
        STASH_PRIMARY: StashPrimary(removal, turn),
        STASH_REMOVE_ENTRY: StashRemoveEntry(removal, turn, locate),
        STASH_DELETE_FILE: StashDeleteFile(removal, turn, locate),
        STASH_FINGERPRINTS: StashFingerprints(removal, turn),
    }
