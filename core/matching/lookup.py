"""The remote half of a scan: what one stash-box knows of the scenes that lack its id."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

from core.clock import Clock
from core.errors import GraphQLError, ServerError
from core.matching.propose import Counts, known_algorithms, recompute, remember_algorithms
from core.model.fingerprints import Algorithm, Fingerprint
from core.model.scenes import Scene
from core.model.stash_boxes import Candidate
from core.servers.packing import Batch, Joiner, Packer, sendable
from core.servers.stash_box import StashBoxClient
from core.settings import MatchingSettings
from core.store import recommendations, scenes
from core.store.database import Database, Transaction
from core.store.scenes import Due, Lookup

PARALLEL_REQUESTS: Final = 3
"""Requests under way at once at one endpoint: enough for its usual pace when it answers slowly, and still polite."""
_PAGE: Final = 400
_ANSWERS_AHEAD: Final = 16  # answers that may wait for the database
_TOLERATED_REFUSALS: Final = 3  # single scenes in a row a server may refuse before its run is given up

Tell = Callable[[int], Awaitable[None]]
"""Told how many more scenes are through."""


@dataclass(slots=True)
class EndpointRun:
    """What became of one endpoint in a scan. `error` is empty after a good run, `fullness` of its requests 0..1."""

    endpoint: str
    looked_up: int = 0
    matched: int = 0
    requests: int = 0
    fullness: float = 0.0
    error: str = ""
    refused: list[str] = field(default_factory=list)
    counts: Counts = field(default_factory=Counts)

    @property
    def is_ok(self) -> bool:
        """Whether everything due was looked up."""
        return not self.error


_Batch = Batch[int]
_Answered = tuple[_Batch, list[tuple[Candidate, ...] | None]]


class EndpointLookUp:
    """Looks up whatever is due at one endpoint, a few requests at a time, and remembers each answer as it comes."""

    def __init__(
        self,
        database: Database,
        client: StashBoxClient,
        settings: MatchingSettings,
        clock: Clock,
        when: Due,
        tell: Tell,
        run_record: EndpointRun,
    ) -> None:
        self._database = database
        self._client = client
        self._settings = settings
        self._clock = clock
        self._when = when
        self._tell = tell
        self._accepted: frozenset[Algorithm] = frozenset()
        self._digests: dict[int, str] = {}
        self._joiner: Joiner[int] = Joiner()
        self._fullness: list[float] = []
        self._answered: asyncio.Queue[_Answered | None] = asyncio.Queue(maxsize=_ANSWERS_AHEAD)
        self._failure: ServerError | None = None
        self._refused_in_a_row = 0
        self._narrowing = asyncio.Lock()
        self.run_record = run_record

    @property
    def oddities(self) -> tuple[str, ...]:
        """What was skipped in this endpoint's answers, in words."""
        return self._client.oddities.words

    async def run(self) -> None:
        """Look up to the end. A ServerError ends this endpoint's run and is recorded in its words."""
        record = self.run_record
        try:
            self._accepted = await self._client.accepted_algorithms()
            await self._note_algorithms()
            await self._look_up_all()
        except ServerError as error:
            record.error = str(error)
        if record.refused and not record.error:
            what = "1 scene" if len(record.refused) == 1 else f"{len(record.refused)} scenes"
            record.error = f"{what} could not be looked up: {record.refused[0]}"
        record.fullness = sum(self._fullness) / len(self._fullness) if self._fullness else 1.0

    async def _note_algorithms(self) -> None:
        """Remember which hashes count here; when that changed, every proposal of this endpoint is computed anew."""
        endpoint = self._client.endpoint
        async with self._database.write() as tx:
            if await known_algorithms(tx, endpoint) == self._accepted:
                return
            await remember_algorithms(tx, endpoint, self._accepted)
        after = 0
        while True:
            async with self._database.write() as tx:
                ids = await recommendations.scenes_at(tx, endpoint, after=after)
                counts = await recompute(tx, endpoint, ids, settings=self._settings, now=self._clock.now())
            self.run_record.counts.add(counts)
            if not ids:
                return
            after = ids[-1]

    async def _look_up_all(self) -> None:
        """Feed, ask and keep side by side, so that the network never waits for the database.

        A ServerError ends the asking; what was answered until then is kept before it is raised.
        """
        batches: asyncio.Queue[_Batch | None] = asyncio.Queue(maxsize=PARALLEL_REQUESTS)

        async def feed() -> None:
            async for batch in self._batches():
                await batches.put(batch)
                if self._failure is not None:
                    break
            for _ in range(PARALLEL_REQUESTS):
                await batches.put(None)

        async def ask() -> None:
            while (batch := await batches.get()) is not None:
                if self._failure is None:
                    try:
                        await self._look_up(batch)
                    except ServerError as error:
                        self._failure = self._failure or error

        async def ask_all() -> None:
            async with asyncio.TaskGroup() as group:
                for work in (feed(), *(ask() for _ in range(PARALLEL_REQUESTS))):
                    group.create_task(work)
            await self._answered.put(None)

        async with asyncio.TaskGroup() as group:
            group.create_task(ask_all())
            group.create_task(self._keep_all())
        if self._failure is not None:
            raise self._failure

    async def _keep_all(self) -> None:
        """Write answers down as they come: as many in one transaction as have come meanwhile."""
        is_over = False
        while not is_over:
            answers = [await self._answered.get()]
            while not self._answered.empty():
                answers.append(self._answered.get_nowait())
            is_over = answers[-1] is None
            await self._keep([answer for answer in answers if answer is not None])

    async def _batches(self) -> AsyncIterator[_Batch]:
        packer: Packer[int] = Packer(self._accepted)
        after = -1
        while True:
            async with self._database.read() as reader:
                page = await scenes.due(reader, self._client.endpoint, self._when, after=after, limit=_PAGE)
            silent: list[Lookup] = []
            for scene in page:
                fingerprints = sendable(_fingerprints(scene), self._accepted)
                digest = scene.digest
                if fingerprints:
                    self._digests[scene.id] = digest
                    for batch in packer.add(scene.id, fingerprints):
                        yield batch
                else:
                    silent.append(self._lookup(scene.id, digest, has_matched=False))
            if silent:
                await self._remember_silent(silent)
            if len(page) < _PAGE:
                break
            after = page[-1].id
        for batch in packer.flush():
            yield batch

    def _lookup(self, scene_id: int, digest: str, *, has_matched: bool) -> Lookup:
        return Lookup(scene_id, self._client.endpoint, digest, self._clock.now(), has_matched)

    async def _remember_silent(self, silent: Sequence[Lookup]) -> None:
        """Scenes without a hash worth sending: nothing is asked, and nothing they once matched still stands."""
        async with self._database.write() as tx:
            await scenes.put_lookups(tx, silent)
            offered: dict[int, Sequence[Candidate]] = {one.scene_id: () for one in silent}
            await self._recompute(tx, offered)
        await self._tell(len(silent))

    async def _look_up(self, batch: _Batch, *, is_narrowing: bool = False) -> None:
        self.run_record.requests += 1
        try:
            answers = await self._client.look_up(batch.groups)
        except GraphQLError as error:
            refusal = error
        else:
            self._refused_in_a_row = 0
            if not is_narrowing:
                self._fullness.append(batch.fullness)
            await self._answered.put((batch, answers))
            return
        if is_narrowing:
            await self._narrow_down(batch, refusal)
            return
        async with self._narrowing:  # one at a time: a server that refuses everything is not asked more than needed
            if self._failure is None:
                await self._narrow_down(batch, refusal)

    async def _narrow_down(self, batch: _Batch, refusal: GraphQLError) -> None:
        """Find the scene that makes the server refuse a request, and do without it.

        It is asked for again in the next scan. Raises the refusal when scene after scene is refused: then it is not
        the scenes that the server minds.
        """
        if len(batch.keys) > 1:
            middle = len(batch.keys) // 2
            for part in (slice(None, middle), slice(middle, None)):
                half = Batch(batch.keys[part], batch.groups[part], batch.parts[part])
                await self._look_up(half, is_narrowing=True)
            return
        self.run_record.refused.append(f"scene {batch.keys[0]}: {refusal}")
        self._refused_in_a_row += 1
        if self._refused_in_a_row > _TOLERATED_REFUSALS:
            raise refusal
        await self._tell(1)

    async def _keep(self, answered: Sequence[_Answered]) -> None:
        offered: dict[int, Sequence[Candidate]] = {}
        lookups: list[Lookup] = []
        through = 0
        for batch, answers in answered:
            for scene_id, candidates in self._joiner.add(batch, answers):
                through += 1
                digest = self._digests.pop(scene_id, "")
                if candidates is None:  # not remembered, so the next scan asks again
                    self.run_record.refused.append(f"scene {scene_id}: {self._why_not_answered()}")
                    continue
                offered[scene_id] = candidates
                lookups.append(self._lookup(scene_id, digest, has_matched=bool(candidates)))
        if lookups:
            async with self._database.write() as tx:
                await scenes.put_lookups(tx, lookups)
                await self._recompute(tx, offered)
        self.run_record.looked_up += len(offered)
        self.run_record.matched += sum(1 for candidates in offered.values() if candidates)
        if through:
            await self._tell(through)

    def _why_not_answered(self) -> str:
        """What the server said of scenes it did not answer."""
        words = [one for one in self._client.oddities.words if " x scene " in one or " x entry " in one]
        return "; ".join(words[:3]) or "the server failed for it"

    async def _recompute(self, tx: Transaction, offered: dict[int, Sequence[Candidate]]) -> None:
        counts = await recompute(
            tx, self._client.endpoint, list(offered), settings=self._settings, now=self._clock.now(), offered=offered
        )
        self.run_record.counts.add(counts)


def _fingerprints(scene: Scene) -> list[Fingerprint]:
    return [item for file in scene.files for item in file.fingerprints]
