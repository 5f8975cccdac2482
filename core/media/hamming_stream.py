"""Blocks of pairs from several threads, handed on one by one, so that never more than a few stand in memory."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import numpy
    from numpy.typing import NDArray

BLOCK_PAIRS: Final = 1 << 18  # pairs of a block, where none of its sources alone is larger
WAITING_BLOCKS: Final = 4


@dataclass(frozen=True, slots=True, eq=False)
class Pairs:
    """Pairs of places in a sequence of hashes, three arrays of one length; first < second, distance in bits."""

    first: NDArray[numpy.int32]
    second: NDArray[numpy.int32]
    distance: NDArray[numpy.uint8]

    def __len__(self) -> int:
        return len(self.first)


Emit = Callable[[Pairs], None]
Task = Callable[[Emit], None]


class _StoppedError(Exception):
    """Nobody wants further pairs."""


class _Channel:
    """A queue of bounded length between the searching threads and the one that reads."""

    def __init__(self, tasks: Iterable[Task]) -> None:
        self._tasks = iter(tasks)
        self._blocks: deque[Pairs] = deque()
        self._changed = threading.Condition()
        self._taking = threading.Lock()
        self._working = 0
        self._failure: BaseException | None = None
        self._is_stopped = False

    def work(self) -> None:
        """Do tasks until none is left; what one raises goes to the reader."""
        try:
            while not self._is_stopped:
                with self._taking:
                    task = next(self._tasks, None)
                if task is None:
                    break
                task(self._put)
        except _StoppedError:
            pass
        except BaseException as error:  # noqa: BLE001  handed to the reader, who raises it
            self._failure = error
        finally:
            with self._changed:
                self._working -= 1
                self._changed.notify_all()

    def _put(self, block: Pairs) -> None:
        if not len(block):
            return
        with self._changed:
            self._changed.wait_for(lambda: self._is_stopped or len(self._blocks) < WAITING_BLOCKS)
            if self._is_stopped:
                raise _StoppedError
            self._blocks.append(block)
            self._changed.notify_all()

    def read(self, pool: ThreadPoolExecutor, threads: int) -> Iterator[Pairs]:
        """Start the threads and give their blocks until all have ended."""
        self._working = threads
        for _ in range(threads):
            pool.submit(self.work)
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._blocks or not self._working or self._failure is not None)
                if self._failure is not None:
                    raise self._failure
                if not self._blocks:
                    return
                block = self._blocks.popleft()
                self._changed.notify_all()
            yield block

    def stop(self) -> None:
        """Let every thread end at its next block."""
        with self._changed:
            self._is_stopped = True
            self._changed.notify_all()


def stream(tasks: Iterable[Task], threads: int) -> Iterator[Pairs]:
    """The blocks of pairs that the tasks emit, in no order; tasks are taken one after the other by `threads` threads.

    Raises what a task raises. A reader that stops early ends the threads, too.
    """
    channel = _Channel(tasks)
    with ThreadPoolExecutor(threads, thread_name_prefix="near") as pool:
        try:
            yield from channel.read(pool, threads)
        finally:
            channel.stop()


def joined(blocks: Iterable[Pairs]) -> Pairs:
    """All pairs of the blocks in one, ordered by first and second. Indexes below 2^28."""
    import numpy

    packed = [_packed(block) for block in blocks]
    whole = numpy.concatenate(packed) if packed else numpy.empty(0, numpy.uint64)
    del packed
    whole.sort()
    place = numpy.uint64((1 << 28) - 1)
    return Pairs(
        (whole >> numpy.uint64(36)).astype(numpy.int32),
        (whole >> numpy.uint64(8) & place).astype(numpy.int32),
        (whole & numpy.uint64(255)).astype(numpy.uint8),
    )


def _packed(block: Pairs) -> NDArray[numpy.uint64]:
    """One number a pair, in the order of first, second, distance."""
    import numpy

    packed = block.first.astype(numpy.uint64) << numpy.uint64(28)
    packed |= block.second.astype(numpy.uint64)
    packed <<= numpy.uint64(8)
    packed |= block.distance
    return packed
