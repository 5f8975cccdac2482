"""The GraphQL documents that read a Stash's library for the duplicates desk: scenes and images with their files."""

from __future__ import annotations

from typing import Final

from core.model.library_records import Media
from core.servers.documents import Document

STASH_IDS: Final = "stash_ids { endpoint stash_id <<StashID.updated_at: updated_at>> }"
HASHES: Final = "fingerprints { type value }"
CAN_FIND_FILES: Final = "Query.findFiles"
"""Whether files can be looked up on their own; since 0.29."""

_FILE = f"id path size mod_time {HASHES}"
# Whether a file lies in a zip was said by an id alone before 0.29.
_VIDEO = (
    f"{_FILE} <<VideoFile.zip_file: zip_file {{ id }}>> <<!VideoFile.zip_file: zip_file_id>> "
    "format width height duration video_codec audio_codec frame_rate bit_rate"
)
_IMAGE = f"{_FILE} <<ImageFile.zip_file: zip_file {{ id }}>> <<!ImageFile.zip_file: zip_file_id>> format width height"
_EITHER = f"__typename ... on VideoFile {{ {_VIDEO} }} ... on ImageFile {{ {_IMAGE} }}"
_RECORD = (
    "id title code details date urls rating100 organized o_counter created_at updated_at "
    "studio { id name } performers { id name } tags { id name } galleries { id }"
)
_SCENE_RECORD = (
    f"{_RECORD} director play_count play_duration resume_time scene_markers {{ id }} "
    f"groups {{ group {{ id }} scene_index }} {STASH_IDS} files {{ {_VIDEO} }}"
)
_IMAGE_RECORD = f"{_RECORD} photographer visual_files {{ {_EITHER} }}"

LIBRARY_SCENES = Document(
    "WinnowLibraryScenes",
    f"""query WinnowLibraryScenes($wanted: SceneFilterType!, $page: FindFilterType!) {{
        found: findScenes(scene_filter: $wanted, filter: $page) {{ items: scenes {{ {_SCENE_RECORD} }} }}
    }}""",
)
LIBRARY_IMAGES = Document(
    "WinnowLibraryImages",
    f"""query WinnowLibraryImages($wanted: ImageFilterType!, $page: FindFilterType!) {{
        found: findImages(image_filter: $wanted, filter: $page) {{ items: images {{ {_IMAGE_RECORD} }} }}
    }}""",
)
# EQUALS is LIKE on the server, so what it finds is compared here.
SCENE_PATHS = Document(
    "WinnowScenePaths",
    """query WinnowScenePaths($wanted: SceneFilterType!, $page: FindFilterType!) {
        found: findScenes(scene_filter: $wanted, filter: $page) { items: scenes { id files { id path } } }
    }""",
)
IMAGE_PATHS = Document(
    "WinnowImagePaths",
    """query WinnowImagePaths($wanted: ImageFilterType!, $page: FindFilterType!) {
        found: findImages(image_filter: $wanted, filter: $page) {
            items: images { id visual_files { ... on VideoFile { id path } ... on ImageFile { id path } } }
        }
    }""",
)
# To get past an item the server cannot read.
SCENE_IDS = Document(
    "WinnowSceneIds",
    """query WinnowSceneIds($wanted: SceneFilterType!, $page: FindFilterType!) {
        found: findScenes(scene_filter: $wanted, filter: $page) { items: scenes { id } }
    }""",
)
IMAGE_IDS = Document(
    "WinnowImageIds",
    """query WinnowImageIds($wanted: ImageFilterType!, $page: FindFilterType!) {
        found: findImages(image_filter: $wanted, filter: $page) { items: images { id } }
    }""",
)
LIBRARY_SCENE = Document(
    "WinnowLibraryScene",
    f"query WinnowLibraryScene($id: ID!) {{ found: findScene(id: $id) {{ {_SCENE_RECORD} }} }}",
)
LIBRARY_IMAGE = Document(
    "WinnowLibraryImage",
    f"query WinnowLibraryImage($id: ID!) {{ found: findImage(id: $id) {{ {_IMAGE_RECORD} }} }}",
)
COUNT_SCENES = Document(
    "WinnowCountScenes", "query WinnowCountScenes { found: findScenes(filter: { per_page: 0 }) { count } }"
)
COUNT_IMAGES = Document(
    "WinnowCountImages", "query WinnowCountImages { found: findImages(filter: { per_page: 0 }) { count } }"
)
FILES_AT = Document(
    "WinnowFilesAt",
    f"""query WinnowFilesAt($path: String!) {{
        found: findFiles(
            file_filter: {{ path: {{ value: $path, modifier: EQUALS }} }}
            filter: {{ per_page: -1, sort: "id", direction: ASC }}
        ) {{ items: files {{ {_EITHER} }} }}
    }}""",
)
HISTORY = Document(
    "WinnowHistory",
    """query WinnowHistory($id: ID!) { found: findScene(id: $id) {
        play_history o_history
        scene_markers {
            id title seconds <<SceneMarker.end_seconds: end_seconds>> primary_tag { id } tags { id }
        }
    } }""",
)

LISTS: Final = {Media.VIDEO: LIBRARY_SCENES, Media.IMAGE: LIBRARY_IMAGES}
ONES: Final = {Media.VIDEO: LIBRARY_SCENE, Media.IMAGE: LIBRARY_IMAGE}
COUNTS: Final = {Media.VIDEO: COUNT_SCENES, Media.IMAGE: COUNT_IMAGES}
IDS: Final = {Media.VIDEO: SCENE_IDS, Media.IMAGE: IMAGE_IDS}
PATHS: Final = {Media.VIDEO: SCENE_PATHS, Media.IMAGE: IMAGE_PATHS}

QUESTIONS: Final = (
    *LISTS.values(),
    *ONES.values(),
    *COUNTS.values(),
    *IDS.values(),
    *PATHS.values(),
    FILES_AT,
    HISTORY,
)
