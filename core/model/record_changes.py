"""The fields of a scene or an image of Stash that Winnow writes when records become one, and when they part again."""

from __future__ import annotations

from dataclasses import dataclass, fields

from core.model.library_records import GroupMembership, LibraryRecord
from core.model.scenes import StashId


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordChanges:
    """What to write to a scene or an image. None leaves a field as it is; empty text and empty tuples empty it.

    Lists replace what was there. `studio_id` 0 takes the studio away, `rating100` 0 the rating. `play_duration` is in
    seconds. `director`, `groups`, `stash_ids` and `play_duration` are a scene's, `photographer` is an image's.
    `primary_file_id` names a file the record holds already.
    """

    title: str | None = None
    code: str | None = None
    details: str | None = None
    director: str | None = None
    photographer: str | None = None
    date: str | None = None
    urls: tuple[str, ...] | None = None
    rating100: int | None = None
    is_organized: bool | None = None
    studio_id: int | None = None
    performer_ids: tuple[int, ...] | None = None
    tag_ids: tuple[int, ...] | None = None
    groups: tuple[GroupMembership, ...] | None = None
    gallery_ids: tuple[int, ...] | None = None
    stash_ids: tuple[StashId, ...] | None = None
    play_duration: float | None = None
    primary_file_id: int | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The fields that are to be written."""
        return tuple(field.name for field in fields(self) if getattr(self, field.name) is not None)

    def __bool__(self) -> bool:
        return bool(self.names)


@dataclass(frozen=True, slots=True)
class Merged:
    """What a keeper lacks of what others hold, and what cannot be kept beside its own, in words."""

    changes: RecordChanges
    conflicts: tuple[str, ...] = ()


def held_by(record: LibraryRecord) -> RecordChanges:
    """Everything a record holds, as one would write it; no field is None but that of the primary file without files."""
    return RecordChanges(
        title=record.title,
        code=record.code,
        details=record.details,
        director=record.director,
        photographer=record.photographer,
        date=record.date,
        urls=record.urls,
        rating100=record.rating100 or 0,
        is_organized=record.is_organized,
        studio_id=record.studio.id if record.studio else 0,
        performer_ids=tuple(one.id for one in record.performers),
        tag_ids=tuple(one.id for one in record.tags),
        groups=record.groups,
        gallery_ids=record.gallery_ids,
        stash_ids=record.stash_ids,
        play_duration=record.play_duration,
        primary_file_id=record.files[0].id if record.files else None,
    )


def lacking(record: LibraryRecord, changes: RecordChanges) -> RecordChanges:
    """The part of what was written that a record does not hold; the times of its links do not count."""
    held = held_by(record)
    return RecordChanges(
        **{
            name: getattr(changes, name)
            for name in changes.names
            if comparable(getattr(held, name)) != comparable(getattr(changes, name))
        }
    )


def comparable(value: object) -> object:
    """A value of a field as Stash keeps it: text trimmed, lists in no order, links without their times."""
    if isinstance(value, str):
        return value.strip()
    if isinstance(value, float):
        return round(value, 2)
    if isinstance(value, tuple):
        return frozenset((one.endpoint, one.stash_id) if isinstance(one, StashId) else one for one in value)
    return value


def taken_back(now: LibraryRecord, before: LibraryRecord, written: RecordChanges) -> RecordChanges:
    """What to write to undo a write to a record that was `before`, whatever was changed since.

    Of lists goes what the write had added, anything else stays; what it had removed comes again. Other fields get their
    old value if they still hold the written one. Written twice it is the same as once.
    """
    held, old = held_by(now), held_by(before)
    changes: dict[str, object] = {}
    for name in written.names:
        value, past, wrote = (getattr(one, name) for one in (held, old, written))
        if isinstance(value, tuple):
            wanted: object = _list_taken_back(value, past, wrote)
        else:
            wanted = past if comparable(value) == comparable(wrote) else value
        if comparable(wanted) != comparable(value):
            changes[name] = wanted
    return RecordChanges(**changes)  # type: ignore[arg-type]  # each value has the type of its field


def _list_taken_back(held: tuple[object, ...], old: tuple[object, ...], written: tuple[object, ...]) -> object:
    then, wrote = {_key(one) for one in old}, {_key(one) for one in written}
    removed = [one for one in old if _key(one) not in wrote]
    kept = [one for one in held if _key(one) not in wrote - then]
    # A link or a place in a group that was put in by somebody else since is theirs.
    places = {_place(one) for one in kept}
    return (*kept, *(one for one in removed if _place(one) not in places))


def _key(one: object) -> object:
    return (one.endpoint, one.stash_id) if isinstance(one, StashId) else one


def _place(one: object) -> object:
    if isinstance(one, StashId):
        return one.endpoint
    return one.group_id if isinstance(one, GroupMembership) else one
