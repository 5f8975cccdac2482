"""What a person decides about pictures in the review, each decision one undoable batch."""

from __future__ import annotations

import asyncio
import getpass
import os
from collections.abc import Sequence

from core.clock import Clock
from core.errors import ConfigError, LedgerError, UsageError
from core.intake.deciding import Waiting, approving_effects, rejecting_effects
from core.intake.face_assigning import ensure_correcting, face_effects
from core.intake.people_known import PeopleKnown, PersonChoice
from core.intake.person_folders import PersonFolders
from core.intake.reading import Reading
from core.ledger.apply import Ledger
from core.ledger.bases import base_of
from core.ledger.immich_face import is_for_good
from core.ledger.report import BatchReport, OnProgress
from core.media.pool import MediaPool
from core.model.incoming import Item
from core.path_text import shown
from core.servers.immich import ImmichClient
from core.settings import Settings
from core.store import intake, review_queue
from core.store.database import Database
from core.store.journal_records import NewEffect
from core.store.review_queue import ReviewAction
from core.words import count


class Reviewing(Reading):
    """Decisions about pictures in the review."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        clock: Clock,
        settings: Settings,
        *,
        pool: MediaPool,
        immich: ImmichClient | None,
    ) -> None:
        final_base = settings.intake.final_base
        super().__init__(
            database,
            clock,
            settings,
            pool=pool,
            people=PeopleKnown(database, clock, final_base, immich=immich),
        )
        self._ledger = ledger
        self._immich = immich
        self._folders = PersonFolders(database, final_base, immich=immich)

    async def approve(
        self,
        ids: Sequence[int],
        person: PersonChoice | str,
        *,
        assign_face: bool = False,
        by: str = "",
        on_progress: OnProgress | None = None,
    ) -> BatchReport:
        """Move pictures into a person's folder. `person` may be a name, or an id that `people` gives; `by`: who says
        so (the user of this process).

        `assign_face`: give the face to the person in Immich, too, before anything moves; pictures without a face that
        could be given are approved all the same, and the report says so. See `cannot_be_undone`.

        Files that changed or are gone are refused in the report, and the rest goes on. Raises UsageError for an unknown
        id or a name that several people have, ConfigError while the desk is not set up, LedgerError when the folder
        cannot be had, ServerError when faces cannot be assigned; nothing is done then.
        """
        rules = self._settings.intake.ready()
        waiting, refused = await self._waiting(ids)
        chosen = await self._who(person)
        if not waiting:
            return BatchReport(0, refused_before=tuple(refused))
        try:
            base = await base_of(self._database, rules.final_base)
        except OSError as error:
            raise LedgerError(f"{shown(rules.final_base)} cannot be looked at ({error.strerror})") from error
        faces: list[NewEffect] = []
        if assign_face:
            faces, unassigned = await self._faces(waiting, chosen)
            refused += unassigned
        folder = await self._folders.folder_of(chosen.person)
        effects, more = await asyncio.to_thread(
            approving_effects,
            waiting,
            person=chosen.person,
            base=base,
            folder=folder,
            by=by or _user(),
            now=self._clock.now(),
        )
        moved = {one.part for one in effects}
        effects = [*(one for one in faces if one.part in moved), *effects]
        if assign_face and not chosen.is_in_immich:
            self._people.forget()
        title = f"approve {count(len(moved), 'picture')} to {shown(chosen.name)}"
        return await self._at_once("approve", title, effects, [*refused, *more], on_progress)

    async def reject(self, ids: Sequence[int], *, by: str = "", on_progress: OnProgress | None = None) -> BatchReport:
        """Move pictures into the trash; their contents are remembered as deleted on purpose. Reports as `approve`."""
        waiting, refused = await self._waiting(ids)
        effects, more = await asyncio.to_thread(rejecting_effects, waiting, by=by or _user())
        title = f"reject {count(len({one.part for one in effects}), 'picture')}"
        return await self._at_once("reject", title, effects, [*refused, *more], on_progress)

    async def skip(self, ids: Sequence[int]) -> int:
        """Put pictures to the end of the list; how many of them still wait. Nothing that needs an undo."""
        async with self._database.write() as tx:
            return await review_queue.skip(tx, ids, now=self._clock.now())

    async def retry(self, item_ids: Sequence[int]) -> list[Item]:
        """Begin anew with what failed or was returned, by the ids of `items`; those that did begin.

        Raises UsageError for an unknown id.
        """
        wanted = list(dict.fromkeys(item_ids))
        async with self._database.write() as tx:
            found = {one.id for one in await intake.fetch(tx, wanted)}
            if missing := [one for one in wanted if one not in found]:
                raise UsageError(
                    f"nothing that came in has the id {missing[0]}; `winnow list intake --status failed` shows"
                )
            now = self._clock.now()
            begun = [one for one in wanted if await intake.retry(tx, one, now=now)]
            return await intake.fetch(tx, begun)

    async def cannot_be_undone(self, ids: Sequence[int], person: PersonChoice | str) -> str:
        """What an undo of assigning the faces would leave as it is, in words to be shown before; empty: nothing.

        Raises as `approve`.
        """
        waiting, _ = await self._waiting(ids)
        chosen = await self._who(person)
        faces, _ = await self._faces(waiting, chosen)
        number = sum(is_for_good(one) for one in faces)
        if not number:
            return ""
        verb = "is nobody's in Immich and stays" if number == 1 else "are nobody's in Immich and stay"
        return f"{count(number, 'face')} {verb} {shown(chosen.name)}'s after an undo: Immich cannot take a face away"

    async def _who(self, person: PersonChoice | str) -> PersonChoice:
        return await (self._people.find(person) if isinstance(person, str) else self._people.current(person))

    async def _faces(self, waiting: Sequence[Waiting], person: PersonChoice) -> tuple[list[NewEffect], list[str]]:
        if self._immich is None:
            raise ConfigError("no Immich is set up, so no face can be assigned: set [intake.immich] url")
        await ensure_correcting(self._immich)
        return await face_effects(self._immich, waiting, person)

    async def _waiting(self, ids: Sequence[int]) -> tuple[list[Waiting], list[str]]:
        """Those of the review that still wait for a decision, and in words those that do not. Raises UsageError."""
        wanted = list(dict.fromkeys(ids))
        async with self._database.read() as reader:
            lines = await review_queue.lines(reader, wanted)
            items = {one.id: one for one in await intake.fetch(reader, [line.download_id for line in lines])}
        if missing := set(wanted) - {line.id for line in lines}:
            names = ", ".join(str(one) for one in sorted(missing))
            raise UsageError(f"there is no picture {names} in the review; `winnow list intake` shows what waits")
        decided = [f"{shown(line.filename)} is {line.action} already" for line in lines if _is_decided(line.action)]
        return [Waiting(line, items[line.download_id]) for line in lines if not _is_decided(line.action)], decided

    async def _at_once(
        self,
        kind: str,
        title: str,
        effects: Sequence[NewEffect],
        refused: Sequence[str],
        on_progress: OnProgress | None,
    ) -> BatchReport:
        if not effects:
            return BatchReport(0, refused_before=tuple(refused))
        report = await self._ledger.apply(await self._ledger.submit(kind, title, effects), on_progress=on_progress)
        report.refused_before = tuple(refused)
        return report


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container that has no name for its user
        return str(os.getuid())


def _is_decided(action: ReviewAction) -> bool:
    return action is not ReviewAction.PENDING
