"""The search of a demo Immich: parts of paths before 3.2, filters from 3.2 on."""

from __future__ import annotations

import re
from typing import Any

from core.demo.immich_request import Asked, RefusedError
from core.demo.immich_world import DemoAsset, ImmichWorld

_NEW = {"filter", "orderBy", "cursor"}
_FLAT = {"originalPath", "originalFileName", "libraryId", "visibility", "withDeleted", "page"}


def search(world: ImmichWorld, asked: Asked) -> tuple[list[DemoAsset], str | None, str | None]:
    """One page, the number of the next one (flat searches) and its cursor (filters). Raises RefusedError."""
    body = asked.wants(asked.body, "body", dict)
    is_new = asked.version >= (3, 2) and bool(_NEW & body.keys())
    if is_new and _FLAT & body.keys():
        raise RefusedError(400, "Validation failed", [("filter", "cannot be combined with deprecated fields")])
    fits = _by_filter if is_new else _by_fields
    size = asked.wants(body.get("size", 250), "size", int)
    page = int(body.get("cursor") or 1) if is_new else asked.wants(body.get("page", 1), "page", int)
    found = [
        asset
        for asset in world.assets.values()
        if world.can_see(asked.user, asset) and asset.visibility != "locked" and fits(asset, body, asked)
    ]
    shown = found[(page - 1) * size : page * size]
    following = str(page + 1) if len(found) > page * size else None
    return shown, None if is_new else following, following if is_new else None


def _by_filter(asset: DemoAsset, body: dict[str, Any], asked: Asked) -> bool:
    """Nothing is left out that is not filtered out, trashed assets neither."""
    conditions = asked.wants(body.get("filter", {}), "filter", dict)
    values = {"originalPath": asset.path, "libraryId": asset.library_id}
    for name, condition in conditions.items():
        if name == "trashedAt":
            if condition == {"eq": None} and asset.is_trashed:
                return False
        elif name == "originalPath" and condition.keys() == {"startsWith"}:
            if not asset.path.lower().startswith(condition["startsWith"].lower()):
                return False
        elif name not in values or condition.keys() != {"eq"}:
            raise RefusedError(400, "Validation failed", [(f"filter.{name}", "is not known to the demo")])
        elif condition["eq"] != values[name]:
            return False
    return True


def _by_fields(asset: DemoAsset, body: dict[str, Any], asked: Asked) -> bool:
    wanted = body.get("visibility") or (None if asked.version >= (3, 0) else "timeline")
    if wanted is not None and asset.visibility != wanted:
        return False
    if asset.is_trashed and not body.get("withDeleted"):
        return False
    if "libraryId" in body and asset.library_id != asked.wants_id(body["libraryId"], "libraryId"):
        return False
    return all(
        _has_part(value, asked.wants(body[name], name, str))
        for name, value in (("originalPath", asset.path), ("originalFileName", asset.file_name))
        if name in body
    )


def _has_part(value: str, wanted: str) -> bool:
    """ILIKE: case does not matter, %, _ and the backslash mean what they mean to PostgreSQL."""
    pattern, signs = "", iter(wanted)
    for sign in signs:
        if sign == "\\":
            pattern += re.escape(next(signs, ""))
        else:
            pattern += {"%": ".*", "_": "."}.get(sign, re.escape(sign))
    return re.search(pattern, value, re.IGNORECASE | re.DOTALL) is not None
