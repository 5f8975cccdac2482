"""`python tests/perf/pictures_worker.py halfcell|kitty`: pages through 60 photographs, and prints JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import tempfile
import time
from io import BytesIO
from pathlib import Path
from typing import Any

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")  # read when textual is imported

from memory import peak_mib
from PIL import Image
from textual.app import App, ComposeResult
from textual.containers import Horizontal

from tui.pictures.detect import Ability, Drawing
from tui.pictures.gallery import Pictures
from tui.pictures.loader import Picture
from tui.widgets.thumb import Thumb

PHOTOGRAPHS, AT_ONCE = 60, 2


def photographs() -> list[bytes]:
    """A few different ones of 12 megapixels; each is used several times under keys of its own."""
    made = []
    for number in range(4):
        noise = Image.effect_noise((500, 375), 40 + 20 * number).resize((4000, 3000))
        picture = Image.merge("RGB", (noise, Image.linear_gradient("L").resize((4000, 3000)), noise.rotate(180)))
        out = BytesIO()
        picture.save(out, "JPEG", quality=90)
        made.append(out.getvalue())
    return made


class Pager(App[None]):
    """Two pictures beside each other, as the detail of a match has them."""

    CSS = "Thumb { width: 1fr; height: 11; }"

    def __init__(self, drawing: str, cache: Path) -> None:
        super().__init__()
        self.pictures = Pictures(self, wanted="halfcell", cache_directory=cache)
        self.pictures.ability = Ability(Drawing(drawing), "measured")

    def compose(self) -> ComposeResult:
        with Horizontal():
            for _ in range(AT_ONCE):
                yield Thumb(self.pictures)


async def page_through(drawing: str, cache: Path, raws: list[bytes]) -> tuple[dict[str, float], float]:
    """All of them once; the longest time between two turns of the loop, and how long it took."""
    app = Pager(drawing, cache)
    worst, last, is_over = 0.0, time.perf_counter(), False

    async def watch() -> None:
        nonlocal worst, last
        last = time.perf_counter()
        while not is_over:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            worst, last = max(worst, now - last), now

    async with app.run_test(size=(120, 40)) as pilot:
        await pilot.pause()
        watcher = asyncio.create_task(watch())
        started = time.perf_counter()
        thumbs = list(app.query(Thumb))
        for page in range(PHOTOGRAPHS // AT_ONCE):
            for place, thumb in enumerate(thumbs):
                number = page * AT_ONCE + place

                async def fetch(number: int = number) -> bytes:
                    return raws[number % len(raws)]

                thumb.picture = Picture(f"photograph {number}", "", fetch)
            while any(thumb.outcome is None for thumb in thumbs):  # noqa: ASYNC110  measured from outside
                await asyncio.sleep(0.001)
        seconds = time.perf_counter() - started
        is_over = True
        await watcher
        kept = app.pictures.loader._used_bytes / PHOTOGRAPHS / 1024
        await app.pictures.close()
    return {"worst": worst * 1000, "seconds": seconds}, kept


async def measure(drawing: str) -> dict[str, Any]:
    """Fresh, then from the disk cache."""
    raws = await asyncio.to_thread(photographs)
    with tempfile.TemporaryDirectory() as folder:
        fresh, _ = await page_through(drawing, Path(folder), raws)
        cached, kept = await page_through(drawing, Path(folder), raws)
    peak = peak_mib()
    return {"fresh": fresh, "cached": cached, "peak": peak, "kept": kept}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(sys.argv[1]))))
