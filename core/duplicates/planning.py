"""Plans of removals: from marks or from rules, looked at again, compared by frames, stored, and read back.

A plan does nothing. What it says is checked anew when it is applied, group by group and once more by each effect.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from core.clock import Clock
from core.duplicates.frames import FrameCheck, check_pair
from core.duplicates.gates import Observed, first_gate
from core.duplicates.keeper import chain_for, choose_keeper
from core.duplicates.plan import Circumstances, PlannedGroup, RemovalPlan, plan_removal
from core.duplicates.reviewing import not_by_rule
from core.duplicates.rules import Member
from core.errors import UsageError
from core.job import Job
from core.jobs import Jobs
from core.media.file_at_path import look_at, why_held
from core.media.pool import MediaPool
from core.model.groups import Group, GroupFilter, GroupKind, GroupStatus, Mark
from core.model.library_files import FileIdentity, LibraryFile
from core.settings_duplicates import DuplicatesSettings
from core.store import groups, plans
from core.store.database import Database
from core.store.groups import GroupTotals

PLAN: Final = "duplicates.plan"
_AT_ONCE: Final = 200  # groups read at once
_OPEN: Final = (GroupStatus.PENDING, GroupStatus.DECIDED)


@dataclass(frozen=True, slots=True)
class _StoredGroup:
    """A line of a stored plan: what goes, and as what each member was looked at."""

    group_id: int
    removed: tuple[int, ...]
    identities: dict[str, FileIdentity]  # by file id, as JSON has text for keys
    is_merging: bool
    reason: str
    is_marked: bool = False  # each of those that go was marked to go


@dataclass(frozen=True, slots=True)
class _Stored:
    groups: tuple[_StoredGroup, ...]
    is_permanent: bool


class Planning:
    """Works plans out."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        pool: MediaPool,
        clock: Clock,
        settings: DuplicatesSettings,
        *,
        has_stash: bool,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._pool = pool
        self._clock = clock
        self._settings = settings
        self._has_stash = has_stash

    async def marked(self, group_ids: Sequence[int] | None, *, is_permanent: bool) -> RemovalPlan:
        """What the marks of these groups (None: of all decided ones) come to. Raises UsageError for an unknown id."""
        wanted = GroupFilter(statuses=(GroupStatus.DECIDED,), is_weak=None)
        chosen: list[tuple[Group, frozenset[int]]] = []
        async for group in self._groups(wanted, group_ids):
            going = frozenset(one.file.id for one in group.members if one.mark is Mark.TRASH)
            if going or group_ids is not None:
                chosen.append((group, going))
        return await self._planned(chosen, is_permanent=is_permanent, title="what is marked")

    async def by_rule(
        self, job: Job | None, rule: str, wanted: GroupFilter, *, is_verifying: bool, is_permanent: bool
    ) -> RemovalPlan:
        """What the rules decide in the groups of a filter; with `is_verifying` each pair's frames are compared.

        Raises UsageError for an unknown rule, JobCancelledError when the job was stopped.
        """
        chain = chain_for(rule, self._settings)
        open_only = replace(wanted, statuses=tuple(one for one in wanted.statuses if one in _OPEN), is_weak=False)
        chosen: list[tuple[Group, frozenset[int]]] = []
        refused: list[PlannedGroup] = []
        total = (await self._totals(open_only)).groups
        async for group in self._groups(open_only, None):
            ruled = replace(_ruled(group, chain, self._settings), is_merging=True)  # nothing is lost unasked
            if why := not_by_rule(ruled):
                refused.append(PlannedGroup(ruled, (), (), refusal=why))
            elif is_verifying and (doubt := await self._doubt(ruled)):
                refused.append(PlannedGroup(ruled, (), (), refusal=doubt))
            else:
                going = frozenset(
                    one.file.id
                    for one in ruled.members
                    if one.file.id != ruled.keeper_id and not one.protected and one.mark is not Mark.GONE
                )
                chosen.append((ruled, going))
            if job is not None:
                done = len(chosen) + len(refused)
                await job.report(done=done, total=total, message="comparing frames" if is_verifying else "planning")
        name = rule or "the rules"
        plan = await self._planned(chosen, is_permanent=is_permanent, title=f"by {name}")
        return replace(plan, items=(*plan.items, *refused))

    async def _totals(self, wanted: GroupFilter) -> GroupTotals:
        async with self._database.read() as reader:
            return await groups.totals(reader, wanted)

    async def _groups(self, wanted: GroupFilter, group_ids: Sequence[int] | None) -> AsyncIterator[Group]:
        async with self._database.read() as reader:
            ids = list(group_ids) if group_ids is not None else list(await groups.ids(reader, wanted))
        for start in range(0, len(ids), _AT_ONCE):
            some = ids[start : start + _AT_ONCE]
            async with self._database.read() as reader:
                found = await groups.fetch(reader, some)
            if group_ids is not None and (missing := set(some) - {one.id for one in found}):
                raise UsageError(f"there is no group {min(missing)}; `winnow list duplicates` shows them")
            for group in found:
                yield group

    async def _doubt(self, group: Group) -> str:
        """Why the frames say that a rule must not act; empty where they agree. Equal bytes need no look."""
        if group.kind is GroupKind.EXACT:
            return ""
        keeper = group.keeper
        assert keeper is not None
        for member in group.members:
            if member is keeper or member.protected or member.mark is Mark.GONE:
                continue
            check: FrameCheck = await check_pair(self._pool, keeper.file, member.file, self._settings.max_frame_mse)
            if not check.is_alike:
                return f"the frames of {member.file.name} and {keeper.file.name} are {check.words}"
        return ""

    async def _planned(
        self, chosen: Sequence[tuple[Group, frozenset[int]]], *, is_permanent: bool, title: str
    ) -> RemovalPlan:
        """Look at every file again, and plan what may be done."""
        gates: dict[int, str] = {}
        for group, going in chosen:
            if words := await asyncio.to_thread(self._closed_gate, group, going, is_permanent=is_permanent):
                gates[group.id] = words
        given = Circumstances(is_permanent=is_permanent, has_stash=self._has_stash, gate=gates)
        return replace(plan_removal(chosen, given), title=title)

    def _closed_gate(self, group: Group, going: frozenset[int], *, is_permanent: bool) -> str:
        """The first gate that is closed now, in words."""
        if group.status not in _OPEN:
            return f"it is {group.status}"
        members = [one for one in group.members if one.mark is not Mark.GONE]
        files = [one.file for one in members]
        if is_permanent and any(file.path is None for file in files):
            return ""  # Stash alone reaches them; its effect looks at what it holds
        seen = {file.id: None if file.path is None else look_at(file.path).identity for file in files}
        gate = group.gate

        def distrust(_: object) -> str:
            return gate.words if gate is not None and gate.code.value == "unverified_mapping" else ""

        observed = Observed(self._settings.duration_tolerance_seconds, seen, distrust)
        places = [place for place, file in enumerate(files) if file.id in going]
        locks = {one.file.id: one.protected for one in members if one.protected}
        found = first_gate(group.kind, files, places, locks, observed)
        if found is not None:
            return found.words
        return "" if is_permanent else _held([file for file in files if file.id in going])

    # -- stored plans ------------------------------------------------------------------------------------------------

    async def store(self, plan: RemovalPlan) -> RemovalPlan:
        """Write a plan down, to be applied later by its id."""
        lines = tuple(
            _StoredGroup(
                item.group.id,
                tuple(one.file.id for one in item.removals),
                {str(one.file.id): one.file.identity for one in item.group.members if one.file.identity is not None},
                item.group.is_merging,
                item.reason,
                is_marked=_are_marked(item.group, {one.file.id for one in item.removals}),
            )
            for item in plan.accepted
        )
        async with self._database.write() as tx:
            plan_id = await plans.add(
                tx, kind=PLAN, title=plan.title, detail=_Stored(lines, plan.is_permanent), now=self._clock.now()
            )
        return replace(plan, id=plan_id)

    async def load(self, plan_id: int, *, is_permanent: bool) -> RemovalPlan:
        """A stored plan as it stands now: groups of which a file changed since are refused.

        Raises UsageError when there is no such plan, it was applied, or `is_permanent` is not what it was made for.
        """
        async with self._database.read() as reader:
            stored = await plans.get(reader, plan_id, _Stored)
        if stored is None or stored.kind != PLAN:
            raise UsageError(f"there is no plan {plan_id}; `winnow duplicates plan` makes one")
        if stored.batch_id is not None:
            raise UsageError(f"plan {plan_id} was applied already: `winnow history` shows batch {stored.batch_id}")
        if is_permanent and not stored.detail.is_permanent:
            raise UsageError(f"plan {plan_id} moves files to the trash; make another one with --permanent")
        chosen: list[tuple[Group, frozenset[int]]] = []
        refused: list[PlannedGroup] = []
        lines = {line.group_id: line for line in stored.detail.groups}
        async with self._database.read() as reader:
            found = {group.id: group for group in await groups.fetch(reader, list(lines))}
        for group_id, line in lines.items():
            group = found.get(group_id)
            if group is None:
                continue
            group = replace(group, is_merging=line.is_merging, reason=line.reason)
            if words := _changed(group, line):
                refused.append(PlannedGroup(group, (), (), refusal=words))
            else:
                chosen.append((group, frozenset(line.removed)))
        plan = await self._planned(chosen, is_permanent=stored.detail.is_permanent, title=stored.title)
        return replace(plan, items=(*plan.items, *refused), id=plan_id)


def _ruled(group: Group, chain: Sequence[str], settings: DuplicatesSettings) -> Group:
    """A group with the keeper of another chain of rules, where another one was asked for."""
    if tuple(chain) == tuple(settings.keep):
        return group
    members = [
        Member(one.file, None if one.file.record is None else group.records.get(one.file.record), one.protected)
        for one in group.members
    ]
    verdict = choose_keeper(members, settings, chain=chain)
    if verdict.keeper is None:
        return replace(group, keeper_id=None, reason=verdict.reason)
    return replace(group, keeper_id=members[verdict.keeper].file.id, reason=verdict.reason)


def _changed(group: Group, line: _StoredGroup) -> str:
    """Why a stored line no longer holds: members came, went or changed; in words."""
    now = {str(one.file.id): one.file.identity for one in group.members if one.file.identity is not None}
    if set(now) != set(line.identities):
        return "its files are not those the plan was made for: plan again"
    other = next((file_id for file_id, identity in now.items() if identity != line.identities[file_id]), None)
    if other is not None:
        name = next(one.file.name for one in group.members if str(one.file.id) == other)
        return f"{name} changed since the plan was made: plan again"
    if line.is_marked and not _are_marked(group, set(line.removed)):
        return "its marks were changed since the plan was made: plan again"
    return ""


def _are_marked(group: Group, going: set[int]) -> bool:
    return all(one.mark in (Mark.TRASH, Mark.GONE) for one in group.members if one.file.id in going)


def _held(files: Sequence[LibraryFile]) -> str:
    """Why one of these files cannot be moved, in words: said before metadata is merged for the sake of its going."""
    for file in files:
        if file.path is not None and (words := why_held(file.path)):
            return f"{file.name} cannot be moved: {words}"
    return ""
