"""The trash as a person sees it: what lies there, restore, empty; and the records that follow the effects."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from core.clock import Clock
from core.errors import UsageError
from core.ledger.apply import Ledger
from core.ledger.effects import Witness, parsed
from core.ledger.report import BatchReport
from core.ledger.trash import TrashedImage
from core.ledger.trash_checks import GoingPayload
from core.ledger.trash_deletion import EmptyPayload, empty_effect
from core.path_text import packed, shown, unpacked
from core.store import trash
from core.store.database import Database, Transaction
from core.store.journal_records import EffectRecord
from core.store.trash import Trashed

_DAY: Final = 86400.0


class TrashWitness:
    """Keeps the list of what lies in the trash in step with the effects."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def was_done(self, tx: Transaction, effect: EffectRecord) -> None:
        """A file was put there."""
        given, image = parsed(effect.payload, GoingPayload), parsed(effect.after or {}, TrashedImage)
        await trash.add(
            tx,
            effect_id=effect.id,
            path=unpacked(given.path),
            place=unpacked(image.place),
            identity=image.identity,
            is_system=image.is_system,
            now=self._clock.now(),
        )

    async def was_undone(self, tx: Transaction, effect: EffectRecord) -> None:
        """It was taken out again."""
        await trash.end(tx, effect_id=effect.id, how="restored", now=self._clock.now())


class EmptyWitness:
    """Notes what was deleted out of the trash."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def was_done(self, tx: Transaction, effect: EffectRecord) -> None:
        """It is gone for good."""
        given = parsed(effect.payload, EmptyPayload)
        await trash.end(tx, trash_id=given.trash_id, how="emptied", now=self._clock.now())

    async def was_undone(self, tx: Transaction, effect: EffectRecord) -> None:
        """Never."""


class Witnesses:
    """Several who keep records of one kind of effect."""

    def __init__(self, *witnesses: Witness) -> None:
        self._witnesses = witnesses

    async def was_done(self, tx: Transaction, effect: EffectRecord) -> None:
        """Tell each."""
        for one in self._witnesses:
            await one.was_done(tx, effect)

    async def was_undone(self, tx: Transaction, effect: EffectRecord) -> None:
        """Tell each."""
        for one in self._witnesses:
            await one.was_undone(tx, effect)


class TrashBin:
    """What lies in the trash."""

    def __init__(self, database: Database, ledger: Ledger, clock: Clock) -> None:
        self._database = database
        self._ledger = ledger
        self._clock = clock

    async def held(self, *, older_than_days: int | None = None) -> list[Trashed]:
        """What lies there, newest first; or only what lies there for so many days."""
        before = None if older_than_days is None else self._clock.now() - older_than_days * _DAY
        async with self._database.read() as reader:
            return await trash.held(reader, before=before)

    async def restore(self, trash_ids: Sequence[int]) -> BatchReport:
        """Bring files back, each with what went with it. Raises UsageError for an unknown id."""
        report = BatchReport(0)
        for one in await self._named(trash_ids):
            async with self._database.read() as reader:
                now = await trash.get(reader, one.id)
            if now is None or now.ended_at is not None:
                continue  # it came back with another one of its part
            part = await self._ledger.undo_effect(one.effect_id)
            report.outcomes += part.outcomes
            report.stopped_by = report.stopped_by or part.stopped_by
        return report

    async def empty(self, files: Sequence[Trashed]) -> BatchReport:
        """Delete these for good, as one batch that cannot be undone. The caller has asked."""
        effects = [
            empty_effect(EmptyPayload(packed(one.place), one.identity, one.id), shown(one.path).rsplit("/", 1)[-1])
            for one in files
            if not one.is_system and one.ended_at is None
        ]
        if not effects:
            return BatchReport(0)
        noun = "file" if len(effects) == 1 else "files"
        return await self._ledger.apply(
            await self._ledger.submit("empty-trash", f"delete {len(effects)} {noun} out of the trash", effects)
        )

    async def _named(self, trash_ids: Sequence[int]) -> list[Trashed]:
        found: list[Trashed] = []
        async with self._database.read() as reader:
            for trash_id in dict.fromkeys(trash_ids):
                one = await trash.get(reader, trash_id)
                if one is None or one.ended_at is not None:
                    state = "is not in the trash" if one is None else f"was {one.ended_how} already"
                    raise UsageError(f"{trash_id} {state}; `winnow trash list` shows what is")
                found.append(one)
        return found
