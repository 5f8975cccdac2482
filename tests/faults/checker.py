"""Whether anything was lost: looks at the files and at the database, and knows nothing of Winnow's own code.

It remembers every content that ever lay below its folders and how often, and holds the journal against the disk.
"""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
from collections import Counter
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FILES = ("file.move", "file.trash")


@dataclass(frozen=True)
class Lying:
    """A file that was looked at."""

    sha256: str
    size: int


@dataclass(frozen=True)
class Effect:
    """A line of the journal."""

    id: int
    kind: str
    state: str
    words: str
    payload: dict[str, Any]
    after: dict[str, Any]

    @property
    def source(self) -> str:
        return str(self.payload.get("path", ""))

    @property
    def place(self) -> str:
        return str(self.after.get("place", ""))


class LostError(AssertionError):
    """Bytes are not where the journal says that they are, or nowhere."""


class Checker:
    """Over folders, the database of a Winnow that works on them, and the folder of its trash; what is Winnow's own
    (its data, its configuration) may lie there, too, and is `ignored`.
    """

    def __init__(self, roots: list[Path], database: Path, trash: Path, *, ignored: tuple[Path, ...] = ()) -> None:
        self.roots, self.database, self.trash, self.ignored = roots, database, trash, ignored
        self.effects_checked = self.files_checked = self.bytes_checked = self.bytes_lost = 0
        self._expected: Counter[Lying] = Counter()
        self._known: dict[str, Lying] = {}
        self._deleted: set[int] = set()

    # -- what lies there ---------------------------------------------------------------------------------------------

    def files(self) -> dict[str, Lying]:
        """Every file below the folders, links to one inode each for itself."""
        found: dict[str, Lying] = {}
        for root in self.roots:
            for folder, _, names in os.walk(root):
                for name in names:
                    path = Path(folder, name)
                    if path.is_symlink() or not path.is_file() or not {path, *path.parents}.isdisjoint(self.ignored):
                        continue
                    content = path.read_bytes()
                    found[str(path)] = Lying(hashlib.sha256(content).hexdigest(), len(content))
                    self.files_checked += 1
                    self.bytes_checked += len(content)
        return found

    def look(self) -> None:
        """Remember what lies there now: from here on all of it must stay, each as often as it is there."""
        found = self.files()
        self._known |= found
        self._expected = _whole(found)

    # -- the checks --------------------------------------------------------------------------------------------------

    def check_bytes(self) -> None:
        """At any instant, also right after a sudden end: nothing is missing but what was deleted on purpose."""
        self._refuse_missing(self.files())

    def check_settled(self) -> None:
        """After a start: nothing missing, nothing there twice, and the journal, the records and the disk agree."""
        found = self.files()
        self._refuse_missing(found)
        if more := _whole(found) - self._expected:
            raise AssertionError(f"there more often than it should be: {_named(more, found)}")
        assert not [path for path in found if _is_unfinished(path)], "half a copy was left lying about"
        with self._read() as database:
            assert [row[0] for row in database.execute("PRAGMA integrity_check")] == ["ok"]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
            effects = _journal(database)
            self._check_effects(effects, found)
            self._check_trash(database, found)
            self._check_intake(database, found)
        self._known |= found

    def check_links(self, links: Mapping[int, Mapping[str, str]]) -> None:
        """Every link in the journal stands in the Stash (scene, endpoint, id there), or was taken back."""
        with self._read() as database:
            rows = database.execute(
                "SELECT r.scene_id, r.endpoint, r.candidate_id, r.status, e.id, e.state, e.words FROM effects e "
                "JOIN recommendations r ON r.id = e.subject WHERE e.kind = 'stash.link' ORDER BY e.id"
            ).fetchall()
        by_match: dict[tuple[int, str, str, str], list[tuple[int, str, str]]] = {}
        for row in rows:
            by_match.setdefault(row[:4], []).append(row[4:])
        for (scene, endpoint, wanted, status), effects in by_match.items():
            self.effects_checked += 1
            is_there = links[scene].get(endpoint) == wanted
            assert is_there == ("done" in {one[1] for one in effects}), (
                f"scene {scene} {'holds' if is_there else 'lacks'} {wanted}; its match: {status}, effects: {effects}"
            )
            assert (status == "accepted") == is_there, f"the match of scene {scene} at {endpoint} is {status}"

    def _read(self) -> closing[sqlite3.Connection]:
        return closing(sqlite3.connect(f"file:{self.database}?mode=ro", uri=True))

    def _refuse_missing(self, found: dict[str, Lying]) -> None:
        self._take_out_deleted()
        if missing := self._expected - _whole(found):
            self.bytes_lost += sum(one.size * count for one, count in missing.items())
            raise LostError(f"lost: {_named(missing, self._known)}")

    def _take_out_deleted(self) -> None:
        """What somebody had deleted out of the trash, and is gone, is not expected any more."""
        if not self.database.exists():
            return
        with self._read() as database:
            if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'effects'").fetchone():
                return
            for one in _journal(database):
                place = str(one.payload.get("place", ""))
                if one.kind == "trash.delete" and one.state in ("started", "done") and one.id not in self._deleted:
                    if os.path.lexists(place):
                        continue
                    self._deleted.add(one.id)
                    self._expected[self._known[place]] -= 1

    def _check_effects(self, effects: list[Effect], found: dict[str, Lying]) -> None:
        """Each file lies where its effect left it, unless another effect took it on from there."""
        moving = [one for one in effects if one.kind in _FILES]
        left = {one.source for one in moving if one.state == "done"}
        left |= {one.place for one in moving if one.state == "undone"}
        left |= {str(one.payload.get("place", "")) for one in effects if one.kind == "trash.delete"}
        for one in effects:
            self.effects_checked += 1
            assert one.state not in ("started", "undoing"), f"effect {one.id} is left open: {one}"
            if one.kind not in _FILES or one.state not in ("done", "undone"):
                continue
            wanted = one.place if one.state == "done" else one.source
            places = [path for path in found if path == wanted or (one.state == "undone" and _is_beside(path, wanted))]
            if not places:
                is_gone_on = any(path == wanted or _is_beside(path, wanted) for path in left)
                assert is_gone_on or (one.state == "undone" and "does not come back" in one.words), (
                    f"effect {one.id} ({one.kind}) is {one.state}, but nothing lies at {wanted}"
                )
            elif digest := one.payload.get("sha256"):
                assert digest in {found[path].sha256 for path in places} or wanted in left, (
                    f"effect {one.id} ({one.kind}) is {one.state}, but something else lies at {wanted}"
                )

    def _check_trash(self, database: sqlite3.Connection, found: dict[str, Lying]) -> None:
        held: dict[str, int] = {}
        for place, size, state in database.execute(
            "SELECT t.place, t.size, e.state FROM trash t JOIN effects e ON e.id = t.effect_id WHERE t.ended_at IS NULL"
        ):
            held[os.fsdecode(place)] = size
            assert state == "done", f"{place!r} is held, but its effect is {state}"
        for where, size in held.items():
            assert where in found, f"the trash is said to hold {where}"
            assert found[where].size == size, f"{where} has another size than the trash says"
        lying = {one for one in found if Path(one).is_relative_to(self.trash) and not _is_unfinished(one)}
        assert lying == set(held), f"in the trash, but nobody knows of it: {sorted(lying - set(held))}"

    def _check_intake(self, database: sqlite3.Connection, found: dict[str, Lying]) -> None:
        """What came in lies where it is said to lie, as what it was."""
        for path, digest, state in database.execute(
            "SELECT file_path, file_hash, state FROM downloads WHERE file_path IS NOT NULL"
        ):
            where = os.fsdecode(path)
            if state in ("review", "sorted", "pending", "fetched"):
                assert where in found, f"{where} ({state}) is not there"
                assert digest is None or found[where].sha256 == bytes(digest).hex(), f"{where} is something else"
        for path, action in database.execute("SELECT file_path, action FROM review_queue"):
            where = os.fsdecode(path)
            assert (where in found) == (action != "rejected"), f"{where} is {action} in the review"


def _journal(database: sqlite3.Connection) -> list[Effect]:
    rows = database.execute("SELECT id, kind, state, words, payload, after FROM effects ORDER BY id")
    return [Effect(row[0], row[1], row[2], row[3], json.loads(row[4]), json.loads(row[5] or "{}")) for row in rows]


def _is_unfinished(path: str) -> bool:
    """A copy that is not whole, or a note of one: nobody may count on it."""
    return Path(path).name.startswith(".winnow-")


def _whole(found: Mapping[str, Lying]) -> Counter[Lying]:
    return Counter(lying for path, lying in found.items() if not _is_unfinished(path))


def _named(some: Counter[Lying], known: Mapping[str, Lying]) -> str:
    return "; ".join(
        f"{count} x {one.size} bytes, known from {[path for path, lying in known.items() if lying == one]}"
        for one, count in some.items()
    )


def _is_beside(path: str, place: str) -> bool:
    one, other = Path(path), Path(place)
    return one.parent == other.parent and one.name.startswith(f"{other.stem} (restored") and one.suffix == other.suffix
