"""What Winnow writes to a Stash, in the shape its mutations take."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from core.model.scenes import SceneChanges, StashId
from core.servers.stash_features import StashFeatures


def links_input(links: Sequence[StashId], features: StashFeatures) -> list[dict[str, str]]:
    """Links as Stash takes them. A time that is left out becomes now, and one this Stash does not know is an error."""
    return [
        {"endpoint": link.endpoint, "stash_id": link.stash_id}
        | ({"updated_at": link.updated_at} if link.updated_at and features.has_link_times else {})
        for link in links
    ]


def changes_input(changes: SceneChanges, features: StashFeatures) -> dict[str, Any]:
    """Changes as Stash takes them: a key that is present with null empties its field, so None is never sent for it."""
    plain = ("title", "code", "details", "director", "date", "cover_image")
    written: dict[str, Any] = {name: value for name in plain if (value := getattr(changes, name)) is not None}
    if changes.urls is not None:
        written["urls"] = list(changes.urls)
    if changes.studio_id is not None:
        written["studio_id"] = str(changes.studio_id) if changes.studio_id else None
    if changes.performer_ids is not None:
        written["performer_ids"] = [str(one) for one in changes.performer_ids]
    if changes.tag_ids is not None:
        written["tag_ids"] = [str(one) for one in changes.tag_ids]
    if changes.stash_ids is not None:
        written["stash_ids"] = links_input(changes.stash_ids, features)
    if changes.is_organized is not None:
        written["organized"] = changes.is_organized
    return written
