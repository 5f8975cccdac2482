"""What a keeper gets from those that go: nothing is lost without being named, and nothing is emptied."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.duplicates.merged import merged_values
from core.model.library_records import GroupMembership, LibraryRecord, Media
from core.model.record_changes import RecordChanges, held_by, lacking, taken_back
from core.model.scenes import LocalEntity, StashId

texts = st.sampled_from(["", "a", "b", "c"])
entities = st.lists(st.integers(1, 4), unique=True, max_size=3).map(
    lambda ids: tuple(LocalEntity(one, f"n{one}") for one in ids)
)
groups = st.dictionaries(st.integers(1, 3), st.sampled_from([None, 1, 2]), max_size=3).map(
    lambda places: tuple(GroupMembership(*place) for place in places.items())
)
links = st.dictionaries(st.sampled_from(["e1", "e2"]), st.sampled_from(["x", "y"]), max_size=2).map(
    lambda ids: tuple(StashId(endpoint, one, "2024") for endpoint, one in ids.items())
)


def records(media: Media = Media.VIDEO) -> st.SearchStrategy[LibraryRecord]:
    return st.builds(
        LibraryRecord,
        media=st.just(media),
        id=st.integers(1, 99),
        title=texts,
        code=texts,
        details=texts,
        date=st.sampled_from(["", "2024", "2024-01-02"]),
        urls=st.lists(texts.filter(bool), unique=True, max_size=3).map(tuple),
        rating100=st.sampled_from([None, 20, 80]),
        is_organized=st.booleans(),
        studio=st.none() | entities.filter(bool).map(lambda found: found[0]),
        performers=entities,
        tags=entities,
        gallery_ids=st.lists(st.integers(1, 4), unique=True, max_size=3).map(tuple),
        **(
            {
                "director": texts,
                "groups": groups,
                "stash_ids": links,
                "play_duration": st.sampled_from([0.0, 10.0, 2.5]),
            }
            if media is Media.VIDEO
            else {"photographer": texts}
        ),
    )


def written(record: LibraryRecord, changes: RecordChanges) -> LibraryRecord:
    """A record after a write, as Stash would hold it."""
    values = {name: getattr(changes, name) for name in changes.names}
    if "studio_id" in values:
        studio = values.pop("studio_id")
        values["studio"] = LocalEntity(studio, f"n{studio}") if studio else None
    for name, target in (("performer_ids", "performers"), ("tag_ids", "tags")):
        if name in values:
            values[target] = tuple(LocalEntity(one, f"n{one}") for one in values.pop(name))
    if "rating100" in values:
        values["rating100"] = values["rating100"] or None
    return replace(record, **values)


kinds = st.sampled_from(Media)
families = kinds.flatmap(lambda media: st.tuples(records(media), st.lists(records(media), max_size=3)))


@given(families)
def test_nothing_is_lost_without_being_named(family: tuple[LibraryRecord, list[LibraryRecord]]) -> None:
    keeper, losers = family
    merged = merged_values(keeper, losers)
    after = written(keeper, merged.changes)
    named = "\n".join(merged.conflicts)
    for one in (keeper, *losers):
        assert set(one.urls) <= set(after.urls)
        assert set(one.performers) <= set(after.performers)
        assert set(one.tags) <= set(after.tags)
        assert set(one.gallery_ids) <= set(after.gallery_ids)
        assert {place.group_id for place in one.groups} <= {place.group_id for place in after.groups}
        for place in one.groups:
            kept = next(other for other in after.groups if other.group_id == place.group_id)
            assert place.scene_index in (None, kept.scene_index) or f"place in group {place.group_id}" in named
        for link in one.stash_ids:
            assert link in after.stash_ids or f"{link.stash_id} goes" in named
        for name in ("title", "code", "details", "director", "photographer", "date"):
            value = getattr(one, name)
            assert value in ("", getattr(after, name)) or f'{name}: "{getattr(after, name)}" stays, "{value}"' in named
        assert one.rating100 in (None, after.rating100) or "rating: " in named
        assert one.studio in (None, after.studio) or "studio: " in named
        assert after.is_organized or not one.is_organized
    assert after.play_duration == sum(one.play_duration for one in (keeper, *losers))


@given(families)
def test_what_the_keeper_has_stays_and_nothing_is_emptied(family: tuple[LibraryRecord, list[LibraryRecord]]) -> None:
    keeper, losers = family
    changes = merged_values(keeper, losers).changes
    for name in changes.names:
        value, had = getattr(changes, name), getattr(held_by(keeper), name)
        assert value
        if isinstance(value, tuple) and name != "groups":
            assert value[: len(had)] == had
        elif name not in ("groups", "play_duration"):
            assert not had


@given(families)
def test_merging_again_writes_nothing_but_the_sum_of_times(family: tuple[LibraryRecord, list[LibraryRecord]]) -> None:
    keeper, losers = family
    merged = merged_values(keeper, losers)
    again = merged_values(written(keeper, merged.changes), [replace(one, play_duration=0.0) for one in losers])
    assert not again.changes
    assert set(again.conflicts) == set(merged.conflicts)
    assert not lacking(written(keeper, merged.changes), merged.changes)


@given(families)
def test_an_undo_gives_the_old_fields_back_and_can_be_repeated(
    family: tuple[LibraryRecord, list[LibraryRecord]],
) -> None:
    keeper, losers = family
    changes = merged_values(keeper, losers).changes
    after = written(keeper, changes)
    undo = taken_back(after, keeper, changes)
    back = written(after, undo)
    assert not lacking(back, held_by(keeper))
    assert not taken_back(back, keeper, changes)


@given(families)
def test_an_undo_leaves_what_somebody_did_since(family: tuple[LibraryRecord, list[LibraryRecord]]) -> None:
    keeper, losers = family
    changes = merged_values(keeper, losers).changes
    theirs = replace(
        written(keeper, changes), title="theirs", tags=(*written(keeper, changes).tags, LocalEntity(9, "n9"))
    )
    back = written(theirs, taken_back(theirs, keeper, changes))
    assert back.title == "theirs"
    assert set(back.tags) == {*keeper.tags, LocalEntity(9, "n9")}


def test_a_scene_and_an_image_are_never_merged() -> None:
    with pytest.raises(ValueError, match="cannot become one"):
        merged_values(LibraryRecord(Media.VIDEO, 1), [LibraryRecord(Media.IMAGE, 2)])
