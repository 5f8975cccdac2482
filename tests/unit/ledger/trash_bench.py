"""What tests of the trash share: a ledger over the handlers of files alone, and plans made by hand."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.clock import SystemClock
from core.ledger.apply import Ledger
from core.ledger.books import Step
from core.ledger.report import BatchReport
from core.ledger.trash import FILE_TRASH, TrashFile, trash_effect
from core.ledger.trash_bin import EmptyWitness, TrashBin, TrashWitness
from core.ledger.trash_checks import GoingPayload, Survivor, identity_at
from core.ledger.trash_deletion import FILE_DELETE, TRASH_DELETE, DeleteFile, EmptyTrashed, delete_effect
from core.path_text import packed
from core.settings_duplicates import TrashSettings
from core.store import journal
from core.store.database import Database
from core.store.journal_records import EffectState, NewEffect
from core.store.owner import Owner

BIRTH_NS = 1_600_000_000_123_456_789


def made(path: Path, content: bytes = b"the same picture", *, mode: int = 0o640) -> Path:
    """A file with a mode and a time of its own."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)
    os.utime(path, ns=(BIRTH_NS, BIRTH_NS))
    return path


def facts(path: Path) -> tuple[bytes, int, int]:
    """What must come back as it was: bytes, mode and time."""
    found = path.lstat()
    return path.read_bytes(), found.st_mode, found.st_mtime_ns


def files_in(folder: Path) -> list[Path]:
    """Every file below a folder, whatever it is."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir())


def going(path: Path, *stays: Path, **more: Any) -> GoingPayload:
    """A file that is to go, and the files that stay, as they are now."""
    identity = identity_at(path)
    assert identity is not None
    return GoingPayload(packed(path), identity, tuple(_survivor(one) for one in stays), **more)


def _survivor(path: Path) -> Survivor:
    identity = identity_at(path)
    assert identity is not None
    return Survivor(packed(path), identity)


@dataclass(slots=True)
class TrashBench:
    """A ledger and what lies in the trash."""

    database: Database
    ledger: Ledger
    trash: TrashBin

    async def submit(self, *payloads: GoingPayload) -> int:
        """Write a plan down."""
        return await self.ledger.submit("resolve", "to the trash", [trash_effect(one) for one in payloads])

    async def put(self, *payloads: GoingPayload) -> BatchReport:
        """Into the trash."""
        return await self.ledger.apply(await self.submit(*payloads))

    async def delete(self, *payloads: GoingPayload) -> BatchReport:
        """For good."""
        return await self.apply([delete_effect(one) for one in payloads])

    async def apply(self, effects: Sequence[NewEffect]) -> BatchReport:
        """Carry effects out."""
        return await self.ledger.apply(await self.ledger.submit("resolve", "resolve", effects))

    async def refused(self, payload: GoingPayload) -> str:
        """Why one file does not go."""
        report = await self.put(payload)
        (one,) = report.not_done
        assert await self.trash.held() == []
        return one.words

    async def states(self, batch_id: int) -> list[EffectState]:
        """Where the actions of a batch stand."""
        async with self.database.read() as reader:
            return [one.state for one in await journal.of_batch(reader, batch_id)]


@asynccontextmanager
async def bench_in(
    folder: Path, *, directory: Path | None = None, use_system_trash: bool = False, on_step: Step | None = None
) -> AsyncIterator[TrashBench]:
    """Over a database in a folder; again over the same folder is the next start. `directory`: [trash] directory."""
    folder.mkdir(exist_ok=True)
    clock = SystemClock()
    settings = TrashSettings(directory=str(directory or folder / "trash"), use_system_trash=use_system_trash)
    async with Database.open(folder / "winnow.db") as database:
        with Owner.hold(folder / "locks") as owner:
            ledger = Ledger(
                database,
                owner,
                clock,
                handlers={
                    FILE_TRASH: TrashFile(settings, database),
                    FILE_DELETE: DeleteFile(),
                    TRASH_DELETE: EmptyTrashed(),
                },
                witnesses={FILE_TRASH: TrashWitness(clock), TRASH_DELETE: EmptyWitness(clock)},
                on_step=on_step,
            )
            yield TrashBench(database, ledger, TrashBin(database, ledger, clock))
