"""The local half of a scan: which scenes the library holds now, and what changed since the last time."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from core.clock import Clock
from core.jobs import Job
from core.matching.propose import Counts, recompute
from core.model import Scene, SceneOutline
from core.servers.stash import StashClient
from core.settings import MatchingSettings
from core.store import facts, scenes
from core.store.database import Database, Transaction
from core.store.recommendations import chunks

_CHECKPOINT: Final = "crawl checkpoint"
_COMPLETE: Final = "crawl complete"
_END: Final = (1 << 63) - 1  # beyond every id
_FEW: Final = 2000  # partly linked scenes that are cheaper to fetch one by one than to sweep the library for


class _Checkpoint(msgspec.Struct):
    job: int
    after: int


class LibraryCrawl:
    """Brings the remembered scenes up to date and recomputes what hangs on those that changed.

    The first time every scene is fetched whole. Later the scenes that lack an id are swept with no more than ids,
    times and hashes, and only what differs from what is remembered is fetched: a time alone is never trusted, since
    Stash does not move it when a hash is made. Where the server's counts then disagree, the whole library is swept.
    `endpoints` are all that Stash names, turned off ones too.
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
        """Crawl to the end; a crawl of the same job that was cut short goes on where it was."""
        async with self._database.read() as reader:
            is_complete = await facts.get(reader, _COMPLETE) == self._mark
            raw = await facts.get(reader, _CHECKPOINT)
            before = await scenes.count(reader)
        checkpoint = None if raw is None else msgspec.json.decode(raw, type=_Checkpoint)
        after = checkpoint.after if checkpoint is not None and checkpoint.job == job.id else 0
        if self._is_full or not is_complete:
            await self._fetch_all(job, after, before or None)
        elif not await self._is_enough_to_sweep_open(job, after):
            await self._sweep(job, after, total=before, is_narrow=False)
        async with self._database.write() as tx:
            await facts.put(tx, _COMPLETE, self._mark)
            await facts.put(tx, _CHECKPOINT, msgspec.json.encode(_Checkpoint(0, 0)).decode())
            self.scenes = await scenes.count(tx)

    async def _fetch_all(self, job: Job, after: int, total: int | None) -> None:
        done = 0
        async with aclosing(self._stash.crawl(after_id=after)) as pages:
            async for page in pages:
                last = max((scene.id for scene in page), default=after)
                async with self._database.read() as reader:
                    known = await scenes.in_range(reader, after, last)
                await self._take(job, last, changed=page, gone=known.keys() - {scene.id for scene in page})
                after, done = last, done + len(page)
                await job.report(done=done, total=total, message="reading the library")
        async with self._database.read() as reader:
            beyond = await scenes.in_range(reader, after, _END)
        await self._take(job, after, changed=[], gone=beyond.keys())

    async def _is_enough_to_sweep_open(self, job: Job, after: int) -> bool:
        """Sweep the scenes that lack an id only, and tell whether the server's counts agree with what is known then.

        They do not when a link was taken away or a linked scene deleted: then the whole library has to be looked at.
        """
        async with self._database.read() as reader:
            partly_linked = await scenes.partly_linked(reader)
            unlinked = await scenes.count_unlinked(reader)
        if len(partly_linked) > _FEW:
            return False
        await self._sweep(job, after, total=unlinked, is_narrow=True)
        for chunk in chunks(partly_linked):
            found = await self._stash.scenes(chunk)
            await self._take(job, after, changed=found, gone=set(chunk) - {scene.id for scene in found})
        async with self._database.read() as reader:
            if await self._stash.count_scenes() != await scenes.count(reader):
                return False
            for endpoint in self._endpoints:
                known = await scenes.count_lacking(reader, endpoint)
                if await self._stash.count_scenes(lacking=endpoint) != known:
                    return False
        return True

    async def _sweep(self, job: Job, after: int, *, total: int | None, is_narrow: bool) -> None:
        """Compare ids, times and hashes with what is known, and fetch what differs; `is_narrow`: unlinked ones only."""
        done = 0
        async with aclosing(self._stash.outlines(after_id=after, is_unlinked_only=is_narrow)) as pages:
            async for page in pages:
                last = max((outline.id for outline in page), default=after)
                await self._compare(job, after, last, page, is_narrow=is_narrow)
                after, done = last, done + len(page)
                await job.report(done=done, total=total, message="looking for changes")
        await self._compare(job, after, _END, [], is_narrow=is_narrow)

    async def _compare(
        self, job: Job, after: int, up_to: int, page: Sequence[SceneOutline], *, is_narrow: bool
    ) -> None:
        async with self._database.read() as reader:
            known = await scenes.in_range(reader, after, up_to, is_unlinked_only=is_narrow)
        stale = {
            outline.id
            for outline in page
            if (old := known.get(outline.id)) is None
            or old.digest != outline.digest
            or old.updated_at != outline.updated_at
        }
        gone = known.keys() - {outline.id for outline in page}
        if is_narrow:  # what left the unlinked ones may have been linked, and not be gone
            stale |= gone
        if stale or gone:
            changed = await self._stash.scenes(sorted(stale))
            gone = (gone | stale) - {scene.id for scene in changed}
            await self._take(job, after if up_to == _END else up_to, changed=changed, gone=gone)

    async def _take(self, job: Job, reached: int, *, changed: Sequence[Scene], gone: Collection[int]) -> None:
        """Remember changed scenes, forget those that are gone, and recompute what hangs on them."""
        async with self._database.write() as tx:
            await scenes.put(tx, changed, snapshots={one.id for one in changed if self._is_open(one)})
            await scenes.remove(tx, gone)
            await self._recompute(tx, [*(one.id for one in changed), *gone])
            await facts.put(tx, _CHECKPOINT, msgspec.json.encode(_Checkpoint(job.id, reached)).decode())

    def _is_open(self, scene: Scene) -> bool:
        """Whether some endpoint still lacks an id for the scene."""
        held = {link.endpoint for link in scene.stash_ids}
        return not held.issuperset(self._endpoints)

    async def _recompute(self, tx: Transaction, scene_ids: Sequence[int]) -> None:
        if not scene_ids:
            return
        now = self._clock.now()
        for endpoint in self._endpoints:
            self.counts.add(await recompute(tx, endpoint, scene_ids, settings=self._settings, now=now))
