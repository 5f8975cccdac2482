"""How sure a face is, read from a real PostgreSQL with pgvector that holds Immich's tables in both layouts."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import traceback
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import asyncpg
import postgresql
import pytest
from immich_tables import LAYOUTS, PASSWORD, ROLE, Tables, schema

from core.doctor_immich import examine_immich
from core.doctor_machine import Check, State
from core.errors import AuthenticationError, ConfigError, MalformedAnswerError, UnreachableError, WinnowError
from core.intake.confidence import confidence_provider
from core.intake.people import ConfidenceProvider, analysed
from core.intake.route import route
from core.model.incoming import Category, Destination
from core.secret import Secret
from core.servers import immich_database
from core.servers.http import Http
from core.servers.immich_database import ImmichDatabase
from core.servers.immich_faces import Box, Face, Person
from core.settings_intake import ImmichSettings, IntakeSettings

PROGRAMS = postgresql.programs()
pytestmark = pytest.mark.skipif(
    PROGRAMS is None, reason="no PostgreSQL with pgvector is installed: .ci/postgresql does it"
)

Opened = Callable[..., ImmichDatabase]


@pytest.fixture(scope="module")
def server() -> Iterator[postgresql.Postgres]:
    assert PROGRAMS is not None
    with postgresql.running(PROGRAMS) as server:
        asyncio.run(as_admin(server, f"CREATE ROLE {ROLE} LOGIN PASSWORD '{PASSWORD}'"))
        yield server


async def as_admin(server: postgresql.Postgres, *statements: str, database: str = "postgres") -> None:
    connection = await asyncpg.connect(server.admin(database))
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


@pytest.fixture
async def database(server: postgresql.Postgres) -> str:
    """The name of a new, empty database."""
    name = f"immich_{uuid.uuid4().hex[:12]}"
    await as_admin(server, f"CREATE DATABASE {name} STRATEGY file_copy")
    return name


@pytest.fixture(params=LAYOUTS)
async def tables(request: pytest.FixtureRequest, server: postgresql.Postgres, database: str) -> AsyncIterator[Tables]:
    connection = await asyncpg.connect(server.admin(database))
    await connection.execute(schema(request.param))
    yield Tables(connection, request.param)
    await connection.close()


@pytest.fixture
async def opened(server: postgresql.Postgres, database: str) -> AsyncIterator[Opened]:
    """Makes clients of that database, closed at the end."""
    made: list[ImmichDatabase] = []

    def make(role: str = ROLE, password: str = PASSWORD, name: str = database) -> ImmichDatabase:
        made.append(ImmichDatabase(Secret(server.address(role, password, name))))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def asked(tables: Tables, *, own: tuple[float, ...], other: tuple[float, ...] = ()) -> tuple[str, str, str]:
    """A picture with one face: its asset, its face, its person, with these distances to that one and to another."""
    owner, ann, bea = await tables.user(), uuid.uuid4(), uuid.uuid4()
    asset = await tables.asset(owner)
    face = await tables.face(asset, ann)
    await tables.faces(owner, ann, *own)
    await tables.faces(owner, bea, *other)
    return str(asset), face, str(ann)


async def distances(database: ImmichDatabase, asset: str, face: str) -> tuple[float, float | None] | None:
    found = (await database.distances(asset, [face])).get(face)
    return None if found is None else (round(found.own, 5), None if found.other is None else round(found.other, 5))


# -- what is measured --------------------------------------------------------------------------------------------------


async def test_the_median_of_the_nearest_five(tables: Tables, opened: Opened) -> None:
    asset, face, _ = await asked(tables, own=(0.1, 0.3, 0.2, 0.4, 0.5, 0.9, 0.95), other=(0.8, 0.6))
    assert await distances(opened(), asset, face) == (0.3, 0.7)


async def test_what_is_not_compared(tables: Tables, opened: Opened) -> None:
    """The same picture, what lies in the trash, what was removed or hidden, and what is somebody else's."""
    owner, stranger, ann, bea = await tables.user(), await tables.user(), uuid.uuid4(), uuid.uuid4()
    asset = await tables.asset(owner)
    face = await tables.face(asset, ann)
    await tables.face(asset, ann, 0.01)
    await tables.face(asset, bea, 0.01)
    await tables.face(await tables.asset(owner, is_trashed=True), bea, 0.02)
    await tables.face(await tables.asset(owner), bea, 0.03, isVisible=False)
    gone = await tables.face(await tables.asset(owner), bea, 0.04)
    await tables.connection.execute('UPDATE asset_face SET "deletedAt" = now() WHERE id = $1', uuid.UUID(gone))
    await tables.faces(stranger, bea, 0.05)
    await tables.face(await tables.asset(owner), bea, None)
    await tables.face(await tables.asset(owner), None, 0.06)
    await tables.faces(owner, ann, 0.25)
    assert await distances(opened(), str(asset), face) == (0.25, None)


async def test_one_face_in_the_wrong_place_decides_nothing(tables: Tables, opened: Opened) -> None:
    asset, face, _ = await asked(tables, own=(0.2, 0.22, 0.21), other=(0.01, 0.7, 0.72))
    assert await distances(opened(), asset, face) == (0.21, 0.7)


async def test_faces_that_nothing_is_known_of_are_left_out(tables: Tables, opened: Opened) -> None:
    owner, ann = await tables.user(), uuid.uuid4()
    asset = await tables.asset(owner)
    faces = [
        await tables.face(asset, None),  # nobody's
        await tables.face(asset, ann, None),  # drawn by hand
        await tables.face(asset, uuid.uuid4()),  # the only one of its person
        str(uuid.uuid4()),
        "no id at all",
    ]
    await tables.faces(owner, ann, 0.2)
    database = opened()
    assert await database.distances(str(asset), faces) == {}
    assert await database.distances("no id at all", faces) == {}
    assert await database.distances(str(asset), []) == {}


async def test_several_faces_at_once(tables: Tables, opened: Opened) -> None:
    owner, ann, bea = await tables.user(), uuid.uuid4(), uuid.uuid4()
    asset = await tables.asset(owner)
    first, second = await tables.face(asset, ann), await tables.face(asset, bea)
    await tables.faces(owner, ann, 0.1)
    await tables.faces(owner, bea, 0.4)
    found = await opened().distances(str(asset), [second.upper(), first])
    assert {name: (round(one.own, 5), round(one.other or 0, 5)) for name, one in found.items()} == {
        first: (0.1, 0.4),
        second.upper(): (0.4, 0.1),
    }


async def test_users_of_a_cluster_group_share_their_people(tables: Tables, opened: Opened) -> None:
    """Since 3.2; before, nobody's faces count but the owner's."""
    cluster, ann = uuid.uuid4(), uuid.uuid4()
    owner, friend, stranger = await tables.user(cluster), await tables.user(cluster), await tables.user(uuid.uuid4())
    asset = await tables.asset(owner)
    face = await tables.face(asset, ann)
    await tables.faces(owner, ann, 0.2)
    await tables.faces(friend, uuid.uuid4(), 0.3)
    await tables.faces(stranger, uuid.uuid4(), 0.25)
    assert await distances(opened(), str(asset), face) == (0.2, 0.3 if tables.layout == "3.3" else None)


async def test_vectors_without_a_direction_are_not_sure(
    tables: Tables, opened: Opened, server: postgresql.Postgres
) -> None:
    asset, face, _ = await asked(tables, own=(0.2,))
    await tables.connection.execute("UPDATE face_search SET embedding = array_fill(0, ARRAY[512])::vector")
    provider = provider_of(server, opened().name.rpartition("/")[2])
    assert await provider.confidences(asset, [face]) == {face: 0.0}
    await provider.close()


# -- the whole way -----------------------------------------------------------------------------------------------------


def provider_of(server: postgresql.Postgres, database: str) -> ConfidenceProvider:
    address = Secret(server.address(ROLE, PASSWORD, database))
    provider = confidence_provider(IntakeSettings(immich=ImmichSettings(database=address)))
    assert provider is not None
    return provider


@pytest.mark.parametrize(
    ("own", "other", "category"),
    [
        ((0.2, 0.25, 0.3), (0.6, 0.7), None),
        ((0.2,), (), None),
        ((0.4, 0.45, 0.42), (0.8,), Category.LOW_CONFIDENCE),  # as far as Immich takes for the same just so
        ((0.2, 0.25, 0.3), (0.28, 0.3), Category.LOW_CONFIDENCE),  # somebody else is as near
    ],
)
async def test_low_confidence_goes_to_review(
    tables: Tables,
    server: postgresql.Postgres,
    database: str,
    own: tuple[float, ...],
    other: tuple[float, ...],
    category: Category | None,
) -> None:
    asset, face_id, person_id = await asked(tables, own=own, other=other)
    face = Face(
        face_id, Box(100, 100, 300, 300), 1440, 1080, Person(person_id, "Ann", is_hidden=False), "machine-learning"
    )
    provider = provider_of(server, database)
    faces = analysed([face], await provider.confidences(asset, [face.id]))
    await provider.close()
    outcome = route("p.jpg", rules=IntakeSettings(), faces=faces)
    assert outcome.category is category
    assert outcome.destination is (Destination.REVIEW if category else Destination.PERSON)
    if category:
        assert "Ann is recognised with" in outcome.reason
        assert outcome.suggested is not None
        assert outcome.suggested.name == "Ann"


# -- what it may do ----------------------------------------------------------------------------------------------------


async def test_the_session_writes_nothing_whatever_the_role_may(tables: Tables, opened: Opened) -> None:
    await tables.connection.execute(f"GRANT ALL ON asset_face, asset, face_search TO {ROLE}")
    asset, face, _ = await asked(tables, own=(0.2,))
    database = opened()
    assert (await database.look()).can_write
    await database.distances(asset, [face])
    assert database._connection is not None
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await database._connection.execute("DELETE FROM asset_face")
    for name, value in (("statement_timeout", "20s"), ("lock_timeout", "2s"), ("application_name", "winnow")):
        assert await database._connection.fetchval(f"SHOW {name}") == value


async def test_a_role_that_only_reads_is_enough(tables: Tables, opened: Opened) -> None:
    state = await opened().look()
    assert not state.can_write
    assert state.layout.words == ("Immich 3.2 or newer" if tables.layout == "3.3" else "Immich 1.136 to 3.1")


async def test_the_doctor_looks_at_it(tables: Tables, server: postgresql.Postgres, database: str) -> None:
    settings = IntakeSettings(immich=ImmichSettings(database=Secret(server.address(ROLE, PASSWORD, database))))

    async def check() -> Check:
        async with Http() as http:
            (found,) = [one async for one in examine_immich(http, settings) if one.name == "Immich database"]
            return found

    well = await check()
    assert well.state is State.OK
    assert f"/{database} can be read, laid out as by Immich" in well.words
    await tables.connection.execute(f"GRANT UPDATE ON asset TO {ROLE}")
    could_write = await check()
    assert (could_write.state, "GRANT SELECT ON asset" in could_write.advice) == (State.WARNING, True)
    await tables.connection.execute(f"REVOKE ALL ON asset_face FROM {ROLE}")
    refused = await check()
    assert (refused.state, "GRANT SELECT ON asset_face" in refused.words) == (State.FAILED, True)


async def test_a_table_that_may_not_be_read_is_named(tables: Tables, opened: Opened) -> None:
    await tables.connection.execute(f"REVOKE ALL ON face_search FROM {ROLE}")
    with pytest.raises(AuthenticationError, match="GRANT SELECT ON face_search TO the role;"):
        await opened().look()
    if tables.layout == "3.3":
        await tables.connection.execute(f'REVOKE ALL (id, "clusterGroupId") ON "user" FROM {ROLE}')
        with pytest.raises(
            AuthenticationError, match=r'GRANT SELECT \("id", "clusterGroupId"\) ON "user" TO the role;'
        ):
            await opened().look()


async def test_options_in_the_address_do_not_let_it_write(
    tables: Tables, server: postgresql.Postgres, database: str
) -> None:
    address = server.address(ROLE, PASSWORD, database) + "?default_transaction_read_only=off&statement_timeout=0"
    client = ImmichDatabase(Secret(address))
    await client.look()
    assert client._connection is not None
    assert await client._connection.fetchval("SHOW default_transaction_read_only") == "on"
    assert await client._connection.fetchval("SHOW statement_timeout") == "20s"
    await client.close()


# -- layouts -----------------------------------------------------------------------------------------------------------


async def test_before_faces_could_be_hidden(server: postgresql.Postgres, database: str, opened: Opened) -> None:
    connection = await asyncpg.connect(server.admin(database))
    await connection.execute(schema("3.1", has_visibility=False))
    asset, face, _ = await asked(Tables(connection, "3.1"), own=(0.2,), other=(0.5,))
    await connection.close()
    assert await distances(opened(), asset, face) == (0.2, 0.5)


@pytest.mark.parametrize(
    ("statements", "words"),
    [
        ("SELECT 1", "there are no tables of Immich in it"),
        ("CREATE TABLE assets (id uuid); CREATE TABLE asset_faces (id uuid)", "this Immich is older than 1.136"),
        (
            schema("3.1") + 'ALTER TABLE asset_face RENAME "personId" TO "whoId"',
            r"Winnow does not know \(asset_face.personId or personGroupId is not there\)",
        ),
        (schema("3.3") + "ALTER TABLE face_search RENAME embedding TO v", r"\(face_search.embedding is not there\)"),
        (schema("3.1") + "CREATE SCHEMA hidden; ALTER EXTENSION vector SET SCHEMA hidden", "cannot be compared"),
    ],
)
async def test_any_other_layout_is_refused_in_words(
    server: postgresql.Postgres, database: str, opened: Opened, statements: str, words: str
) -> None:
    await as_admin(server, statements, database=database)
    with pytest.raises(MalformedAnswerError, match=words):
        await opened().look()
    with pytest.raises(MalformedAnswerError, match=words):
        await opened().distances(str(uuid.uuid4()), [str(uuid.uuid4())])


async def test_immich_is_updated_between_two_questions(
    server: postgresql.Postgres, database: str, opened: Opened
) -> None:
    connection = await asyncpg.connect(server.admin(database))
    await connection.execute(schema("3.1"))
    asset, face, _ = await asked(Tables(connection, "3.1"), own=(0.2,), other=(0.5,))
    client = opened()
    assert await distances(client, asset, face) == (0.2, 0.5)
    await connection.execute('ALTER TABLE asset_face RENAME "personId" TO "personGroupId"')
    assert await distances(client, asset, face) == (0.2, 0.5)
    await connection.close()


# -- troubles ----------------------------------------------------------------------------------------------------------


async def refused(ask: Awaitable[Any], kind: type[WinnowError], words: str, caplog: pytest.LogCaptureFixture) -> None:
    """It fails so, and the password is nowhere."""
    with caplog.at_level(logging.DEBUG), pytest.raises(kind, match=words) as caught:
        await ask
    trace = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert PASSWORD not in trace + caplog.text + repr(caught.value.__context__)


async def test_what_is_wrong_with_the_address(
    server: postgresql.Postgres, database: str, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    await as_admin(server, schema("3.1"), database=database)
    await refused(opened(password=f"not-{PASSWORD}").look(), AuthenticationError, "password is refused", caplog)
    await refused(opened(role="nobody-here").look(), AuthenticationError, "password is refused", caplog)
    await refused(opened(name="not_there").look(), MalformedAnswerError, "no such database", caplog)
    gone = ImmichDatabase(Secret(f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:1/immich"))
    await refused(gone.look(), UnreachableError, "^postgresql://127.0.0.1:1/immich: nothing listens there", caplog)
    wrong = ImmichDatabase(Secret(f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:1/immich?sslmode=perhaps"))
    await refused(wrong.look(), ConfigError, "cannot be used as an address", caplog)
    for text in (f"mysql://{PASSWORD}@nas/immich", f"postgresql://nas:{PASSWORD}/immich", PASSWORD):
        with pytest.raises(ConfigError, match="no address of PostgreSQL") as caught:
            ImmichDatabase(Secret(text))
        assert PASSWORD not in str(caught.value)


async def test_what_answers_never(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(immich_database, "_CONNECT_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        client = ImmichDatabase(Secret(f"postgresql://{ROLE}:{PASSWORD}@127.0.0.1:{port}/immich"))
        await refused(client.look(), UnreachableError, "took too long to answer", caplog)


async def test_a_connection_that_was_cut_is_made_anew(tables: Tables, opened: Opened) -> None:
    asset, face, _ = await asked(tables, own=(0.2,), other=(0.5,))
    client = opened()
    for _ in range(2):
        assert await distances(client, asset, face) == (0.2, 0.5)
        ended = await tables.connection.fetch(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name = 'winnow' AND datname = current_database()"
        )
        assert len(ended) == 1
    assert await distances(client, asset, face) == (0.2, 0.5)


async def test_what_takes_too_long_or_is_locked(
    tables: Tables, opened: Opened, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    asset, face, _ = await asked(tables, own=(0.2,))
    session = dict(immich_database._SESSION)
    transaction = tables.connection.transaction()
    await transaction.start()
    await tables.connection.execute("LOCK TABLE asset_face")
    monkeypatch.setattr(immich_database, "_SESSION", session | {"lock_timeout": "100"})
    client = opened()
    await refused(client.distances(asset, [face]), UnreachableError, "its tables are locked", caplog)
    monkeypatch.setattr(immich_database, "_SESSION", session | {"statement_timeout": "100"})
    await refused(client.distances(asset, [face]), UnreachableError, "took too long to compare faces", caplog)
    await transaction.rollback()
    assert (await client.distances(asset, [face])).keys() == {face}


async def test_a_question_that_is_given_up_leaves_nothing_behind(tables: Tables, opened: Opened) -> None:
    asset, face, _ = await asked(tables, own=(0.2,))
    client = opened()
    async with tables.connection.transaction():
        await tables.connection.execute("LOCK TABLE asset_face")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.distances(asset, [face])
    assert await distances(client, asset, face) == (0.2, None)


async def test_without_asyncpg_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    settings = IntakeSettings(immich=ImmichSettings(database=Secret("postgresql://a:b@nas/immich")))
    provider = confidence_provider(settings)
    assert provider is not None
    with pytest.raises(ConfigError, match=r"pip install 'winnow\[immich\]'"):
        await provider.confidences(str(uuid.uuid4()), [str(uuid.uuid4())])
    await provider.close()


async def test_the_server_is_restarted(
    tables: Tables, opened: Opened, server: postgresql.Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    asset, face, _ = await asked(tables, own=(0.2,))
    client = opened()
    expected = await client.distances(asset, [face])
    assert expected.keys() == {face}
    server.stop()
    try:
        await refused(client.distances(asset, [face]), UnreachableError, "nothing listens there", caplog)
    finally:
        server.start()
    assert await client.distances(asset, [face]) == expected
