"""Changes of a scene or an image in the shape Stash's mutations take them."""

from __future__ import annotations

from typing import Any, Final

from core.model.library_records import Media, RecordRef
from core.model.record_changes import RecordChanges
from core.servers.stash_features import StashFeatures
from core.servers.stash_inputs import links_input

_BOTH: Final = ("title", "code", "details", "date")
_OWN: Final = {Media.VIDEO: ("director", "play_duration"), Media.IMAGE: ("photographer",)}


def record_input(ref: RecordRef, changes: RecordChanges, features: StashFeatures) -> dict[str, Any]:
    """A SceneUpdateInput or an ImageUpdateInput. Null empties a field, so it is sent for nothing that is None here.

    Fields the other kind of record has are left out.
    """
    names = (*_BOTH, *_OWN[ref.media])
    written: dict[str, Any] = {"id": str(ref.id)}
    written |= {name: value for name in names if (value := getattr(changes, name)) is not None}
    if changes.urls is not None:
        written["urls"] = list(changes.urls)
    if changes.is_organized is not None:
        written["organized"] = changes.is_organized
    for name in ("rating100", "studio_id", "primary_file_id"):
        if (number := getattr(changes, name)) is not None:
            written[name] = (number if name == "rating100" else str(number)) if number else None
    for name in ("performer_ids", "tag_ids", "gallery_ids"):
        if (ids := getattr(changes, name)) is not None:
            written[name] = [str(one) for one in ids]
    if ref.media is Media.VIDEO and changes.groups is not None:
        written["groups"] = [
            {"group_id": str(one.group_id)} | ({} if one.scene_index is None else {"scene_index": one.scene_index})
            for one in changes.groups
        ]
    if ref.media is Media.VIDEO and changes.stash_ids is not None:
        written["stash_ids"] = links_input(changes.stash_ids, features)
    return written
