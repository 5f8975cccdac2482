"""Decisions of the duplicates desk as effects on Winnow's own database: marks, "not duplicates", and back."""

from __future__ import annotations

from typing import Final

import msgspec

from core.clock import Clock
from core.errors import EffectRefusedError, UndoRefusedError
from core.ledger.effects import Image, Payload, parsed
from core.model.groups import GroupStatus, Mark
from core.store import groups, kept_contents, marks
from core.store.database import Transaction
from core.store.journal_records import EffectRecord
from core.store.marks import Marks

MARK: Final = "duplicates.mark"
KEEP_ALL: Final = "duplicates.keep-all"
WITHDRAW_KEPT: Final = "duplicates.withdraw-kept"
OPEN: Final = (GroupStatus.PENDING, GroupStatus.DECIDED)


class MarkPayload(msgspec.Struct, frozen=True):
    """Which members of a group are marked how; members that are not named lose their mark."""

    group_id: int
    marks: dict[str, Mark]  # by file id, as JSON has text for keys
    is_merging: bool = False


class _MarkImage(msgspec.Struct, frozen=True):
    marks: dict[str, Mark]
    is_merging: bool


def mark_payload(group_id: int, wanted: Marks) -> Payload:
    """The payload of a MARK."""
    return {"group_id": group_id} | _image(wanted)


class MarkMembers:
    """Marks members of a group: nothing is done to a file yet."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def perform_local(self, tx: Transaction, payload: Payload) -> tuple[Image, Image]:
        """Write the marks. Refused when the group is no longer open, or no member would be left."""
        wanted = parsed(payload, MarkPayload)
        status, before = await _marks(tx, wanted.group_id)
        if status not in OPEN:
            raise EffectRefusedError(f"group {wanted.group_id} is {status}, so its members cannot be marked")
        after = Marks({int(file_id): mark for file_id, mark in wanted.marks.items()}, wanted.is_merging)
        members = await groups.member_ids(tx, wanted.group_id)
        if unknown := set(after.marks) - set(members):
            raise EffectRefusedError(f"file {min(unknown)} is no member of group {wanted.group_id}")
        if all(after.marks.get(one) in (Mark.TRASH, Mark.GONE) for one in members):
            raise EffectRefusedError(f"every file of group {wanted.group_id} would go: one has to stay")
        await marks.set_marks(tx, wanted.group_id, after, now=self._clock.now())
        return _image(before), _image(after)

    async def revert_local(self, tx: Transaction, payload: Payload, before: Image, after: Image) -> None:
        """Put the former marks back. Refused when they were changed since."""
        group_id = parsed(payload, MarkPayload).group_id
        found = await marks.marks_of(tx, group_id)
        if found is None:
            raise UndoRefusedError(f"group {group_id} no longer exists")
        if _image(found[1]) != after:
            raise UndoRefusedError(f"the marks of group {group_id} were changed since, or carried out")
        old = parsed(before, _MarkImage)
        former = Marks({int(file_id): mark for file_id, mark in old.marks.items()}, old.is_merging)
        await marks.set_marks(tx, group_id, former, now=self._clock.now())


class KeepPayload(msgspec.Struct, frozen=True):
    """A group whose members are no duplicates, with the contents that stand for them."""

    group_id: int
    contents: tuple[str, ...]
    title: str
    reason: str = ""


class KeepAll:
    """Remembers that the contents of a group are no duplicates."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def perform_local(self, tx: Transaction, payload: Payload) -> tuple[Image, Image]:
        """Remember the contents and close the group. Refused when it is no longer open."""
        wanted = parsed(payload, KeepPayload)
        status, before = await _marks(tx, wanted.group_id)
        if status not in OPEN:
            raise EffectRefusedError(f"group {wanted.group_id} is {status} already")
        now = self._clock.now()
        kept_id = await kept_contents.add(
            tx, contents=wanted.contents, title=wanted.title, reason=wanted.reason, now=now
        )
        await marks.set_marks(tx, wanted.group_id, Marks({}, is_merging=False), now=now)
        await groups.set_status(tx, wanted.group_id, GroupStatus.KEPT, now=now)
        return _image(before), {"kept_id": kept_id}

    async def revert_local(self, tx: Transaction, payload: Payload, before: Image, after: Image) -> None:
        """Forget it and open the group again, with the marks it had."""
        wanted = parsed(payload, KeepPayload)
        found = await kept_contents.get(tx, int(after["kept_id"]))
        if found is None or found.ended_at is not None:
            raise UndoRefusedError(f"that group {wanted.group_id} is no group of duplicates was withdrawn already")
        now = self._clock.now()
        await kept_contents.set_end(tx, found.id, ended_at=now)
        if await marks.marks_of(tx, wanted.group_id) is not None:
            old = parsed(before, _MarkImage)
            former = Marks({int(file_id): mark for file_id, mark in old.marks.items()}, old.is_merging)
            await marks.set_marks(tx, wanted.group_id, former, now=now)


class WithdrawPayload(msgspec.Struct, frozen=True):
    """Which remembered set is withdrawn, and the groups that it closed."""

    kept_id: int
    group_ids: tuple[int, ...] = ()


class WithdrawKept:
    """Withdraws a "not duplicates": its groups wait for a decision again."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def perform_local(self, tx: Transaction, payload: Payload) -> tuple[Image, Image]:
        """End it. Refused when it is not in force."""
        wanted = parsed(payload, WithdrawPayload)
        found = await kept_contents.get(tx, wanted.kept_id)
        if found is None or found.ended_at is not None:
            raise EffectRefusedError(f"{wanted.kept_id} is not in force; `winnow duplicates kept` lists what is")
        now = self._clock.now()
        await kept_contents.set_end(tx, wanted.kept_id, ended_at=now)
        reopened = [one for one in wanted.group_ids if (await groups.status(tx, one)) is GroupStatus.KEPT]
        for group_id in reopened:
            await groups.set_status(tx, group_id, GroupStatus.PENDING, now=now)
        return {"ended_at": None}, {"ended_at": now, "reopened": reopened}

    async def revert_local(self, tx: Transaction, payload: Payload, before: Image, after: Image) -> None:
        """Put it in force again; groups that were decided otherwise meanwhile stay as they are."""
        wanted = parsed(payload, WithdrawPayload)
        found = await kept_contents.get(tx, wanted.kept_id)
        if found is None or found.ended_at is None:
            raise UndoRefusedError(f"{wanted.kept_id} is in force again already")
        now = self._clock.now()
        await kept_contents.set_end(tx, wanted.kept_id, ended_at=None)
        for group_id in after["reopened"]:
            if (await groups.status(tx, group_id)) is GroupStatus.PENDING:
                await groups.set_status(tx, group_id, GroupStatus.KEPT, now=now)


class RemovalWitness:
    """Keeps groups in step with the trash: a member that went is marked as gone, one that came back as to go."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    async def was_done(self, tx: Transaction, effect: EffectRecord) -> None:
        """A file was removed."""
        await self._set(tx, effect, Mark.GONE)

    async def was_undone(self, tx: Transaction, effect: EffectRecord) -> None:
        """A file is back."""
        await self._set(tx, effect, Mark.TRASH)

    async def _set(self, tx: Transaction, effect: EffectRecord, mark: Mark) -> None:
        group_id, file_id = effect.payload.get("group_id"), effect.payload.get("file_id")
        if group_id is not None and file_id is not None:
            await marks.set_mark(tx, int(group_id), int(file_id), mark, now=self._clock.now())


async def _marks(tx: Transaction, group_id: int) -> tuple[GroupStatus, Marks]:
    found = await marks.marks_of(tx, group_id)
    if found is None:
        raise EffectRefusedError(f"there is no group {group_id}; `winnow list duplicates` shows them")
    return found


def _image(of: Marks) -> Image:
    return {
        "marks": {str(file_id): mark.value for file_id, mark in sorted(of.marks.items()) if mark is not Mark.NONE},
        "is_merging": of.is_merging,
    }
