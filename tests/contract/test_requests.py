"""Every GraphQL document Winnow can send, in every form it can take, is valid for the real servers."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path
from typing import Any, cast

import pytest
from graphql import (
    GraphQLSchema,
    IntrospectionQuery,
    OperationDefinitionNode,
    OperationType,
    build_client_schema,
    get_variable_values,
    parse,
    validate,
)
from library_uses import use_library
from removal_uses import use_removal

from core.demo.box_library import BoxScene, box_prints
from core.demo.stash_objects import DemoEntity, DemoScene, DemoStashId, video
from core.demo.world import DemoWorld
from core.model.fingerprints import Algorithm, Fingerprint
from core.model.scenes import SceneChanges, StashId
from core.model.stash_boxes import RemoteEntity, StashBox
from core.servers import stash_box_documents, stash_documents
from core.servers.call import Answer, Call
from core.servers.documents import Document
from core.servers.http import Channel, Http
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient, Submission

CONTRACTS = Path(__file__).resolve().parents[3] / "shared" / "contracts"
pytestmark = pytest.mark.skipif(
    not CONTRACTS.is_dir(), reason=f"the folder of the real schemas, {CONTRACTS}, is absent"
)
STASH, STASH_BOX = "stash-0.30.introspection.json", "stash-box.introspection.json"
TABLES = {STASH: stash_documents, STASH_BOX: stash_box_documents}
# What a coordinate stands for in an introspection result.
LISTS = ("fields", "inputFields", "enumValues")
SCENE_ID = "0192f000-0000-7000-8000-00000000000a"
PHASH = 0x9C3A5F0E71D2B486


def introspection(name: str) -> dict[str, Any]:
    answer = json.loads((CONTRACTS / name).read_text("utf-8"))
    schema = dict(answer.get("data", answer))
    return with_the_next_version(schema) if name == STASH else schema


def with_the_next_version(schema: dict[str, Any]) -> dict[str, Any]:
    """What is used of Stash 0.31, whose schema is not at hand: `destroyFiles`, in the form of `deleteFiles`."""
    for kind in schema["__schema"]["types"]:
        if kind["name"] == "Mutation":
            [like] = [field for field in kind["fields"] if field["name"] == "deleteFiles"]
            kind["fields"].append(copy.deepcopy(like) | {"name": "destroyFiles"})
    return schema


def without(schema: dict[str, Any], coordinates: frozenset[str]) -> GraphQLSchema:
    """The schema of a server that lacks these fields, inputs and values, also in the interfaces that promise them."""
    lacking = copy.deepcopy(schema)
    promised = {
        f"{interface['name']}.{coordinate.partition('.')[2]}"
        for kind in lacking["__schema"]["types"]
        for interface in kind.get("interfaces") or ()
        for coordinate in coordinates
        if coordinate.startswith(f"{kind['name']}.")
    }
    coordinates = coordinates | promised
    for kind in lacking["__schema"]["types"]:
        for part in LISTS:
            if kind.get(part):
                kind[part] = [item for item in kind[part] if f"{kind['name']}.{item['name']}" not in coordinates]
    return build_client_schema(cast("IntrospectionQuery", lacking))


def forms(document: Document) -> Iterator[frozenset[str]]:
    """Sets of known coordinates: all of them where they are few, else none, all, and each one or two alone or absent.

    The parts are leaves side by side, so a text that is valid with each two of them, and without, is valid with any.
    """
    names = frozenset(document.coordinates)
    if len(names) <= 5:
        yield from (known for known, _ in document.variants())
        return
    few = [frozenset(chosen) for count in range(3) for chosen in combinations(sorted(names), count)]
    yield from few
    yield from (names - chosen for chosen in few)


CASES = [(schema, document) for schema, module in TABLES.items() for document in module.DOCUMENTS.values()]


@pytest.fixture(scope="module")
def schemas() -> dict[str, GraphQLSchema]:
    return {name: without(introspection(name), frozenset()) for name in TABLES}


@pytest.mark.parametrize(("name", "document"), CASES, ids=lambda value: getattr(value, "name", None))
def test_every_form_of_every_document_is_valid(
    schemas: dict[str, GraphQLSchema], name: str, document: Document
) -> None:
    for known in forms(document):
        parsed = parse(document.build(known))
        assert [error.message for error in validate(schemas[name], parsed)] == [], sorted(known)
        [operation] = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
        assert operation.name is not None
        assert operation.name.value == document.name
        assert (operation.operation is OperationType.MUTATION) == document.is_write


@pytest.mark.parametrize("name", TABLES)
def test_every_document_suits_a_server_that_lacks_what_is_optional(name: str) -> None:
    schema, module = introspection(name), TABLES[name]
    # The single submission is the way round a missing batch, so the batch is not asked of such a server.
    batch = {"WinnowSubmitMany"}
    lacks = [frozenset({one}) for one in sorted(module.COORDINATES) if "." in one] + [module.COORDINATES]
    for lacking in lacks:
        poorer = without(schema, lacking - {f"FingerprintAlgorithm.{kind}" for kind in Algorithm})
        for document in module.DOCUMENTS.values():
            # Nor are files looked up on their own where that cannot be done.
            is_asked = "findFiles(" not in document.text or "Query.findFiles" not in lacking
            if document.name not in batch and is_asked:
                text = document.build(module.COORDINATES - lacking)
                assert [error.message for error in validate(poorer, parse(text))] == [], sorted(lacking)


@pytest.mark.parametrize("name", TABLES)
def test_every_optional_coordinate_exists_in_the_newest_schema(name: str) -> None:
    """A misspelt one would never be found, and its part never be asked for."""
    known = {kind["name"] for kind in introspection(name)["__schema"]["types"]}
    known |= {
        f"{kind['name']}.{item['name']}"
        for kind in introspection(name)["__schema"]["types"]
        for part in LISTS
        for item in kind.get(part) or ()
    }
    assert known >= TABLES[name].COORDINATES


def test_no_document_hides_outside_the_tables() -> None:
    """Every operation written anywhere in the clients stands in one of the tables."""
    servers = Path(stash_documents.__file__).parent
    written = {
        found[1]
        for path in servers.glob("*.py")
        for found in re.finditer(r"(?:query|mutation) (Winnow\w+)", path.read_text("utf-8"))
    }
    in_tables = {*stash_documents.DOCUMENTS, *stash_box_documents.DOCUMENTS}
    assert written == in_tables - {stash_documents.FEATURES.name, stash_box_documents.FEATURES.name}


class RecordingChannel(Channel):
    """A channel that keeps what it sends."""

    def __init__(self, inner: Channel, sent: list[Call]) -> None:
        self._inner = inner
        self._sent = sent

    async def send(self, call: Call) -> Answer:
        """Keep the call, then make it."""
        self._sent.append(call)
        return await self._inner.send(call)


class RecordingHttp(Http):
    """Connections that keep what is sent over them."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: list[Call] = []

    def channel(self, url: str, *, requests_per_minute: int | None = None, concurrency: int = 4) -> Channel:
        """The real channel, listened to."""
        inner = super().channel(url, requests_per_minute=requests_per_minute, concurrency=concurrency)
        return RecordingChannel(inner, self.sent)


async def use_stash(http: Http, world: DemoWorld) -> None:
    library = world.stash.library
    library.tags[1] = DemoEntity(1, "T")
    links = [DemoStashId("https://e/graphql", "x")]
    for number in (1, 2, 3):
        library.add(DemoScene(number, "t", [video(number, f"/{number}", oshash=number)], links))
    stash = StashClient(http, world.stash.base_url, world.stash.api_key)
    await stash.status()
    await stash.stash_boxes()
    assert [page async for page in stash.crawl(updated_after="2020-01-01T00:00:00+02:00", page_size=2)]
    assert [page async for page in stash.outlines(page_size=2)]
    assert await stash.count_scenes() >= await stash.count_scenes(lacking="http://box.example/graphql")
    scene = (await stash.scenes([1, 2]))[0]
    assert await stash.scene(1)
    assert await stash.scene_details(1)
    await stash.write_stash_ids(1, [*scene.stash_ids, StashId("https://f/graphql", "y")])
    everything = SceneChanges(
        "a", "b", "c", "d", "2024", ("https://u",), 0, (), (1,), scene.stash_ids, "data:image/jpeg;base64,AAAA", True
    )
    await stash.update_scene(1, everything)
    for find in (stash.find_performer, stash.find_studio, stash.find_tag):
        await find("https://e/graphql", RemoteEntity("id", "nobody"))
    await use_library(stash, world)
    await use_removal(stash, world)


async def use_stash_box(http: Http, world: DemoWorld, number: int) -> None:
    demo = world.boxes[number]
    demo.library.add(BoxScene(SCENE_ID, "t", box_prints(oshash=7, phashes=[PHASH])))
    box = StashBoxClient(http, StashBox(demo.endpoint, "b", demo.api_key, 60_000))
    await box.check()
    await box.accepted_algorithms()
    hashes = (Fingerprint(Algorithm.OSHASH, 7), Fingerprint(Algorithm.PHASH, PHASH))
    assert (await box.look_up([hashes]))[0]
    assert await box.scene(SCENE_ID)
    await box.submit_fingerprints([Submission(SCENE_ID, item, 60) for item in hashes])


@pytest.mark.parametrize(
    ("name", "number"), [(STASH, -1), (STASH_BOX, 0), (STASH_BOX, 1)], ids=["stash", "stash-box", "theporndb"]
)
async def test_everything_the_clients_send_is_registered_and_valid(
    schemas: dict[str, GraphQLSchema], empty_world: DemoWorld, name: str, number: int
) -> None:
    async with RecordingHttp() as http:
        await (use_stash(http, empty_world) if number < 0 else use_stash_box(http, empty_world, number))
    table, used = TABLES[name].DOCUMENTS, set()
    for call in http.sent:
        assert call.body is not None
        body = json.loads(call.body)
        document = table[body["operationName"]]
        used.add(document.name)
        assert body["query"] in {document.build(known) for known, _ in document.variants()}
        assert call.is_write == document.is_write
        parsed = parse(body["query"])
        assert validate(schemas[name], parsed) == []
        [operation] = [node for node in parsed.definitions if isinstance(node, OperationDefinitionNode)]
        values = get_variable_values(schemas[name], list(operation.variable_definitions or ()), body["variables"])
        assert not isinstance(values, list), values
        given = body["variables"].get("input", {})
        assert "null" not in json.dumps(body["variables"]) or given.get("values", given)["studio_id"] is None
    # Each of the two ways to submit is used with one of the stash-boxes.
    if name == STASH_BOX:
        assert table.keys() - used < {"WinnowSubmit", "WinnowSubmitMany"}
        assert len(table.keys() - used) == 1
    else:  # asked only to get past an item the server cannot read
        assert table.keys() - used == {"WinnowSceneIds", "WinnowImageIds"}
