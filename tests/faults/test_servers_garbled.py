"""Whatever a server sends, nothing but an error of ours comes out: answers garbled at random, from fixed seeds."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from typing import Any

import pytest
from raw_server import RawRequest, RawServer, Reply, answer
from server_cases import OSHASH, SECRET

from core.errors import ServerError
from core.model.scenes import SceneChanges, StashId
from core.model.stash_boxes import RemoteEntity, StashBox
from core.servers.call import Policy
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient, Submission

pytest_plugins = ["server_fixtures"]

LINK = {"endpoint": "e", "stash_id": "s", "updated_at": "t"}
PRINTS = [{"type": "oshash", "value": "ab"}, {"type": "phash", "value": "cd"}]
FILE = {"id": "1", "path": "p", "size": 1, "duration": 1.5, "width": 1, "height": 1, "fingerprints": PRINTS}
SCENE = {"id": "1", "title": "t", "updated_at": "x", "organized": False, "stash_ids": [LINK], "files": [FILE]}
ENTITY = {"id": "1", "name": "n", "aliases": ["a"], "stash_ids": [LINK]}
REMOTE = {"hash": "ab", "algorithm": "OSHASH", "duration": 1, "submissions": 1, "reports": 0}
ENTRY: dict[str, Any] = {
    "id": "u",
    "title": "t",
    "images": [{"url": "x"}],
    "studio": ENTITY,
    "tags": [ENTITY],
    "fingerprints": [REMOTE],
}
BOX = {"endpoint": "https://e/graphql", "name": "n", "api_key": "k", "max_requests_per_minute": 3}
ANSWERS = {
    "version": {"version": "1", "hash": "x"},
    "systemStatus": {"os": "linux", "status": "OK", "databaseSchema": 75},
    "configuration": {"general": {"stashBoxes": [BOX]}},
    "findScenes": {"scenes": [SCENE]},
    "findScene": SCENE | ENTRY | {"id": "1", "urls": ["u"], "performers": [ENTITY]},
    "coverless": {"count": 0},
    "found": {"items": [ENTITY]},
    "sceneUpdate": {"id": "1", "stash_ids": [LINK]},
    "me": {"name": "n", "roles": ["READ"]},
    "findScenesBySceneFingerprints": [[ENTRY], []],
    "submitFingerprints": [{"hash": "ab", "scene_id": "s", "error": None}],
    "submitFingerprint": True,
}
FEATURES = {"Mutation": {"fields": [{"name": "submitFingerprints"}]}, "StashID": {"fields": [{"name": "updated_at"}]}}
JUNK: list[Any] = [
    None,
    True,
    0,
    -1,
    1e300,
    10**30,
    "",
    "x",
    [],
    {},
    [None],
    [[]],
    {"id": None},
    "9" * 400,
    [1, 2],
    "\x00\x1b",
    "nan",
    "-inf",
    -(10**30),
    1 << 63,
    "9" * 5000,
    "0001-01-01T00:00:00+14:00",
]


class Garbler:
    """Answers as a server would, but for a value here and there, a status, a type, a few bytes."""

    def __init__(self, seed: int, answers: Any = ANSWERS) -> None:
        self.random = random.Random(seed)
        self.answers = answers

    def happens(self, chance: float) -> bool:
        """True in that part of all cases."""
        return self.random.random() < chance

    def garble(self, value: Any) -> Any:
        """The value with a few of its parts replaced, missing or repeated."""
        if self.happens(0.02):
            return self.random.choice(JUNK)
        if isinstance(value, dict):
            return {key: self.garble(inner) for key, inner in value.items() if not self.happens(0.01)}
        if isinstance(value, list):
            return [self.garble(inner) for inner in value] * self.random.choice([1, 1, 1, 1, 2, 0])
        return value

    def reply(self, request: RawRequest) -> Reply:
        """One answer."""
        is_about_features = b"Features" in request.body
        told: dict[str, Any] = {"data": self.garble(FEATURES if is_about_features else self.answers)}
        if self.happens(0.1):
            told["errors"] = self.garble([{"message": "m", "path": ["x", 1, "y"]}])
        body = bytearray(json.dumps(told).encode())
        for _ in range(self.random.randrange(5) if self.happens(0.1) else 0):
            body[self.random.randrange(len(body))] = self.random.randrange(256)
        status = self.random.choice([200] * 8 + [400, 422, 500, 404])
        return answer(
            bytes(body), status, self.random.choice(["application/json"] * 5 + ["text/html", "image/png", ""])
        )


async def pages(walk: AsyncGenerator[list[Any], None]) -> list[list[Any]]:
    return [page async for page in walk]


def everything(stash: StashClient, box: StashBoxClient) -> list[Callable[[], Awaitable[object]]]:
    """Each thing the clients can do."""
    remote = RemoteEntity("id", "n")
    return [
        stash.status,
        stash.stash_boxes,
        lambda: pages(stash.crawl(page_size=5)),
        lambda: pages(stash.outlines(page_size=5)),
        lambda: stash.scene(1),
        lambda: stash.scenes([1, 2]),
        lambda: stash.scene_details(1),
        lambda: stash.write_stash_ids(1, [StashId("e", "s")]),
        lambda: stash.update_scene(1, SceneChanges(title="x")),
        lambda: stash.find_performer("e", remote),
        lambda: stash.find_studio("e", remote),
        lambda: stash.find_tag("e", remote),
        lambda: stash.cover_image(1),
        box.check,
        box.accepted_algorithms,
        lambda: box.look_up([[OSHASH], [OSHASH]]),
        lambda: box.scene("u"),
        lambda: box.submit_fingerprints([Submission("s", OSHASH, 1)]),
    ]


@pytest.mark.parametrize("seed", range(4))
async def test_garbled_answers_raise_nothing_but_errors_of_servers(raw: RawServer, seed: int) -> None:
    raw.reply = Garbler(seed).reply
    succeeded = 0
    async with Http(Policy(attempts=1, rate_limited_attempts=1)) as http:
        for _ in range(15):
            stash = StashClient(http, raw.url, SECRET)
            box = StashBoxClient(http, StashBox(f"{raw.url}/graphql", "Meadow", SECRET, 10_000_000))
            for one in everything(stash, box):
                with suppress(ServerError):
                    await one()
                    succeeded += 1
    assert succeeded > 50  # so the answers are not all beyond reading
