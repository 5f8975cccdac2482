"""`python tests/perf/compare_worker.py FOLDER`: four large pictures side by side in the real app; prints JSON."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TEXTUAL_ANIMATIONS", "none")  # read when textual is imported

from PIL import Image


def draw(folder: Path) -> None:
    """Two groups of four: one picture of 12 megapixels as four files each."""
    folder.mkdir()
    for name in ("a", "b"):
        noise = Image.effect_noise((500, 375), 60 if name == "a" else 90).resize((4000, 3000))
        slope = Image.linear_gradient("L").resize((4000, 3000))
        picture = Image.merge("RGB", (noise, slope, noise.rotate(180)) if name == "a" else (slope, noise, slope))
        for number in range(4):
            picture.save(folder / f"{name}{number}.jpg", "JPEG", quality=95 - 2 * number)


async def _until(condition: Callable[[], object], patience: float = 60.0) -> None:
    end = time.perf_counter() + patience
    while not condition():
        if time.perf_counter() > end:
            raise TimeoutError
        await asyncio.sleep(0.001)


async def measure(folder: Path) -> dict[str, Any]:
    """Opened cold, then warm; the longest pause of the loop, and how long keys took while pictures were decoded."""
    from core.settings import Settings
    from core.settings_duplicates import DuplicatesSettings
    from tui.app import WinnowApp
    from tui.screens.compare import CompareScreen
    from tui.screens.duplicates import DuplicatesScreen
    from tui.widgets.thumb import Thumb

    media = folder / "media"
    await asyncio.to_thread(draw, media)
    settings = Settings(duplicates=DuplicatesSettings(folders=(str(media),), distance=8))
    app = WinnowApp(settings, folder / "data", images="halfcell", is_scheduling=False)
    worst, last = 0.0, time.perf_counter()

    async def watch() -> None:
        nonlocal worst, last
        while True:
            await asyncio.sleep(0.001)
            now = time.perf_counter()
            worst, last = max(worst, now - last), now

    async with app.run_test(size=(120, 40)) as pilot:
        await _until(lambda: app.is_open and app.current_mode == "dashboard")
        await app.runtime.duplicates.scan()
        await pilot.press("3")
        await _until(lambda: isinstance(app.screen, DuplicatesScreen) and app.screen.rows.cursor_row is not None)
        await pilot.pause()

        def thumbs() -> list[Thumb]:
            return [one for one in app.screen.query(Thumb) if one.display]

        def is_drawn() -> bool:
            found = thumbs() if isinstance(app.screen, CompareScreen) else []
            return len(found) == 4 and all(one.outcome is not None for one in found)

        async def opened() -> float:
            started = time.perf_counter()
            app.simulate_key("enter")
            await _until(is_drawn)
            await _until(lambda: not app.screen._dirty_widgets)
            return (time.perf_counter() - started) * 1000

        async def closed() -> None:
            await pilot.press("escape")
            await _until(lambda: isinstance(app.screen, DuplicatesScreen))
            await pilot.pause()

        worst, last = 0.0, time.perf_counter()
        watcher = asyncio.create_task(watch())
        cold = await opened()
        pause, worst = worst, 0.0
        keys = []
        await pilot.press("n")
        for key in ("right", "left") * 10:  # while the pictures of the second group are decoded
            before = app.screen._cursor if isinstance(app.screen, CompareScreen) else -1
            started = time.perf_counter()
            app.simulate_key(key)
            await _until(lambda before=before: isinstance(app.screen, CompareScreen) and app.screen._cursor != before)  # type: ignore[misc]
            keys.append((time.perf_counter() - started) * 1000)
        await _until(is_drawn)
        await closed()
        warm = []
        for _ in range(15):
            warm.append(await opened())
            await closed()
        watcher.cancel()
    return {"cold": cold, "pause": max(pause, worst) * 1000, "keys": sorted(keys), "warm": sorted(warm)}


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(Path(sys.argv[1])))))
