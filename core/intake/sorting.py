"""Carries out what the rules decided: moves into a person's folder or the review, as undoable batches.

A file that cannot be moved stays where it is and is tried again in the next run; after some tries it has failed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from core.clock import Clock
from core.errors import EffectRefusedError, LedgerError
from core.intake.bases import base_of
from core.intake.immich_library import own_folder
from core.intake.model import Category, Destination, Faces, Item, ItemState, Outcome
from core.intake.person_folders import PersonFolders
from core.intake.witness import Route, TakeIn, TrashDuplicate, meaning_of
from core.ledger.apply import Ledger
from core.ledger.move_plan import Base, move_effects, sidecars_of, stamp_of
from core.ledger.trash import trash_effect
from core.ledger.trash_checks import GoingPayload, identity_at
from core.path_text import packed, shown
from core.settings_intake import IntakeSettings
from core.store import intake
from core.store.database import Database
from core.store.journal import NewEffect
from core.words import count

BATCH: Final = "intake"
TAKE_IN: Final = "intake.take-in"
_TRIES: Final = 5
_LATER_SECONDS: Final = 300.0


@dataclass(frozen=True, slots=True)
class Routed:
    """A picture and what is to become of it. `faces` as they were found, None where nobody looked."""

    item: Item
    outcome: Outcome
    faces: Faces | None = None
    near: str = ""


@dataclass(slots=True)
class Sums:
    """What became of pictures: `troubles` names those that could not be moved, and why."""

    sorted: int = 0
    review: dict[Category, int] = field(default_factory=lambda: dict.fromkeys(Category, 0))
    trashed: int = 0
    failed: int = 0
    troubles: list[tuple[str, str]] = field(default_factory=list)

    @property
    def done(self) -> int:
        """Those that came to an end."""
        return self.sorted + self.trashed + sum(self.review.values())


class Sorting:
    """Moves pictures. `sums` is what became of all of them."""

    def __init__(
        self, database: Database, ledger: Ledger, clock: Clock, rules: IntakeSettings, folders: PersonFolders
    ) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock
        self._rules = rules
        self._folders = folders
        self.sums = Sums()

    async def wait(self, routed: Routed, *, is_attempt: bool = False) -> None:
        """Leave a picture where it is, to be looked at again in the next run."""
        async with self._database.write() as tx:
            await intake.set_pending(
                tx,
                routed.item.id,
                next_at=self._clock.now(),
                faces=routed.faces,
                near=routed.near or None,
                is_attempt=is_attempt,
                words=routed.outcome.reason,
            )

    async def take_in(self, items: Sequence[Item]) -> list[Item]:
        """Move pictures from elsewhere into their folders in `temp_dir`; those that lie there now."""
        effects: list[NewEffect] = []
        planned: list[Item] = []
        for item in items:
            try:
                base = await base_of(self._database, self._rules.temp_dir)
                effects += await asyncio.to_thread(self._taking_in, item, base)
                planned.append(item)
            except (OSError, EffectRefusedError, LedgerError) as error:
                await self._not_moved(item, _words(error))
        title = f"take in {count(len(planned), 'picture')}"
        await self._carry_out(TAKE_IN, title, effects, {item.id: item for item in planned})
        async with self._database.read() as reader:
            now = {one.id: one for one in await intake.fetch(reader, [item.id for item in planned])}
        return [
            now[item.id]
            for item in planned
            if Path(now[item.id].file_path or "").parent == own_folder(self._rules, item.id)
        ]

    def _taking_in(self, item: Item, base: Base) -> list[NewEffect]:
        return self._moves(
            item, base, str(item.id), item.filename, meaning=meaning_of(TakeIn()), part=f"take-in:{item.id}"
        )

    async def carry_out(self, routed: Sequence[Routed]) -> None:
        """Move these pictures, as one batch that an undo takes back."""
        effects: list[NewEffect] = []
        planned: dict[int, Routed] = {}
        for one in routed:
            try:
                effects += await self._effects(one)
                planned[one.item.id] = one
            except (OSError, EffectRefusedError, LedgerError) as error:
                await self._not_moved(one.item, _words(error))
        if not effects:
            return
        done = await self._carry_out(BATCH, _title(list(planned.values())), effects, _items(planned))
        for item_id in done:
            outcome = planned[item_id].outcome
            if outcome.destination is Destination.PERSON:
                self.sums.sorted += 1
            elif outcome.destination is Destination.TRASH:
                self.sums.trashed += 1
            elif outcome.category is not None:
                self.sums.review[outcome.category] += 1

    async def _effects(self, routed: Routed) -> list[NewEffect]:
        """Raises OSError, EffectRefusedError, LedgerError."""
        item, outcome = routed.item, routed.outcome
        if outcome.destination is Destination.TRASH:
            return await asyncio.to_thread(_trashing, item, outcome)
        meaning = meaning_of(Route(outcome, item.source, routed.faces, routed.near))
        if outcome.destination is Destination.PERSON:
            assert outcome.person is not None
            base, folder = (
                await base_of(self._database, self._rules.final_base),
                await self._folders.folder_of(outcome.person),
            )
        else:
            assert outcome.category is not None
            base, folder = await base_of(self._database, self._rules.review_base), outcome.category.folder
        return await asyncio.to_thread(
            self._moves, item, base, folder, outcome.name, meaning=meaning, part=f"intake:{item.id}"
        )

    def _moves(
        self, item: Item, base: Base, folder: str, name: str, *, meaning: dict[str, object], part: str
    ) -> list[NewEffect]:
        path = Path(item.file_path or "")
        identity = identity_at(path)
        if identity is None:
            raise EffectRefusedError(f"{shown(path)} is gone: somebody moved or deleted it; hand it over again")
        return move_effects(
            path,
            identity,
            base=base,
            folder=folder,
            name=name,
            stamp=stamp_of(self._clock.now()),
            part=part,
            sha256=None if item.sha256 is None else item.sha256.hex(),
            item_id=item.id,
            meaning=meaning,
            sidecars=[(one, its_own) for one in sidecars_of(path) if (its_own := identity_at(one)) is not None],
        )

    async def _carry_out(
        self, kind: str, title: str, effects: Sequence[NewEffect], items: dict[int, Item]
    ) -> list[int]:
        """Apply effects, whose parts end in the item's number; the numbers of those whose picture was moved."""
        if not effects:
            return []
        report = await self._ledger.apply(await self._ledger.submit(kind, title, effects))
        done: list[int] = []
        words = {one.effect_id: one.words for one in report.not_done}
        async with self._database.read() as reader:
            found = {one.id: one for one in await intake.fetch(reader, list(items))}
        for outcome in report.outcomes:
            if outcome.effect_id in words:
                self.sums.troubles.append((outcome.title, outcome.words))
        for item_id, item in items.items():
            now = found[item_id]
            if now.file_path != item.file_path or now.state is ItemState.TRASHED:
                done.append(item_id)
            else:
                await self._later(item, report.stopped_by or "it could not be moved; the log says why")
        return done

    async def _not_moved(self, item: Item, words: str) -> None:
        self.sums.troubles.append((shown(item.filename), words))
        await self._later(item, words)

    async def _later(self, item: Item, words: str) -> None:
        now = self._clock.now()
        is_over = item.attempts + 1 >= _TRIES
        self.sums.failed += is_over
        async with self._database.write() as tx:
            await intake.set_error(tx, item.id, words, next_at=None if is_over else now + _LATER_SECONDS, now=now)


def _trashing(item: Item, outcome: Outcome) -> list[NewEffect]:
    """The way of a copy into the trash, with what goes along. Raises OSError, EffectRefusedError."""
    path = Path(item.file_path or "")
    identity = identity_at(path)
    if identity is None:
        raise EffectRefusedError(f"{shown(path)} is gone: somebody moved or deleted it")
    going = GoingPayload(
        path=packed(path),
        identity=identity,
        is_unwanted=True,
        md5=None if item.md5 is None else item.md5.hex(),
        sha256=None if item.sha256 is None else item.sha256.hex(),
        meaning=meaning_of(TrashDuplicate(item.id, outcome)),
    )
    others = [
        GoingPayload(path=packed(one), identity=its_own, is_sidecar=True)
        for one in sidecars_of(path)
        if (its_own := identity_at(one)) is not None
    ]
    return [trash_effect(one, part=f"intake:{item.id}") for one in (going, *others)]


def _items(planned: dict[int, Routed]) -> dict[int, Item]:
    return {number: one.item for number, one in planned.items()}


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
