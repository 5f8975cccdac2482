"""Loading: newest first, nothing that is no longer wanted, failures in words, memory bounded."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from core.errors import UnreachableError
from tui.pictures.cache import ThumbnailCache
from tui.pictures.decode import Box, Drawn
from tui.pictures.detect import Drawing
from tui.pictures.loader import Outcome, Picture, PictureLoader


def jpeg() -> bytes:
    out = BytesIO()
    Image.new("RGB", (64, 36), "teal").save(out, "JPEG")
    return out.getvalue()


async def until(condition: Callable[[], bool]) -> None:
    """Wait for it; ten seconds are a failure."""
    for _ in range(10_000):
        if condition():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("it never came")


class Shelf:
    """Pictures whose fetches are counted and can be held up."""

    def __init__(self, loader: PictureLoader) -> None:
        self.loader = loader
        self.fetched: list[str] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.delivered: dict[str, Outcome] = {}

    def ask(self, name: str, raw: bytes | Exception | None = b"", *, is_wanted: bool = True, columns: int = 8) -> None:
        async def fetch() -> bytes | None:
            self.fetched.append(name)
            await self.gate.wait()
            if isinstance(raw, Exception):
                raise raw
            return jpeg() if raw == b"" else raw

        self.loader.request(
            Picture(name, name, fetch),
            Box(columns, 4),
            Drawing.HALFCELL,
            is_wanted=lambda: is_wanted,
            deliver=lambda outcome: self.delivered.update({name: outcome}),
        )

    async def until(self, *names: str) -> None:
        await until(lambda: set(names) <= set(self.delivered))


@pytest.fixture
async def shelf(tmp_path: Path) -> AsyncIterator[Shelf]:
    loader = PictureLoader(ThumbnailCache(tmp_path / "thumbnails"), memory_bytes=2000)
    yield Shelf(loader)
    await loader.close()


async def test_a_picture_arrives_and_the_next_time_it_comes_from_memory(shelf: Shelf) -> None:
    shelf.ask("one")
    await shelf.until("one")
    assert isinstance(shelf.delivered.pop("one"), Drawn)
    shelf.ask("one")
    assert isinstance(shelf.delivered["one"], Drawn)  # before anything was awaited
    assert shelf.fetched == ["one"]


async def test_another_size_comes_from_the_disk_and_not_from_the_server(shelf: Shelf) -> None:
    shelf.ask("one")
    await shelf.until("one")
    shelf.delivered.clear()
    shelf.ask("one", columns=4)
    await shelf.until("one")
    assert shelf.fetched == ["one"]


async def test_the_newest_request_is_served_first_and_what_is_not_wanted_is_left_out(shelf: Shelf) -> None:
    shelf.gate.clear()
    for name in ("a", "b"):
        shelf.ask(name)
    await until(lambda: len(shelf.fetched) == 2)  # both places are taken
    for name in ("c", "gone", "d", "e"):
        shelf.ask(name, is_wanted=name != "gone")
    shelf.gate.set()
    await shelf.until("a", "b", "c", "d", "e")
    assert set(shelf.fetched[2:4]) == {"d", "e"}  # the two places are taken at once, by the newest two
    assert shelf.fetched[4:] == ["c"]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (None, "no picture"),
        (b"rubbish", "not a picture"),
        (UnreachableError("cut"), "the picture cannot be had now"),
        (RuntimeError("odd"), "no picture (RuntimeError)"),
    ],
)
async def test_what_cannot_be_drawn_is_said_in_words(shelf: Shelf, raw: bytes | Exception | None, words: str) -> None:
    shelf.ask("one", raw)
    await shelf.until("one")
    assert shelf.delivered["one"] == words


async def test_a_broken_entry_of_the_disk_cache_is_made_anew(shelf: Shelf, tmp_path: Path) -> None:
    ThumbnailCache(tmp_path / "thumbnails").put("one", b"broken")
    shelf.ask("one")
    await shelf.until("one")
    assert isinstance(shelf.delivered["one"], Drawn)


async def test_memory_is_bounded(shelf: Shelf) -> None:
    for number in range(40):
        shelf.ask(f"picture {number}")
        await shelf.until(f"picture {number}")
    assert shelf.loader._used_bytes <= 2000
    assert len(shelf.loader._memory) < 40
