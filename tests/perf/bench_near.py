"""Near-duplicate search: against faiss on as many threads, by size and distance, on dense data, exactness, memory."""

from __future__ import annotations

import math
import os
from importlib.util import find_spec
from typing import Any

from harness import Figure, print_table, run_worker
from hash_sets import KINDS

from core.media.hamming import is_compiled_available

_MILLION = 1_000_000
_LIMITS = {4: 0.6, 8: 5.0, 10: 10.0}  # seconds, numpy


def run() -> None:
    """Print the figures; every search in a process of its own, with its own peak of memory."""
    figures = [*_against_faiss(), *_exactness(), *_sizes(), *_dense(), *_one()]
    print_table(
        "Near duplicates among 64-bit hashes",
        f"{os.cpu_count()} cores, 2 threads, pairs read through; best of up to 5 runs",
        figures,
    )


def _measured(way: str, kind: str, count: int, distance: int) -> dict[str, Any]:
    return run_worker("near_worker", way, kind, str(count), str(distance))


def _against_faiss() -> list[Figure]:
    if find_spec("faiss") is None:
        return [Figure("faiss-cpu 100,000 at 8", "not installed: pip install faiss-cpu", ">= 10 x numpy, 80 x fast")]
    figures = []
    for kind in ("uni", "phash"):
        peer = _measured("faiss", kind, 100_000, 8)
        for way, goal in (("numpy", 10), ("compiled", 80)):
            if way == "compiled" and not is_compiled_available():
                continue
            found = _measured(way, kind, 100_000, 8)
            ratio = peer["seconds"] / found["seconds"]
            is_met = ratio >= goal and found["pairs"] == peer["pairs"]
            figures.append(
                Figure(
                    f"{kind} 100,000 at 8: {way}",
                    _seconds(found),
                    f">= {goal} x, equal pairs",
                    is_met,
                    f"faiss range_search {_seconds(peer)}",
                    f"{ratio:.0f} x",
                )
            )
    return figures


def _exactness() -> list[Figure]:
    figures = []
    for kind in KINDS:
        found = [_measured("same", kind, 20_000, distance) for distance in (4, 8, 10)]
        words = f"{sum(one['pairs'] for one in found):,} pairs at 4, 8, 10"
        is_met = all(one["is_same"] for one in found)
        figures.append(Figure(f"{kind} 20,000: both engines equal brute force", words, "pair for pair", is_met))
    return figures


def _sizes() -> list[Figure]:
    figures = []
    for distance, limit in _LIMITS.items():
        found = _measured("numpy", "uni", _MILLION, distance)
        small = _measured("numpy", "uni", _MILLION // 10, distance)
        growth = math.log10(found["seconds"] / small["seconds"])
        words = f"{_seconds(found)}, {found['peak']:.0f} MiB, n^{growth:.2f}"
        figures.append(
            Figure(f"uni 1,000,000 at {distance}: numpy", words, f"<= {limit:g} s", found["seconds"] <= limit)
        )
    if not is_compiled_available():
        return figures
    for distance in _LIMITS:
        found = _measured("compiled", "uni", _MILLION, distance)
        small = _measured("compiled", "uni", _MILLION // 10, distance)
        growth = math.log10(found["seconds"] / small["seconds"])
        words = f"{_seconds(found)}, {found['peak']:.0f} MiB, n^{growth:.2f}"
        figures.append(Figure(f"uni 1,000,000 at {distance}: fast", words, "<= 1 s", found["seconds"] <= 1))
    found = _measured("compiled", "uni", 10 * _MILLION, 8)
    figures.append(Figure("uni 10,000,000 at 8: fast", f"{_seconds(found)}, {found['peak']:.0f} MiB"))
    return figures


def _dense() -> list[Figure]:
    """One in a hundred within four bits of one value: as groups, as a scan makes them."""
    figures = []
    for kind, distance in (("ball", 8), ("ball", 10), ("skew", 10)):
        found = _measured("groups", kind, _MILLION, distance)
        words = f"{_seconds(found)}, {found['peak']:.0f} MiB, {found['groups']:,} groups"
        figures.append(Figure(f"{kind} 1,000,000 at {distance}: groups", words, "< 400 MiB", found["peak"] < 400))
    return figures


def _one() -> list[Figure]:
    found = _measured("one", "uni", _MILLION, 8)
    milliseconds = 1000 * found["seconds"]
    return [Figure("one new hash against 1,000,000", f"{milliseconds:.1f} ms", "< 5 ms", milliseconds < 5)]


def _seconds(found: dict[str, Any]) -> str:
    seconds = found["seconds"]
    return f"{1000 * seconds:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
