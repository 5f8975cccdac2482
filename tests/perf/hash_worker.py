"""Hashes a folder in one way, in a process of its own: seconds and numbers as JSON.

`hash_worker.py WAY FOLDER [DATA]`: WAY is exact or fast (a scan over the folder, its cache below DATA), or loop
(`imagehash.phash(Image.open(file))` in a plain loop), checksums (all of one file), pyav or ffmpeg (PHASH of a video).
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
import time
from pathlib import Path
from typing import Any

from memory import peak_mib

_REPEATED = 3


def main(way: str, place: Path, data: Path | None = None) -> dict[str, Any]:
    """Measure."""
    start = time.perf_counter()
    if way in {"exact", "fast"}:
        assert data is not None
        found = asyncio.run(_scan(way, place, data))
    elif way == "loop":
        import imagehash
        from PIL import Image

        files = sorted(place.iterdir())
        start = time.perf_counter()
        for file in files:
            imagehash.phash(Image.open(file))
        found = {"hashed": len(files), "seconds": time.perf_counter() - start}
    elif way == "checksums":
        from core.media.checksums import checksums

        found = {"seconds": min(_timed(lambda: checksums(place)) for _ in range(_REPEATED))}
    else:
        from core.media.video import video_phash

        seconds, hashes = [], set()
        for _ in range(_REPEATED):
            start = time.perf_counter()
            hashes.add(video_phash(place, ffmpeg="ffmpeg" if way == "ffmpeg" else None))
            seconds.append(time.perf_counter() - start)
        assert len(hashes) == 1
        found = {"seconds": min(seconds), "phash": hashes.pop()}
    return found | {"peak": peak_mib()}


def _timed(work: Any) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


async def _scan(way: str, folder: Path, data: Path) -> dict[str, Any]:
    from core.config import load_settings
    from core.runtime import open_runtime
    from tui import garbage_collection

    garbage_collection.pass_over_once()  # as every command does
    config = data / f"{way}.toml"
    config.parent.mkdir(parents=True, exist_ok=True)
    lines = ["[duplicates]", f"folders = [{json.dumps(str(folder))}]", f'hash_quality = "{way}"', 'media = ["image"]']
    config.write_text("\n".join(lines))
    async with open_runtime(load_settings(config), data_dir=data / way) as runtime:
        start = time.perf_counter()
        report = await runtime.duplicates.scan()
        seconds = time.perf_counter() - start
        again = []
        for _ in range(_REPEATED):
            start = time.perf_counter()
            await runtime.duplicates.scan()
            again.append(time.perf_counter() - start)
    return {"hashed": report.hashed, "seconds": seconds, "again": min(again), "problems": report.problems}


if __name__ == "__main__":
    logging.disable()
    print(json.dumps(main(sys.argv[1], *map(Path, sys.argv[2:]))))
