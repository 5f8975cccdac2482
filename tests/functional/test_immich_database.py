"""How sure a face is, read from a real PostgreSQL with pgvector that holds Immich's tables in both layouts."""

from __future__ import annotations

import uuid

import asyncpg
import postgresql
import pytest
from immich_database_cases import NEEDS_POSTGRESQL, Opened, asked, distances
from immich_tables import PASSWORD, ROLE, Tables

from core.doctor_immich import examine_immich
from core.doctor_machine import Check, State
from core.errors import AuthenticationError
from core.intake.confidence import confidence_provider
from core.intake.people import ConfidenceProvider, analysed
from core.intake.route import route
from core.model.incoming import Category, Destination
from core.secret import Secret
from core.servers.http import Http
from core.servers.immich_database import ImmichDatabase
from core.servers.immich_faces import Box, Face, Person
from core.settings_intake import ImmichSettings, IntakeSettings

pytest_plugins = ["immich_database_fixtures"]

pytestmark = NEEDS_POSTGRESQL


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
    tables: Tables, opened: Opened, postgres: postgresql.Postgres
) -> None:
    asset, face, _ = await asked(tables, own=(0.2,))
    await tables.connection.execute("UPDATE face_search SET embedding = array_fill(0, ARRAY[512])::vector")
    provider = provider_of(postgres, opened().name.rpartition("/")[2])
    assert await provider.confidences(asset, [face]) == {face: 0.0}
    await provider.close()


# -- the whole way -----------------------------------------------------------------------------------------------------


def provider_of(postgres: postgresql.Postgres, immich_name: str) -> ConfidenceProvider:
    address = Secret(postgres.address(ROLE, PASSWORD, immich_name))
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
    postgres: postgresql.Postgres,
    immich_name: str,
    own: tuple[float, ...],
    other: tuple[float, ...],
    category: Category | None,
) -> None:
    asset, face_id, person_id = await asked(tables, own=own, other=other)
    face = Face(
        face_id, Box(100, 100, 300, 300), 1440, 1080, Person(person_id, "Ann", is_hidden=False), "machine-learning"
    )
    provider = provider_of(postgres, immich_name)
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


async def test_the_doctor_looks_at_it(tables: Tables, postgres: postgresql.Postgres, immich_name: str) -> None:
    settings = IntakeSettings(immich=ImmichSettings(database=Secret(postgres.address(ROLE, PASSWORD, immich_name))))

    async def check() -> Check:
        async with Http() as http:
            (found,) = [one async for one in examine_immich(http, settings) if one.name == "Immich database"]
            return found

    well = await check()
    assert well.state is State.OK
    assert f"/{immich_name} can be read, laid out as by Immich" in well.words
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
    tables: Tables, postgres: postgresql.Postgres, immich_name: str
) -> None:
    address = postgres.address(ROLE, PASSWORD, immich_name) + "?default_transaction_read_only=off&statement_timeout=0"
    client = ImmichDatabase(Secret(address))
    await client.look()
    assert client._connection is not None
    assert await client._connection.fetchval("SHOW default_transaction_read_only") == "on"
    assert await client._connection.fetchval("SHOW statement_timeout") == "20s"
    await client.close()
