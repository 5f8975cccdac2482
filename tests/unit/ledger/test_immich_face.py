"""The effect that gives a face in Immich to somebody: what it refuses, what a crash leaves, what an undo gives back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from immich_cases import Setting, setting

from core.demo.immich_world import DemoAsset, DemoPerson, FacePlan
from core.errors import EffectRefusedError, UndoRefusedError
from core.ledger.immich_face import AssignFace, FacePayload


@pytest.fixture(params=["1.139", "3.3"])
async def immich(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Setting]:
    async with setting(tmp_path / "immich", request.param) as found:
        yield found


def person(immich: Setting, name: str) -> DemoPerson:
    found = immich.server.world.add_person(immich.server.owner, name)
    immich.server.world.add_seen(immich.server.owner, f"/mnt/library/{found.id}.jpg", FacePlan(found))
    return found


def picture(immich: Setting, *people: DemoPerson | None) -> DemoAsset:
    return immich.server.world.add_seen(immich.server.owner, "/mnt/library/p.jpg", *map(FacePlan, people))


def payload(asset: DemoAsset, name: str, person_id: str | None = None) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.to_builtins(FacePayload(asset.id, asset.faces[0].id, name, "p.jpg", person_id))
    return found


async def test_given_settled_and_given_back(immich: Setting) -> None:
    ada, bob = person(immich, "Ada"), person(immich, "Bob")
    asset = picture(immich, bob)
    effect, given = AssignFace(immich.client), payload(asset, "Ada", ada.id)
    before = await effect.inspect(given)
    assert await effect.settle(given, before) is None
    after = await effect.perform(given, before)
    assert asset.faces[0].person is ada
    assert await effect.settle(given, before) == after
    await effect.may_revert(given, before, after)
    for _ in range(2):
        assert await effect.revert(given, before, after) is None
        assert asset.faces[0].person is bob


async def test_a_person_is_made_once(immich: Setting) -> None:
    asset = picture(immich, None)
    effect, given = AssignFace(immich.client), payload(asset, "Eve")
    before = await effect.inspect(given)
    assert "stays Eve's" in before["cannot_come_back"]
    after = await effect.perform(given, before)
    assert await AssignFace(immich.client).settle(given, before) == after
    await AssignFace(immich.client).perform(given, before)
    assert [one.name for one in immich.server.world.people.values()] == ["Eve"]
    with pytest.raises(UndoRefusedError, match="cannot take a face away"):
        await effect.revert(given, before, after)


async def test_of_two_people_of_a_name_none_is_taken(immich: Setting) -> None:
    person(immich, "Ada"), person(immich, "Ada")
    given = payload(picture(immich, None), "Ada")
    effect = AssignFace(immich.client)
    with pytest.raises(EffectRefusedError, match="2 people are called Ada"):
        await effect.perform(given, await effect.inspect(given))


async def test_what_is_gone_is_refused(immich: Setting) -> None:
    ada = person(immich, "Ada")
    asset = picture(immich, person(immich, "Bob"))
    effect, given = AssignFace(immich.client), payload(asset, "Ada", ada.id)
    before = await effect.inspect(given)
    after = await effect.perform(given, before)
    asset.faces.clear()
    with pytest.raises(EffectRefusedError, match="no longer has"):
        await effect.inspect(given)
    with pytest.raises(UndoRefusedError, match="no longer has"):
        await effect.revert(given, before, after)
    assert await effect.settle(given, before) is None


async def test_a_face_that_somebody_else_got_since_is_left_alone(immich: Setting) -> None:
    ada, bob, eve = person(immich, "Ada"), person(immich, "Bob"), person(immich, "Eve")
    asset = picture(immich, bob)
    effect, given = AssignFace(immich.client), payload(asset, "Ada", ada.id)
    before = await effect.inspect(given)
    after = await effect.perform(given, before)
    asset.faces[0].person = eve
    with pytest.raises(UndoRefusedError, match="somebody else"):
        await effect.may_revert(given, before, after)
    assert asset.faces[0].person is eve
