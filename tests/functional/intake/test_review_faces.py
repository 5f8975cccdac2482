"""Approving may give the face in Immich to the person; what an undo cannot take back there is said before."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from immich_cases import PATIENCE
from intake_cases import Place, desk_over, folders, in_review, item

from core.demo.immich_server import DemoImmich
from core.demo.immich_world import DemoAsset, DemoPerson, FacePlan
from core.errors import ConfigError, MissingScopeError, ServerError
from core.runtime import ReviewAction
from core.servers.http import Http
from core.store import intake
from core.store.database import Database


@dataclass(frozen=True)
class Setting:
    """An Immich, and pictures of it that wait for a decision."""

    server: DemoImmich
    place: Place

    def person(self, name: str) -> DemoPerson:
        """Somebody with a face in another picture."""
        person = self.server.world.add_person(self.server.owner, name)
        self.server.world.add_seen(self.server.owner, f"/mnt/library/{person.id}.jpg", FacePlan(person))
        return person

    async def picture(self, name: str, *people: DemoPerson | None) -> tuple[int, DemoAsset]:
        """A picture with these faces."""
        plans = [FacePlan(one) for one in people]
        asset = self.server.world.add_seen(self.server.owner, f"/mnt/library/{name}", *plans)
        return await in_review(self.place, name, asset_id=asset.id), asset


@pytest.fixture
async def setting(tmp_path: Path) -> AsyncIterator[Setting]:
    async with DemoImmich.open(tmp_path / "immich") as server:
        yield Setting(server, Place(tmp_path, immich=(server.base_url, server.api_key)))
        assert server.log.violations == []


def whose(asset: DemoAsset) -> list[str | None]:
    return [None if one.person is None else one.person.name for one in asset.faces]


async def test_a_face_of_another_one_is_given_and_goes_back(setting: Setting) -> None:
    ada, bob = setting.person("Ada"), setting.person("Bob")
    review_id, asset = await setting.picture("a.jpg", bob)
    before = setting.place.tree
    async with desk_over(setting.place) as runtime:
        assert await runtime.intake.cannot_be_undone([review_id], "Ada") == ""
        report = await runtime.intake.approve([review_id], "Ada", assign_face=True)
        assert (report.not_done, report.refused_before, len(report.done)) == ([], (), 2)
        assert (whose(asset), list(setting.place.tree)) == (["Ada"], ["faces/Ada/a.jpg"])
        assert await folders(setting.place) == {"Ada": ada.id}
        assert (await runtime.history.undo_batch(report.batch_id)).not_done == []
        assert (whose(asset), setting.place.tree) == (["Bob"], before)


async def test_a_face_of_nobody_stays_assigned_and_that_is_said_before(setting: Setting) -> None:
    setting.person("Ada")
    review_id, asset = await setting.picture("a.jpg", None)
    before = setting.place.tree
    async with desk_over(setting.place) as runtime:
        assert "stays Ada's" in await runtime.intake.cannot_be_undone([review_id], "Ada")
        report = await runtime.intake.approve([review_id], "Ada", assign_face=True)
        assert "an undo leaves that as it is" in report.done[0].title
        undone = await runtime.history.undo_batch(report.batch_id)
        assert "cannot take a face away" in undone.not_done[0].words
        assert (whose(asset), setting.place.tree) == (["Ada"], before)
        assert (await runtime.intake.lines([review_id]))[0].action is ReviewAction.PENDING
        assert await runtime.history.last_undoable() is None


async def test_a_copy_of_ours_with_a_given_face_stays_in_immich(setting: Setting) -> None:
    setting.person("Ada")
    review_id, asset = await setting.picture("a.jpg", setting.person("Bob"))
    async with Database.open(setting.place.database) as database, database.write() as tx:
        await intake.set_asset_is_ours(tx, asset.id, is_ours=True)
    async with desk_over(setting.place) as runtime:
        report = await runtime.intake.approve([review_id], "Ada", assign_face=True)
        assert not (await item(setting.place, review_id)).asset_is_ours
        await runtime.history.undo_batch(report.batch_id)
        assert (await item(setting.place, review_id)).asset_is_ours


async def test_somebody_new_is_made_once_for_many(setting: Setting) -> None:
    made = [await setting.picture(f"{one}.jpg", None) for one in range(3)]
    async with desk_over(setting.place) as runtime:
        report = await runtime.intake.approve([one for one, _ in made], "Eve", assign_face=True)
        assert report.not_done == []
        (eve,) = [one for one in setting.server.world.people.values() if one.name == "Eve"]
        assert [whose(asset) for _, asset in made] == [["Eve"]] * 3
        assert await folders(setting.place) == {"Eve": eve.id}
        (choice,) = (await runtime.intake.people()).choices
        assert (choice.id, choice.folder) == (eve.id, "Eve")


async def test_of_several_faces_the_one_that_is_nobodys_is_meant(setting: Setting) -> None:
    setting.person("Ada")
    bob = setting.person("Bob")
    one, asset = await setting.picture("one.jpg", bob, None)
    two, other = await setting.picture("two.jpg", None, None)
    none, _ = await setting.picture("none.jpg")
    gone = await in_review(setting.place, "gone.jpg", asset_id="5a9b7f4e-0000-4000-8000-000000000000")
    async with desk_over(setting.place) as runtime:
        report = await runtime.intake.approve([one, two, none, gone], "Ada", assign_face=True)
        assert (whose(asset), whose(other)) == (["Bob", "Ada"], [None, None])
        assert ["2 faces" in report.refused_before[0], "no face in it" in report.refused_before[1]] == [True, True]
        assert "does not have this picture" in report.refused_before[2]
        assert len(setting.place.tree) == 4
        assert {name.split("/")[1] for name in setting.place.tree} == {"Ada"}


async def test_a_face_that_is_the_persons_already_is_left_alone(setting: Setting) -> None:
    ada = setting.person("Ada")
    review_id, _ = await setting.picture("a.jpg", ada)
    async with desk_over(setting.place) as runtime:
        report = await runtime.intake.approve([review_id], "Ada", assign_face=True)
        assert (len(report.done), report.refused_before) == (1, ())


async def test_a_key_without_the_right_is_named_and_nothing_is_done(setting: Setting) -> None:
    setting.person("Ada")
    review_id, _ = await setting.picture("a.jpg", None)
    before = setting.place.tree
    setting.server.key.scopes = frozenset({"asset.read", "face.read", "person.read", "user.read", "apiKey.read"})
    async with desk_over(setting.place) as runtime:
        with pytest.raises(MissingScopeError, match=r"face\.update"):
            await runtime.intake.approve([review_id], "Ada", assign_face=True)
    assert setting.place.tree == before


async def test_immich_that_is_away_or_not_set_up_leaves_everything(
    setting: Setting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runtime.Http", partial(Http, PATIENCE))
    ada = setting.person("Ada")
    review_id, _ = await setting.picture("a.jpg", None)
    before = setting.place.tree
    await setting.server.stop()
    async with desk_over(setting.place) as runtime:
        with pytest.raises(ServerError):
            await runtime.intake.approve([review_id], ada.name, assign_face=True)
    async with desk_over(Place(tmp_path)) as runtime:
        with pytest.raises(ConfigError, match="no Immich"):
            await runtime.intake.approve([review_id], "Ada", assign_face=True)
    assert setting.place.tree == before


async def test_a_face_that_was_given_on_since_is_left_there(setting: Setting) -> None:
    setting.person("Ada")
    bob, eve = setting.person("Bob"), setting.person("Eve")
    review_id, asset = await setting.picture("a.jpg", bob)
    before = setting.place.tree
    async with desk_over(setting.place) as runtime:
        report = await runtime.intake.approve([review_id], "Ada", assign_face=True)
        asset.faces[0].person = eve
        undone = await runtime.history.undo_batch(report.batch_id)
        assert "given to somebody else" in undone.not_done[0].words
        assert (whose(asset), setting.place.tree) == (["Eve"], before)


async def test_a_picture_whose_face_is_gone_by_then_stays_and_the_rest_goes_on(setting: Setting) -> None:
    setting.person("Ada")
    one, _ = await setting.picture("one.jpg", None)
    two, asset = await setting.picture("two.jpg", None)
    async with desk_over(setting.place, on_step=lambda step, _: asset.faces.clear()) as runtime:
        report = await runtime.intake.approve([one, two], "Ada", assign_face=True)
        assert ["no longer has" in each.words for each in report.not_done] == [True, True]
        assert sorted(setting.place.tree) == ["faces/Ada/one.jpg", "review/unidentified/unknown_two.jpg"]
        lines = await runtime.intake.lines([one, two])
        assert [each.action for each in lines] == [ReviewAction.APPROVED, ReviewAction.PENDING]
        assert len((await runtime.intake.approve([two], "Ada")).done) == 1


async def test_an_undo_while_immich_is_away_brings_the_pictures_back(
    setting: Setting, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runtime.Http", partial(Http, PATIENCE))
    setting.person("Ada")
    review_id, _ = await setting.picture("a.jpg", setting.person("Bob"))
    before = setting.place.tree
    async with desk_over(setting.place) as runtime:
        report = await runtime.intake.approve([review_id], "Ada", assign_face=True)
        await setting.server.stop()
        undone = await runtime.history.undo_batch(report.batch_id)
        assert (undone.stopped_by != "", setting.place.tree) == (True, before)
        left = await runtime.history.last_undoable()
        assert left is not None
        assert left.id == report.batch_id
