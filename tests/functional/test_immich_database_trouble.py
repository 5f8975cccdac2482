"""What is wrong with Immich's database, or with the way to it: other layouts, addresses, silence, cut connections."""

from __future__ import annotations

import asyncio
import logging
import socket
import sys
import traceback
import uuid
from collections.abc import Awaitable
from typing import Any

import asyncpg
import postgresql
import pytest
from immich_database_cases import NEEDS_POSTGRESQL, Opened, as_admin, asked, distances
from immich_tables import PASSWORD, ROLE, Tables, schema

from core.errors import AuthenticationError, ConfigError, MalformedAnswerError, UnreachableError, WinnowError
from core.intake.confidence import confidence_provider
from core.secret import Secret
from core.servers import immich_database
from core.servers.immich_database import ImmichDatabase
from core.settings_intake import ImmichSettings, IntakeSettings

pytest_plugins = ["immich_database_fixtures"]
pytestmark = NEEDS_POSTGRESQL


async def test_before_faces_could_be_hidden(postgres: postgresql.Postgres, immich_name: str, opened: Opened) -> None:
    connection = await asyncpg.connect(postgres.admin(immich_name))
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
    postgres: postgresql.Postgres, immich_name: str, opened: Opened, statements: str, words: str
) -> None:
    await as_admin(postgres, statements, database=immich_name)
    with pytest.raises(MalformedAnswerError, match=words):
        await opened().look()
    with pytest.raises(MalformedAnswerError, match=words):
        await opened().distances(str(uuid.uuid4()), [str(uuid.uuid4())])


async def test_immich_is_updated_between_two_questions(
    postgres: postgresql.Postgres, immich_name: str, opened: Opened
) -> None:
    connection = await asyncpg.connect(postgres.admin(immich_name))
    await connection.execute(schema("3.1"))
    asset, face, _ = await asked(Tables(connection, "3.1"), own=(0.2,), other=(0.5,))
    client = opened()
    assert await distances(client, asset, face) == (0.2, 0.5)
    await connection.execute('ALTER TABLE asset_face RENAME "personId" TO "personGroupId"')
    assert await distances(client, asset, face) == (0.2, 0.5)
    await connection.close()


async def refused(ask: Awaitable[Any], kind: type[WinnowError], words: str, caplog: pytest.LogCaptureFixture) -> None:
    """It fails so, and the password is nowhere."""
    with caplog.at_level(logging.DEBUG), pytest.raises(kind, match=words) as caught:
        await ask
    trace = "".join(traceback.TracebackException.from_exception(caught.value, capture_locals=True).format())
    assert PASSWORD not in trace + caplog.text + repr(caught.value.__context__)


async def test_what_is_wrong_with_the_address(
    postgres: postgresql.Postgres, immich_name: str, opened: Opened, caplog: pytest.LogCaptureFixture
) -> None:
    await as_admin(postgres, schema("3.1"), database=immich_name)
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
    tables: Tables, opened: Opened, postgres: postgresql.Postgres, caplog: pytest.LogCaptureFixture
) -> None:
    asset, face, _ = await asked(tables, own=(0.2,))
    client = opened()
    expected = await client.distances(asset, [face])
    assert expected.keys() == {face}
    postgres.stop()
    try:
        await refused(client.distances(asset, [face]), UnreachableError, "nothing listens there", caplog)
    finally:
        postgres.start()
    assert await client.distances(asset, [face]) == expected
