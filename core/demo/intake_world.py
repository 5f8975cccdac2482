"""The intake's part of the demo world: an Immich that knows some people, a web site, and pictures that came in.

The pictures lie in the world's drop folder: for every category but `low_confidence` at least one, which only Immich's
database could give, and for two people some that are theirs. They are put there once: what was filed stays filed.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from core.demo.immich_server import ROOT, DemoImmich
from core.demo.immich_world import DemoPerson, FacePlan
from core.demo.loopback import bound_socket
from core.demo.portraits import LEFT, MIDDLE, RIGHT, Sitter, portrait
from core.demo.web import DemoWeb
from core.errors import UsageError

JOB_SECONDS: Final = 0.02
DROP: Final = "drop"  # folders of the world
INCOMING: Final = "incoming"
FACES: Final = "faces"
REVIEW: Final = "review"
_MADE: Final = "intake-made"
_LOOKS: Final = {"Robin": 1, "Sasha": 2, "Kim": 3, "Noor": 4, "": 5, "Juno": 7}
HIDDEN: Final = "Juno"
UNWANTED: Final = "Kim"


@dataclass(frozen=True, slots=True)
class Drop:
    """A picture that came in: its scene, and who is in it by name (an empty one: somebody whom nobody named)."""

    name: str
    scene: int
    people: tuple[str, ...] = ()


DROPS: Final = (
    Drop("IMG_2041.jpg", 1, ("Robin",)),
    Drop("IMG_2042.jpg", 2, ("Robin",)),
    Drop("by the window.png", 3, ("Sasha",)),
    Drop("two friends.jpg", 4, ("Robin", "Sasha")),
    Drop("stranger.jpg", 5, ("",)),
    Drop("in the back row.jpg", 6, (HIDDEN,)),
    Drop("not again.jpg", 7, (UNWANTED,)),
    Drop("empty wall.jpg", 8),
)
KNOWN: Final = Drop("Robin in the library.jpg", 9, ("Robin",))  # filed long ago
COPY: Final = "download (3).jpg"  # its bytes, come in again
TORN: Final = "torn.jpg"  # breaks off in the middle
WEB: Final = (Drop("noor.jpg", 10, ("Noor",)), Drop("sasha outside.jpg", 11, ("Sasha",)))


class IntakeWorld:
    """The running servers of the intake, and its folders."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        (directory / INCOMING).mkdir(parents=True, exist_ok=True)
        self.immich = DemoImmich(directory / INCOMING, job_seconds=JOB_SECONDS)
        self.web = DemoWeb({drop.name: _content(drop) for drop in WEB})
        people = {name: self._person(name) for name in _LOOKS}
        for drop in (*DROPS, *WEB, KNOWN):
            boxes = _boxes(drop)
            self.immich.world.faces[_marker(drop)] = [
                FacePlan(people[name], box) for name, box in zip(drop.people, boxes, strict=True)
            ]
        self.immich.world.broken.add(TORN)

    def _person(self, name: str) -> DemoPerson:
        """Somebody whom Immich knows from pictures of long ago."""
        world, owner = self.immich.world, self.immich.owner
        person = world.add_person(owner, name, is_hidden=name == HIDDEN)
        for number in range(3):
            world.add_seen(owner, f"/mnt/photos/{name or 'unnamed'} {number}.jpg", FacePlan(person))
        return person

    async def start(self, ports: Mapping[str, int]) -> None:
        """Serve, on these ports where they are free."""
        for server in (self.immich, self.web):
            await server.start(bound_socket(ports.get(server.name, 0)))

    async def stop(self) -> None:
        """Stop serving."""
        await self.immich.stop()
        await self.web.stop()

    def fill(self) -> None:
        """Put the pictures where they come in, if that was never done in this folder. Raises UsageError."""
        made = self.directory / _MADE
        if made.exists():
            return
        drop, filed = self.directory / DROP, self.directory / FACES / KNOWN.people[0]
        try:
            for folder in (drop, filed, self.directory / REVIEW):
                folder.mkdir(parents=True, exist_ok=True)
            for one in DROPS:
                (drop / one.name).write_bytes(_content(one))
            (filed / KNOWN.name).write_bytes(_content(KNOWN))
            shutil.copyfile(filed / KNOWN.name, drop / COPY)
            whole = _content(DROPS[0])
            (drop / TORN).write_bytes(whole[: len(whole) // 3])
            made.touch()
        except OSError as error:
            raise UsageError(f"{self.directory}: the demo's pictures cannot be made: {error}") from error

    def settings(self) -> dict[str, Any]:
        """The section [intake] that leads here."""
        place = self.directory.resolve()
        return {
            "enabled": True,
            "temp_dir": str(place / INCOMING),
            "final_base": str(place / FACES),
            "review_base": str(place / REVIEW),
            "drop_folder": str(place / DROP),
            "blacklist": [UNWANTED],
            "immich": {
                "url": self.immich.base_url,
                "api_key": self.immich.api_key,
                "library_id": self.immich.library.id,
                "path_map": [{"immich": ROOT, "local": str(place / INCOMING)}],
                "wait_time_seconds": 1,
                "deadline_seconds": 5,
                "retry_if_no_faces": False,
            },
            "download": {"allow_private": True},  # the web site is on this machine
        }


def _boxes(drop: Drop) -> tuple[tuple[float, float, float, float], ...]:
    return (MIDDLE,) if len(drop.people) == 1 else (LEFT, RIGHT)[: len(drop.people)]


def _marker(drop: Drop) -> str:
    """What the file holds in its first bytes, so that the demo's Immich knows it under any name."""
    return f"demo picture {drop.scene:02}"


def _content(drop: Drop) -> bytes:
    from PIL.PngImagePlugin import PngInfo

    picture = portrait(
        drop.scene, *(Sitter(_LOOKS[name], box) for name, box in zip(drop.people, _boxes(drop), strict=True))
    )
    written = io.BytesIO()
    if drop.name.endswith(".png"):
        note = PngInfo()
        note.add_text("Comment", _marker(drop))
        picture.save(written, "PNG", pnginfo=note)
    else:
        picture.save(written, "JPEG", quality=85, comment=_marker(drop).encode())
    return written.getvalue()
