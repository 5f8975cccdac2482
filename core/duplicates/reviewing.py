"""What a person decides about groups, as undoable batches; nothing is done to a file here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.duplicates.decide import KEEP_ALL, MARK, WITHDRAW_KEPT, mark_payload
from core.errors import UsageError
from core.ledger.apply import Ledger
from core.ledger.report import BatchReport
from core.model.groups import Group, GroupStatus, Mark
from core.store import groups, kept_contents
from core.store.database import Database
from core.store.journal_records import NewEffect
from core.store.kept_contents import KeptContents
from core.store.marks import Marks


@dataclass(frozen=True, slots=True)
class Kept:
    """A group of files that somebody said are no duplicates. `group_ids` are the groups it closed."""

    contents: KeptContents
    group_ids: tuple[int, ...]


class Reviewing:
    """Decisions about groups."""

    def __init__(self, database: Database, ledger: Ledger) -> None:
        self._database = database
        self._ledger = ledger

    async def mark(
        self, group_id: int, marks: Mapping[int, Mark], *, is_merging: bool | None = None, title: str = ""
    ) -> BatchReport:
        """Set the marks of these members (by file id) beside those that stand; None leaves the merging as it is.

        Refused, in the report, when no file of the group would stay. Raises UsageError for an unknown group.
        """
        group = await self.group(group_id)
        wanted = {one.file.id: one.mark for one in group.members if one.mark is not Mark.NONE} | dict(marks)
        merging = group.is_merging if is_merging is None else is_merging
        return await self._mark(group, Marks(wanted, merging), title or _marked(group, marks))

    async def keep_only(self, group_id: int, file_id: int, *, is_merging: bool | None = None) -> BatchReport:
        """Keep one member and mark all others to go; their metadata is merged first unless that is turned off."""
        group = await self.group(group_id)
        if all(one.file.id != file_id for one in group.members):
            raise UsageError(f"file {file_id} is no member of group {group_id}")
        wanted = {one.file.id: Mark.KEEP if one.file.id == file_id else _going(one.mark) for one in group.members}
        merging = has_other_records(group, file_id) if is_merging is None else is_merging
        name = next(one.file.name for one in group.members if one.file.id == file_id)
        return await self._mark(group, Marks(wanted, merging), f"keep only {name}")

    async def keep_suggested(self, group_ids: Sequence[int]) -> BatchReport:
        """Keep the member that a rule chose, in each of these groups, and mark the others to go.

        Groups that no rule decides, with a gate, or weak ones are refused in the report.
        """
        effects: list[NewEffect] = []
        refused: list[str] = []
        for group in await self.groups(group_ids):
            if why := not_by_rule(group):
                refused.append(f"group {group.id}: {why}")
                continue
            keeper = group.keeper
            assert keeper is not None
            wanted = {
                one.file.id: Mark.KEEP if one is keeper else _going(one.mark)
                for one in group.members
                if one is keeper or not one.protected
            }
            title = f"keep {keeper.file.name} ({len(group.members) - 1} to go)"
            merging = has_other_records(group, keeper.file.id)
            effects.append(NewEffect(MARK, title, mark_payload(group.id, Marks(wanted, merging))))
        report = await self._at_once("mark", f"mark {_many(len(effects))}", effects)
        report.refused_before = tuple(refused)
        return report

    async def swap(self, group_id: int, file_id: int) -> BatchReport:
        """Let a member change places with the one that is kept: it stays, the other goes."""
        group = await self.group(group_id)
        kept_now = [one for one in group.members if one.mark is Mark.KEEP] or [
            one for one in group.members if one.file.id == group.keeper_id
        ]
        if not kept_now or kept_now[0].file.id == file_id:
            raise UsageError("there is nothing to change places with: mark the file to keep first")
        wanted = {kept_now[0].file.id: Mark.TRASH, file_id: Mark.KEEP}
        name = next((one.file.name for one in group.members if one.file.id == file_id), str(file_id))
        return await self.mark(group_id, wanted, title=f"keep {name} in place of {kept_now[0].file.name}")

    async def clear(self, group_id: int) -> BatchReport:
        """Take all marks of a group away."""
        group = await self.group(group_id)
        return await self._mark(group, Marks({}, is_merging=False), f"no marks in group {group_id}")

    async def keep_all(self, group_ids: Sequence[int], *, reason: str = "") -> BatchReport:
        """Say that these are no duplicates: remembered for their contents, reopened by a further member."""
        effects = [
            NewEffect(
                KEEP_ALL,
                f"not duplicates: {group.members[0].file.name} and {len(group.members) - 1} more",
                {
                    "group_id": group.id,
                    "contents": [one.file.content_key for one in group.members],
                    "title": group.members[0].file.name,
                    "reason": reason,
                },
            )
            for group in await self.groups(group_ids)
            if group.members
        ]
        return await self._at_once("keep-all", f"not duplicates: {_many(len(effects))}", effects)

    async def kept(self) -> list[Kept]:
        """Every "not duplicates" in force, newest first, with the groups it closed."""
        async with self._database.read() as reader:
            found = await kept_contents.in_force(reader)
            closed = await groups.fetch(reader, await groups.of_status(reader, GroupStatus.KEPT))
        keys = {group.id: tuple(one.file.content_key for one in group.members) for group in closed}
        return [
            Kept(
                one,
                tuple(
                    group_id for group_id, contents in keys.items() if contents and kept_contents.covers(one, contents)
                ),
            )
            for one in found
        ]

    async def withdraw(self, kept_ids: Sequence[int]) -> BatchReport:
        """Withdraw these "not duplicates": their groups wait for a decision again."""
        known = {one.contents.id: one for one in await self.kept()}
        effects = [
            NewEffect(
                WITHDRAW_KEPT,
                f"withdraw: not duplicates, {known[one].contents.title if one in known else one}",
                {"kept_id": one, "group_ids": list(known[one].group_ids) if one in known else []},
            )
            for one in dict.fromkeys(kept_ids)
        ]
        return await self._at_once("withdraw", f"withdraw {len(effects)}", effects)

    async def group(self, group_id: int) -> Group:
        """One group. Raises UsageError when there is none."""
        return (await self.groups([group_id]))[0]

    async def groups(self, group_ids: Sequence[int]) -> list[Group]:
        """These groups, in this order. Raises UsageError for an unknown id."""
        wanted = list(dict.fromkeys(group_ids))
        async with self._database.read() as reader:
            found = await groups.fetch(reader, wanted)
        if missing := set(wanted) - {one.id for one in found}:
            names = ", ".join(str(one) for one in sorted(missing))
            raise UsageError(f"there is no group {names}; `winnow list duplicates` shows them")
        return found

    async def _mark(self, group: Group, wanted: Marks, title: str) -> BatchReport:
        return await self._at_once("mark", title, [NewEffect(MARK, title, mark_payload(group.id, wanted))])

    async def _at_once(self, kind: str, title: str, effects: Sequence[NewEffect]) -> BatchReport:
        if not effects:
            return BatchReport(0)
        return await self._ledger.apply(await self._ledger.submit(kind, title, effects))


def has_other_records(group: Group, file_id: int) -> bool:
    """Whether another scene or image than that of this file may lose its file, with metadata to merge."""
    own = next((one.file.record for one in group.members if one.file.id == file_id), None)
    return own is not None and any(one.file.record not in (own, None) for one in group.members)


def not_by_rule(group: Group) -> str:
    """Why no rule may resolve a group, in words; empty where one may."""
    if group.status not in (GroupStatus.PENDING, GroupStatus.DECIDED):
        return f"it is {group.status}"
    if group.is_weak:
        return "it is a weak pair: no second opinion says that these are duplicates"
    if group.gate is not None:
        return group.gate.words
    if group.keeper_id is None:
        return f"no rule decides: {group.reason}"
    return ""


def _going(mark: Mark) -> Mark:
    return Mark.GONE if mark is Mark.GONE else Mark.TRASH


def _marked(group: Group, marks: Mapping[int, Mark]) -> str:
    names = {one.file.id: one.file.name for one in group.members}
    words = {Mark.KEEP: "keep", Mark.TRASH: "to the trash:", Mark.NONE: "no mark:", Mark.GONE: "gone:"}
    return ", ".join(f"{words[mark]} {names.get(file_id, file_id)}" for file_id, mark in marks.items())


def _many(number: int) -> str:
    return "1 group" if number == 1 else f"{number} groups"
