"""The local half of a scan: which scenes the library holds now, and what changed since the last time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import aclosing
from typing import Final

import msgspec

from core.clock import Clock
from core.jobs import Job
from core.matching.propose import Counts, recompute
from core.model import Scene
from core.servers.stash import StashClient
from core.settings import MatchingSettings
from core.store import facts, scenes
from core.store.database import Database, Transaction

_CHECKPOINT: Final = "crawl checkpoint"
_COMPLETE: Final = "crawl complete"
_END: Final = (1 << 63) - 1  # beyond every id


class _Checkpoint(msgspec.Struct):
    job: int
    after: int


class LibraryCrawl:
    """Brings the remembered scenes up to date and recomputes what hangs on those that changed.

    The first time every scene is fetched whole. Later the whole library is swept with no more than ids, times and
    hashes, and only what differs from what is remembered is fetched: a time alone is never trusted, since Stash does
    not move it when a hash is made. `endpoints` are all that Stash names, turned off ones too.
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
        total = before or None
        if is_complete and not self._is_full:
            await self._sweep(job, after, total)
        else:
            await self._fetch_all(job, after, total)
        async with self._database.write() as tx:
            await facts.put(tx, _COMPLETE, self._mark)
            await facts.put(tx, _CHECKPOINT, msgspec.json.encode(_Checkpoint(0, 0)).decode())
            self.scenes = await scenes.count(tx)

    async def _fetch_all(self, job: Job, after: int, total: int | None) -> None:
        done = 0
        async with aclosing(self._stash.crawl(after_id=after)) as pages:
            async for page in pages:
                last = max((scene.id for scene in page), default=after)
                await self._take(job, after, last, seen={scene.id for scene in page}, changed=page)
                after, done = last, done + len(page)
                await job.report(done=done, total=total, message="reading the library")
        await self._take(job, after, _END, seen=set(), changed=[])

    async def _sweep(self, job: Job, after: int, total: int | None) -> None:
        done = 0
        async with aclosing(self._stash.outlines(after_id=after)) as pages:
            async for page in pages:
                last = max((outline.id for outline in page), default=after)
                async with self._database.read() as reader:
                    known = await scenes.in_range(reader, after, last)
                stale = [
                    outline.id
                    for outline in page
                    if (old := known.get(outline.id)) is None
                    or old.digest != outline.digest
                    or old.updated_at != outline.updated_at
                ]
                seen = {outline.id for outline in page}
                if stale or not known.keys() <= seen:
                    changed = await self._stash.scenes(stale)
                    seen -= set(stale) - {scene.id for scene in changed}
                    await self._take(job, after, last, seen=seen, changed=changed)
                after, done = last, done + len(page)
                await job.report(done=done, total=total, message="looking for changes")
        await self._take(job, after, _END, seen=set(), changed=[])

    async def _take(self, job: Job, after: int, up_to: int, *, seen: set[int], changed: Iterable[Scene]) -> None:
        """Remember what a range of ids holds now: changed scenes, and that the unseen ones are gone."""
        scenes_now = list(changed)
        async with self._database.write() as tx:
            known = await scenes.in_range(tx, after, up_to)
            gone = [scene_id for scene_id in known if scene_id not in seen]
            await scenes.put(tx, scenes_now, snapshots={one.id for one in scenes_now if self._is_open(one)})
            await scenes.remove(tx, gone)
            await self._recompute(tx, [*(one.id for one in scenes_now if one.id in known), *gone])
            last = after if up_to == _END else up_to
            await facts.put(tx, _CHECKPOINT, msgspec.json.encode(_Checkpoint(job.id, last)).decode())

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
