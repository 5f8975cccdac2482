"""As `test_servers_garbled`, for what the duplicates desk and the intake ask: records, their removal, an Immich."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from garbled import unfit
from raw_server import RawRequest, RawServer, Reply, answer
from server_cases import SECRET
from test_servers_garbled import ENTITY, FILE, LINK, Garbler, pages

from core.errors import EffectRefusedError, LedgerError, MediaError, ServerError
from core.model.library_records import Marker, Media, RecordRef
from core.model.record_changes import RecordChanges
from core.servers.call import Policy
from core.servers.http import Http
from core.servers.immich import ImmichClient
from core.servers.immich_assets import Asset
from core.servers.stash import StashClient
from core.servers.stash_library import StashLibrary
from core.servers.stash_removal import StashRemoval

pytest_plugins = ["server_fixtures"]

TIMES = {"created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z", "mod_time": "2024-01-01T00:00:00Z"}
STASH_FILE = FILE | TIMES | {"__typename": "VideoFile", "frame_rate": 25.0, "bit_rate": 3, "zip_file": None}
MARKER = {
    "id": "1",
    "title": "t",
    "seconds": 1.0,
    "end_seconds": 2.0,
    "primary_tag": {"id": "1"},
    "tags": [{"id": "2"}],
}
RECORD: dict[str, Any] = TIMES | {
    "id": "1",
    "title": "t",
    "urls": ["u"],
    "rating100": 5,
    "studio": ENTITY,
    "performers": [ENTITY],
    "tags": [ENTITY],
    "groups": [{"group": {"id": "1"}, "scene_index": 1}],
    "galleries": [{"id": "1"}],
    "stash_ids": [LINK],
    "scene_markers": [MARKER],
    "play_count": 1,
    "play_duration": 1.0,
    "play_history": ["2024-01-01T00:00:00Z"],
    "o_history": ["2024-01-01T00:00:00Z"],
    "files": [STASH_FILE],
    "visual_files": [STASH_FILE | {"__typename": "ImageFile"}],
}
# The name `found` is one and many, a count and a job: each shape takes what it knows.
LIBRARY = {
    "found": RECORD | {"count": 1, "status": "FINISHED", "items": [RECORD | STASH_FILE]},
    "done": {"id": "1", "count": 1},
}
SAID = LIBRARY | {"done": True}
SHA1 = "0" * 40
PERSON = {"id": "p", "name": "n", "isHidden": False}
BOXES = {f"boundingBox{name}": 1 for name in ("X1", "Y1", "X2", "Y2")}
FACE = {"id": "f", "imageWidth": 10, "imageHeight": 10, "person": PERSON, "sourceType": "machine-learning"} | BOXES
ASSET_FLAGS = {"isTrashed": False, "isOffline": False, "thumbhash": "x"}
ASSET = {"id": "a", "ownerId": "o", "originalPath": "/a/b.jpg", "checksum": "AAAA", **ASSET_FLAGS}
IMMICH_LIBRARY = {
    "id": "l",
    "ownerId": "o",
    "importPaths": ["/a"],
    "refreshedAt": "2024-01-01T00:00:00Z",
    "assetCount": 1,
}
NAMES = ("thumbnailGeneration", "metadataExtraction", "faceDetection", "facialRecognition", "sidecar", "library")
COUNTS = {"active": 0, "waiting": 0, "delayed": 0, "paused": 0, "failed": 0, "completed": 0}
IMMICH: dict[str, Any] = {
    "/server/ping": {"res": "pong"},
    "/server/version": {"major": 2, "minor": 4, "patch": 0},
    "/server/features": {"facialRecognition": True, "trash": True},
    "/server/media-types": {"image": [".jpg"], "video": [".mp4"]},
    "/api-keys/me": {"permissions": ["all"]},
    "/users/me": {"id": "o", "isAdmin": True, "name": "n"},
    "/libraries": [IMMICH_LIBRARY],
    "/libraries/l": IMMICH_LIBRARY,
    "/assets/a": ASSET,
    "/assets": {"id": "a", "status": "created"},
    "/search/metadata": {"assets": {"items": [ASSET], "nextPage": None}},
    "/faces": [FACE],
    "/people": {"people": [PERSON], "hasNextPage": False},
    "/queues": [{"name": name, "isPaused": False, "statistics": COUNTS} for name in NAMES],
    "/assets/bulk-upload-check": {"results": [{"id": SHA1, "action": "accept"}]},
}


def removals(to: StashRemoval) -> list[Callable[[], Awaitable[object]]]:
    """Each thing the duplicates desk asks or writes."""
    ref, library = RecordRef(Media.VIDEO, 1), to.library
    return [
        *(lambda media=media: pages(library.crawl(media, page_size=5)) for media in Media),
        *(lambda media=media: library.count(media) for media in Media),
        lambda: library.record(ref),
        lambda: library.history(ref),
        lambda: library.records_at(Media.IMAGE, "p"),
        lambda: library.files_at("p"),
        lambda: to.merge_scenes([2], 1, RecordChanges(title="x")),
        lambda: to.create_scene([1]),
        lambda: to.destroy_scene(1),
        lambda: to.forget_files([1]),
        lambda: to.add_plays(1, ["t"]),
        lambda: to.change_image_o(1, -1),
        lambda: to.create_marker(1, Marker(1, "t", 1.0, 1)),
        lambda: to.files([1]),
        lambda: to.rescan(["/a"]),
        lambda: to.wait_for_job(1, seconds=0),
    ]


def questions(to: ImmichClient, file: Path) -> list[Callable[[], Awaitable[object]]]:
    """Each thing the intake asks or writes."""
    names = ("library_id", "path", "file_name", "checksum", "kind", "visibility")
    own = Asset(
        "a", "o", **dict.fromkeys(names, "x"), is_trashed=False, is_offline=False, has_thumbnail=True, is_own=True
    )
    return [
        to.ping,
        to.features,
        to.media_types,
        to.key_rights,
        to.libraries,
        lambda: to.library("l"),
        lambda: to.scan_library("l"),
        lambda: to.asset("a"),
        lambda: to.find_assets("/a/b.jpg"),
        lambda: to.assets_below("/a"),
        lambda: to.trash_upload("a", SHA1),
        to.queues,
        lambda: to.queued_jobs("faceDetection"),
        lambda: to.progress(["a"]),
        lambda: to.check_uploads([SHA1]),
        lambda: to.upload(file, sha1=SHA1),
        lambda: to.people.faces(own),
        to.people.all,
        lambda: to.people.person("p"),
        lambda: to.people.create("n"),
        lambda: to.people.reassign("f", "p"),
    ]


@pytest.mark.parametrize("seed", range(4))
async def test_records_and_their_removal(raw: RawServer, seed: int) -> None:
    raw.reply = Garbler(seed, LIBRARY if seed % 2 else SAID).reply
    succeeded = 0
    async with Http(Policy(attempts=1, rate_limited_attempts=1)) as http:
        for _ in range(10):
            client = StashClient(http, raw.url, SECRET)
            for one in removals(StashRemoval(client, StashLibrary(client))):
                with suppress(ServerError, LedgerError):
                    assert list(unfit(await one())) == []
                    succeeded += 1
    assert succeeded > 30


class ImmichGarbler(Garbler):
    """By path, the shapes of Immich."""

    def reply(self, request: RawRequest) -> Reply:
        """One answer."""
        path = request.path.partition("?")[0].removeprefix("/api")
        told = [] if path.endswith("/jobs") else IMMICH.get(path, PERSON)
        body = bytearray(json.dumps(self.garble(told)).encode())
        for _ in range(self.random.randrange(5) if self.happens(0.1) else 0):
            body[self.random.randrange(len(body))] = self.random.randrange(256)
        status = self.random.choice([200] * 8 + [400, 403, 404, 500])
        return answer(bytes(body), status, self.random.choice(["application/json"] * 5 + ["text/html", ""]))


@pytest.mark.parametrize("seed", range(4))
async def test_an_immich(raw: RawServer, seed: int, tmp_path: Path) -> None:
    raw.reply = ImmichGarbler(seed).reply
    file = tmp_path / "a.jpg"
    file.write_bytes(b"x")
    succeeded = 0
    async with Http(Policy(attempts=1, rate_limited_attempts=1)) as http:
        for _ in range(10):
            client = ImmichClient(http, raw.url, SECRET)
            for one in questions(client, file):
                with suppress(ServerError, EffectRefusedError, MediaError):
                    assert list(unfit(await one())) == []
                    succeeded += 1
    assert succeeded > 30
