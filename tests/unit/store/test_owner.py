"""Whose work it is: a process is alive for as long as it holds its lock, however it ends."""

from __future__ import annotations

import asyncio
import fcntl
import os
import subprocess
import sys
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from core.errors import StoreError
from core.store.owner import NOBODY, Owner, exclusive

HOLDER = """
import sys
from pathlib import Path
from core.store.owner import Owner
with Owner.hold(Path(sys.argv[1])) as owner:
    print(owner.name, flush=True)
    sys.stdin.read()
"""


def holder(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def test_alive_while_it_holds_and_dead_afterwards(tmp_path: Path) -> None:
    with Owner.hold(tmp_path) as asking:
        assert asking.is_alive(asking.name)
        assert not asking.is_alive(NOBODY)
        assert not asking.is_alive("never was")
        with Owner.hold(tmp_path) as other:
            assert asking.is_alive(other.name)
        assert not asking.is_alive(other.name)
    assert list(tmp_path.iterdir()) == []


def test_a_killed_process_is_dead_and_its_lock_is_cleared_away(tmp_path: Path) -> None:
    with holder(tmp_path) as process, Owner.hold(tmp_path) as asking:
        assert process.stdout is not None
        name = process.stdout.readline().strip()
        assert asking.is_alive(name)
        process.kill()
        process.wait(10)
        assert (tmp_path / f"{name}.lock").exists()
        assert not asking.is_alive(name)
        assert not (tmp_path / f"{name}.lock").exists()


def test_locks_of_the_dead_are_cleared_away_at_a_start(tmp_path: Path) -> None:
    (tmp_path / "dead.lock").touch()
    with Owner.hold(tmp_path) as living, Owner.hold(tmp_path) as other:
        assert sorted(one.name for one in tmp_path.iterdir()) == sorted(f"{one.name}.lock" for one in (living, other))


def test_a_child_does_not_keep_its_parents_lock(tmp_path: Path) -> None:
    with Owner.hold(tmp_path) as asking:
        with Owner.hold(tmp_path) as parent:
            child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
        try:
            assert not asking.is_alive(parent.name)
        finally:
            child.communicate(b"\n", timeout=10)


def test_who_is_asked_by_two_at_once_is_not_alive_for_that(tmp_path: Path) -> None:
    """One who asks holds the file for a moment: the other must not take that for life."""
    path = tmp_path / "dead.lock"
    with Owner.hold(tmp_path) as asking:
        path.touch()
        descriptor = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH)  # what asking takes
            assert not asking.is_alive("dead")
        finally:
            os.close(descriptor)


def test_many_ask_at_once(tmp_path: Path) -> None:
    with ExitStack() as stack:
        living = [stack.enter_context(Owner.hold(tmp_path)) for _ in range(3)]
        wrong: list[str] = []

        def ask() -> None:
            for _ in range(100):
                wrong.extend(one.name for one in living if not Owner(tmp_path, "asking").is_alive(one.name))
                with Owner.hold(tmp_path):
                    pass

        threads = [threading.Thread(target=ask) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        assert wrong == []


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"the data folder cannot be used.*--data-dir"), Owner.hold(tmp_path / "file"):
        pass


# -- taking turns ---------------------------------------------------------------------------------------------------


async def test_one_at_a_time(tmp_path: Path) -> None:
    inside = 0

    async def once() -> None:
        nonlocal inside
        async with exclusive(tmp_path, "stash"):
            inside += 1
            assert inside == 1
            await asyncio.sleep(0)
            inside -= 1

    async with asyncio.timeout(10):
        await asyncio.gather(*(once() for _ in range(5)))


async def test_waiting_for_a_turn_can_be_cancelled(tmp_path: Path) -> None:
    async with exclusive(tmp_path, "stash"):
        waiting = asyncio.create_task(exclusive(tmp_path, "stash").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        async with asyncio.timeout(1):
            await asyncio.wait({waiting})
        assert waiting.cancelled()
    async with asyncio.timeout(1), exclusive(tmp_path, "stash"):
        pass


async def test_a_turn_in_a_folder_that_cannot_be_used_is_an_error_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match="cannot be used"):
        async with exclusive(tmp_path / "file", "stash"):
            pass
