"""Plays and o-counts of the demo Stash: they never move `updated_at`."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from core.demo.criteria import integer_id
from core.demo.graphql_errors import ResolverError
from core.demo.library import StashLibrary
from core.demo.stash_objects import DemoScene, parse_time


def add_times(library: StashLibrary, given: dict[str, Any], field: str) -> tuple[str, ...]:
    """sceneAddPlay (`play_history`) and sceneAddO (`o_history`): the times, or now; the whole history is returned."""
    scene = _scene(library, given["id"])
    moments = _moments(given) or [library.clock()]
    added = tuple(datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for moment in moments)
    return _set(library, scene, field, getattr(scene, field) + added)


def delete_times(library: StashLibrary, given: dict[str, Any], field: str) -> tuple[str, ...]:
    """sceneDeletePlay and sceneDeleteO: one event for each of the times, or the latest one where none is given."""
    scene = _scene(library, given["id"])
    history = sorted(getattr(scene, field), key=parse_time)
    for moment in _moments(given) or [parse_time(text) for text in history[-1:]]:
        match = next((text for text in history if int(parse_time(text)) == int(moment)), None)
        if match is not None:
            history.remove(match)
    return _set(library, scene, field, tuple(history))


def reset_times(library: StashLibrary, given: dict[str, Any], field: str) -> int:
    """sceneResetPlayCount and sceneResetO: the new count, which is 0."""
    return len(_set(library, _scene(library, given["id"]), field, ()))


def save_activity(library: StashLibrary, given: dict[str, Any]) -> None:
    """sceneSaveActivity: `resume_time` is set, `playDuration` is added."""
    scene = _scene(library, given["id"])
    if given.get("resume_time") is not None:
        scene.resume_time = given["resume_time"]
    scene.play_duration += given.get("playDuration") or 0.0
    library.touch(scene)


def step_image_o(library: StashLibrary, text: str, step: int) -> int:
    """imageIncrementO (1) and imageDecrementO (-1): the new count, never below 0."""
    image = library.images.get(integer_id(text, "image"))
    if image is None:
        raise ResolverError(f"image with id {text} not found")
    image.o_counter = max(image.o_counter + step, 0)
    library.touch(image)
    return image.o_counter


def _scene(library: StashLibrary, text: str) -> DemoScene:
    scene = library.scenes.get(integer_id(text, "scene"))
    if scene is None:
        raise ResolverError(f"scene with id {text} not found")
    return scene


def _moments(given: dict[str, Any]) -> list[float]:
    try:
        return [parse_time(text) for text in given.get("times") or []]
    except (ValueError, TypeError):
        raise ResolverError(f"cannot parse {given['times']!r} as times") from None


def _set(library: StashLibrary, scene: DemoScene, field: str, history: tuple[str, ...]) -> tuple[str, ...]:
    setattr(scene, field, history)
    library.touch(scene)
    return history
