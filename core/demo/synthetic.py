"""Scenes by the hundred thousand, without media, for benchmarks: the same at every run.

Seven of ten are linked at both stash-boxes. Of the others, each stash-box knows six of ten: most certainly, some by a
near PHASH alone, some twice (ambiguous), some with another duration.
"""

from __future__ import annotations

import gc
from random import Random

from core.demo.box_library import BoxEntity, BoxFingerprint, BoxScene
from core.demo.cases import STASH_ROOT
from core.demo.cast import WorldParts
from core.demo.stash_objects import DemoFile, DemoScene, DemoStashId

FIRST_ID = 1001
LINKED_SHARE = 0.7
KNOWN_SHARE = 0.6
NEAR_SHARE, AMBIGUOUS_SHARE, MISMATCHED_SHARE = 0.12, 0.08, 0.10


def add_scenes(parts: WorldParts, count: int, *, seed: int = 20260111) -> None:
    """Put `count` scenes into the Stash, ids from 1001, and what is known of them into the stash-boxes."""
    random = Random(seed)  # noqa: S311  # repeatable, no secret
    was_enabled = gc.isenabled()
    gc.disable()  # a million objects that all stay: looking through them again and again doubles the time
    try:
        studio = BoxEntity(_uuid(random), "Synthetic Studio")
        for number in range(count):
            _add_scene(parts, FIRST_ID + number, random, studio)
    finally:
        if was_enabled:
            gc.enable()
    for box in parts.boxes:
        box.changed()


def _add_scene(parts: WorldParts, number: int, random: Random, studio: BoxEntity) -> None:
    oshash, phash = random.getrandbits(64), random.getrandbits(63) | 1 << 63
    seconds = random.randrange(60, 2400)
    prints = {"oshash": f"{oshash:016x}", "phash": f"{phash:x}"}
    path = f"{STASH_ROOT}/many/{number // 1000:04}/scene {number}.mp4"
    file = DemoFile(number, path, 1_000_000 + seconds * 125_000, seconds + 0.37, prints)
    scene = parts.stash.scenes[number] = DemoScene(number, f"Scene {number}", [file])
    if random.random() < LINKED_SHARE:
        scene.stash_ids = [DemoStashId(endpoint, _uuid(random)) for endpoint in parts.endpoints]
        return
    for box in parts.boxes:
        if random.random() >= KNOWN_SHARE:
            continue
        kind = random.random()
        duration = seconds
        entries = 1
        if kind < NEAR_SHARE:
            mask = (1 << random.randrange(31)) | (1 << random.randrange(32, 63))
            known = [BoxFingerprint("PHASH", phash ^ mask, duration, 4)]
        else:
            if kind < NEAR_SHARE + AMBIGUOUS_SHARE:
                entries = 2
            elif kind < NEAR_SHARE + AMBIGUOUS_SHARE + MISMATCHED_SHARE:
                duration += 540
            known = [BoxFingerprint("OSHASH", oshash, duration, 5), BoxFingerprint("PHASH", phash, duration, 7)]
        for copy in range(entries):
            scene_id = _uuid(random)
            title = f"Entry {number}" if not copy else f"Entry {number} again"
            box.scenes[scene_id] = BoxScene(scene_id, title, list(known), duration, "2020-05-17", studio=studio)


def _uuid(random: Random) -> str:
    digits = f"{random.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-7{digits[13:16]}-8{digits[17:20]}-{digits[20:]}"
