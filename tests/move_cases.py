"""What tests of moves share: a ledger that knows only them, folders on one file system or two, and what lies there."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from core.clock import SystemClock
from core.ledger.apply import Ledger
from core.ledger.books import Step
from core.ledger.carrying import sha256_of
from core.ledger.move import MoveFile
from core.ledger.move_plan import FILE_MOVE, Base, move_effects, sidecars_of
from core.ledger.trash_checks import identity_at
from core.store import journal
from core.store.database import Database
from core.store.journal_records import EffectRecord, EffectState, NewEffect
from core.store.owner import Owner

STAMP = "20260131-120000"


@dataclass(frozen=True)
class Bench:
    """A ledger, its database, and what it settled when it started."""

    ledger: Ledger
    database: Database
    recovered: list[str]

    async def apply(self, effects: Sequence[NewEffect]) -> int:
        """Carry effects out as one batch; its number."""
        batch = await self.ledger.submit("sort", "sort", effects)
        await self.ledger.apply(batch)
        return batch

    async def effects(self, batch: int) -> list[EffectRecord]:
        """The effects of a batch."""
        async with self.database.read() as reader:
            return await journal.of_batch(reader, batch, states=tuple(EffectState))

    async def words(self, batch: int) -> list[str]:
        """Why each effect was not carried out, or a note on its undo."""
        return [one.words for one in await self.effects(batch)]


@asynccontextmanager
async def bench_over(data: Path, *, on_step: Step | None = None) -> AsyncIterator[Bench]:
    """A ledger over a folder; the same folder has the same journal."""
    with Owner.hold(data / "locks") as owner:
        async with Database.open(data / "winnow.db") as database:
            ledger = Ledger(
                database, owner, SystemClock(), handlers={FILE_MOVE: MoveFile()}, witnesses={}, on_step=on_step
            )
            yield Bench(ledger, database, await ledger.recover())


def effects_for(
    path: Path, base: Path, *, folder: str = "Ann", name: str = "", part: str = "1", mount: Path | None = None
) -> list[NewEffect]:
    """The moves of a file, with what goes with it, as they would be planned now."""
    identity = identity_at(path)
    assert identity is not None
    sidecars = [(one, found) for one in sidecars_of(path) if (found := identity_at(one)) is not None]
    return move_effects(
        path,
        identity,
        base=Base.of(base) if mount is None else Base(base, mount),
        folder=folder,
        name=name or path.name,
        stamp=STAMP,
        part=part,
        sha256=sha256_of(path),
        sidecars=sidecars,
    )


def lying(*folders: Path) -> dict[str, bytes]:
    """Every file below the folders, as the folder's name and the path in it, with its bytes."""
    return {
        f"{folder.name}/{one.relative_to(folder)}": one.read_bytes()
        for folder in folders
        for one in sorted(folder.rglob("*"))
        if one.is_file()
    }


def put(path: Path, content: bytes = b"picture") -> Path:
    """A file, with the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


async def states(bench: Bench, batch: int) -> list[EffectState]:
    """Where the effects of a batch stand."""
    return [one.state for one in await bench.effects(batch)]
