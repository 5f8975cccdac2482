"""The intake: 2,000 pictures through an Immich that answers at once, and what is known among a million contents."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy
from harness import Figure, print_table, run_worker
from PIL import Image

_PICTURES = 2000
_KNOWN = 1_000_000
_PEOPLE = ("Robin", "Sasha", "Kim", "Noor")
_WIDTH, _HEIGHT = 1280, 853


def run() -> None:
    """Print the figures."""
    figures: list[Figure] = []
    for way in ("library", "upload"):
        with tempfile.TemporaryDirectory() as name:
            figures += _pictures(Path(name), way)
    with tempfile.TemporaryDirectory() as name:
        figures += _contents(Path(name))
    print_table("Intake", f"{os.cpu_count()} cores, files in the page cache, Immich in a process of its own", figures)


def _pictures(root: Path, way: str) -> list[Figure]:
    for one in ("in", "temp", "faces", "review"):
        (root / one).mkdir()
    size = sum(_draw(root / "in" / f"{number:04}.jpg", number) for number in range(_PICTURES))
    with _immich(root / "temp") as server:
        config = _config(root, server.told, is_library=way == "library")
        added = run_worker("intake_worker", "add", str(config), str(root / "data"), str(root / "in"))
        assert added["added"] == _PICTURES, added
        found = run_worker("intake_worker", "run", str(config), str(root / "data"))
        asked = server.asked()
    assert (found["processed"], found["pending"], found["errors"]) == (_PICTURES, 0, []), found
    assert found["sorted"] == _PICTURES * 4 // 5, found
    rate, handed = _PICTURES / found["seconds"], _PICTURES / added["seconds"]
    peak = max(found["peak"], added["peak"])
    name = f"{_PICTURES:,} pictures of {_WIDTH} x {_HEIGHT}, {size // _PICTURES >> 10} KiB each, by {way}"
    figures = [
        Figure(f"{name}: handed over", f"{handed:.0f} a second"),
        Figure("the same, sorted or in the review", f"{rate:.0f} a second", ">= 60 a second", rate >= 60),
        Figure("the same, memory", f"{peak:.0f} MiB", "< 200 MiB", peak < 200),
        Figure("the same, questions to Immich", f"{asked['requests']:,}"),
    ]
    if way == "library":
        words = f"{asked['scans']} scans"
        figures.append(Figure("the same, scans", words, "one a batch of 1,000, one at the end", asked["scans"] <= 3))
    return figures


def _draw(path: Path, number: int) -> int:
    """A picture of its own, which every fifth time shows nobody; its size in bytes."""
    random = numpy.random.default_rng(number)
    coarse = random.integers(0, 256, (9, 12, 3), dtype=numpy.uint8)
    written = io.BytesIO()
    mark = "nobody" if number % 5 == 0 else _PEOPLE[number % 4]
    smooth = Image.fromarray(coarse).resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC)
    smooth.save(written, "JPEG", quality=85, comment=mark.encode())
    path.write_bytes(written.getvalue())
    return path.stat().st_size


@dataclass
class _Server:
    process: subprocess.Popen[str]
    told: dict[str, Any]

    def asked(self) -> dict[str, Any]:
        """What it was asked so far."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        found: dict[str, Any] = json.loads(self.process.stdout.readline())
        return found


@contextmanager
def _immich(folder: Path) -> Iterator[_Server]:
    script = str(Path(__file__).with_name("intake_server.py"))
    command = [sys.executable, script, str(folder), *_PEOPLE]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield _Server(process, json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.wait(timeout=30)


def _config(root: Path, told: dict[str, Any], *, is_library: bool) -> Path:
    path = root / "winnow.toml"
    path.touch(mode=0o600)
    library = f'library_id = "{told["library_id"]}"\n' if is_library else ""
    path.write_text(
        f'[intake]\nenabled = true\ntemp_dir = "{root / "temp"}"\nfinal_base = "{root / "faces"}"\n'
        f'review_base = "{root / "review"}"\n[intake.immich]\nurl = "{told["url"]}"\napi_key = "{told["api_key"]}"\n'
        f"{library}wait_time_seconds = 1\nretry_if_no_faces = false\n"
        f'[[intake.immich.path_map]]\nimmich = "{told["root"]}"\nlocal = "{root / "temp"}"\n'
    )
    return path


def _contents(root: Path) -> list[Figure]:
    found = run_worker("intake_worker", "known", str(_KNOWN), str(root / "known.db"))
    name = f"is a content known, among {_KNOWN:,}"
    return [
        Figure(name, f"{found['mean']:.2f} ms", "< 1 ms", found["mean"] < 1),
        Figure("the same, the slowest of a hundred", f"{found['slow']:.2f} ms"),
    ]


if __name__ == "__main__":
    run()
