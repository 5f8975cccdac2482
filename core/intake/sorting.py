"""Carries out what the rules decided: moves into a person's folder or the review, as undoable batches.

A file that cannot be moved stays where it is and waits, with the reason; a later run tries again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from core.clock import Clock
from core.errors import EffectRefusedError, LedgerError
from core.file_names import safe_file_name
from core.intake.immich_library import own_folder
from core.intake.person_folders import PersonFolders
from core.intake.run_report import IntakeReport
from core.intake.waiting import Waiting
from core.intake.witness import Route, TakeIn, TrashDuplicate, meaning_of
from core.ledger.apply import Ledger
from core.ledger.bases import base_of
from core.ledger.move_plan import Base, move_effects, sidecars_of, stamp_of
from core.ledger.report import OnProgress
from core.ledger.trash import trash_effect
from core.ledger.trash_checks import GoingPayload, Survivor, identity_at
from core.model.incoming import Destination, Faces, Item, ItemState, Outcome
from core.model.library_files import FileIdentity
from core.path_text import packed, shown
from core.settings_intake import IntakeSettings
from core.store import intake
from core.store.database import Database
from core.store.journal_records import NewEffect
from core.words import count

BATCH: Final = "intake"
TAKE_IN: Final = "intake.take-in"


@dataclass(frozen=True, slots=True)
class Routed:
    """A picture and what is to become of it. `faces` as they were found, None where nobody looked.

    `survivor` is the file of the same content that stays where this one goes to the trash.
    """

    item: Item
    outcome: Outcome
    faces: Faces | None = None
    near: str = ""
    survivor: Survivor | None = None

    def with_near(self, near: str) -> Routed:
        """The same with a note."""
        return replace(self, near=near)


class Sorting:
    """Moves pictures, and counts what became of them in `report`. `troubles`: why files could not be moved."""

    def __init__(
        self,
        database: Database,
        ledger: Ledger,
        clock: Clock,
        rules: IntakeSettings,
        folders: PersonFolders,
        waiting: Waiting,
        report: IntakeReport,
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._rules = rules
        self._folders = folders
        self._waiting = waiting
        self._report = report
        self.troubles: list[str] = []
        self.has_left_library = False

    async def take_in(self, items: Sequence[Item], on_progress: OnProgress) -> list[Item]:
        """Move pictures from elsewhere into their folders in `temp_dir`; those that lie there now."""
        effects: list[NewEffect] = []
        planned: dict[int, Item] = {}
        bases = _Bases(self._database)
        for item in items:
            try:
                base = await bases.of(self._rules.temp_dir)
                moves = await asyncio.to_thread(
                    self._moves,
                    item,
                    base,
                    str(item.id),
                    safe_file_name(item.filename),
                    meaning=meaning_of(TakeIn()),
                    part=_part(item),
                )
            except (OSError, EffectRefusedError, LedgerError) as error:
                await self._not_moved(item, _words(error))
            else:
                effects += moves
                planned[item.id] = item
        title = f"take in {count(len(planned), 'picture')}"
        moved = await self._carry_out(TAKE_IN, title, effects, planned, on_progress)
        async with self._database.read() as reader:
            return await intake.fetch(reader, moved)

    async def carry_out(self, routed: Sequence[Routed], on_progress: OnProgress) -> None:
        """Move these pictures, as one batch that an undo takes back."""
        effects: list[NewEffect] = []
        planned: dict[int, Routed] = {}
        bases = _Bases(self._database)
        for one in routed:
            try:
                effects += await self._effects(one, bases)
                planned[one.item.id] = one
            except (OSError, EffectRefusedError, LedgerError) as error:
                await self._not_moved(one.item, _words(error))
        items = {number: one.item for number, one in planned.items()}
        title = _title(list(planned.values()))
        for item_id in await self._carry_out(BATCH, title, effects, items, on_progress):
            self._count(planned[item_id])

    def _count(self, routed: Routed) -> None:
        item, outcome = routed.item, routed.outcome
        self._report.duplicates += outcome.duplicate is not None
        if outcome.destination is Destination.PERSON:
            self._report.sorted += 1
        elif outcome.destination is Destination.TRASH:
            self._report.trashed += 1
        elif outcome.category is not None:
            self._report.review[outcome.category] += 1
        self.has_left_library |= Path(item.file_path or "").parent == own_folder(self._rules, item.id)

    async def _effects(self, routed: Routed, bases: _Bases) -> list[NewEffect]:
        """Raises OSError, EffectRefusedError, LedgerError."""
        item, outcome = routed.item, routed.outcome
        if outcome.destination is Destination.TRASH:
            return await asyncio.to_thread(_trashing, routed)
        meaning = meaning_of(Route(outcome, item.source, routed.faces, routed.near))
        if outcome.destination is Destination.PERSON:
            assert outcome.person is not None
            base = await bases.of(self._rules.final_base)
            folder = await self._folders.folder_of(outcome.person)
        else:
            assert outcome.category is not None
            base, folder = await bases.of(self._rules.review_base), outcome.category.folder
        return await asyncio.to_thread(self._moves, item, base, folder, outcome.name, meaning=meaning, part=_part(item))

    def _moves(
        self, item: Item, base: Base, folder: str, name: str, *, meaning: dict[str, object], part: str
    ) -> list[NewEffect]:
        path = Path(item.file_path or "")
        return move_effects(
            path,
            _still_there(path),
            base=base,
            folder=folder,
            name=name,
            stamp=stamp_of(self._clock.now()),
            part=part,
            sha256=None if item.sha256 is None else item.sha256.hex(),
            item_id=item.id,
            meaning=meaning,
            sidecars=_sidecars(path),
        )

    async def _carry_out(
        self, kind: str, title: str, effects: Sequence[NewEffect], items: dict[int, Item], on_progress: OnProgress
    ) -> list[int]:
        """Apply effects; the numbers of the items whose picture was moved. What was not moved waits."""
        if not effects:
            return []
        report = await self._ledger.apply(await self._ledger.submit(kind, title, effects), on_progress=on_progress)
        whys: dict[str, str] = {}
        for one, outcome in zip(effects, report.outcomes, strict=False):  # one each, in order, as far as it got
            if not outcome.is_done:
                whys.setdefault(one.part, outcome.words)
                self.troubles.append(f"{outcome.title}: {outcome.words}")
        async with self._database.read() as reader:
            found = {one.id: one for one in await intake.fetch(reader, list(items))}
        done: list[int] = []
        for item_id, item in items.items():
            now = found[item_id]
            if now.file_path != item.file_path or now.state is ItemState.TRASHED:
                done.append(item_id)
            else:
                await self._waiting.put(item, whys.get(_part(item)) or report.stopped_by or "it was not moved")
        return done

    async def _not_moved(self, item: Item, words: str) -> None:
        self.troubles.append(f"{shown(item.filename)}: {words}")
        await self._waiting.put(item, words)


class _Bases:
    """The folders of one batch, each looked at once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._known: dict[str, Base] = {}

    async def of(self, folder: str) -> Base:
        """Raises OSError."""
        if folder not in self._known:
            self._known[folder] = await base_of(self._database, folder)
        return self._known[folder]


def _part(item: Item) -> str:
    return f"intake:{item.id}"


def _still_there(path: Path) -> FileIdentity:
    """Raises OSError, EffectRefusedError."""
    identity = identity_at(path)
    if identity is None:
        raise EffectRefusedError(f"{shown(path)} is gone: somebody moved or deleted it")
    return identity


def _sidecars(path: Path) -> list[tuple[Path, FileIdentity]]:
    """Raises OSError."""
    return [(one, identity) for one in sidecars_of(path) if (identity := identity_at(one)) is not None]


def _trashing(routed: Routed) -> list[NewEffect]:
    """The way of a copy into the trash, with what goes along. Raises OSError, EffectRefusedError."""
    item, path = routed.item, Path(routed.item.file_path or "")
    going = GoingPayload(
        path=packed(path),
        identity=_still_there(path),
        survivors=() if routed.survivor is None else (routed.survivor,),
        md5=None if item.md5 is None else item.md5.hex(),
        sha256=None if item.sha256 is None else item.sha256.hex(),
        meaning=meaning_of(TrashDuplicate(item.id, routed.outcome)),
    )
    others = [GoingPayload(path=packed(one), identity=its_own, is_sidecar=True) for one, its_own in _sidecars(path)]
    return [trash_effect(one, part=_part(item)) for one in (going, *others)]


def _title(routed: Sequence[Routed]) -> str:
    people = sum(one.outcome.destination is Destination.PERSON for one in routed)
    trashed = sum(one.outcome.destination is Destination.TRASH for one in routed)
    review = len(routed) - people - trashed
    parts = [
        f"sort {count(people, 'picture')}" if people else "",
        f"{review} to review" if people and review else f"{count(review, 'picture')} to review" if review else "",
        f"{count(trashed, 'copy').replace('copys', 'copies')} to the trash" if trashed else "",
    ]
    return ", ".join(part for part in parts if part)


def _words(error: Exception) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else str(error)
