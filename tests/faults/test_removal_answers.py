"""Writes of the duplicates desk whose answer is no answer: never a success, and never taken for a refusal."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import pytest
from garbled import DEEP
from raw_server import RawServer, answer, data

from core.errors import GraphQLError, UncertainWriteError
from core.model.library_records import Marker, Media, RecordRef
from core.model.record_changes import RecordChanges
from core.servers.stash import StashClient
from core.servers.stash_library import StashLibrary
from core.servers.stash_removal import StashRemoval

pytest_plugins = ["server_fixtures"]

REF = RecordRef(Media.VIDEO, 1)
Write = Callable[[StashRemoval], Awaitable[object]]
# By the answer that says that it was done.
WRITES: dict[str, tuple[object, str, Write]] = {
    "merge": ({"id": "1"}, "WinnowMergeScenes", lambda to: to.merge_scenes([2], 1, RecordChanges())),
    "update": ({"id": "1"}, "WinnowUpdateSceneRecord", lambda to: to.update_record(REF, RecordChanges(title="x"))),
    "create": ({"id": "1"}, "WinnowCreateScene", lambda to: to.create_scene([1])),
    "assign": (True, "WinnowAssignFile", lambda to: to.assign_file(1, 2)),
    "destroy": (True, "WinnowDestroyScene", lambda to: to.destroy_scene(1)),
    "destroy image": (True, "WinnowDestroyImage", lambda to: to.destroy_image(1)),
    "forget": (True, "WinnowForgetFiles", lambda to: to.forget_files([1])),
    "delete": (True, "WinnowDeleteFiles", lambda to: to.delete_file(1)),
    "plays": ({"count": 1}, "WinnowAddPlays", lambda to: to.add_plays(1, ["t"])),
    "os": ({"count": 1}, "WinnowDeleteOs", lambda to: to.delete_os(1, ["t"])),
    "image o": (3, "WinnowAddImageO", lambda to: to.change_image_o(1, 1)),
    "resume": (True, "WinnowSetResumeTime", lambda to: to.set_resume_time(1, 2.0)),
    "marker": ({"id": "1"}, "WinnowCreateMarker", lambda to: to.create_marker(1, Marker(1, "t", 1.0, 1))),
    "move marker": ({"id": "1"}, "WinnowMoveMarker", lambda to: to.move_marker(1, 2)),
    "fingerprints": (True, "WinnowSetFingerprints", lambda to: to.set_fingerprints(1, {"phash": "a"})),
    "rescan": ("17", "WinnowRescan", lambda to: to.rescan(["/a"])),
}
JUNK = [
    None,
    [],
    [True],
    {},
    {"id": None},
    {"id": 10**30},
    {"count": "x"},
    "",
    "perhaps",
    "9" * 5000,
    "nan",
    -(10**30),
    1.5,
]


@pytest.fixture
def removal(stash: StashClient) -> StashRemoval:
    return StashRemoval(stash, StashLibrary(stash))


@pytest.mark.parametrize("name", WRITES)
async def test_only_the_agreed_answer_is_a_success(name: str, raw: RawServer, removal: StashRemoval) -> None:
    said, operation, write = WRITES[name]
    raw.answers(**{operation: data({"done": said})})
    await write(removal)
    for junk in JUNK:
        raw.answers(**{operation: data({"done": junk})})
        with pytest.raises(UncertainWriteError):
            await write(removal)
    for body in (
        b'{"data":{"done":\xff"a"}}',
        b'{"data":{"done":"\xff\xfe"}}',
        b'{"data":{"done":' + b"[" * DEEP,
        b'{"data":{}}',
    ):
        raw.answers(**{operation: answer(body)})
        with pytest.raises(UncertainWriteError):
            await write(removal)
    assert len(raw.of(operation)) == len(JUNK) + 5  # nothing was sent twice


async def test_no_is_a_refusal(raw: RawServer, removal: StashRemoval) -> None:
    raw.answers(WinnowDestroyScene=data({"done": False}))
    with pytest.raises(GraphQLError, match="it answered false to WinnowDestroyScene"):
        await removal.destroy_scene(1)
