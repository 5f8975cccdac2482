"""Whom a picture can be approved to: Immich's people and the folders there are, each person once."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from core.intake.people_known import PersonChoice, local_person, merged
from core.model.incoming import Person

ADA, OTHER = Person("1", "Ada"), Person("2", "Ada")


def test_a_folder_joins_its_owner_under_the_name_of_now() -> None:
    assert merged([Person("1", "Ada King")], [("Ada", ADA)]) == [PersonChoice("1", "Ada King", "Ada", True)]


def test_a_folder_of_a_mere_name_joins_the_only_one_of_that_name() -> None:
    local = local_person(" ada").person
    assert merged([ADA], [("ada", local)]) == [PersonChoice("1", "Ada", "ada", True)]
    assert merged([ADA, OTHER], [("ada", local)]) == [
        PersonChoice("1", "Ada", "", True),
        PersonChoice("2", "Ada", "", True),
        PersonChoice("name:ada", "ada", "ada"),
    ]


def test_who_has_a_folder_does_not_get_that_of_another_one() -> None:
    gone = Person("9", "Ada")
    assert merged([ADA], [("Ada", ADA), ("Ada (2)", gone)]) == [
        PersonChoice("1", "Ada", "Ada", True),
        PersonChoice("9", "Ada", "Ada (2)"),
    ]


people = st.builds(Person, st.sampled_from("abcd"), st.sampled_from(["Ada", "ada", "Bob", "Zoë"]))


@given(st.lists(people, unique_by=lambda one: one.id), st.lists(people))
def test_nobody_is_there_twice_and_no_folder_is_two_peoples(named: list[Person], owners: list[Person]) -> None:
    found = merged(named, [(f"f{number}", owner) for number, owner in enumerate(owners)])
    assert len({one.id for one in found}) == len(found)
    folders = [one.folder for one in found if one.folder]
    assert len(set(folders)) == len(folders)
    assert {one.id for one in named} <= {one.id for one in found}
