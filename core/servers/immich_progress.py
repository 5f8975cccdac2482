"""How far assets got on their way through Immich's queues; the server itself has no word for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar
from urllib.parse import quote

from core.errors import MalformedAnswerError
from core.servers import immich_wire as wire
from core.servers.immich_assets import Asset
from core.servers.immich_http import ImmichHttp
from core.servers.immich_people import ImmichPeople
from core.servers.immich_queues import (
    BEFORE_THUMBNAIL,
    CHAIN,
    DETECTION,
    LISTED,
    RECOGNITION,
    THUMBNAILS,
    AssetProgress,
    QueuedJobs,
    Queues,
    QueueState,
    Stage,
)
from core.servers.immich_version import ImmichVersion

T = TypeVar("T")

NO_JOBS = QueuedJobs(frozenset(), is_complete=True)
_TO_DO = ("active", "waiting", "delayed", "paused")
_AT_ONCE = 100


class ImmichProgress:
    """The part of `ImmichClient` that is about queues."""

    def __init__(
        self,
        http: ImmichHttp,
        people: ImmichPeople,
        version: Callable[[], Awaitable[ImmichVersion]],
        asset: Callable[[str], Awaitable[Asset | None]],
    ) -> None:
        self._http = http
        self._people = people
        self._version = version
        self._asset = asset

    async def queues(self) -> Queues:
        """All queues. Raises MalformedAnswerError when one that an asset passes through is not among them."""
        if (await self._version()).has_queues:
            place, listed = "/queues", await self._http.read("/queues", list[wire.WireQueue])
            queues = [wire.queue_of(one.name, one.statistics, is_paused=one.is_paused) for one in listed]
        else:
            place, keyed = "/jobs", await self._http.read("/jobs", dict[str, wire.OldQueue])
            queues = [
                wire.queue_of(name, one.job_counts, is_paused=one.queue_status.is_paused) for name, one in keyed.items()
            ]
        found = Queues(tuple(queues))
        if missing := [name for name in CHAIN if found.named(name) is None]:
            words = f"its queues lack {', '.join(missing)}"
            raise MalformedAnswerError(words, server=f"{self._http.url}/api{place}")
        return found

    async def queued_jobs(self, queue: str, *statuses: str) -> QueuedJobs | None:
        """See `ImmichClient.queued_jobs`."""
        if not (await self._version()).has_queues:
            return None
        query = tuple(("status", status) for status in statuses or _TO_DO)
        jobs = await self._http.read(f"/queues/{quote(queue, safe='')}/jobs", list[wire.Job], query=query)
        return QueuedJobs(frozenset(one.subject for one in jobs if one.subject), is_complete=len(jobs) < LISTED)

    async def of(self, asset_ids: Iterable[str]) -> dict[str, AssetProgress]:
        """How far each asset got; see `of_assets`."""
        wanted = list(dict.fromkeys(asset_ids))
        assets = await _all(self._asset, wanted)
        gone = {one: AssetProgress(Stage.GONE) for one, asset in assets.items() if asset is None}
        found = gone | await self.of_assets([asset for asset in assets.values() if asset is not None])
        return {one: found[one] for one in wanted}

    async def of_assets(self, assets: Iterable[Asset]) -> dict[str, AssetProgress]:
        """How far each of these got, which were read a moment ago.

        A job is followed by the next one before it ends, so whoever is found nowhere, in the order of the queues, is
        done. From 2.4 on the jobs of each asset are looked up; before, an asset is done when all queues are idle.
        """
        wanted = {asset.id: asset for asset in assets}
        found = {one: AssetProgress(Stage.OTHER_OWNER) for one, asset in wanted.items() if not asset.is_own}
        left = [asset for one, asset in wanted.items() if one not in found]
        without = [asset for asset in left if not asset.has_thumbnail]
        if without:
            found |= await self._before_thumbnail(without)
        analysed = [asset for asset in left if asset.has_thumbnail]
        if analysed:
            exact = (await self._version()).has_queues
            found |= await (self._by_jobs(analysed) if exact else self._by_idleness(analysed))
        return {one: found[one] for one in wanted}

    async def _before_thumbnail(self, assets: list[Asset]) -> dict[str, AssetProgress]:
        state = (await self.queues()).state(BEFORE_THUMBNAIL)
        if state is QueueState.IDLE:
            # The last job may have ended between the two questions, or still be counted in another queue.
            again = {asset.id: await self._asset(asset.id) for asset in assets}
            state = (await self.queues()).state(BEFORE_THUMBNAIL)
        else:
            again = {}
        out = {}
        for asset in assets:
            has_come = (newer := again.get(asset.id)) is not None and newer.has_thumbnail
            waits_for = Stage.DETECTION if has_come else Stage.THUMBNAIL
            out[asset.id] = AssetProgress(waits_for, QueueState.BUSY if has_come else state)
        return out

    async def _by_jobs(self, assets: list[Asset]) -> dict[str, AssetProgress]:
        found: dict[str, AssetProgress] = {}
        thumbnails = await self._jobs(THUMBNAILS, "active")  # what ends with the thumbnail puts the next job in line
        detection = await self._jobs(DETECTION)
        waiting = {one.id for one in assets if one.id in thumbnails.ids or detection.may_hold(one.id)}
        # Looked at before the faces: who is not in line by now has been recognised, and the faces say as whom.
        left = {asset.id: asset for asset in assets if asset.id not in waiting}
        recognition = await self._jobs(RECOGNITION) if left else NO_JOBS
        faces = await _all(lambda one: self._people.faces(left[one]), left)
        failed = await self._jobs(DETECTION, "failed") if any(some == () for some in faces.values()) else NO_JOBS
        unrecognised = set[str]()
        for asset_id, some in faces.items():
            if some is None:
                found[asset_id] = AssetProgress(Stage.GONE)
            elif any(recognition.may_hold(face.id) for face in some):
                unrecognised.add(asset_id)
            else:
                is_failed = not some and asset_id in failed.ids
                found[asset_id] = AssetProgress(Stage.FAILED if is_failed else Stage.DONE, faces=some)
        queues = await self.queues() if waiting or unrecognised else Queues(())
        for ids, stage, name in (
            (waiting, Stage.DETECTION, DETECTION),
            (unrecognised, Stage.RECOGNITION, RECOGNITION),
        ):
            found |= dict.fromkeys(ids, AssetProgress(stage, _waiting(queues, name)))
        return found

    async def _by_idleness(self, assets: list[Asset]) -> dict[str, AssetProgress]:
        for _ in range(2):  # the queues are counted one after the other: one idle answer may miss a job between two
            queues = await self.queues()
            thumbnails = queues.named(THUMBNAILS)
            if thumbnails is not None and thumbnails.active:  # maybe that of the asset, at its very end
                return {asset.id: AssetProgress(Stage.DETECTION, QueueState.BUSY) for asset in assets}
            for name, stage in ((DETECTION, Stage.DETECTION), (RECOGNITION, Stage.RECOGNITION)):
                queue = queues.named(name)
                if queue is not None and queue.pending:
                    return {asset.id: AssetProgress(stage, queue.state) for asset in assets}
        known = {asset.id: asset for asset in assets}
        faces = await _all(lambda one: self._people.faces(known[one]), known)
        return {
            one: AssetProgress(Stage.GONE) if some is None else AssetProgress(Stage.DONE, faces=some)
            for one, some in faces.items()
        }

    async def _jobs(self, queue: str, *statuses: str) -> QueuedJobs:
        jobs = await self.queued_jobs(queue, *statuses)
        return QueuedJobs(frozenset(), is_complete=False) if jobs is None else jobs


def _waiting(queues: Queues, name: str) -> QueueState:
    """Whether what waits there may be waited for: idle by now counts as busy, since the next look will tell."""
    state = queues.state((name,))
    return state if state is QueueState.PAUSED else QueueState.BUSY


async def _all(ask: Callable[[str], Awaitable[T]], ids: Iterable[str]) -> dict[str, T]:
    """What is told of each, some at a time. Raises the first failure, after the others came to their end."""
    found: dict[str, T] = {}
    wanted = list(ids)
    for start in range(0, len(wanted), _AT_ONCE):
        part = wanted[start : start + _AT_ONCE]
        told = await asyncio.gather(*(ask(one) for one in part), return_exceptions=True)
        for one, answer in zip(part, told, strict=True):
            if isinstance(answer, BaseException):
                raise answer
            found[one] = answer
    return found
