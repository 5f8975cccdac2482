"""The local half of a scan: which scenes the library holds now, and what changed since the last time."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from core.clock import Clock
from core.job import Job
from core.matching.propose import Counts, recompute
from core.model.scenes import Scene, SceneOutline
from core.servers.stash import StashClient
from core.settings import MatchingSettings
from core.store import facts, recommendations, scenes
from core.store.database import Database, Transaction
from core.store.statements import chunks

_CHECKPOINT: Final = "crawl checkpoint"
_COMPLETE: Final = "crawl complete"
_END: Final = (1 << 63) - 1  # beyond every id
_FEW: Final = 2000  # partly linked scenes that are cheaper to fetch one by one than to sweep the library for
_MANY_GONE: Final = 200  # Stash names missing ids one by one: more of them are cheaper to find by a sweep


class _Checkpoint(msgspec.Struct):
    """How far the first crawl of a job got: everything up to `after` was fetched, for this `mark`."""

    job: int
    after: int
    mark: str = ""


class LibraryCrawl:
    """Brings the remembered scenes up to date and recomputes what hangs on those that changed.

    The first time every scene is fetched whole. Later the scenes that lack an id are swept with no more than ids,
    times and hashes, and only what differs from what is remembered is fetched: a time alone is never trusted, since
    Stash does not move it when a hash is made. Where the server's counts then disagree, the whole library is swept.
    `endpoints` are all that Stash names, turned off ones too.

    A scene that a decision of Winnow changed is marked (see `relink`). What was read of it before the mark is older
    than the decision and is not believed.
    """

    def __init__(
        self,
        database: Database,
        stash: StashClient,
        settings: MatchingSettings,
        clock: Clock,
        *,
        endpoints: Sequence[str],
        is_full: bool,
    ) -> None:
        self._database = database
        self._stash = stash
        self._settings = settings
        self._clock = clock
        self._endpoints = tuple(endpoints)
        self._is_full = is_full
        # What was remembered of the scenes holds for this Stash and these stash-boxes only.
        self._mark = " ".join((stash.url, *sorted(endpoints)))
        self.counts = Counts()
        self.scenes = 0

    async def run(self, job: Job) -> None:
        """Crawl to the end; a first crawl of the same job that was cut short goes on where it was."""
        async with self._database.read() as reader:
            is_complete = await facts.get(reader, _COMPLETE) == self._mark
            raw = await facts.get(reader, _CHECKPOINT)
            before = await scenes.count(reader)
        if self._is_full or not is_complete:
            checkpoint = None if raw is None else msgspec.json.decode(raw, type=_Checkpoint)
            is_ours = checkpoint is not None and (checkpoint.job, checkpoint.mark) == (job.id, self._mark)
            after = checkpoint.after if checkpoint is not None and is_ours else 0
            if after:  # fetched before the interruption: only what changed since is fetched again
                await self._sweep(job, total=before, up_to=after)
            await self._fetch_all(job, after, before or None)
        elif not await self._is_enough_to_sweep_open(job):
            await self._sweep(job, total=before)
        async with self._database.write() as tx:
            await facts.put(tx, _COMPLETE, self._mark)
            await facts.put(tx, _CHECKPOINT, _encode(_Checkpoint(0, 0)))
            self.scenes = await scenes.count(tx)

    async def _fetch_all(self, job: Job, after: int, total: int | None) -> None:
        done = 0
        async with aclosing(self._stash.crawl(after_id=after)) as pages:
            async for page in pages:
                last = max((scene.id for scene in page), default=after)
                async with self._database.read() as reader:
                    known = await scenes.in_range(reader, after, last)
                    marks = await scenes.marks(reader, [scene.id for scene in page])
                fresh = {scene.id: scene for scene in page}
                if marks:
                    fresh |= {scene.id: scene for scene in await self._stash.scenes(sorted(marks))}
                await self._take(list(fresh.values()), known.keys() - fresh.keys(), marks)
                async with self._database.write() as tx:
                    await facts.put(tx, _CHECKPOINT, _encode(_Checkpoint(job.id, last, self._mark)))
                after, done = last, done + len(page)
                await job.report(done=done, total=total, message="reading the library")
        async with self._database.read() as reader:
            beyond = await scenes.in_range(reader, after, _END)
        await self._take([], beyond.keys(), {})

    async def _is_enough_to_sweep_open(self, job: Job) -> bool:
        """Sweep the scenes that lack an id only, and tell whether the server's counts agree with what is known then.

        They do not when a link was taken away or a linked scene deleted: then the whole library has to be looked at.
        """
        async with self._database.read() as reader:
            partly_linked = await scenes.partly_linked(reader, self._endpoints)
            unlinked = await scenes.count_unlinked(reader)
        if len(partly_linked) > _FEW:
            return False
        if not await self._sweep(job, total=unlinked, is_narrow=True):
            return False
        await self._refetch(partly_linked, gone=set())
        async with self._database.read() as reader:
            known = await scenes.count(reader)
            lacking = {endpoint: await scenes.count_lacking(reader, endpoint) for endpoint in self._endpoints}
        if await self._stash.count_scenes() != known:
            return False
        for endpoint, number in lacking.items():
            if await self._stash.count_scenes(lacking=endpoint) != number:
                return False
        return True

    async def _sweep(self, job: Job, *, total: int | None, up_to: int = _END, is_narrow: bool = False) -> bool:
        """Compare ids, times and hashes with what is known, and fetch what differs.

        `is_narrow`: unlinked scenes only; False then when so many left them that all have to be looked at.
        """
        after, done = 0, 0
        async with aclosing(self._stash.outlines(after_id=0, is_unlinked_only=is_narrow)) as pages:
            async for page in pages:
                last = min(max((outline.id for outline in page), default=after), up_to)
                if not await self._compare(after, last, page, is_narrow=is_narrow):
                    return False
                after, done = last, done + len(page)
                await job.report(done=done, total=total, message="looking for changes")
                if after >= up_to:
                    return True
        return await self._compare(after, up_to, [], is_narrow=is_narrow)

    async def _compare(self, after: int, up_to: int, page: Sequence[SceneOutline], *, is_narrow: bool) -> bool:
        async with self._database.read() as reader:
            known = await scenes.in_range(reader, after, up_to, is_unlinked_only=is_narrow)
        there = {outline.id: outline for outline in page if outline.id <= up_to}
        stale = {
            outline.id
            for outline in there.values()
            if (old := known.get(outline.id)) is None
            or old.digest != outline.digest
            or old.updated_at != outline.updated_at
        }
        gone = known.keys() - there.keys()
        if is_narrow:  # what left the unlinked ones may have been linked, and not be gone
            if len(gone) > _MANY_GONE:
                return False
            stale, gone = stale | gone, set()
        await self._refetch(sorted(stale), gone=gone)
        return True

    async def _refetch(self, stale: Sequence[int], *, gone: Collection[int]) -> None:
        """Fetch these scenes whole and take them, and take that others are gone."""
        for chunk in chunks(stale):
            async with self._database.read() as reader:
                marks = await scenes.marks(reader, chunk)
            found = await self._stash.scenes(chunk)
            await self._take(found, set(chunk) - {scene.id for scene in found}, marks)
        await self._take([], gone, {})

    async def _take(self, changed: Sequence[Scene], gone: Collection[int], marks: Mapping[int, str]) -> None:
        """Remember changed scenes, forget those that are gone, and recompute what hangs on them.

        `marks` were read before the scenes were: what was marked since is left to the next scan.
        """
        async with self._database.write() as tx:
            marked = await scenes.marks(tx, [scene.id for scene in changed])
            believed = [scene for scene in changed if marked.get(scene.id) == marks.get(scene.id)]
            ids = [scene.id for scene in believed]
            kept = await recommendations.scenes_among(tx, ids)
            kept |= {scene.id for scene in believed if self._is_open(scene)}
            held = await scenes.links(tx, ids)
            await scenes.put(tx, believed, snapshots=kept)
            # While a scene is linked it is not looked up: what was answered before is old when the link is gone.
            await scenes.forget_some_lookups(
                tx, [(one.id, lost) for one in believed for lost in held.get(one.id, set()) - _endpoints_of(one)]
            )
            await self._recompute(tx, ids)
        for chunk in chunks(sorted(gone)):
            async with self._database.write() as tx:
                await scenes.remove(tx, chunk)
                await self._recompute(tx, chunk)

    def _is_open(self, scene: Scene) -> bool:
        """Whether some endpoint still lacks an id for the scene."""
        return not _endpoints_of(scene).issuperset(self._endpoints)

    async def _recompute(self, tx: Transaction, scene_ids: Sequence[int]) -> None:
        if not scene_ids:
            return
        now = self._clock.now()
        for endpoint in self._endpoints:
            self.counts.add(await recompute(tx, endpoint, scene_ids, settings=self._settings, now=now))


def _endpoints_of(scene: Scene) -> set[str]:
    return {link.endpoint for link in scene.stash_ids}


def _encode(checkpoint: _Checkpoint) -> str:
    return msgspec.json.encode(checkpoint).decode()
