"""A scan of the matching desk: crawl the library once, then ask every stash-box, each on its own."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import msgspec

from core.clock import Clock
from core.errors import AuthenticationError, ConfigError, UsageError
from core.job import Job
from core.matching.crawl import LibraryCrawl
from core.matching.lookup import EndpointLookUp, EndpointRun, Tell
from core.matching.propose import Counts, recompute
from core.model.stash_boxes import StashBox
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient
from core.settings import MatchingSettings, normal_endpoint
from core.store import dismissals, facts, recommendations, scenes
from core.store.database import Database
from core.store.scenes import Due
from core.words import count

_RULES: Final = "matching rules"
_FORMULA: Final = 1
"""Raised whenever evidence, score, coherence or confidence are computed otherwise: all proposals are then renewed."""
_DAY: Final = 86400.0


@dataclass(frozen=True, slots=True)
class ScanOptions:
    """What to scan: all endpoints that are on, or only some; `is_full` looks everything up again."""

    endpoints: tuple[str, ...] = ()
    is_full: bool = False


@dataclass(slots=True)
class ScanReport:
    """What a scan found. `recommendations` counts what changed; `pending` and `high_confidence` what stands now."""

    scenes: int = 0
    counts: Counts = field(default_factory=Counts)
    pending: int = 0
    high_confidence: int = 0
    endpoints: list[EndpointRun] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        """Whether every endpoint was scanned to its end."""
        return all(run.is_ok for run in self.endpoints)

    def as_result(self) -> dict[str, Any]:
        """The part of the scan document that concerns matching (product description, section 8)."""
        return {
            "scenes": self.scenes,
            "looked_up": sum(run.looked_up for run in self.endpoints),
            "requests": sum(run.requests for run in self.endpoints),
            "recommendations": {
                "new": self.counts.new,
                "updated": self.counts.updated,
                "withdrawn": self.counts.withdrawn,
                "pending": self.pending,
                "high_confidence": self.high_confidence,
            },
            "endpoints": [
                {
                    "endpoint": run.endpoint,
                    "ok": run.is_ok,
                    "error": run.error or None,
                    "looked_up": run.looked_up,
                    "matched": run.matched,
                }
                for run in self.endpoints
            ],
        }


class MatchingScan:
    """One scan. It changes nothing outside Winnow's own database, and what it found so far survives its end."""

    def __init__(
        self,
        database: Database,
        http: Http,
        stash: StashClient,
        settings: MatchingSettings,
        clock: Clock,
        options: ScanOptions,
    ) -> None:
        self._database = database
        self._http = http
        self._stash = stash
        self._settings = settings
        self._clock = clock
        self._options = options
        self.report = ScanReport()

    @property
    def parameters(self) -> dict[str, Any]:
        """What tells this scan from another, as a job keeps it."""
        return {"endpoints": sorted(self._options.endpoints), "is_full": self._options.is_full}

    async def run(self, job: Job) -> dict[str, Any]:
        """Scan to the end. Raises ServerError when the Stash itself fails, UsageError for an unknown endpoint."""
        self._stash.oddities.clear()
        boxes = await self._stash.stash_boxes()
        wanted = self._wanted(boxes)
        await self._prepare(job, boxes, wanted)
        crawl = LibraryCrawl(
            self._database,
            self._stash,
            self._settings,
            self._clock,
            endpoints=[box.endpoint for box in boxes],
            is_full=self._options.is_full,
        )
        await crawl.run(job)
        self.report.scenes = crawl.scenes
        self.report.counts.add(crawl.counts)
        await self._apply_rules(job)
        await self._look_up(job, wanted)
        await self._conclude(job)
        return self.report.as_result()

    def _wanted(self, boxes: Sequence[StashBox]) -> list[StashBox]:
        """The stash-boxes to ask. Raises UsageError for an endpoint that Stash does not name or that is turned off."""
        known = {normal_endpoint(box.endpoint): box for box in boxes}
        for endpoint in self._options.endpoints:
            if normal_endpoint(endpoint) not in known:
                names = ", ".join(box.endpoint for box in boxes) or "none"
                raise UsageError(f"{endpoint}: Stash has no such stash-box. It has: {names}")
            if not self._settings.is_endpoint_enabled(endpoint):
                raise UsageError(f"{endpoint}: turned off by disabled_endpoints under [matching] in the configuration")
        chosen = {normal_endpoint(one) for one in self._options.endpoints} or set(known)
        return [
            box for name, box in known.items() if name in chosen and self._settings.is_endpoint_enabled(box.endpoint)
        ]

    async def _prepare(self, job: Job, boxes: Sequence[StashBox], wanted: Sequence[StashBox]) -> None:
        """Note the endpoints, withdraw what hangs on those that are gone, and end the passing dismissals."""
        now = self._clock.now()
        named = {box.endpoint for box in boxes}
        async with self._database.write() as tx:
            disabled = {box.endpoint for box in boxes if not self._settings.is_endpoint_enabled(box.endpoint)}
            await facts.set_endpoints(tx, boxes, frozenset(disabled))
            for endpoint in await recommendations.endpoints(tx):
                if endpoint not in named:
                    self.report.counts.withdrawn += await recommendations.withdraw_all(tx, endpoint, now=now)
                    await scenes.forget_lookups(tx, endpoint)
            for box in wanted:
                reopened = await dismissals.end_temporary(tx, box.endpoint, now=now)
                self.report.counts.add(await recompute(tx, box.endpoint, reopened, settings=self._settings, now=now))
        for misspelt in self._settings.unknown_disabled(box.endpoint for box in boxes):
            self.report.notes.append(
                f"{misspelt}: turned off by disabled_endpoints under [matching], but Stash has no such stash-box"
            )
        if not boxes:
            self.report.notes.append("Stash has no stash-box: add one in Stash under Settings > Metadata Providers")
        elif not wanted:
            self.report.notes.append("every stash-box is turned off by disabled_endpoints under [matching]")
        for words in self.report.notes:
            await job.log(words, level="warning")

    async def _apply_rules(self, job: Job) -> None:
        """Compute every proposal anew when the settings behind it changed."""
        rules = _digest(self._settings)
        async with self._database.read() as reader:
            if await facts.get(reader, _RULES) == rules:
                return
        after, done = (0, ""), 0
        while True:
            async with self._database.write() as tx:
                pairs = await recommendations.scenes_with_rows(tx, after=after)
                by_endpoint: dict[str, list[int]] = {}
                for scene_id, endpoint in pairs:
                    by_endpoint.setdefault(endpoint, []).append(scene_id)
                for endpoint, scene_ids in by_endpoint.items():
                    self.report.counts.add(
                        await recompute(tx, endpoint, scene_ids, settings=self._settings, now=self._clock.now())
                    )
            if not pairs:
                break
            after = pairs[-1]
            done += len(pairs)
            await job.report(done=done, message="applying changed settings")
        async with self._database.write() as tx:
            await facts.put(tx, _RULES, rules)

    async def _look_up(self, job: Job, wanted: Sequence[StashBox]) -> None:
        when = self._due(job)
        async with self._database.read() as reader:
            due = {box.endpoint: await scenes.due_count(reader, box.endpoint, when) for box in wanted}
        total = sum(due.values())
        done = 0

        async def tell(more: int) -> None:
            nonlocal done
            done += more
            await job.report(done=done, total=total, message="asking the stash-boxes")

        await job.report(done=0, total=total, message="asking the stash-boxes")
        runs = {box.endpoint: EndpointRun(box.endpoint) for box in wanted}
        self.report.endpoints = list(runs.values())
        try:
            async with asyncio.TaskGroup() as group:
                for box in wanted:
                    if due[box.endpoint]:
                        group.create_task(self._look_up_one(job, box, runs[box.endpoint], when, tell))
                    else:  # it is not even greeted, and whatever failed before is no longer wanted of it
                        group.create_task(self._note_end(box.endpoint, error=""))
        except BaseExceptionGroup as failures:
            raise _first_of(failures) from None
        finally:
            for run in self.report.endpoints:
                self.report.counts.add(run.counts)

    def _due(self, job: Job) -> Due:
        now = self._clock.now()
        recheck = self._settings.recheck_days * _DAY
        if self._options.is_full:
            return Due(older_than=job.started_at, newer_than=now)
        # Without a recheck age a scan that goes on where it was counts from its first start: else it would ask again
        # what it just asked.
        older_than = now - recheck if recheck else min(job.started_at, now)
        return Due(older_than=older_than, newer_than=now + max(recheck, _DAY))

    async def _look_up_one(self, job: Job, box: StashBox, run: EndpointRun, when: Due, tell: Tell) -> None:
        oddities: tuple[str, ...] = ()
        try:
            client = StashBoxClient(self._http, box)
            look_up = EndpointLookUp(self._database, client, self._settings, self._clock, when, tell, run)
            await look_up.run()
            oddities = look_up.oddities
        except (ConfigError, AuthenticationError) as error:  # an address or a key of this one that is none
            run.error = str(error)
        await self._note_end(run.endpoint, error=run.error)
        if run.error:
            await job.log(f"{run.endpoint}: {run.error}", level="error")
        else:
            await job.log(
                f"{run.endpoint}: {count(run.looked_up, 'scene')} looked up in {count(run.requests, 'request')}, "
                f"{run.matched} matched"
            )
        for words in oddities[:20]:
            await job.log(f"{run.endpoint}: {words}", level="warning")

    async def _note_end(self, endpoint: str, *, error: str) -> None:
        async with self._database.write() as tx:
            await facts.endpoint_done(tx, endpoint, error=error, now=self._clock.now())

    async def _conclude(self, job: Job) -> None:
        async with self._database.read() as reader:
            self.report.pending, self.report.high_confidence, _ = await recommendations.pending_counts(reader)
        for words in self._stash.oddities.words[:20]:
            await job.log(f"Stash: {words}", level="warning")
        counts = self.report.counts
        await job.log(
            f"{self.report.scenes} scenes; {counts.new} new proposals, {counts.updated} updated, "
            f"{counts.withdrawn} withdrawn; {self.report.pending} pending, "
            f"{self.report.high_confidence} of high confidence"
        )


def _first_of(failures: BaseExceptionGroup[BaseException]) -> BaseException:
    """What went wrong first, out of its groups: one error with its own words."""
    first: BaseException = failures
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first


def _digest(settings: MatchingSettings) -> str:
    """Everything a proposal depends on besides its scene and candidate."""
    ignored = {"disabled_endpoints", "interval_hours", "recheck_days", "submit_fingerprints"}
    rules = {name: value for name, value in msgspec.to_builtins(settings).items() if name not in ignored}
    rules["formula"] = _FORMULA
    return msgspec.json.encode(dict(sorted(rules.items()))).decode()
