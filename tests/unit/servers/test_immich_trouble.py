"""What goes wrong between Winnow and an Immich: answers, keys, connections. The key is never told."""

from __future__ import annotations

import logging
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from immich_cases import VERSIONS, Setting, setting

from core.demo.immich_world import FacePlan
from core.errors import (
    AuthenticationError,
    ConfigError,
    MalformedAnswerError,
    MissingScopeError,
    RateLimitedError,
    ServerError,
    UncertainWriteError,
    UnreachableError,
)
from core.servers.call import Answer
from core.servers.immich import ImmichClient
from core.servers.immich_http import refusal_words

KEY = "demo-immich-key"
SOMETHING = "00000000-0000-4000-8000-000000000000"
Use = Callable[[Setting], Awaitable[Any]]

# Every scope, and a call that takes it.
USES: dict[str, tuple[str, Use]] = {
    "user": ("user.read", lambda one: one.as_user("few").user()),
    "libraries": ("library.read", lambda one: one.as_user("few").libraries()),
    "library": ("library.read", lambda one: one.as_user("few").library(one.server.library.id)),
    "scan": ("library.update", lambda one: one.as_user("few").scan_library(one.server.library.id)),
    "people": ("person.read", lambda one: one.as_user("few").people.all()),
    "person": ("person.read", lambda one: one.as_user("few").people.person(SOMETHING)),
    "create": ("person.create", lambda one: one.as_user("few").people.create("Ann")),
    "reassign": ("face.update", lambda one: one.as_user("few").people.reassign(SOMETHING, SOMETHING)),
    "check": ("asset.upload", lambda one: one.as_user("few").check_uploads(["0" * 40])),
}


@pytest.fixture(params=VERSIONS)
async def immich(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path / "library", request.param) as one:
        yield one


@pytest.fixture
async def newest(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path / "library") as one:
        yield one


@pytest.fixture(autouse=True)
def nothing_tells_the_key(caplog: pytest.LogCaptureFixture) -> Any:
    caplog.set_level(logging.DEBUG)
    yield
    assert KEY not in caplog.text


def hides_the_key(error: BaseException) -> bool:
    trace = traceback.TracebackException.from_exception(error, capture_locals=True)
    return KEY not in "".join(trace.format()) and KEY not in str(error)


# -- keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", USES)
async def test_a_missing_scope_is_named(immich: Setting, name: str) -> None:
    scope, use = USES[name]
    immich.server.world.add_key("few", immich.server.owner, frozenset({"album.read"}))
    with pytest.raises(MissingScopeError, match=f"lacks the permission {scope}: add it") as caught:
        await use(immich)
    assert (caught.value.scope, caught.value.status) == (scope, 403)
    assert caught.value.server.startswith(f"{immich.server.base_url}/api/")


async def test_a_user_who_is_no_administrator_sees_no_libraries(immich: Setting) -> None:
    immich.server.world.add_key("hers", immich.server.world.add_user("Her"))
    with pytest.raises(AuthenticationError, match="no administrator of Immich"):
        await immich.as_user("hers").libraries()


async def test_a_wrong_key_and_none(immich: Setting) -> None:
    with pytest.raises(AuthenticationError, match=r"refuses the key: check api_key under \[intake.immich\]"):
        await immich.as_user("wrong").user()
    with pytest.raises(AuthenticationError, match=r"asks for a key: set api_key under \[intake.immich\]"):
        await immich.as_user(" ").user()
    await immich.as_user("wrong").ping()
    assert (await immich.as_user("").version()).is_supported


async def test_an_address_that_is_none_is_told_without_its_text(newest: Setting) -> None:
    with pytest.raises(ConfigError, match=r"url under \[intake.immich\]") as caught:
        ImmichClient(newest.http, "nas:hunter2@2283", KEY)
    assert "hunter2" not in str(caught.value)
    with pytest.raises(AuthenticationError, match="holds characters"):
        ImmichClient(newest.http, "http://nas:2283", "käy")


async def test_a_key_that_the_server_repeats_is_hidden(newest: Setting) -> None:
    newest.server.faults.add("refuse", message=f"what is {KEY}?")
    with pytest.raises(ServerError, match=r"what is \*\*\*\?") as caught:
        await newest.client.libraries()
    assert hides_the_key(caught.value)


# -- answers -----------------------------------------------------------------------------------------------------------


async def test_unknown_fields_are_ignored(immich: Setting) -> None:
    def add(value: Any) -> Any:
        if isinstance(value, dict):
            return {name: add(one) for name, one in value.items()} | {"newIn4": {"nested": [1]}}
        return [add(one) for one in value] if isinstance(value, list) else value

    world, client = immich.server.world, immich.client
    seen = world.add_seen(immich.server.owner, "/a.jpg", FacePlan(world.add_person(immich.server.owner, "Ann")))
    immich.server.alter = lambda name, body: body if name in ("GET /jobs", "GET /server/media-types") else add(body)
    await client.ping()
    await client.features()
    await client.key_rights()
    await client.libraries()
    await client.queues()
    [asset] = await client.find_assets("/a.jpg")
    faces = await client.people.faces(asset)
    assert faces is not None
    assert [face.person for face in faces] == list(await client.people.all())
    assert (await client.progress([seen.id]))[seen.id].is_over
    assert (await client.check_uploads(["0" * 40]))["0" * 40].is_accepted


MALFORMED: dict[str, tuple[str, Callable[[Any], Any], str]] = {
    "no person": ("GET /faces", lambda body: [{k: v for k, v in body[0].items() if k != "person"}], "person"),
    "no box": ("GET /faces", lambda body: [body[0] | {"boundingBoxX1": None}], "boundingBoxX1"),
    "faces null": ("GET /faces", lambda _: None, "null"),
    "no owner": ("GET /assets/{id}", lambda body: body | {"ownerId": None}, "ownerId"),
    "no hash": ("GET /assets/{id}", lambda body: {k: v for k, v in body.items() if k != "thumbhash"}, "thumbhash"),
    "no items": ("POST /search/metadata", lambda body: {"assets": {}}, "items"),
    "no more pages": ("GET /people", lambda body: {"people": [{"id": "x"}]}, "name"),
    "no version": ("GET /server/version", lambda body: body | {"major": "three"}, "major"),
    "no admin": ("GET /users/me", lambda body: {"id": "x"}, "isAdmin"),
    "no paths": ("GET /libraries", lambda body: [body[0] | {"importPaths": [None]}], "importPaths"),
    "no counts": ("GET /queues", lambda body: [body[0] | {"statistics": {}}], "active"),
    "no results": ("POST /assets/bulk-upload-check", lambda body: {"results": []}, "results"),
    "no pong": ("GET /server/ping", lambda body: {"res": "gnop"}, "no Immich"),
}


@pytest.mark.parametrize("case", MALFORMED)
async def test_a_malformed_answer_names_server_and_field(newest: Setting, case: str) -> None:
    name, change, field = MALFORMED[case]
    world, client = newest.server.world, newest.client
    seen = world.add_seen(newest.server.owner, "/a.jpg", FacePlan(world.add_person(newest.server.owner, "Ann")))
    asset = await client.asset(seen.id)
    assert asset is not None
    newest.server.alter = lambda asked, body: change(body) if asked == name else body
    uses: dict[str, Callable[[], Awaitable[Any]]] = {
        "GET /faces": lambda: client.people.faces(asset),
        "GET /assets/{id}": lambda: client.asset(asset.id),
        "POST /search/metadata": lambda: client.find_assets("/a.jpg"),
        "GET /people": client.people.all,
        "GET /server/version": lambda: client.version(is_fresh=True),
        "GET /users/me": newest.as_user(KEY).user,
        "GET /libraries": client.libraries,
        "GET /queues": client.queues,
        "POST /assets/bulk-upload-check": lambda: client.check_uploads(["0" * 40]),
        "GET /server/ping": client.ping,
    }
    with pytest.raises(MalformedAnswerError, match=field) as caught:
        await uses[name]()
    assert caught.value.server.startswith(newest.server.base_url)
    assert hides_the_key(caught.value)


async def test_a_search_or_list_without_end_is_given_up(newest: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.servers.immich._MOST_PAGES", 3)
    monkeypatch.setattr("core.servers.immich_people._MOST_PAGES", 3)

    def endless(name: str, body: Any) -> Any:
        if name == "POST /search/metadata":
            body["assets"]["nextCursor"] = "1"
        is_list = name == "GET /people"
        return {"people": [{"id": "1", "name": "", "isHidden": False}], "hasNextPage": True} if is_list else body

    newest.server.alter = endless
    for use in (lambda: newest.client.find_assets("/a.jpg"), newest.client.people.all):
        with pytest.raises(MalformedAnswerError, match="does not end after 3 pages"):
            await use()


async def test_a_web_page_is_no_immich(newest: Setting) -> None:
    newest.server.faults.add("login-page")
    with pytest.raises(MalformedAnswerError, match=r"web page \(200\), no Immich: is the address right"):
        await newest.client.user()
    newest.server.faults.add("redirect")
    with pytest.raises(AuthenticationError, match="login page"):
        await newest.client.user()
    nested = ImmichClient(newest.http, f"{newest.server.base_url}/api/photos", KEY)
    with pytest.raises(MalformedAnswerError, match="knows this address"):
        await nested.ping()
    newest.server.faults.add("malformed")
    with pytest.raises(MalformedAnswerError, match="another shape"):
        await newest.client.user()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message":"Asset not found","statusCode":400}', "Asset not found"),
        (b'{"message":["a must be b","c"],"error":"Bad Request"}', "a must be b; c"),
        (
            b'{"message":"Validation failed","errors":[{"path":["ids",0],"message":"no UUID"},{"message":"x"},7]}',
            "Validation failed; ids.0: no UUID; x",
        ),
        (b'{"message":{"a":1},"errors":{"b":2}}', ""),
        (b"<html>", ""),
        (b"[1]", ""),
        (b"\xff\xfe", ""),
        (b'{"message":"a\\u0007\\nb"}', "a b"),
    ],
)
def test_the_words_of_every_version_are_understood(body: bytes, words: str) -> None:
    assert refusal_words(Answer(400, "application/json", body)) == words


async def test_what_is_refused_in_words_is_told_in_them(immich: Setting) -> None:
    with pytest.raises(ServerError, match=r"status 400.*UUID") as caught:
        await immich.client.people.reassign("no id", "no id either")
    assert type(caught.value) is ServerError
    for status, kind in ((413, "too large"), (418, "status 418")):
        immich.server.faults.add("status", status=status)
        with pytest.raises(ServerError, match=kind):
            await immich.client.libraries()


# -- connections -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["drop", "cut"])
async def test_a_question_is_asked_again(immich: Setting, kind: str) -> None:
    await immich.client.version()
    for route in ("/libraries", "/libraries/{id}/scan", "/search/metadata"):
        immich.server.faults.add(kind, only=route)
    assert len(await immich.client.libraries()) == 1
    await immich.client.scan_library(immich.server.library.id)
    assert await immich.client.find_assets("/nothing") == ()
    assert all(fault.hits == 1 for fault in immich.server.faults.pending)


async def test_a_lost_connection_is_unreachable(newest: Setting) -> None:
    newest.server.faults.add("drop", times=None)
    with pytest.raises(UnreachableError, match="connection was cut") as caught:
        await newest.client.user()
    assert hides_the_key(caught.value)
    newest.server.faults.clear()
    newest.server.faults.add("status", status=503, times=None)
    with pytest.raises(UnreachableError, match="503"):
        await newest.client.user()
    newest.server.faults.clear()
    newest.server.faults.add("rate-limit", retry_after=0.01, times=None)
    with pytest.raises(RateLimitedError):
        await newest.client.user()
    await newest.server.stop()
    with pytest.raises(UnreachableError):
        await newest.client.user()


@pytest.mark.parametrize("kind", ["drop", "cut", "error", "malformed", "status"])
async def test_a_write_that_was_cut_off_is_uncertain_and_not_repeated(
    newest: Setting, kind: str, tmp_path: Path
) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"x")
    await newest.client.version()
    await newest.client.user()
    world, people = newest.server.world, newest.client.people
    person = world.add_person(newest.server.owner)
    sha1 = "11f6ad8ec52a2984abaafd7c3b516503785c2072"
    for use, route in (
        (lambda: people.create("Ann"), "POST /people"),
        (lambda: people.reassign(SOMETHING, person.id), "PUT /faces/{id}"),
        (lambda: newest.client.upload(file, sha1=sha1), "POST /assets"),
    ):
        newest.server.faults.add(kind, only=route)
        newest.server.world.add_seen(newest.server.owner, "/f.jpg", FacePlan()).faces[0].id = SOMETHING
        with pytest.raises(UncertainWriteError, match="read it back") as caught:
            await use()
        assert hides_the_key(caught.value)
        assert len(newest.server.log.of(route)) == 1
    was_stored = not (await newest.client.check_uploads([sha1]))[sha1].is_accepted
    assert was_stored is (kind == "cut")
