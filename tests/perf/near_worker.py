"""Searches one set of hashes in one way, in a process of its own: seconds, pairs, peak memory as JSON.

`near_worker.py WAY KIND COUNT DISTANCE`: WAY is numpy, compiled, faiss, brute, groups or one.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import numpy
from hash_sets import hashes
from memory import peak_mib

from core.media.hamming import Engine, iter_near_pairs, near_pairs, nearest, unique

if TYPE_CHECKING:
    from numpy.typing import NDArray

Hashes = "NDArray[numpy.uint64]"


def main(way: str, kind: str, count: int, distance: int) -> dict[str, Any]:
    """Measure."""
    values = hashes(kind, count)
    ways: dict[str, Callable[[NDArray[numpy.uint64], int], dict[str, Any]]] = {
        "numpy": lambda found, most: _search(found, most, Engine.NUMPY),
        "compiled": lambda found, most: _search(found, most, Engine.COMPILED),
        "faiss": _faiss,
        "groups": _groups,
        "one": _one,
        "same": _same,
    }
    before = peak_mib()
    found = ways[way](values, distance)
    found["before"] = before
    found["peak"] = peak_mib()
    return found


def _best(work: Callable[[], int]) -> dict[str, Any]:
    """The best of up to five runs, of one alone when it is long."""
    best, pairs = float("inf"), 0
    for _ in range(5):
        start = time.perf_counter()
        pairs = work()
        best = min(best, time.perf_counter() - start)
        if best > 2:
            break
    return {"seconds": best, "pairs": pairs}


def _search(values: NDArray[numpy.uint64], distance: int, engine: Engine) -> dict[str, Any]:
    """All of it: equal values joined, every pair of values read through."""
    if engine is Engine.COMPILED:
        list(iter_near_pairs(values[:30_000], 4, engine=engine))  # made ready, once a process

    def work() -> int:
        return sum(len(block) for block in iter_near_pairs(unique(values).values, distance, engine=engine))

    return _best(work)


def _faiss(values: NDArray[numpy.uint64], distance: int) -> dict[str, Any]:
    """The peer: exhaustive search of binary vectors, as many threads."""
    import faiss

    faiss.omp_set_num_threads(2)

    def work() -> int:
        data = unique(values).values.view(numpy.uint8).reshape(-1, 8)
        index = faiss.IndexBinaryFlat(64)
        index.add(data)
        limits, _, _ = index.range_search(data, distance + 1)
        return (int(limits[-1]) - len(data)) // 2

    return _best(work)


def _groups(values: NDArray[numpy.uint64], distance: int) -> dict[str, Any]:
    """What a scan does of it: degenerate and crowded values out, pairs judged, stars gathered."""
    from core.duplicates.grouping import Hashed, neighbours, stars

    nothing = numpy.zeros(len(values), numpy.uint64)
    files = Hashed(values, numpy.zeros(len(values)), nothing, numpy.ones(len(values), numpy.bool_))
    start = time.perf_counter()
    found = neighbours(files, distance=distance, duration_tolerance=1.0)
    touched = numpy.unique(numpy.concatenate((found.strong.edges.first, found.strong.edges.second)))
    groups = stars(found.strong.edges, {int(one): int(one) for one in touched}, lambda places: places[0])
    return {
        "seconds": time.perf_counter() - start,
        "pairs": len(found.strong.edges),
        "groups": len(groups),
        "crowds": len(found.strong.crowds),
    }


def _one(values: NDArray[numpy.uint64], distance: int) -> dict[str, Any]:
    """One new file against all."""
    return _best(lambda: len(nearest(values, int(values[len(values) // 2]), distance)[0]))


def _same(values: NDArray[numpy.uint64], distance: int) -> dict[str, Any]:
    """Both engines and a plain comparison of every two values: whether they find the same pairs."""
    distinct = unique(values).values
    digests = set()
    for engine in (Engine.NUMPY, Engine.COMPILED):
        pairs = near_pairs(distinct, distance, engine=engine)
        digests.add(_digest(pairs.first, pairs.second, pairs.distance))
    rows: list[Any] = []
    for place in range(len(distinct) - 1):
        bits = numpy.bitwise_count(distinct[place + 1 :] ^ distinct[place])
        near = numpy.flatnonzero(bits <= distance)
        if len(near):
            rows.append((numpy.full(len(near), place, numpy.int32), (near + place + 1).astype(numpy.int32), bits[near]))
    columns = [numpy.concatenate(column) for column in zip(*rows, strict=True)]
    digests.add(_digest(*columns))
    return {"is_same": len(digests) == 1, "pairs": len(columns[0])}


def _digest(*columns: Any) -> str:
    found = blake2b()
    for column in columns:
        found.update(numpy.ascontiguousarray(column).tobytes())
    return found.hexdigest()


if __name__ == "__main__":
    way, kind, count, distance = sys.argv[1:]
    print(json.dumps(main(way, kind, int(count), int(distance))))
