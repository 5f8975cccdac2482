"""Which fields a keeper gets from the records that go: nothing either side had is lost without being named."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final, TypeVar

from core.model.library_records import GroupMembership, LibraryRecord, Media
from core.model.record_changes import Merged, RecordChanges
from core.model.scenes import LocalEntity, StashId

T = TypeVar("T")

_TEXTS: Final = {
    Media.VIDEO: ("title", "code", "details", "director", "date"),
    Media.IMAGE: ("title", "code", "details", "photographer", "date"),
}
_SHOWN: Final = 60  # characters of a text that a conflict names


def merged_values(keeper: LibraryRecord, losers: Sequence[LibraryRecord]) -> Merged:
    """The fields to write to the keeper so that it holds what the losers hold, too.

    Lists become unions, the keeper's entries first. Empty fields are filled by the first loser that has them; where
    the keeper has another value, its own stays and the conflict is named. Play durations are summed. A field that
    would stay as it is is not written, and none is ever emptied. Dates of plays and O's are moved by Stash itself.
    Raises ValueError when a scene is to be merged with an image.
    """
    if any(loser.media is not keeper.media for loser in losers):
        raise ValueError("a scene and an image cannot become one")
    changes: dict[str, object] = {}
    conflicts: list[str] = []
    for name in _TEXTS[keeper.media]:
        _fill(name, getattr(keeper, name).strip(), [getattr(one, name).strip() for one in losers], changes, conflicts)
    _fill("rating100", keeper.rating100 or 0, [one.rating100 or 0 for one in losers], changes, conflicts)
    _fill_studio(keeper, losers, changes, conflicts)
    lists: dict[str, tuple[Iterable[object], Iterable[object]]] = {
        "urls": (keeper.urls, [url for one in losers for url in one.urls]),
        "performer_ids": (_ids(keeper.performers), [i for one in losers for i in _ids(one.performers)]),
        "tag_ids": (_ids(keeper.tags), [i for one in losers for i in _ids(one.tags)]),
        "gallery_ids": (keeper.gallery_ids, [i for one in losers for i in one.gallery_ids]),
    }
    for name, (own, others) in lists.items():
        _join(name, own, others, changes)
    if not keeper.is_organized and any(one.is_organized for one in losers):
        changes["is_organized"] = True
    if keeper.media is Media.VIDEO:
        _join_groups(keeper, losers, changes, conflicts)
        _join_links(keeper, losers, changes, conflicts)
        if any(one.play_duration for one in losers):
            changes["play_duration"] = keeper.play_duration + sum(one.play_duration for one in losers)
    return Merged(RecordChanges(**changes), tuple(dict.fromkeys(conflicts)))  # type: ignore[arg-type]  # typed by name


def _fill(name: str, own: T, others: Sequence[T], changes: dict[str, object], conflicts: list[str]) -> None:
    """The first value there is; every other one is named."""
    kept = own or next((one for one in others if one), own)
    if kept != own:
        changes[name] = kept
    conflicts += [f"{_word(name)}: {_short(kept)} stays, {_short(one)} goes" for one in others if one and one != kept]


def _fill_studio(
    keeper: LibraryRecord, losers: Sequence[LibraryRecord], changes: dict[str, object], conflicts: list[str]
) -> None:
    studios = [one.studio for one in (keeper, *losers) if one.studio is not None]
    if not studios:
        return
    kept = studios[0]
    if keeper.studio is None:
        changes["studio_id"] = kept.id
    conflicts += [f"studio: {_short(kept.name)} stays, {_short(one.name)} goes" for one in studios if one.id != kept.id]


def _join(name: str, own: Iterable[object], others: Iterable[object], changes: dict[str, object]) -> None:
    had = tuple(dict.fromkeys(own))
    both = tuple(dict.fromkeys((*had, *others)))
    if both != had:
        changes[name] = both


def _join_groups(
    keeper: LibraryRecord, losers: Sequence[LibraryRecord], changes: dict[str, object], conflicts: list[str]
) -> None:
    """One place in each group; a place without a number gives way to one with a number."""
    places = {one.group_id: one for one in keeper.groups}
    for one in (group for loser in losers for group in loser.groups):
        held = places.get(one.group_id)
        if held is None or (held.scene_index is None and one.scene_index is not None):
            places[one.group_id] = one
        elif one.scene_index not in (None, held.scene_index):
            conflicts.append(f"place in group {one.group_id}: {held.scene_index} stays, {one.scene_index} goes")
    both: tuple[GroupMembership, ...] = tuple(places.values())
    if set(both) != set(keeper.groups):
        changes["groups"] = both


def _join_links(
    keeper: LibraryRecord, losers: Sequence[LibraryRecord], changes: dict[str, object], conflicts: list[str]
) -> None:
    """One stash id at each endpoint: Stash holds no more."""
    links: dict[str, StashId] = {one.endpoint: one for one in keeper.stash_ids}
    for one in (link for loser in losers for link in loser.stash_ids):
        held = links.setdefault(one.endpoint, one)
        if held.stash_id != one.stash_id:
            conflicts.append(f"stash id at {one.endpoint}: {held.stash_id} stays, {one.stash_id} goes")
    if len(links) > len(keeper.stash_ids):
        changes["stash_ids"] = tuple(links.values())


def _ids(entities: Iterable[LocalEntity]) -> list[int]:
    return [one.id for one in entities]


def _word(name: str) -> str:
    return {"rating100": "rating"}.get(name, name)


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return f'"{text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"}"'
