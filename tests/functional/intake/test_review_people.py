"""Whose folder a picture goes to: names and ids, folders that stand already, who was renamed or merged in Immich."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import pytest
from immich_cases import PATIENCE
from intake_cases import Place, desk_over, folders, in_review, several

from core.demo.immich_server import DemoImmich
from core.demo.immich_world import DemoPerson, FacePlan
from core.errors import UsageError
from core.intake.people_known import PersonChoice
from core.runtime import Runtime
from core.servers.http import Http


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


@dataclass(frozen=True)
class Known:
    """An Immich that knows people, and the place beside it."""

    server: DemoImmich
    place: Place

    def person(self, name: str, *, is_hidden: bool = False) -> DemoPerson:
        """Somebody with a face in a picture."""
        world = self.server.world
        person = world.add_person(self.server.owner, name, is_hidden=is_hidden)
        world.add_seen(self.server.owner, f"/mnt/library/{person.id}.jpg", FacePlan(person))
        return person


@pytest.fixture
async def known(tmp_path: Path) -> AsyncIterator[Known]:
    async with DemoImmich.open(tmp_path / "immich") as server:
        yield Known(server, Place(tmp_path, immich=(server.base_url, server.api_key)))


async def approved(runtime: Runtime, place: Place, name: str, person: str | PersonChoice) -> str:
    """The folder that a new picture went to."""
    review_id = await in_review(place, name)
    report = await runtime.intake.approve([review_id], person)
    assert (report.not_done, report.refused_before) == ([], ())
    (found,) = await runtime.intake.lines([review_id])
    return Path(found.path).parent.name


@pytest.mark.parametrize(
    ("name", "folder"),
    [
        ("../../etc", "_.._etc"),
        ("a/b\\c", "a_b_c"),
        ("nul", "_nul"),
        ("Zoë Ōe", "Zoë Ōe"),
        (".hidden.", "hidden"),
        ("\u202egnp\x1b[2J", "gnp[2J"),
        ("x" * 300, "x" * 200),
        ("[/b]", "[_b]"),
        ("b\udcff", "b_"),
    ],
)
async def test_hostile_names_of_people_become_folders_inside(place: Place, name: str, folder: str) -> None:
    async with desk_over(place) as runtime:
        assert await approved(runtime, place, "a.jpg", name) == folder
        assert [one.name for one in place.final.iterdir()] == [folder]


@pytest.mark.parametrize(
    "name", ["../up.jpg", "a\x1b[2J.jpg", "b\udce9.jpg", "[/b].jpg", "n" * 240 + ".jpg", "con.jpg"]
)
async def test_hostile_names_of_pictures_stay_inside(place: Place, name: str) -> None:
    review_id = await in_review(place, name[-200:], prefix="x_")
    before = place.tree
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve([review_id], "Ada")
        assert (report.not_done, report.refused_before) == ([], ())
        ((there, content),) = place.tree.items()
        assert there.startswith("faces/Ada/")
        assert there.count("/") == 2
        assert "\x1b" not in there
        assert [content] == list(before.values())
        await runtime.history.undo_batch(report.batch_id)
        assert place.tree == before


async def test_people_whose_names_give_one_folder_have_two(place: Place) -> None:
    async with desk_over(place) as runtime:
        found = [await approved(runtime, place, f"{one}.jpg", name) for one, name in enumerate(["A/B", "A:B", "a?b"])]
        assert found == ["A_B", "A_B (2)", "a_b (3)"]
        assert await approved(runtime, place, "again.jpg", "A:B") == "A_B (2)"


async def test_one_name_in_two_spellings_is_one_person(place: Place) -> None:
    async with desk_over(place) as runtime:
        found = {
            await approved(runtime, place, f"{one}.jpg", name) for one, name in enumerate(["Zoë", "zoe\u0308 ", "ZOË"])
        }
        assert found == {"Zoë"}


async def test_a_folder_that_was_made_by_hand_is_used(place: Place) -> None:
    for name in ("ada lovelace", "Grace"):
        (place.final / name).mkdir()
        (place.final / name / "old.jpg").write_bytes(b"old")
    (place.final / "Bob").write_bytes(b"a file")
    (place.final / "Eve").symlink_to(place.root)
    async with desk_over(place) as runtime:
        assert await approved(runtime, place, "a.jpg", "Ada Lovelace") == "ada lovelace"
        assert await approved(runtime, place, "b.jpg", "Grace") == "Grace"
        for name in ("Bob", "Eve"):
            report = await runtime.intake.approve([await in_review(place, f"{name}.jpg")], name)
            assert "not a folder of its own" in report.not_done[0].words
    assert place.tree["faces/Grace/old.jpg"] == b"old"


async def test_two_new_people_at_once_have_two_folders(place: Place) -> None:
    ids = await several(place, 2)
    async with desk_over(place) as here, desk_over(place) as there:
        await asyncio.gather(here.intake.approve(ids[:1], "A/B"), there.intake.approve(ids[1:], "A:B"))
    assert sorted(await folders(place)) == ["A_B", "A_B (2)"]
    assert len({name.split("/")[1] for name in place.tree}) == 2


async def test_an_empty_name_is_nobody(place: Place) -> None:
    ids = await several(place, 1)
    async with desk_over(place) as runtime:
        with pytest.raises(UsageError):
            await runtime.intake.approve(ids, "  ")
        assert await approved(runtime, place, "a.jpg", "\u200b...") == "somebody"


async def test_whom_immich_knows_is_offered_by_name(known: Known) -> None:
    ada, _ = known.person("Ada"), known.person("")
    known.person("Stranger", is_hidden=True)
    async with desk_over(known.place) as runtime:
        await approved(runtime, known.place, "a.jpg", "Bob")
        people = await runtime.intake.people()
        assert [(one.name, one.folder, one.is_in_immich) for one in people.choices] == [
            ("Ada", "", True),
            ("Bob", "Bob", False),
        ]
        assert people.choices[0].id == ada.id
        asked = len(known.server.log.requests)
        await runtime.intake.people()
        assert len(known.server.log.requests) == asked
        assert await approved(runtime, known.place, "b.jpg", "ada") == "Ada"
    assert await folders(known.place) == {"Ada": ada.id, "Bob": "name:bob"}


async def test_immich_that_is_away_leaves_those_with_a_folder(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.runtime.Http", partial(Http, PATIENCE))
    ada = known.person("Ada")
    async with desk_over(known.place) as runtime:
        assert await approved(runtime, known.place, "a.jpg", "Ada") == "Ada"
    await known.server.stop()
    async with desk_over(known.place) as runtime:
        people = await runtime.intake.people()
        assert [(one.name, one.id) for one in people.choices] == [("Ada", ada.id)]
        assert "cannot be asked" in people.note
        assert await approved(runtime, known.place, "b.jpg", "Ada") == "Ada"


async def test_two_people_of_one_name_are_told_apart_by_their_ids(known: Known) -> None:
    one, other = known.person("Ada"), known.person("Ada")
    async with desk_over(known.place) as runtime:
        ids = await several(known.place, 1)
        with pytest.raises(UsageError, match=other.id):
            await runtime.intake.approve(ids, "Ada")
        assert await approved(runtime, known.place, "a.jpg", one.id) == "Ada"
        assert await approved(runtime, known.place, "b.jpg", other.id) == "Ada (2)"


async def test_who_is_renamed_keeps_the_folder(known: Known) -> None:
    ada = known.person("Ada")
    async with desk_over(known.place) as runtime:
        assert await approved(runtime, known.place, "a.jpg", "Ada") == "Ada"
    ada.name = "Ada King"
    async with desk_over(known.place) as runtime:
        assert await approved(runtime, known.place, "b.jpg", "Ada King") == "Ada"
        (choice,) = (await runtime.intake.people()).choices
        assert (choice.name, choice.folder) == ("Ada King", "Ada")
        assert await approved(runtime, known.place, "c.jpg", "ada") == "Ada"


async def test_who_was_merged_away_leaves_the_folder_to_the_one_of_the_name(known: Known) -> None:
    ada = known.person("Ada")
    async with desk_over(known.place) as runtime:
        assert await approved(runtime, known.place, "a.jpg", "Ada") == "Ada"
    del known.server.world.people[ada.id]
    known.server.world.assets.clear()
    other = known.person("Ada")
    async with desk_over(known.place) as runtime:
        assert await approved(runtime, known.place, "b.jpg", "Ada") == "Ada"
    assert await folders(known.place) == {"Ada": other.id}


async def test_who_was_suggested_and_merged_since_is_the_one_of_the_name(known: Known) -> None:
    gone, ada = known.person("Ada"), known.person("Ada")
    suggested = PersonChoice(gone.id, "Ada", is_in_immich=True)
    del known.server.world.people[gone.id]
    async with desk_over(known.place) as runtime:
        assert await approved(runtime, known.place, "a.jpg", ada.id) == "Ada"
        assert await approved(runtime, known.place, "b.jpg", suggested) == "Ada"
        assert await runtime.intake.cannot_be_undone([], suggested) == ""
    assert await folders(known.place) == {"Ada": ada.id}


async def test_who_was_suggested_and_renamed_since_has_the_name_of_now(known: Known) -> None:
    ada, hidden = known.person("Ada King"), known.person("Bob", is_hidden=True)
    async with desk_over(known.place) as runtime:
        assert (
            await approved(runtime, known.place, "a.jpg", PersonChoice(ada.id, "Ada", is_in_immich=True)) == "Ada King"
        )
        assert await approved(runtime, known.place, "b.jpg", PersonChoice(hidden.id, "Bob", is_in_immich=True)) == "Bob"
        assert set((await runtime.intake.statistics(0, 1e12)).by_person) == {"Ada King", "Bob"}
    assert await folders(known.place) == {"Ada King": ada.id, "Bob": hidden.id}


async def test_immich_that_was_away_is_asked_again_soon(known: Known, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.intake.people_known._AGAIN_SECONDS", 0.0)
    known.person("Ada")
    async with desk_over(known.place) as runtime:
        scopes, known.server.key.scopes = known.server.key.scopes, frozenset()
        assert "cannot be asked" in (await runtime.intake.people()).note
        known.server.key.scopes = scopes
        people = await runtime.intake.people()
        assert ([one.name for one in people.choices], people.note) == (["Ada"], "")


async def test_a_mere_name_becomes_the_person_whom_immich_comes_to_know(known: Known) -> None:
    async with desk_over(known.place) as runtime:
        assert await approved(runtime, known.place, "a.jpg", "Ada") == "Ada"
    ada = known.person("Ada")
    async with desk_over(known.place) as runtime:
        assert await approved(runtime, known.place, "b.jpg", "Ada") == "Ada"
    assert await folders(known.place) == {"Ada": ada.id}


async def test_no_folder_where_the_base_is_a_file(place: Place) -> None:
    ids = await several(place, 1)
    place.final.rmdir()
    place.final.write_bytes(b"")
    async with desk_over(place) as runtime:
        report = await runtime.intake.approve(ids, "Ada")
        assert report.done == []
