"""Who and what appears in the generated world: studios, performers and tags at the stash-boxes and in the Stash.

The METADATA case needs one of each kind: known locally by stash id, by name, by alias, and not at all.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from core.demo.box_library import BoxEntity, BoxLibrary
from core.demo.clips import MediaFacts
from core.demo.library import StashLibrary
from core.demo.stash_objects import DemoEntity, DemoStashId

NAMESPACE = uuid.UUID("0c7d6f0a-1be2-4a7c-9a53-5d5f3f1f7c11")
PEOPLE: tuple[tuple[str, list[str]], ...] = (
    ("Ada Finch", []),
    ("Bruno Vale", ["B. Vale"]),
    ("Cleo Marsh", ["Cleo M."]),
    ("Dmitri Sand", []),
)
TAGS: tuple[tuple[str, list[str]], ...] = (
    ("Night", []),
    ("Landscape", ["Scenery"]),
    ("Sea", ["Ocean"]),
    ("Aurora", []),
)
STUDIOS = ("Meadow Pictures", "Harbour Lights")


@dataclass(frozen=True, slots=True)
class WorldParts:
    """What is filled: the libraries, the endpoints of the stash-boxes, and the folder with the pictures."""

    directory: Path
    stash: StashLibrary
    boxes: tuple[BoxLibrary, BoxLibrary]
    endpoints: tuple[str, str]

    def cover(self, film: MediaFacts) -> str | None:
        """The path of a film's picture, None for a film that was not drawn."""
        return str(self.directory / film.cover) if film.cover else None


class Cast:
    """The entities of one world. Local ones are put into the library at once."""

    def __init__(self, parts: WorldParts) -> None:
        self.people = [[BoxEntity(_id(box, name), name, list(other)) for name, other in PEOPLE] for box in (0, 1)]
        self.tags = [[BoxEntity(_id(box, name), name, list(other)) for name, other in TAGS] for box in (0, 1)]
        network = [BoxEntity(_id(box, "network"), "Northern Network") for box in (0, 1)]
        self._studios = [BoxEntity(_id(box, name), name, parent=network[box]) for box, name in enumerate(STUDIOS)]
        endpoint = parts.endpoints[0]
        ada, night = DemoStashId(endpoint, _id(0, "Ada Finch")), DemoStashId(endpoint, _id(0, "Night"))
        parts.stash.studios |= {
            1: DemoEntity(1, "Meadow Pics", stash_ids=[DemoStashId(endpoint, _id(0, STUDIOS[0]))]),  # by stash id
            2: DemoEntity(2, "Unrelated Films"),
        }
        parts.stash.performers |= {
            1: DemoEntity(1, "Ada F.", stash_ids=[ada]),  # by stash id, under another name
            2: DemoEntity(2, "Bruno Vale"),  # by name
            3: DemoEntity(3, "C. Marsh", ["Cleo Marsh"]),  # by alias
            4: DemoEntity(4, "Bruno Valentine"),  # only begins alike
        }
        parts.stash.tags |= {
            1: DemoEntity(1, "After dark", stash_ids=[night]),  # by stash id, under another name
            2: DemoEntity(2, "Landscape"),  # by name
            3: DemoEntity(3, "Seaside", ["Sea"]),  # by alias
            4: DemoEntity(4, "Seasonal"),  # only begins alike
        }
        self.local_tags = {entity.name: entity for entity in parts.stash.tags.values()}

    def studio(self, box: int) -> BoxEntity:
        """The studio that everything at a stash-box comes from."""
        return self._studios[box]


def _id(box: int, name: str) -> str:
    return str(uuid.uuid5(NAMESPACE, f"box{box + 1}/{name}"))
