"""Accepting proposals: the plan first, then links and metadata as one batch of effects, run as a job."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from core.batch_job import run_batch
from core.clock import Clock
from core.errors import JobRunningError, ServerError, UsageError
from core.jobs import Jobs
from core.ledger.apply import Ledger
from core.ledger.report import BatchReport
from core.ledger.stash_link import STASH_LINK
from core.ledger.stash_metadata import STASH_METADATA
from core.matching.metadata import Choice, Field
from core.matching.propose import recompute
from core.matching.submit import SUBMIT, submissions_of
from core.model.recommendations import Recommendation, Status
from core.servers.stash import StashClient
from core.settings import MatchingSettings
from core.store import recommendations, scenes
from core.store.database import Database
from core.store.jobs import JobRecord
from core.store.journal_records import NewEffect

ACCEPT: Final = "matching.accept"


@dataclass(frozen=True, slots=True)
class PlannedAccept:
    """One line of an accept plan: what would be linked, or why it would not."""

    recommendation: Recommendation
    refusal: str


@dataclass(frozen=True, slots=True)
class AcceptPlan:
    """What an accept is about to do. Nothing is done yet."""

    items: tuple[PlannedAccept, ...]

    @property
    def accepted(self) -> tuple[Recommendation, ...]:
        """What would be linked."""
        return tuple(item.recommendation for item in self.items if not item.refusal)

    @property
    def refused(self) -> tuple[PlannedAccept, ...]:
        """What would not, each with its reason."""
        return tuple(item for item in self.items if item.refusal)


async def named(database: Database, ids: Sequence[int]) -> list[Recommendation]:
    """The recommendations with these ids, each once. Raises UsageError for an unknown id."""
    chosen = list(dict.fromkeys(ids))
    async with database.read() as reader:
        found = await recommendations.fetch(reader, chosen)
    missing = set(chosen) - {one.id for one in found}
    if missing:
        names = ", ".join(str(one) for one in sorted(missing))
        raise UsageError(f"there is no recommendation {names}; `winnow list matching` shows them")
    return found


async def plan_accept(
    database: Database, ids: Sequence[int], *, exclude: Sequence[int] = (), is_bulk: bool = False
) -> AcceptPlan:
    """What accepting these recommendations would do, with a refusal where it would not.

    Of several candidates of one scene at one endpoint none is accepted. In bulk, where nobody looked at each one,
    only high confidence is. Raises UsageError for an unknown id.
    """
    left_out = set(exclude)
    chosen = [one for one in dict.fromkeys(ids) if one not in left_out]
    found = await named(database, chosen)
    places: dict[tuple[int, str], int] = {}
    for one in found:
        if one.status is Status.PENDING:
            places[one.scene_id, one.endpoint] = places.get((one.scene_id, one.endpoint), 0) + 1
    items: list[PlannedAccept] = []
    for one in found:
        refusal = ""
        if one.status is not Status.PENDING:
            refusal = f"it is {one.status}, not pending"
        elif places[one.scene_id, one.endpoint] > 1:
            refusal = "two candidates of the same scene at one endpoint: choose one"
        elif is_bulk and not one.is_high_confidence:
            failed = "; ".join(reason.text for reason in one.reasons if not reason.is_met)
            refusal = f"not of high confidence, so it is only accepted by itself: {failed}"
        items.append(PlannedAccept(one, refusal))
    return AcceptPlan(tuple(items))


class Accepting:
    """Carries an accept plan out."""

    def __init__(
        self,
        database: Database,
        jobs: Jobs,
        ledger: Ledger,
        clock: Clock,
        settings: MatchingSettings,
        stash: StashClient,
    ) -> None:
        self._database = database
        self._jobs = jobs
        self._ledger = ledger
        self._clock = clock
        self._settings = settings
        self._stash = stash

    async def accept(
        self, plan: AcceptPlan, *, metadata: Mapping[Field, Choice] | None, is_by_person: bool
    ) -> BatchReport:
        """Link, and pull metadata where chosen, as one batch; see `MatchingDesk.accept`."""
        accepted = plan.accepted
        if not accepted:
            return BatchReport(0)
        title = f"accept {len(accepted)} match" + ("" if len(accepted) == 1 else "es")
        effects = [effect for one in accepted for effect in _effects(one, metadata)]
        batch_id = await self._ledger.submit("accept", title, effects)
        try:
            report = await self._apply(batch_id, title)
        except JobRunningError:
            await self._ledger.give_up(batch_id, "another accept was under way")
            raise
        if is_by_person and self._settings.submit_fingerprints:
            linked = {outcome.subject for outcome in report.done}
            await self._submit([one for one in accepted if one.id in linked], report)
        return report

    async def resume(self, job: JobRecord) -> BatchReport:
        """Go on with a batch that was cut short; everything is checked again."""
        return await self._apply(int(job.parameters["batch_id"]), job.title, resume=job)

    async def _apply(self, batch_id: int, title: str, *, resume: JobRecord | None = None) -> BatchReport:
        report = await run_batch(
            self._jobs, self._ledger, ACCEPT, title, batch_id, message="writing to Stash", resume=resume
        )
        await self._look_again(report)
        return report

    async def _submit(self, linked: Sequence[Recommendation], report: BatchReport) -> None:
        """Tell each stash-box the hashes of what was just linked there; failures join the report."""
        effects: list[NewEffect] = []
        for endpoint in sorted({one.endpoint for one in linked}):
            submissions: list[dict[str, Any]] = []
            async with self._database.read() as reader:
                held = await scenes.snapshots(reader, [one.scene_id for one in linked if one.endpoint == endpoint])
            for one in linked:
                if one.endpoint == endpoint and one.scene_id in held:
                    submissions += submissions_of(held[one.scene_id], one.candidate.id)
            if submissions:
                title = f"submit {len(submissions)} fingerprints to {endpoint} (cannot be undone)"
                effects.append(NewEffect(SUBMIT, title, {"endpoint": endpoint, "submissions": submissions}))
        if effects:
            batch_id = await self._ledger.submit("submit", f"submit fingerprints of {len(linked)} matches", effects)
            told = await self._ledger.apply(batch_id)
            report.outcomes += told.not_done

    async def _look_again(self, report: BatchReport) -> None:
        """Read the scenes whose accept was refused anew: they changed since the last scan."""
        subjects = [one.subject for one in report.not_done if one.subject is not None]
        if not subjects or report.stopped_by:
            return
        async with self._database.read() as reader:
            refused = await recommendations.fetch(reader, subjects)
        try:
            there = {scene.id: scene for scene in await self._stash.scenes(one.scene_id for one in refused)}
        except ServerError:
            return  # the next scan sees it
        async with self._database.write() as tx:
            await scenes.remove(tx, [one.scene_id for one in refused if one.scene_id not in there])
            await scenes.put(tx, there.values(), snapshots=set(there))
            now = self._clock.now()
            for one in refused:
                await recompute(tx, one.endpoint, [one.scene_id], settings=self._settings, now=now)


def _effects(one: Recommendation, metadata: Mapping[Field, Choice] | None) -> list[NewEffect]:
    name = one.candidate.title or one.candidate.id
    link = NewEffect(
        STASH_LINK,
        f"link scene {one.scene_id} ({one.local_title}) to {name}",
        {
            "scene_id": one.scene_id,
            "endpoint": one.endpoint,
            "stash_id": one.candidate.id,
            "recommendation_id": one.id,
            "was_certain": one.is_high_confidence,
        },
        subject=one.id,
    )
    if metadata is None or all(choice is Choice.KEEP for choice in metadata.values()):
        return [link]
    pull = NewEffect(
        STASH_METADATA,
        f"metadata of scene {one.scene_id} ({one.local_title}) from {name}",
        {
            "scene_id": one.scene_id,
            "endpoint": one.endpoint,
            "stash_id": one.candidate.id,
            "recommendation_id": one.id,
            "choices": {field.value: choice.value for field, choice in metadata.items()},
        },
    )
    return [link, pull]
