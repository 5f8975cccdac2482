"""A database of 100 000 pending recommendations, written through the store."""

from __future__ import annotations

from pathlib import Path
from random import Random

from core.clock import SystemClock
from core.model.fingerprints import Algorithm
from core.model.recommendations import Evidence, MatchedFingerprint, Reason, Status
from core.model.stash_boxes import Candidate, RemoteEntity, RemoteFingerprint, StashBox
from core.store import facts, recommendation_drafts
from core.store.database import Database
from core.store.recommendation_drafts import Detail, Draft

ROWS = 100_000
BOXES = [StashBox(f"https://box{number}.example/graphql", f"Box {number}") for number in (1, 2)]
_CHUNK = 10_000


def draft(number: int, random: Random) -> Draft:
    """One recommendation as a scan would store it."""
    phash, oshash, seconds = random.getrandbits(64), random.getrandbits(64), random.randrange(60, 4000)
    remotes = tuple(
        RemoteFingerprint(algorithm, value, seconds, random.randrange(1, 40), 0)
        for algorithm, value in ((Algorithm.OSHASH, oshash), (Algorithm.PHASH, phash))
    )
    candidate = Candidate(
        BOXES[number % 2].endpoint,
        f"00000000-0000-4000-8000-{number:012}",
        f"The Entry of Scene {number} and What Came of It",
        date="2021-05-04",
        duration=seconds,
        studio=RemoteEntity("s", f"Studio {number % 300}"),
        performers=tuple(RemoteEntity(f"p{each}", f"Performer {random.randrange(5000)}") for each in range(3)),
        cover_url="https://box.example/cover.jpg",
        fingerprints=remotes * 4,
    )
    matches = tuple(MatchedFingerprint(remote.algorithm, remote.value, remote, 0) for remote in remotes)
    evidence = Evidence(number, f"scene {number}.mp4", matches, 2, 2, 100.0, float(seconds), seconds, 0)
    reasons = tuple(Reason(f"r{each}", True, "a reason of about this length, in words") for each in range(9))
    score = random.random() * 100
    detail = Detail(candidate, evidence, reasons, f"/data/many/{number // 1000:04}/scene {number}.mp4")
    is_high = number % 3 == 0
    return Draft(None, Status.PENDING, number, detail, score, score, is_high, False, True, f"Scene {number}", None)


async def fill(path: Path, rows: int = ROWS) -> None:
    """A new database with that many pending recommendations."""
    random = Random(8)
    async with Database.open(path) as database:
        for start in range(0, rows, _CHUNK):
            drafts = [draft(number, random) for number in range(start, min(start + _CHUNK, rows))]
            async with database.write() as tx:
                await recommendation_drafts.put(tx, drafts, now=SystemClock().now())
        async with database.write() as tx:
            await facts.set_endpoints(tx, BOXES, frozenset())
