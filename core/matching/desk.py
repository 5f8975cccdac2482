"""The matching desk as a screen or a command sees it: list, explain, scan, accept, dismiss, withdraw."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from core.clock import Clock
from core.errors import ConfigError, UsageError
from core.jobs import Jobs
from core.ledger.apply import Ledger
from core.ledger.report import BatchReport
from core.matching.accept import Accepting, AcceptPlan, named, plan_accept
from core.matching.boxes import BoxClients
from core.matching.decide import DISMISS, WITHDRAW
from core.matching.metadata import Choice, Field, MetadataChange
from core.matching.pull import MetadataPull
from core.matching.scan import MatchingScan, ScanOptions, ScanReport
from core.model.recommendations import Dismissal, Recommendation, RecommendationFilter, Sort
from core.model.scenes import Scene
from core.model.stash_boxes import EndpointState
from core.servers.http import Http
from core.servers.stash import StashClient
from core.settings import MatchingSettings
from core.store import dismissals, facts, recommendations, scenes
from core.store.database import Database
from core.store.jobs import JobRecord
from core.store.journal_records import NewEffect

SCAN: Final = "matching.scan"
_RESUMABLE_SECONDS: Final = 7 * 86400.0  # how long after its start a scan that was cut short is still gone on with


@dataclass(frozen=True, slots=True)
class MatchingSummary:
    """The desk at a glance. `next_scan_at` in Unix seconds, None when the schedule is off."""

    pending: int
    high_confidence: int
    ambiguous: int
    scenes: int
    last_scan: JobRecord | None
    next_scan_at: float | None
    endpoints: tuple[EndpointState, ...]


class MatchingDesk:
    """Everything the matching desk offers. Made by the runtime."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        ledger: Ledger,
        clock: Clock,
        settings: MatchingSettings,
        *,
        http: Http,
        stash: StashClient | None,
        boxes: BoxClients,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._http = http
        self._maybe_stash = stash
        self._boxes = boxes

    @property
    def _stash(self) -> StashClient:
        if self._maybe_stash is None:
            raise ConfigError("no Stash is configured: run `winnow init`, or set url under [stash]")
        return self._maybe_stash

    # -- reading -----------------------------------------------------------------------------------------------------

    async def ids(
        self,
        wanted: RecommendationFilter,
        *,
        sort: Sort = Sort.SCORE,
        is_reversed: bool = False,
        limit: int | None = None,
    ) -> array[int]:
        """The ids of all matching recommendations in order: 8 bytes a row."""
        async with self._database.read() as reader:
            return await recommendations.ids(reader, wanted, sort=sort, is_reversed=is_reversed, limit=limit)

    async def rows(self, ids: Sequence[int]) -> list[Recommendation]:
        """These recommendations, in this order; unknown ids are left out."""
        async with self._database.read() as reader:
            return await recommendations.fetch(reader, ids)

    async def count(self, wanted: RecommendationFilter) -> int:
        """How many recommendations match."""
        async with self._database.read() as reader:
            return await recommendations.count(reader, wanted)

    async def get(self, recommendation_id: int) -> Recommendation | None:
        """One recommendation."""
        found = await self.rows([recommendation_id])
        return found[0] if found else None

    async def rivals(self, recommendation: Recommendation) -> list[Recommendation]:
        """The other candidates of its scene at its endpoint that still count, best first."""
        wanted = RecommendationFilter(endpoint=recommendation.endpoint, scene_id=recommendation.scene_id)
        return [one for one in await self.rows(await self.ids(wanted)) if one.id != recommendation.id]

    async def scene(self, scene_id: int) -> Scene | None:
        """The scene as the last crawl saw it; None when it is gone, or was linked everywhere before."""
        async with self._database.read() as reader:
            return (await scenes.snapshots(reader, [scene_id])).get(scene_id)

    async def summary(self) -> MatchingSummary:
        """The desk at a glance."""
        async with self._database.read() as reader:
            pending, high, ambiguous = await recommendations.pending_counts(reader)
            count = await scenes.count(reader)
            endpoints = await facts.endpoints(reader)
        return MatchingSummary(
            pending=pending,
            high_confidence=high,
            ambiguous=ambiguous,
            scenes=count,
            last_scan=await self._jobs.last_finished(SCAN),
            next_scan_at=await self.next_scan_at(),
            endpoints=tuple(endpoints),
        )

    async def next_scan_at(self) -> float | None:
        """When a scan is due (Unix seconds); None when the schedule is off."""
        return await self._jobs.next_run(SCAN, self._settings.interval_hours)

    async def dismissals(self) -> list[Dismissal]:
        """Every dismissal in force, newest first."""
        async with self._database.read() as reader:
            return await dismissals.in_force(reader)

    def scene_url(self, recommendation: Recommendation) -> str:
        """The page of the scene in Stash."""
        return f"{self._stash.url}/scenes/{recommendation.scene_id}"

    def stashbox_url(self, recommendation: Recommendation) -> str:
        """The page of the entry at its stash-box."""
        return f"{recommendation.endpoint.removesuffix('/graphql')}/scenes/{recommendation.candidate.id}"

    async def screenshot(self, scene_id: int) -> bytes | None:
        """The picture of a scene, None when Stash has none."""
        return await self._stash.screenshot(scene_id)

    async def cover(self, recommendation: Recommendation) -> bytes | None:
        """The cover of the entry, None when it has none or its stash-box is not asked any more."""
        url = recommendation.candidate.cover_url
        client = await self._boxes.client(recommendation.endpoint) if url else None
        return None if client is None else await client.cover(url)

    # -- scanning ----------------------------------------------------------------------------------------------------

    async def scan(self, options: ScanOptions | None = None) -> ScanReport:
        """Scan as a job and wait for its end. A scan with these options that was cut short goes on where it was.

        Raises JobRunningError when one is under way, ServerError when the Stash fails; one endpoint's failure is in
        the report instead.
        """
        scan, resume = await self._scan(options or ScanOptions())
        await self._jobs.run(SCAN, _title(options), scan.run, parameters=scan.parameters, resume=resume)
        return scan.report

    async def start_scan(self, options: ScanOptions | None = None) -> asyncio.Task[JobRecord]:
        """Scan as a job in the background, whatever becomes of the caller. Raises JobRunningError."""
        scan, resume = await self._scan(options or ScanOptions())
        return await self._jobs.start(SCAN, _title(options), scan.run, parameters=scan.parameters, resume=resume)

    async def _scan(self, options: ScanOptions) -> tuple[MatchingScan, int | None]:
        scan = MatchingScan(self._database, self._http, self._stash, self._settings, self._clock, options)
        last = await self._jobs.resumable(SCAN)
        self._boxes.forget()
        if last is None or last.parameters != scan.parameters:
            return scan, None
        # What an older one asked is no longer news, and a start in the future says nothing.
        is_recent = 0 <= self._clock.now() - last.created_at <= _RESUMABLE_SECONDS
        return scan, last.id if is_recent else None

    # -- accepting ---------------------------------------------------------------------------------------------------

    async def plan_accept(
        self,
        ids: Sequence[int] | None = None,
        *,
        wanted: RecommendationFilter | None = None,
        exclude: Sequence[int] = (),
    ) -> AcceptPlan:
        """What accepting these recommendations, or those of a filter, would do; see `plan_accept` in accept.py.

        Of a filter only what is of high confidence is accepted. With both, it is those of the ids that the filter
        shows. Raises UsageError when neither is given, and for an unknown id.
        """
        if wanted is None:
            if ids is None:
                raise UsageError("nothing is chosen: name recommendations, or a filter")
            return await plan_accept(self._database, ids, exclude=exclude)
        shown = await self.ids(wanted)
        if ids is None:
            return await plan_accept(self._database, shown, exclude=exclude, is_bulk=True)
        those = set(shown)
        return await plan_accept(self._database, [one for one in ids if one in those], exclude=exclude)

    async def accept(
        self, plan: AcceptPlan, *, metadata: Mapping[Field, Choice] | None = None, is_by_person: bool = False
    ) -> BatchReport:
        """Link what the plan accepts, as one undoable batch and one job; `metadata` also pulls the chosen fields.

        With submit_fingerprints under [matching] and `is_by_person` the hashes are told to the stash-box afterwards.
        Raises JobRunningError when another accept is under way, JobCancelledError when it was stopped.
        """
        return await self._accepting().accept(plan, metadata=metadata, is_by_person=is_by_person)

    async def resume_accept(self, job: JobRecord) -> BatchReport:
        """Go on with a batch that was cut short; everything is checked again."""
        return await self._accepting().resume(job)

    def _accepting(self) -> Accepting:
        return Accepting(self._database, self._jobs, self._ledger, self._clock, self._settings, self._stash)

    async def compare_metadata(
        self, recommendation: Recommendation, choices: Mapping[Field, Choice]
    ) -> tuple[MetadataChange, ...]:
        """Local and remote side by side, field by field, with what each choice would write. Asks Stash.

        Raises UsageError when the scene is gone.
        """
        details = await self._stash.scene_details(recommendation.scene_id)
        if details is None:
            raise UsageError(f"scene {recommendation.scene_id} is no longer in Stash")
        return await MetadataPull(self._database, self._stash, self._settings).compare(
            recommendation.candidate, details, choices
        )

    # -- turning down ------------------------------------------------------------------------------------------------

    async def dismiss(self, ids: Sequence[int], *, reason: str = "", is_until_next_scan: bool = False) -> BatchReport:
        """Turn candidates down, for good or until the next scan, as one undoable batch.

        Raises UsageError for an unknown id.
        """
        effects = [
            NewEffect(
                DISMISS,
                f"dismiss {one.candidate.title or one.candidate.id} for {one.local_title}",
                {
                    "recommendation_id": one.id,
                    "scene_id": one.scene_id,
                    "endpoint": one.endpoint,
                    "candidate_id": one.candidate.id,
                    "reason": reason,
                    "is_until_next_scan": is_until_next_scan,
                },
                subject=one.id,
            )
            for one in await named(self._database, ids)
        ]
        return await self._at_once("dismiss", f"dismiss {len(effects)}", effects)

    async def withdraw(self, dismissal_ids: Sequence[int]) -> BatchReport:
        """Take dismissals back, as one undoable batch; an unknown or ended one is refused."""
        effects = [
            NewEffect(WITHDRAW, f"withdraw dismissal {one}", {"dismissal_id": one})
            for one in dict.fromkeys(dismissal_ids)
        ]
        return await self._at_once("withdraw", f"withdraw {len(effects)}", effects)

    async def _at_once(self, kind: str, title: str, effects: Sequence[NewEffect]) -> BatchReport:
        if not effects:
            return BatchReport(0)
        return await self._ledger.apply(await self._ledger.submit(kind, title, effects))


def _title(options: ScanOptions | None) -> str:
    wanted = options or ScanOptions()
    title = "full matching scan" if wanted.is_full else "matching scan"
    return f"{title} of {', '.join(wanted.endpoints)}" if wanted.endpoints else title
