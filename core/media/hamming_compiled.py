"""The near-duplicate search with compiled inner loops: chunks with radii, buckets compared by vector instructions.

For each chunk the hashes are put in its order. A bucket (equal chunks) is compared with itself and with the later
buckets within the chunk's radius; a pair is emitted in the first chunk that finds it, so every pair comes once. The
hashes of a bucket lie side by side, and four of them at a time are held against another bucket while only the least
distance is kept; a row is looked at again when that is small enough. numba compiles the loops at the first use of a
process, or reads them from its cache on disk.
"""

from __future__ import annotations

import importlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, Final

from core.media.hamming_plan import Chunk, Costs, chunks
from core.media.hamming_stream import BLOCK_PAIRS, Emit, Pairs, Task, joined

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

COSTS: Final = Costs(pair=0.045, join=60.0, bucket=10.0, element=10.0)
SLICES: Final = 16  # of a chunk's buckets, so that all threads end at about the same time

_loading = threading.Lock()
_loaded: list[ModuleType | None] = []


def is_available() -> bool:
    """Whether numba is installed and compiles here. The first call of a process does so, or reads its cache."""
    return kernels() is not None


def kernels() -> ModuleType | None:
    """The module of compiled loops, None where numba is missing or fails; known for good after the first call."""
    with _loading:
        if not _loaded:
            _loaded.append(_load())
        return _loaded[0]


def _load() -> ModuleType | None:
    """Compile with a cache on disk; where that fails, without one; where that fails, not at all."""
    try:
        import numba
    except ImportError:
        return None
    try:
        loops = importlib.import_module("core.media.hamming_kernels")
        _use_cache(numba, loops)
        _search_two(loops)
        return loops
    except Exception:  # noqa: BLE001 - a full or read-only disk, a damaged cache: all mean "do without a cache"
        return _load_uncached()


def _load_uncached() -> ModuleType | None:
    try:
        loops = importlib.reload(importlib.import_module("core.media.hamming_kernels"))
        _search_two(loops)
    except Exception:  # noqa: BLE001 - whatever numba lacks on this machine, numpy finds the same pairs
        return None
    return loops


def _use_cache(numba: ModuleType, loops: ModuleType) -> None:
    """Keep the machine code in the user's cache folder, unless NUMBA_CACHE_DIR names another."""
    import platformdirs

    if not numba.config.CACHE_DIR:
        numba.config.CACHE_DIR = str(platformdirs.user_cache_path("winnow", appauthor=False) / "compiled")
    loops.sort_into_buckets.enable_caching()
    loops.join_buckets.enable_caching()


def _search_two(loops: ModuleType) -> None:
    """Run every loop once, with the very types of a search. Raises RuntimeError if the result is wrong."""
    import numpy

    found: list[Pairs] = []
    values = numpy.array([0b0111, 0b0001], numpy.uint64)
    for task in _tasks(loops, values, 2, (Chunk(0, 1, 0),)):
        task(found.append)
    pairs = joined(found)
    if (pairs.first.tolist(), pairs.second.tolist(), pairs.distance.tolist()) != ([0], [1], [2]):
        raise RuntimeError("the compiled search gives a wrong answer")


def compiled_tasks(values: NDArray[numpy.uint64], distance: int) -> Iterator[Task]:
    """The search as tasks for `stream`. Raises RuntimeError where the loops cannot be compiled."""
    import numpy

    loops = kernels()
    if loops is None:
        raise RuntimeError("numba is not installed or does not work here: pip install 'winnow[fast]'")
    plan, _ = chunks(len(values), distance, COSTS)
    yield from _tasks(loops, numpy.require(values, numpy.uint64, ["C", "W"]), distance, plan)


@dataclass(slots=True, eq=False)
class _Buckets:
    """The hashes in the order of one chunk; made by the first thread that needs it, given up after the last slice."""

    loops: ModuleType
    values: NDArray[numpy.uint64]
    chunk: Chunk
    lock: threading.Lock
    made: tuple[NDArray[numpy.uint64], NDArray[numpy.int32], NDArray[numpy.int64]] | None = None

    def get(self) -> tuple[NDArray[numpy.uint64], NDArray[numpy.int32], NDArray[numpy.int64]]:
        """Hashes and their places, bucket by bucket, and where each bucket begins."""
        import numpy

        with self.lock:
            if self.made is None:
                starts = numpy.zeros((1 << self.chunk.width) + 1, numpy.int64)
                words = numpy.empty(len(self.values), numpy.uint64)
                places = numpy.empty(len(self.values), numpy.int32)
                shift, mask = numpy.uint64(self.chunk.shift), numpy.uint64(self.chunk.mask)
                self.loops.sort_into_buckets(self.values, shift, mask, starts, words, places)
                self.made = words, places, starts
            return self.made

    def prepare(self, emit: Emit) -> None:
        """As a task of its own, so that another thread sorts the next chunk meanwhile."""
        self.get()


def _tasks(loops: ModuleType, values: NDArray[numpy.uint64], distance: int, plan: tuple[Chunk, ...]) -> Iterator[Task]:
    """Slices of the buckets of each chunk; in the middle of them the next chunk is sorted."""
    following: _Buckets | None = _Buckets(loops, values, plan[0], threading.Lock())
    for place, chunk in enumerate(plan):
        assert following is not None
        buckets, following = following, None
        edges = [(part << chunk.width) // SLICES for part in range(SLICES + 1)]
        for part in range(SLICES):
            if part == SLICES // 2 and place + 1 < len(plan):
                following = _Buckets(loops, values, plan[place + 1], threading.Lock())
                yield following.prepare
            if edges[part] < edges[part + 1]:
                yield partial(_join_slice, buckets, distance, plan[:place], edges[part], edges[part + 1])


def _join_slice(buckets: _Buckets, distance: int, earlier: tuple[Chunk, ...], begin: int, end: int, emit: Emit) -> None:
    """Search the buckets begin..end, and emit the pairs that no earlier chunk has found."""
    import numpy

    words, places, starts = buckets.get()
    capacity = max(BLOCK_PAIRS, 4 * int(numpy.diff(starts).max()))
    first, second = numpy.empty(capacity, numpy.int32), numpy.empty(capacity, numpy.int32)
    bits = numpy.empty(capacity, numpy.uint8)
    known = (
        numpy.array([chunk.shift for chunk in earlier], numpy.uint64),
        numpy.array([chunk.mask for chunk in earlier], numpy.uint64),
        numpy.array([chunk.radius for chunk in earlier], numpy.int64),
    )
    flips = numpy.array(buckets.chunk.flips(), numpy.int64)
    position = numpy.array([begin, 0, 0], numpy.int64)
    while position[0] < end:
        count = buckets.loops.join_buckets(
            words, places, starts, flips, distance, *known, position, end, first, second, bits
        )
        emit(Pairs(first[:count].copy(), second[:count].copy(), bits[:count].copy()))
