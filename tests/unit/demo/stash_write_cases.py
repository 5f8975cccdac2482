"""What tests of writes to the demo Stash share: its mutations, how they are asked, and files put into its library."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from core.demo.world import DemoWorld

TIME = "2024-01-11T18:07:53+02:00"

MERGE = "mutation M($i: SceneMergeInput!) { sceneMerge(input: $i) { id files { id } play_count o_counter } }"

UPDATE = "mutation U($i: SceneUpdateInput!) { sceneUpdate(input: $i) { id files { id } play_duration resume_time } }"

DESTROY = "mutation D($i: ScenesDestroyInput!) { scenesDestroy(input: $i) }"

DESTROY_IMAGES = "mutation D($i: ImagesDestroyInput!) { imagesDestroy(input: $i) }"

DELETE = "mutation D($i: [ID!]!) { deleteFiles(ids: $i) }"

PRINTS = "mutation P($i: FileSetFingerprintsInput!) { fileSetFingerprints(input: $i) }"

SCAN = "mutation S($i: ScanMetadataInput!) { metadataScan(input: $i) }"

JOB = "query J($i: FindJobInput!) { findJob(input: $i) { id status progress description error endTime } }"


async def ask(world: DemoWorld, query: str, given: Any = None) -> Any:
    """The one field of the answer. A refusal raises AssertionError with the words."""
    async with httpx.AsyncClient(headers={"Accept": "application/json", "ApiKey": world.stash.api_key}) as client:
        answer = (await client.post(world.stash.endpoint, json={"query": query, "variables": {"i": given}})).json()
    assert "errors" not in answer, answer["errors"][0]["message"]
    return next(iter(answer["data"].values()))


async def scan(world: DemoWorld, *paths: str, **options: bool) -> None:
    job = await ask(world, SCAN, {"paths": list(paths), **options})
    await world.stash.jobs.settled()
    found = await ask(world, JOB, {"id": job})
    assert (found["status"], found["progress"], found["error"]) == ("FINISHED", 1.0, None)


def put(world: DemoWorld, path: str, content: bytes = b"not a film") -> Path:
    """A file on the demo's disk."""
    place = world.directory / "library" / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(content)
    return place
