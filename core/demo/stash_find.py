"""The look-ups of the demo Stash: filters, sorting and paging, with the traps of the real one."""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from functools import cached_property
from itertools import islice
from typing import Any

from core.demo.criteria import (
    Predicate,
    combined,
    integer_id,
    integer_test,
    page_of,
    stash_id_test,
    string_test,
    text_order_test,
)
from core.demo.file_find import FoundFile, file_predicate
from core.demo.graphql_errors import ResolverError
from core.demo.library import StashLibrary
from core.demo.stash_objects import DemoEntity, DemoScene

SCENE_SORTS: dict[str, Callable[[DemoScene], Any]] = {
    "id": lambda scene: scene.id,
    "title": lambda scene: (scene.title.casefold(), scene.id),
    "updated_at": lambda scene: (scene.updated_at, scene.id),
    "created_at": lambda scene: (scene.created_at, scene.id),
    "date": lambda scene: (scene.date or "", scene.id),
    "path": lambda scene: (scene.files[0].path if scene.files else "", scene.id),
    "duration": lambda scene: (scene.files[0].duration if scene.files else 0.0, scene.id),
}
SCENE_MISSING: dict[str, Callable[[DemoScene], bool]] = {
    "stash_id": lambda scene: not scene.stash_ids,
    "phash": lambda scene: any("phash" not in file.fingerprints for file in scene.files),
    "title": lambda scene: not scene.title,
    "date": lambda scene: not scene.date,
    "url": lambda scene: not scene.urls,
    "studio": lambda scene: scene.studio is None,
    "performers": lambda scene: not scene.performers,
    "tags": lambda scene: not scene.tags,
    "cover": lambda scene: scene.cover is None,
}


class FoundScenes:
    """The answer of findScenes; count and sums are made only when they are asked for, from `everything`."""

    def __init__(self, scenes: list[DemoScene], everything: Callable[[], list[DemoScene]]) -> None:
        self.scenes = scenes
        self._make = everything

    @cached_property
    def _everything(self) -> list[DemoScene]:
        return self._make()

    @property
    def count(self) -> int:
        """How many scenes were found, on all pages."""
        return len(self._everything)

    @property
    def duration(self) -> float:
        """Seconds of all files of all scenes found."""
        return sum(file.duration for scene in self._everything for file in scene.files)

    @property
    def filesize(self) -> float:
        """Bytes of all files of all scenes found."""
        return float(sum(file.size for scene in self._everything for file in scene.files))


class FoundEntities:
    """The answer of findPerformers, findStudios and findTags."""

    def __init__(self, entities: list[DemoEntity], count: int) -> None:
        self.performers = self.studios = self.tags = entities
        self.count = count


def find_scenes(library: StashLibrary, arguments: dict[str, Any]) -> FoundScenes:
    """Answer findScenes. Raises ResolverError."""
    if arguments.get("ids") is not None:
        scenes = []
        for text in arguments["ids"]:
            scene = library.scenes.get(integer_id(text, "scene"))
            if scene is None:
                raise ResolverError(f"scene with id {text} not found")
            scenes.append(scene)
        return FoundScenes(scenes, lambda: scenes)
    paging = arguments.get("filter") or {}
    criteria = dict(arguments.get("scene_filter") or {})
    ids = _narrow(library.ordered_ids(), criteria)
    sort = paging.get("sort") or ""
    matches = scene_predicate(_joined_once(criteria, [])) if criteria else None
    text = (paging.get("q") or "").casefold()

    def found() -> Iterator[DemoScene]:
        for scene_id in ids:
            scene = library.scenes[scene_id]
            if (matches is None or matches(scene)) and (not text or text in _searched_text(scene)):
                yield scene

    if sort == "id":  # a database walks its index and stops where the page is full
        if paging.get("direction") == "DESC":
            ids = ids[::-1]
        return FoundScenes(_first_page(found(), paging), lambda: list(found()))
    everything = list(found())
    return FoundScenes(page_of(_sorted(everything, sort, paging), paging), lambda: everything)


def _joined_once(criteria: dict[str, Any], endpoints: list[str | None]) -> dict[str, Any]:
    """Criteria as Stash 0.30 takes them: it joins the stash ids once, so the first endpoint holds for all of them."""
    out = dict(criteria)
    if (criterion := out.get("stash_id_endpoint")) is not None:
        endpoints.append(criterion.get("endpoint"))
        out["stash_id_endpoint"] = {**criterion, "endpoint": endpoints[0]}
    for name in ("AND", "OR", "NOT"):
        if out.get(name):
            out[name] = _joined_once(out[name], endpoints)
    return out


def _narrow(ids: list[int], criteria: dict[str, Any]) -> list[int]:
    """Cut the ordered ids down by the `id` criterion, which is taken out of the criteria."""
    criterion = criteria.pop("id", None)
    if criterion is None:
        return ids
    value, modifier = criterion["value"], criterion["modifier"]
    if modifier == "GREATER_THAN":
        return ids[bisect_right(ids, value) :]
    if modifier == "LESS_THAN":
        return ids[: bisect_left(ids, value)]
    matches = integer_test(criterion)
    return [scene_id for scene_id in ids if matches(scene_id)]


def _sorted(found: list[DemoScene], sort: str, paging: dict[str, Any]) -> list[DemoScene]:
    if not sort:  # no ORDER BY: any order will do, and it shall not look like one
        return random.sample(found, len(found))
    if sort not in SCENE_SORTS:
        raise ResolverError(f"invalid sort: {sort}")
    return sorted(found, key=SCENE_SORTS[sort], reverse=paging.get("direction") == "DESC")


def _first_page(rows: Iterator[DemoScene], paging: dict[str, Any]) -> list[DemoScene]:
    """As `_page`, drawing no more rows than the page needs."""
    size = paging.get("per_page")
    size = 25 if size is None else size
    if size < 0:
        return list(rows)
    start = (max(paging.get("page") or 1, 1) - 1) * size
    return list(islice(rows, start, start + size))


def _searched_text(scene: DemoScene) -> str:
    return "\n".join([scene.title, scene.details, *(file.path for file in scene.files)]).casefold()


def scene_predicate(criteria: dict[str, Any]) -> Predicate:
    """A SceneFilterType as a test of one scene. Raises ResolverError."""
    tests: list[Predicate] = []
    for name, value in criteria.items():
        if value is not None and name not in ("AND", "OR", "NOT"):
            tests.append(_scene_test(name, value))
    return combined(tests, criteria, scene_predicate)


def _scene_test(name: str, value: Any) -> Predicate:
    match name:
        case "id":
            number = integer_test(value)
            return lambda scene: number(scene.id)
        case "stash_id_count":
            number = integer_test(value)
            return lambda scene: number(len(scene.stash_ids))
        case "file_count":
            number = integer_test(value)
            return lambda scene: number(len(scene.files))
        case "oshash" | "checksum":
            like = string_test(value)
            kind = "md5" if name == "checksum" else name
            return lambda scene: like([file.fingerprints.get(kind, "") for file in scene.files])
        case "files_filter":
            fits = file_predicate(value)
            return lambda scene: any(fits(FoundFile(scene, file)) for file in scene.files)
        case "organized":
            return lambda scene: scene.organized is value
        case "is_missing":
            if value not in SCENE_MISSING:
                raise ResolverError(f"SQL logic error: no such column: scenes.{value} (1)")
            return SCENE_MISSING[value]
        case "updated_at" | "created_at":
            text = text_order_test(value)
            return lambda scene: text(getattr(scene, name))
        case "title":
            like = string_test(value)
            return lambda scene: like([scene.title] if scene.title else [])
        case "path":
            like = string_test(value)
            return lambda scene: like([file.path for file in scene.files])
        case _:
            return stash_id_test(value)


def find_entities(
    shelf: dict[int, DemoEntity], what: str, criteria: dict[str, Any] | None, arguments: dict[str, Any]
) -> FoundEntities:
    """Answer findPerformers, findStudios or findTags. Raises ResolverError."""
    if arguments.get("ids") is not None:
        entities = []
        for text in arguments["ids"]:
            entity = shelf.get(integer_id(text, what))
            if entity is None:
                raise ResolverError(f"{what} with id {text} not found")
            entities.append(entity)
        return FoundEntities(entities, len(entities))
    paging = arguments.get("filter") or {}
    matches = _entity_predicate(criteria or {})
    found = [entity for entity in shelf.values() if matches(entity)]
    if text := (paging.get("q") or "").casefold():
        found = [entity for entity in found if any(text in name.casefold() for name in (entity.name, *entity.aliases))]
    sort = paging.get("sort") or "name"
    if sort not in ("id", "name", "created_at", "updated_at"):
        raise ResolverError(f"invalid sort: {sort}")
    found.sort(key=lambda entity: (getattr(entity, sort), entity.id), reverse=paging.get("direction") == "DESC")
    return FoundEntities(page_of(found, paging), len(found))


def _entity_predicate(criteria: dict[str, Any]) -> Predicate:
    tests: list[Predicate] = []
    if criteria.get("name"):
        tests.append(_on_names(string_test(criteria["name"]), lambda entity: [entity.name]))
    if criteria.get("aliases"):
        tests.append(_on_names(string_test(criteria["aliases"]), lambda entity: entity.aliases))
    if criteria.get("stash_id_endpoint"):
        tests.append(stash_id_test(criteria["stash_id_endpoint"]))
    return combined(tests, criteria, _entity_predicate)


def _on_names(test: Callable[[list[str]], bool], names: Callable[[DemoEntity], Iterable[str]]) -> Predicate:
    return lambda entity: test(list(names(entity)))
