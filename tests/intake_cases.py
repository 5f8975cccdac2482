"""What tests of the review share: folders with real pictures that wait for a decision, put there as by the pipeline."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from core.config import load_settings
from core.file_names import safe_file_name
from core.ledger.books import Step
from core.ledger.trash_checks import identity_at
from core.model.incoming import Category, Destination, Faces, Item, ItemState, Known, NewFile, Outcome, Person
from core.model.library_files import FileIdentity
from core.runtime import DATABASE_NAME, EffectState, ReviewAction, ReviewLine, Runtime, open_runtime
from core.store import intake, intake_feed, intake_known, review_queue
from core.store.database import Database

NOW = 1_800_000_000.0


@dataclass
class Place:
    """The folders of an intake, its configuration and its database below one folder. `final` may lie elsewhere."""

    root: Path
    immich: tuple[str, str] | None = None
    final: Path = field(default=Path())

    def __post_init__(self) -> None:
        self.final = self.root / "faces" if self.final == Path() else self.final
        for one in (self.review, self.final, self.root / "temp"):
            one.mkdir(parents=True, exist_ok=True)
        immich = ""
        if self.immich is not None:
            immich = f'[intake.immich]\nurl = "{self.immich[0]}"\napi_key = "{self.immich[1]}"\n'
        self.config.touch(mode=0o600)
        self.config.write_text(
            f'[intake]\nenabled = true\ntemp_dir = "{self.root / "temp"}"\nfinal_base = "{self.final}"\n'
            f'review_base = "{self.review}"\n{immich}[trash]\ndirectory = "{self.root / "trash"}"\n'
        )

    @property
    def review(self) -> Path:
        return self.root / "review"

    @property
    def config(self) -> Path:
        return self.root / "winnow.toml"

    @property
    def data(self) -> Path:
        return self.root / "data"

    @property
    def database(self) -> Path:
        self.data.mkdir(exist_ok=True, mode=0o700)
        return self.data / DATABASE_NAME

    @property
    def tree(self) -> dict[str, bytes]:
        """Every file in the review and below the people's folders, with its bytes."""
        found = {f"review/{one.relative_to(self.review)}": one for one in self.review.rglob("*")}
        found |= {f"faces/{one.relative_to(self.final)}": one for one in self.final.rglob("*")}
        return {name: one.read_bytes() for name, one in sorted(found.items()) if one.is_file()}

    @property
    def all_bytes(self) -> list[bytes]:
        """The contents of all files there are, the trash included; whatever Winnow keeps for itself left out."""
        found = (one for one in self.root.rglob("*") if one.is_file() and self.data not in one.parents)
        return sorted({one.read_bytes() for one in found if one != self.config})


@asynccontextmanager
async def desk_over(place: Place, *, on_step: Step | None = None) -> AsyncIterator[Runtime]:
    """Everything, open over a place."""
    async with open_runtime(load_settings(place.config), data_dir=place.data, on_step=on_step) as runtime:
        yield runtime


async def in_review(
    place: Place,
    name: str,
    content: bytes = b"",
    *,
    category: Category = Category.UNIDENTIFIED,
    prefix: str = "unknown_",
    suggested: Person | None = None,
    faces: Faces | None = None,
    asset_id: str | None = None,
    source: str = "hook",
    now: float = NOW,
) -> int:
    """A picture in the review, a real file with what is known of it; its id there."""
    data = content or f"picture {name}".encode("utf-8", "surrogateescape")
    path = place.review / category.folder / (prefix + Path(name).name)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    identity = identity_at(path)
    outcome = Outcome(
        Destination.REVIEW, safe_file_name(path.name), "nobody was recognised", category, suggested=suggested
    )
    sha256 = hashlib.sha256(data).digest()
    async with Database.open(place.database) as database, database.write() as tx:
        file = NewFile(
            source,
            str(place.root / "in" / name),
            name,
            FileIdentity(1, 0, len(data), 0),
            sha256=sha256,
            sha1=hashlib.sha1(data).digest(),
            md5=hashlib.md5(data).digest(),
        )
        (added,) = await intake_feed.hand_over_files(tx, [file], now=now)
        await intake.set_pending(tx, added.id, next_at=now, asset_id=asset_id)
        await intake.set_finished(
            tx,
            added.id,
            ItemState.REVIEW,
            path=str(path),
            identity=identity,
            outcome=outcome,
            faces=faces,
            now=now,
        )
        return await review_queue.put(
            tx,
            added.id,
            outcome,
            path=str(path),
            sha256=sha256,
            size=len(data),
            source=source,
            faces_detected=0 if faces is None else len(faces.found),
            now=now,
        )


async def several(place: Place, number: int) -> list[int]:
    """So many pictures in the review."""
    return [await in_review(place, f"p{one}.jpg", now=NOW + one) for one in range(number)]


async def line(runtime: Runtime, review_id: int) -> ReviewLine:
    """One picture of the review."""
    (found,) = await runtime.intake.lines([review_id])
    return found


async def item(place: Place, review_id: int) -> Item:
    """What came in as this picture of the review."""
    async with Database.open(place.database) as database, database.read() as reader:
        (found,) = await review_queue.lines(reader, [review_id])
        (one,) = await intake.fetch(reader, [found.download_id])
    return one


async def known_as_deleted(place: Place, contents: Sequence[bytes]) -> list[bool]:
    """Which of these contents are known as deleted on purpose."""
    async with Database.open(place.database) as database, database.read() as reader:
        found = [await intake_known.known(reader, hashlib.sha256(one).digest()) for one in contents]
    return [one is not None and one.where == "deleted" for one in found]


async def folders(place: Place) -> dict[str, str]:
    """Whose the folders are: the person's id by folder."""
    async with Database.open(place.database) as database, database.read() as reader:
        return await intake_known.person_folders(reader)


async def agree(runtime: Runtime, place: Place, ids: Sequence[int]) -> None:
    """What is recorded of each picture is what lies there, and nothing is left open."""
    for one in await runtime.intake.lines(ids):
        came = await item(place, one.id)
        lies_there = one.action is not ReviewAction.REJECTED
        assert (Path(one.path).exists(), came.file_path == one.path) == (lies_there, True)
        assert (
            came.state
            is {
                ReviewAction.PENDING: ItemState.REVIEW,
                ReviewAction.APPROVED: ItemState.SORTED,
                ReviewAction.REJECTED: ItemState.REJECTED,
            }[one.action]
        )
        is_sorted = one.action is ReviewAction.APPROVED
        assert (Path(one.path).parent.parent == place.final, bool(one.person_name)) == (is_sorted, is_sorted)
        assert came.sha256 is not None
        if lies_there:
            assert hashlib.sha256(Path(one.path).read_bytes()).digest() == came.sha256
        async with Database.open(place.database) as database, database.read() as reader:
            known = await intake_known.known(reader, came.sha256)
        assert known is not None
        assert (known.where is Known.DELETED) == (one.action is ReviewAction.REJECTED)
    for batch in await runtime.history.batches():
        for effect in await runtime.history.effects(batch.id):
            assert effect.state not in (EffectState.STARTED, EffectState.UNDOING)
