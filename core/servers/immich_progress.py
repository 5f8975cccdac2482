"""How far assets got on their way through Immich's queues; the server itself has no word for it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
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

NO_JOBS = QueuedJobs(frozenset(), is_complete=True)
_TO_DO = ("active", "waiting", "delayed", "paused")


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
        """How far each asset got.

        A job is followed by the next one before it ends, so whoever is found nowhere, in the order of the queues, is
        done. From 2.4 on the jobs of each asset are looked up; before, an asset is done when all queues are idle.
        """
        wanted = list(dict.fromkeys(asset_ids))
        assets = {one: await self._asset(one) for one in wanted}
        found = {one: settled for one, asset in assets.items() if (settled := _settled(asset)) is not None}
        left = [asset for one, asset in assets.items() if asset is not None and one not in found]
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
        stages: dict[str, Stage] = {}
        thumbnails = await self._jobs(THUMBNAILS, "active")  # what ends with the thumbnail puts the next job in line
        detection = await self._jobs(DETECTION)
        for asset in assets:
            if asset.id in thumbnails.ids or detection.may_hold(asset.id):
                stages[asset.id] = Stage.DETECTION
        faces = {asset.id: await self._people.faces(asset) for asset in assets if asset.id not in stages}
        recognition = await self._jobs(RECOGNITION) if any(faces.values()) else NO_JOBS
        failed = await self._jobs(DETECTION, "failed") if any(found == () for found in faces.values()) else NO_JOBS
        for asset_id, found in faces.items():
            if found is None:
                stages[asset_id] = Stage.GONE
            elif any(recognition.may_hold(face.id) for face in found):
                stages[asset_id] = Stage.RECOGNITION
            else:
                stages[asset_id] = Stage.FAILED if not found and asset_id in failed.ids else Stage.DONE
        waits_at = {Stage.DETECTION: DETECTION, Stage.RECOGNITION: RECOGNITION}
        queues = await self.queues() if waits_at.keys() & stages.values() else Queues(())
        return {
            asset_id: AssetProgress(stage, _waiting(queues, waits_at[stage]) if stage in waits_at else QueueState.IDLE)
            for asset_id, stage in stages.items()
        }

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
        return {asset.id: AssetProgress(Stage.DONE) for asset in assets}

    async def _jobs(self, queue: str, *statuses: str) -> QueuedJobs:
        jobs = await self.queued_jobs(queue, *statuses)
        return QueuedJobs(frozenset(), is_complete=False) if jobs is None else jobs


def _waiting(queues: Queues, name: str) -> QueueState:
    """Whether what waits there may be waited for: idle by now counts as busy, since the next look will tell."""
    state = queues.state((name,))
    return state if state is QueueState.PAUSED else QueueState.BUSY


def _settled(asset: Asset | None) -> AssetProgress | None:
    """What is known of an asset without looking at any queue."""
    if asset is None:
        return AssetProgress(Stage.GONE)
    return None if asset.is_own else AssetProgress(Stage.OTHER_OWNER)
