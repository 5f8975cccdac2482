"""Whatever shape an answer has: it is read into what the rest can bear, or is malformed, and nothing else happens."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
import pytest
from garbled import DEEP, garbled, unfit
from hypothesis import given
from hypothesis import strategies as st

from core.errors import MalformedAnswerError
from core.model.library_records import Media
from core.servers import immich_wire, stash_box_wire, stash_library_records, stash_library_wire, stash_wire
from core.servers.graphql import decode
from core.servers.immich_version import ImmichVersion
from core.servers.oddities import Oddities
from core.servers.stash_pages import SCENES, read_items
from core.servers.words import retry_after

SERVER = "https://server.example/graphql"
LINK = {"endpoint": "e", "stash_id": "s", "updated_at": "t"}
PRINTS = [{"type": "oshash", "value": "ab"}, {"type": "phash", "value": "cd"}]
FILE = {"id": "1", "path": "p", "size": 1, "duration": 1.5, "width": 1, "height": 1, "fingerprints": PRINTS}
SCENE = {"id": "1", "title": "t", "updated_at": "x", "organized": False, "stash_ids": [LINK], "files": [FILE]}
ENTITY = {"id": "1", "name": "n", "aliases": ["a"], "stash_ids": [LINK]}
RECORD_FILE = FILE | {
    "__typename": "VideoFile",
    "mod_time": "2024-01-01T00:00:00Z",
    "format": "mp4",
    "video_codec": "h264",
    "audio_codec": "aac",
    "frame_rate": 25.0,
    "bit_rate": 1000,
    "zip_file_id": None,
}
RECORD = {
    "id": "1",
    "rating100": 5,
    "urls": ["u"],
    "studio": ENTITY,
    "performers": [ENTITY],
    "tags": [ENTITY],
    "groups": [{"group": {"id": "1"}, "scene_index": 1}],
    "galleries": [{"id": "1"}],
    "stash_ids": [LINK],
    "scene_markers": [{"id": "1"}],
    "play_count": 1,
    "play_duration": 1.0,
    "resume_time": 1.0,
    "o_counter": 1,
    "files": [RECORD_FILE],
    "visual_files": [RECORD_FILE | {"__typename": "ImageFile"}],
}
MARKER = {
    "id": "1",
    "title": "t",
    "seconds": 1.0,
    "end_seconds": 2.0,
    "primary_tag": {"id": "1"},
    "tags": [{"id": "2"}],
}
HISTORY = {"play_history": ["x"], "o_history": ["x"], "scene_markers": [MARKER]}
BOX = {"endpoint": "https://e/graphql", "name": "n", "api_key": "k", "max_requests_per_minute": 3}
REMOTE = {"hash": "ab", "algorithm": "OSHASH", "duration": 1, "submissions": 1, "reports": 0}
ENTRY = {
    "id": "u",
    "title": "t",
    "duration": 5,
    "deleted": False,
    "images": [{"url": "x"}],
    "urls": [{"url": "x"}],
    "studio": ENTITY,
    "performers": [{"performer": ENTITY}],
    "tags": [ENTITY],
    "fingerprints": [REMOTE, REMOTE | {"algorithm": "PHASH"}, REMOTE | {"algorithm": "MD5"}],
}
PERSON = {"id": "p", "name": "n", "isHidden": False}
FACE = {
    "id": "f",
    "imageWidth": 10,
    "imageHeight": 10,
    "boundingBoxX1": 1,
    "boundingBoxY1": 1,
    "boundingBoxX2": 5,
    "boundingBoxY2": 5,
    "person": PERSON,
}
COUNTS = {"active": 1, "waiting": 1, "delayed": 1, "paused": 1, "failed": 1}
LIBRARY = {"id": "l", "ownerId": "o", "importPaths": ["/a"], "refreshedAt": "2024-01-01T00:00:00Z", "assetCount": 3}
ASSET = {
    "id": "a",
    "ownerId": "o",
    "originalPath": "/a/b",
    "checksum": "AAAA",
    "isTrashed": False,
    "isOffline": False,
    "thumbhash": "x",
}

Read = Callable[[Any, Oddities], object]
CASES: dict[str, tuple[Any, Any, Read]] = {
    "scene": (SCENE, stash_wire.WireScene, stash_wire.scene_of),
    "outline": (SCENE, stash_wire.WireOutline, stash_wire.outline_of),
    "details": (
        SCENE | RECORD,
        stash_wire.WireDetails,
        lambda wire, oddities: stash_wire.details_of(wire, oddities, has_cover=True),
    ),
    "box": (BOX, stash_wire.WireStashBox, lambda wire, _: stash_wire.stash_box_of(wire)),
    "record": (
        RECORD,
        stash_library_wire.WireRecord,
        lambda wire, oddities: [stash_library_records.record_of(wire, media, oddities) for media in Media],
    ),
    "history": (HISTORY, stash_library_wire.WireHistory, lambda wire, _: stash_library_records.history_of(wire)),
    "candidate": (
        ENTRY,
        stash_box_wire.WireCandidate,
        lambda wire, oddities: stash_box_wire.candidate_of(wire, "https://e/graphql", oddities),
    ),
    "library": (LIBRARY, immich_wire.WireLibrary, lambda wire, _: immich_wire.library_of(wire)),
    "asset": (ASSET, immich_wire.WireAsset, lambda wire, _: immich_wire.asset_of(wire, "o")),
    "face": (FACE, immich_wire.WireFace, lambda wire, _: [face := immich_wire.face_of(wire), face.share]),
    "queue": (
        {"name": "q", "isPaused": False, "statistics": COUNTS},
        immich_wire.WireQueue,
        lambda wire, _: immich_wire.queue_of(wire.name, wire.statistics, is_paused=wire.is_paused),
    ),
    "check": (
        {"id": "x", "action": "reject", "reason": "duplicate", "assetId": "a", "isTrashed": False},
        immich_wire.CheckResult,
        lambda wire, _: immich_wire.check_of(wire),
    ),
    "version": (
        {"major": 1, "minor": 133, "patch": 0},
        immich_wire.Version,
        lambda wire, _: [ImmichVersion(wire.major, wire.minor, wire.patch).text],
    ),
    "job": ({"data": {"id": "a"}}, immich_wire.Job, lambda wire, _: wire.subject),
}


@pytest.mark.parametrize("name", CASES)
def test_samples_can_be_read(name: str) -> None:
    sample, shape, read = CASES[name]
    oddities = Oddities()
    assert list(unfit(read(decode(msgspec.json.encode(sample), shape, SERVER), oddities))) == []
    assert not oddities


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_what_is_read_can_be_kept_and_the_rest_is_malformed(name: str, data: st.DataObject) -> None:
    sample, shape, read = CASES[name]
    body = msgspec.json.encode(data.draw(garbled(sample)))
    try:
        wire = decode(body, shape, SERVER)
    except MalformedAnswerError:
        return
    assert list(unfit(read(wire, Oddities()))) == []


@pytest.mark.parametrize("name", CASES)
@given(data=st.data())
def test_spoilt_bytes_are_malformed_or_read(name: str, data: st.DataObject) -> None:
    sample, shape, read = CASES[name]
    body = bytearray(msgspec.json.encode(sample))
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3)) or b"\xff"
    try:
        wire = decode(bytes(body), shape, SERVER)
    except MalformedAnswerError:
        return
    assert list(unfit(read(wire, Oddities()))) == []


@pytest.mark.parametrize("shape", [object, dict[str, Any], stash_wire.WireScene, msgspec.Raw, list[msgspec.Raw]])
@pytest.mark.parametrize(
    "body",
    [b"[" * DEEP + b"]" * DEEP, b'{"a":' * DEEP + b"1" + b"}" * DEEP, b'{"id":1,"a":' + b"[" * DEEP],
    ids=["lists", "objects", "unfinished"],
)
def test_what_is_nested_without_end_is_malformed(shape: Any, body: bytes) -> None:
    with pytest.raises(MalformedAnswerError):
        decode(body, shape, SERVER)


def test_a_page_loses_the_scene_with_a_boundless_number_alone() -> None:
    oddities = Oddities()
    page = {"findScenes": {"scenes": [SCENE, SCENE | {"id": "2", "files": [FILE | {"size": 10**30}]}]}}
    scenes, last_id, count = read_items(_reply(page), SCENES, oddities)
    assert ([one.id for one in scenes], last_id, count) == ([1], 2, 2)
    assert "$.files[0].size" in oddities.words[0]


def _reply(value: Any) -> Any:
    from core.servers.graphql import Reply

    return Reply(msgspec.json.encode(value), (), SERVER, 200)


@given(
    st.one_of(st.text(), st.sampled_from(["1" * 400, "9" * 5000, "nan", "1.5", "²", "Wed, 32 Foo 99999"]), st.binary())
)
def test_retry_after_is_seconds_or_nothing(text: str | bytes) -> None:
    found = retry_after(text.decode("latin-1") if isinstance(text, bytes) else text)
    assert found is None or 0 <= found <= 1e15


@given(
    st.one_of(
        st.datetimes().map(lambda moment: moment.isoformat()),
        st.text(max_size=40),
        st.from_regex(r"\A\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d([+-]\d\d:\d\d|Z)?\Z"),
        st.sampled_from(["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]),
    )
)
def test_moments_are_moments_or_nothing(text: str) -> None:
    found = immich_wire.moment_of(text)
    assert found is None or found.utcoffset() is not None
    seconds = stash_library_records.unix_time(text, Oddities())
    assert seconds is None or abs(seconds) < 1e12
