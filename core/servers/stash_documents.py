"""Every GraphQL document Winnow sends to a Stash."""

from __future__ import annotations

from core.servers import stash_library_documents as library
from core.servers import stash_removal_documents as removal
from core.servers.documents import Document, introspection, table
from core.servers.stash_library_documents import HASHES, STASH_IDS

_SCENE = f"id title updated_at organized {STASH_IDS} files {{ id path size duration width height {HASHES} }}"
_DETAILS = (
    f"id title code details director date urls organized updated_at {STASH_IDS} "
    "studio { id name } performers { id name } tags { id name }"
)

STATUS = Document(
    "WinnowStatus",
    "query WinnowStatus { version { version hash } systemStatus { databaseSchema appSchema status os } }",
)
STASH_BOXES = Document(
    "WinnowStashBoxes",
    """query WinnowStashBoxes { configuration { general { stashBoxes {
        endpoint name api_key <<StashBox.max_requests_per_minute: max_requests_per_minute>>
    } } } }""",
)
CRAWL = Document(
    "WinnowCrawl",
    f"""query WinnowCrawl($scenes: SceneFilterType!, $page: FindFilterType!) {{
        findScenes(scene_filter: $scenes, filter: $page) {{ scenes {{ {_SCENE} }} }}
    }}""",
)
OUTLINES = Document(
    "WinnowOutlines",
    f"""query WinnowOutlines($scenes: SceneFilterType!, $page: FindFilterType!) {{
        findScenes(scene_filter: $scenes, filter: $page) {{ scenes {{ id updated_at files {{ {HASHES} }} }} }}
    }}""",
)
COUNT = Document(
    "WinnowCount",
    """query WinnowCount($scenes: SceneFilterType!) {
        findScenes(scene_filter: $scenes, filter: { per_page: 0 }) { count }
    }""",
)
SCENES = Document(
    "WinnowScenes", f"query WinnowScenes($ids: [ID!]!) {{ findScenes(ids: $ids) {{ scenes {{ {_SCENE} }} }} }}"
)
SCENE = Document("WinnowScene", f"query WinnowScene($id: ID!) {{ findScene(id: $id) {{ {_SCENE} }} }}")
# Stash fills in the address of a cover whether there is one or not; whether it is missing is a filter of its list.
DETAILS = Document(
    "WinnowDetails",
    f"""query WinnowDetails($id: ID!, $coverless: SceneFilterType!) {{
        findScene(id: $id) {{ {_DETAILS} }}
        coverless: findScenes(scene_filter: $coverless, filter: {{ per_page: 0 }}) {{ count }}
    }}""",
)
WRITE_STASH_IDS = Document(
    "WinnowWriteStashIds",
    f"""mutation WinnowWriteStashIds($input: SceneUpdateInput!) {{
        sceneUpdate(input: $input) {{ id {STASH_IDS} }}
    }}""",
    is_write=True,
)
UPDATE_SCENE = Document(
    "WinnowUpdateScene",
    f"""mutation WinnowUpdateScene($input: SceneUpdateInput!) {{ sceneUpdate(input: $input) {{ {_DETAILS} }} }}""",
    is_write=True,
)
_PAGE = '{ per_page: 250, sort: "name", direction: ASC }'
FIND_PERFORMERS = Document(
    "WinnowFindPerformers",
    f"""query WinnowFindPerformers($filter: PerformerFilterType!) {{
        found: findPerformers(performer_filter: $filter, filter: {_PAGE}) {{
            items: performers {{ id name aliases: alias_list stash_ids {{ endpoint stash_id }} }}
        }}
    }}""",
)
FIND_TAGS = Document(
    "WinnowFindTags",
    f"""query WinnowFindTags($filter: TagFilterType!) {{
        found: findTags(tag_filter: $filter, filter: {_PAGE}) {{
            items: tags {{ id name aliases <<Tag.stash_ids: stash_ids {{ endpoint stash_id }}>> }}
        }}
    }}""",
)
FIND_STUDIOS = Document(
    "WinnowFindStudios",
    f"""query WinnowFindStudios($filter: StudioFilterType!) {{
        found: findStudios(studio_filter: $filter, filter: {_PAGE}) {{
            items: studios {{ id name aliases stash_ids {{ endpoint stash_id }} }}
        }}
    }}""",
)

_QUESTIONS = (
    STATUS,
    STASH_BOXES,
    CRAWL,
    OUTLINES,
    COUNT,
    SCENES,
    SCENE,
    DETAILS,
    WRITE_STASH_IDS,
    UPDATE_SCENE,
    FIND_PERFORMERS,
    FIND_TAGS,
    FIND_STUDIOS,
    *library.QUESTIONS,
    *removal.QUESTIONS,
)
# What a server may lack: optional parts of the documents, and inputs that are left out where they are unknown.
COORDINATES = frozenset(
    {name for document in _QUESTIONS for name in document.coordinates}
    | {"StashIDInput.updated_at", "TagFilterType.stash_id_endpoint", library.CAN_FIND_FILES, removal.CAN_FORGET_FILES}
)
FEATURES = introspection("WinnowStashFeatures", (name.partition(".")[0] for name in COORDINATES))
DOCUMENTS = table(FEATURES, *_QUESTIONS)
