"""Takes what is handed over into keeping: addresses, files, folders. What is refused is named, and the rest goes on.

A file is read once, and nothing is moved. When the call returns, everything that was taken is safely written down.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from core.clock import Clock
from core.errors import UnreadableFileError
from core.hashing import with_sums
from core.intake.offered import ReadFile, files_below, read_file, whole_path
from core.model.incoming import Added, ItemState, NewFile, NewItem
from core.path_text import shown
from core.servers.download_address import BadAddressError, parse_target, shown_address
from core.servers.download_names import download_name, with_extension
from core.settings_intake import IntakeSettings
from core.store import hash_cache, intake_feed
from core.store.database import Database

FILES: Final = "files"
_AT_ONCE: Final = 4  # files that are read at the same time
_CHUNK: Final = 100  # things that are written down together


class HowAdded(StrEnum):
    """What became of one thing that was handed over."""

    NEW = "new"
    AGAIN = "again"  # it failed or was returned before, and begins anew
    KNOWN = "known"  # it was there already
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class AddReport:
    """What became of one thing; `what` is its path or address as it may be shown, `words` why it was refused."""

    what: str
    how: HowAdded
    item_id: int | None = None
    state: ItemState | None = None
    words: str = ""


Refused = tuple[str, str]


class Adding:
    """Writes down what is handed over."""

    def __init__(self, database: Database, clock: Clock, settings: IntakeSettings) -> None:
        self._database = database
        self._clock = clock
        self._settings = settings

    async def add(self, inputs: Sequence[str], *, source: str = "") -> list[AddReport]:
        """Addresses, files and folders, in any mixture; what became of each, a folder's files one by one.

        Cancelled, it keeps what it wrote down so far.
        """
        reports: list[AddReport] = []
        paths: list[str] = []
        addresses: list[str] = []
        for one in inputs:
            (addresses if is_address(one) else paths).append(one)
        reports += await self.addresses(addresses, source=source)
        reports += [report async for report in self._inputs(paths, source)]
        return reports

    async def addresses(self, texts: Sequence[str], *, source: str = "") -> list[AddReport]:
        """Addresses, to be fetched later."""
        reports: list[AddReport] = []
        for start in range(0, len(texts), _CHUNK):
            items: list[NewItem] = []
            for text in texts[start : start + _CHUNK]:
                made = _item_at(text.strip(), source)
                if isinstance(made, NewItem):
                    items.append(made)
                else:
                    reports.append(AddReport(shown_address(text), HowAdded.REFUSED, words=made))
            async with self._database.write() as tx:
                added = await intake_feed.hand_over_addresses(tx, items, now=self._clock.now())
            reports += [_report(shown_address(item.url), one) for item, one in zip(items, added, strict=True)]
        return reports

    async def files(self, paths: Iterable[Path], *, source: str = "") -> AsyncGenerator[AddReport]:
        """Files, each read once and written down in batches; what became of each, in no order."""
        turn = iter(paths)
        stop = threading.Event()
        try:
            while some := [path for _, path in zip(range(_CHUNK), turn, strict=False)]:
                for report in await self._take(some, source or FILES, stop):
                    yield report
        finally:
            stop.set()

    # -- paths -------------------------------------------------------------------------------------------------------

    async def _inputs(self, texts: Sequence[str], source: str) -> AsyncGenerator[AddReport]:
        for text in texts:
            try:
                path = await asyncio.to_thread(whole_path, Path(text))
                is_folder = await asyncio.to_thread(path.is_dir) and not path.is_symlink()
            except (OSError, ValueError) as error:
                words = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
                yield AddReport(shown(text), HowAdded.REFUSED, words=f"is no path that can be looked at: {words}")
                continue
            if is_folder:
                async for report in self._folder(path, source):
                    yield report
            else:
                async for report in self.files([path], source=source):
                    yield report

    async def _folder(self, folder: Path, source: str) -> AsyncGenerator[AddReport]:
        if words := self._why_own(folder):
            yield AddReport(shown(folder), HowAdded.REFUSED, words=words)
            return
        troubles: list[str] = []
        batches = files_below(folder, troubles)
        is_empty = True
        try:
            while batch := await asyncio.to_thread(next, batches, None):
                paths = (Path(one.path) for one in batch)
                async for report in self.files(paths, source=source):
                    is_empty = False
                    yield report
        except UnreadableFileError as error:
            troubles.append(str(error))
        for words in troubles:
            yield AddReport(shown(folder), HowAdded.REFUSED, words=words.removeprefix(f"{folder}: "))
        if is_empty and not troubles:
            yield AddReport(shown(folder), HowAdded.REFUSED, words="holds no picture and no video")

    async def _take(self, paths: Sequence[Path], source: str, stop: threading.Event) -> list[AddReport]:
        """Read files, a few at a time, and write down those that can be taken in."""
        waiting = iter(paths)
        found: list[ReadFile] = []
        reports: list[AddReport] = []

        def read(path: Path) -> ReadFile | str:
            return self._why_own(path) or read_file(path, is_stopped=stop.is_set)

        async def work() -> None:
            for path in waiting:
                got = await asyncio.to_thread(read, path)
                if isinstance(got, ReadFile):
                    found.append(got)
                else:
                    reports.append(AddReport(shown(path), HowAdded.REFUSED, words=got))

        tasks = [asyncio.ensure_future(work()) for _ in range(min(_AT_ONCE, len(paths)))]
        try:
            await asyncio.gather(*tasks)
        except BaseException:
            stop.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            raise
        return reports + await self._write_down(found, source)

    async def _write_down(self, found: Sequence[ReadFile], source: str) -> list[AddReport]:
        files = [new_file(one, source) for one in found]
        now = self._clock.now()
        async with self._database.write() as tx:
            added = await intake_feed.hand_over_files(tx, files, now=now)
            known = await hash_cache.get(tx, [one.identity for one in found])
            sums = []
            for one in found:
                have = known.get(one.identity, hash_cache.Known())
                sums.append((one.identity, replace(have, hashes=with_sums(have.hashes, one.sums))))
            await hash_cache.put(tx, sums, now=now)
        return [_report(shown(file.path), one) for file, one in zip(files, added, strict=True)]

    def _why_own(self, path: Path) -> str:
        """Why nothing is taken in from a place; empty where it may be."""
        for name in ("temp_dir", "final_base", "review_base"):
            folder = getattr(self._settings, name)
            if folder and path.is_relative_to(folder):
                return f"lies in [intake] {name}, which holds what was taken in before"
        return ""


def is_address(text: str) -> bool:
    """Whether a text is meant as an address; a path may hold a colon, too."""
    head, mark, _ = text.strip().partition("://")
    return bool(mark) and head.isascii() and head.replace("+", "").replace("-", "").replace(".", "").isalnum()


def listed(text: str) -> Iterator[str]:
    """The things a list names: one a line; empty lines and those that begin with `#` are passed over."""
    for line in text.split("\n"):  # a name may hold other signs that end a line somewhere
        if (whole := line.rstrip("\r")).strip() and not whole.lstrip().startswith("#"):
            yield whole


def _item_at(text: str, source: str) -> NewItem | str:
    """An address as an item, or the words why it is none."""
    try:
        target = parse_target(text)
    except BadAddressError as error:
        return str(error)
    return NewItem.at(text, source=source or (urlsplit(text).hostname or ""), filename=download_name(None, target.path))


def new_file(found: ReadFile, source: str) -> NewFile:
    """A file that was read, as it is recorded."""
    sums = found.sums
    return NewFile(
        source,
        str(found.path),
        with_extension(shown(found.path.name), found.kind.extensions),
        found.identity,
        sha256=bytes.fromhex(sums.sha256),
        sha1=bytes.fromhex(sums.sha1),
        md5=bytes.fromhex(sums.md5),
    )


def _report(what: str, added: Added) -> AddReport:
    how = HowAdded.AGAIN if added.is_again else HowAdded.NEW if added.is_new else HowAdded.KNOWN
    return AddReport(what, how, added.id, added.state)
