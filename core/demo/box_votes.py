"""Fingerprint submissions to a demo stash-box: votes of the key's owner, with the silences of the real one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

from core.demo.box_library import BoxFingerprint, BoxLibrary, BoxScene
from core.demo.graphql_errors import ResolverError

MAX_BATCH = 1000
VOTES = {"VALID": 1, "INVALID": -1, "REMOVE": 0}


def hash_value(text: Any) -> int:
    """A hash as the scalar reads it: more than 16 digits become 0. Raises ResolverError for what is not hexadecimal."""
    if not isinstance(text, str):
        raise ResolverError("fingerprint hash must be a string")
    if not re.fullmatch("[0-9a-fA-F]+", text):
        raise ResolverError(f'invalid fingerprint hash: strconv.ParseUint: parsing "{text}": invalid syntax')
    return int(text, 16) if len(text) <= 16 else 0


def submit(library: BoxLibrary, given: dict[str, Any]) -> BoxScene | None:
    """submitFingerprint; the scene that was changed. What cannot be stored is swallowed. Raises ResolverError."""
    entry = given["fingerprint"]
    value = hash_value(entry["hash"])
    vote = VOTES["REMOVE" if given.get("unmatch") else given.get("vote") or "VALID"]
    scene = library.scenes.get(given["scene_id"])
    if scene is None or scene.deleted or entry["algorithm"] == "MD5" or entry["duration"] <= 0:
        return None
    stored = _stored(scene, entry["algorithm"], value)
    if vote < 0 and (stored is None or not stored.submissions):
        raise ResolverError("fingerprint has no submissions")
    _vote(library, scene, entry["algorithm"], value, entry["duration"], vote)
    return scene


def submit_batch(library: BoxLibrary, entries: list[dict[str, Any]]) -> tuple[list[object], list[BoxScene]]:
    """submitFingerprints: a result for each but the MD5s, and the scenes that were changed. Raises ResolverError."""
    if len(entries) > MAX_BATCH:
        raise ResolverError(f"maximum of {MAX_BATCH} fingerprints allowed per batch")
    results: list[object] = []
    changed: dict[str, BoxScene] = {}
    for entry in entries:
        if entry["algorithm"] == "MD5":
            continue
        scene = library.scenes.get(entry["scene_id"])
        error = None
        if scene is None or scene.deleted:
            error = "invalid or deleted scene"
        elif entry["duration"] <= 0:
            error = "duration must be greater than 0"
        else:
            _vote(library, scene, entry["algorithm"], hash_value(entry["hash"]), entry["duration"], 1)
            changed[scene.id] = scene
        results.append(SimpleNamespace(hash=entry["hash"], scene_id=entry["scene_id"], error=error))
    return results, list(changed.values())


def _vote(library: BoxLibrary, scene: BoxScene, algorithm: str, value: int, duration: int, vote: int) -> None:
    stored = _stored(scene, algorithm, value)
    if stored is None:
        now = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
        stored = BoxFingerprint(algorithm, value, duration, 0, 0, now, now)
        scene.fingerprints.append(stored)
    stored.submissions += (vote > 0) - (stored.user_vote > 0)
    stored.reports += (vote < 0) - (stored.user_vote < 0)
    stored.user_vote = vote
    if not stored.submissions and not stored.reports:
        scene.fingerprints.remove(stored)
    library.changed()


def _stored(scene: BoxScene, algorithm: str, value: int) -> BoxFingerprint | None:
    return next((e for e in scene.fingerprints if e.algorithm == algorithm and e.value == value), None)
