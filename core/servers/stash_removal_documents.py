"""The GraphQL documents with which records become one, go, and come back."""

from __future__ import annotations

from typing import Final

from core.servers.documents import Document

CAN_FORGET_FILES: Final = "Mutation.destroyFiles"
"""Whether the entry of a file can go without Stash deleting the file; since 0.31."""

MERGE_SCENES = Document(
    "WinnowMergeScenes",
    "mutation WinnowMergeScenes($input: SceneMergeInput!) { done: sceneMerge(input: $input) { id } }",
    is_write=True,
)
UPDATE_SCENE_RECORD = Document(
    "WinnowUpdateSceneRecord",
    "mutation WinnowUpdateSceneRecord($input: SceneUpdateInput!) { done: sceneUpdate(input: $input) { id } }",
    is_write=True,
)
UPDATE_IMAGE_RECORD = Document(
    "WinnowUpdateImageRecord",
    "mutation WinnowUpdateImageRecord($input: ImageUpdateInput!) { done: imageUpdate(input: $input) { id } }",
    is_write=True,
)
CREATE_SCENE = Document(
    "WinnowCreateScene",
    "mutation WinnowCreateScene($input: SceneCreateInput!) { done: sceneCreate(input: $input) { id } }",
    is_write=True,
)
ASSIGN_FILE = Document(
    "WinnowAssignFile",
    "mutation WinnowAssignFile($input: AssignSceneFileInput!) { done: sceneAssignFile(input: $input) }",
    is_write=True,
)
DESTROY_SCENE = Document(
    "WinnowDestroyScene",
    "mutation WinnowDestroyScene($input: SceneDestroyInput!) { done: sceneDestroy(input: $input) }",
    is_write=True,
)
DESTROY_IMAGE = Document(
    "WinnowDestroyImage",
    "mutation WinnowDestroyImage($input: ImageDestroyInput!) { done: imageDestroy(input: $input) }",
    is_write=True,
)
FORGET_FILES = Document(
    "WinnowForgetFiles",
    "mutation WinnowForgetFiles($ids: [ID!]!) { "
    "<<Mutation.destroyFiles: done: destroyFiles(ids: $ids)>> "
    "<<!Mutation.destroyFiles: done: deleteFiles(ids: $ids)>> }",
    is_write=True,
)
DELETE_FILES = Document(
    "WinnowDeleteFiles",
    "mutation WinnowDeleteFiles($ids: [ID!]!) { done: deleteFiles(ids: $ids) }",
    is_write=True,
)
SET_FINGERPRINTS = Document(
    "WinnowSetFingerprints",
    "mutation WinnowSetFingerprints($input: FileSetFingerprintsInput!) { done: fileSetFingerprints(input: $input) }",
    is_write=True,
)
ADD_PLAYS = Document(
    "WinnowAddPlays",
    "mutation WinnowAddPlays($id: ID!, $times: [Timestamp!]!) { done: sceneAddPlay(id: $id, times: $times) { count } }",
    is_write=True,
)
ADD_OS = Document(
    "WinnowAddOs",
    "mutation WinnowAddOs($id: ID!, $times: [Timestamp!]!) { done: sceneAddO(id: $id, times: $times) { count } }",
    is_write=True,
)
DELETE_PLAYS = Document(
    "WinnowDeletePlays",
    "mutation WinnowDeletePlays($id: ID!, $times: [Timestamp!]!) { "
    "done: sceneDeletePlay(id: $id, times: $times) { count } }",
    is_write=True,
)
DELETE_OS = Document(
    "WinnowDeleteOs",
    "mutation WinnowDeleteOs($id: ID!, $times: [Timestamp!]!) { done: sceneDeleteO(id: $id, times: $times) { count } }",
    is_write=True,
)
ADD_IMAGE_O = Document(
    "WinnowAddImageO", "mutation WinnowAddImageO($id: ID!) { done: imageIncrementO(id: $id) }", is_write=True
)
TAKE_IMAGE_O = Document(
    "WinnowTakeImageO", "mutation WinnowTakeImageO($id: ID!) { done: imageDecrementO(id: $id) }", is_write=True
)
SET_RESUME_TIME = Document(
    "WinnowSetResumeTime",
    "mutation WinnowSetResumeTime($id: ID!, $time: Float!) { done: sceneSaveActivity(id: $id, resume_time: $time) }",
    is_write=True,
)
CREATE_MARKER = Document(
    "WinnowCreateMarker",
    "mutation WinnowCreateMarker($input: SceneMarkerCreateInput!) { done: sceneMarkerCreate(input: $input) { id } }",
    is_write=True,
)
MOVE_MARKER = Document(
    "WinnowMoveMarker",
    "mutation WinnowMoveMarker($input: SceneMarkerUpdateInput!) { done: sceneMarkerUpdate(input: $input) { id } }",
    is_write=True,
)
RESCAN = Document(
    "WinnowRescan",
    "mutation WinnowRescan($input: ScanMetadataInput!) { done: metadataScan(input: $input) }",
    is_write=True,
)
JOB = Document("WinnowJob", "query WinnowJob($id: ID!) { found: findJob(input: { id: $id }) { id status error } }")
# One unknown id makes Stash refuse all.
FILES_BY_ID = Document(
    "WinnowFilesById",
    """query WinnowFilesById($ids: [ID!]!) {
        found: findFiles(ids: $ids) { items: files {
            __typename
            ... on VideoFile { id path size fingerprints { type value } }
            ... on ImageFile { id path size fingerprints { type value } }
        } }
    }""",
)

QUESTIONS: Final = (
    MERGE_SCENES,
    UPDATE_SCENE_RECORD,
    UPDATE_IMAGE_RECORD,
    CREATE_SCENE,
    ASSIGN_FILE,
    DESTROY_SCENE,
    DESTROY_IMAGE,
    FORGET_FILES,
    DELETE_FILES,
    SET_FINGERPRINTS,
    ADD_PLAYS,
    ADD_OS,
    DELETE_PLAYS,
    DELETE_OS,
    ADD_IMAGE_O,
    TAKE_IMAGE_O,
    SET_RESUME_TIME,
    CREATE_MARKER,
    MOVE_MARKER,
    RESCAN,
    JOB,
    FILES_BY_ID,
)
