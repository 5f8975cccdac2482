"""What mutations wrote, kept in the world's folder so that the next run over the same folder sees it.

One line of JSON a change, appended; a later line for the same scene replaces an earlier one. A torn last line (the
process was killed) is left out. Endpoints of the world's own stash-boxes are kept by name, as their ports may change.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from core.demo.library import BoxFingerprint, BoxLibrary, BoxScene, DemoScene, DemoStashId, StashLibrary

PLAIN = ("title", "code", "details", "director", "date", "urls", "rating100", "organized", "updated_at")


class WorldState:
    """The journal of one world's changes. `endpoints`: server name -> URL as of this run."""

    def __init__(self, directory: Path, endpoints: Mapping[str, str]) -> None:
        self._path = directory / "changes.jsonl"
        self._covers = directory / "covers"
        self._endpoints = endpoints

    def scene_written(self, scene: DemoScene) -> None:
        """Keep a local scene as it is now."""
        if isinstance(scene.cover, bytes):
            self._covers.mkdir(parents=True, exist_ok=True)
            path = self._covers / f"written-{scene.id}.jpg"
            path.write_bytes(scene.cover)
            scene.cover = str(path)
        names = {url: name for name, url in self._endpoints.items()}
        self._append(
            {
                "scene": scene.id,
                **{name: getattr(scene, name) for name in PLAIN},
                "studio": scene.studio.id if scene.studio else None,
                "performers": [entity.id for entity in scene.performers],
                "tags": [entity.id for entity in scene.tags],
                "cover": _relative(scene.cover, self._covers) if scene.cover else None,
                "files": [[file.id, file.fingerprints] for file in scene.files],
                "stash_ids": [
                    [names.get(link.endpoint, link.endpoint), link.stash_id, link.updated_at]
                    for link in scene.stash_ids
                ],
            }
        )

    def entry_written(self, box: str, scene: BoxScene) -> None:
        """Keep the fingerprints of a stash-box scene as they are now."""
        rows = [
            [entry.algorithm, entry.value, entry.duration, entry.submissions, entry.reports, entry.user_vote]
            for entry in scene.fingerprints
        ]
        self._append({"box": box, "entry": scene.id, "fingerprints": rows})

    def restore(self, library: StashLibrary, boxes: Mapping[str, BoxLibrary]) -> int:
        """Bring a library to where the last run left it; the number of things changed is returned."""
        kept = self._read()
        for change in kept.values():
            if "scene" in change:
                if (scene := library.scenes.get(change["scene"])) is not None:
                    self._restore_scene(library, scene, change)
            elif (box := boxes.get(change["box"])) is not None and change["entry"] in box.scenes:
                box.scenes[change["entry"]].fingerprints = [
                    BoxFingerprint(algorithm, value, duration, submissions, reports, user_vote=vote)
                    for algorithm, value, duration, submissions, reports, vote in change["fingerprints"]
                ]
                box.changed()
        if kept:
            self._compact(list(kept.values()))
        return len(kept)

    def _restore_scene(self, library: StashLibrary, scene: DemoScene, change: dict[str, Any]) -> None:
        for name in PLAIN:
            setattr(scene, name, change[name])
        scene.studio = library.studios.get(change["studio"])
        scene.performers = [
            library.performers[number] for number in change["performers"] if number in library.performers
        ]
        scene.tags = [library.tags[number] for number in change["tags"] if number in library.tags]
        scene.cover = str(self._covers / change["cover"]) if change["cover"] else None
        prints = dict(map(tuple, change["files"]))
        scene.files = [file for file in scene.files if file.id in prints]
        for file in scene.files:
            file.fingerprints = prints[file.id]
        scene.stash_ids = [
            DemoStashId(self._endpoints.get(name, name), stash_id, updated_at)
            for name, stash_id, updated_at in change["stash_ids"]
        ]

    def _append(self, change: dict[str, Any]) -> None:
        with self._path.open("ab") as file:
            file.write(msgspec.json.encode(change) + b"\n")

    def _read(self) -> dict[tuple[Any, ...], dict[str, Any]]:
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return {}
        kept: dict[tuple[Any, ...], dict[str, Any]] = {}
        for line in lines:
            try:
                change = msgspec.json.decode(line)
            except msgspec.DecodeError:
                continue
            kept[change.get("scene"), change.get("box"), change.get("entry")] = change
        return kept

    def _compact(self, changes: list[dict[str, Any]]) -> None:
        part = self._path.with_suffix(".part")
        part.write_bytes(b"".join(msgspec.json.encode(change) + b"\n" for change in changes))
        part.replace(self._path)


def _relative(path: str, folder: Path) -> str:
    """A path under the folder by its name there; joined to the folder again, both kinds are what they were."""
    return str(Path(path).relative_to(folder)) if Path(path).is_relative_to(folder) else path
