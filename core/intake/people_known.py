"""Whom a picture can be approved to: the people whose folders are known, and those whom Immich knows by name."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from core.clock import Clock
from core.errors import UsageError, WinnowError
from core.file_names import folded
from core.ledger.bases import base_of
from core.ledger.move_plan import Base
from core.media.volumes import mount_of
from core.model.incoming import Person
from core.path_text import shown
from core.servers.immich import ImmichClient
from core.store import intake_known
from core.store.database import Database

LOCAL: Final = "name:"
"""What the id of somebody begins with whom Immich does not know: the folded name follows."""
_FRESH_SECONDS: Final = 300.0
_AGAIN_SECONDS: Final = 15.0  # after an answer that did not come


@dataclass(frozen=True, slots=True)
class PersonChoice:
    """Somebody to approve a picture to. `folder` is empty for one who has none yet."""

    id: str
    name: str
    folder: str = ""
    is_in_immich: bool = False

    @property
    def person(self) -> Person:
        """As the rules know them."""
        return Person(self.id, self.name)


@dataclass(frozen=True, slots=True)
class People:
    """Everybody, by name. `note` says why some may be missing; empty: none is."""

    choices: tuple[PersonChoice, ...]
    note: str = ""


def local_person(name: str) -> PersonChoice:
    """Somebody who is known by the name alone."""
    return PersonChoice(LOCAL + folded(name.strip()), name.strip())


class PeopleKnown:
    """Asks Immich once in a while, and the database each time."""

    def __init__(self, database: Database, clock: Clock, final_base: str, *, immich: ImmichClient | None) -> None:
        self._database = database
        self._clock = clock
        self._final_base = final_base
        self._immich = immich
        self._asking = asyncio.Lock()
        self._named: tuple[Person, ...] = ()
        self._asked_at: float | None = None
        self._note = ""

    async def all(self) -> People:
        """Everybody, each once. Never raises for an Immich that is away: the note says so."""
        named, note = await self._from_immich()
        async with self._database.read() as reader:
            folders = await intake_known.people_with_folders(reader)
        return People(tuple(merged(named, await self._standing(folders))), note)

    async def find(self, wanted: str) -> PersonChoice:
        """Whom an id or a name means, or else a folder; somebody new where nobody has that name.

        Raises UsageError where several have it, and for an empty one.
        """
        name = wanted.encode("utf-8", "replace").decode().strip()  # what a terminal hands over may be no text
        if not name:
            raise UsageError("a person needs a name")
        people = (await self.all()).choices
        if found := next((one for one in people if one.id == name), None):
            return found
        spelling = folded(name)
        alike = [one for one in people if folded(one.name.strip()) == spelling]
        alike = alike or [one for one in people if one.folder and folded(one.folder) == spelling]
        if len(alike) > 1:
            each = ", ".join(f"{one.id} (folder {shown(one.folder) if one.folder else 'none yet'})" for one in alike)
            raise UsageError(f"{len(alike)} people are called {shown(name)}; name one by the id: {each}")
        return alike[0] if alike else local_person(name)

    async def current(self, choice: PersonChoice) -> PersonChoice:
        """Somebody who was chosen a while ago, as known now: renamed, or whoever has the name where Immich has the one
        who was meant no more. Raises as `find`.
        """
        people = await self.all()
        if same := next((one for one in people.choices if one.id == choice.id), None):
            return same
        if choice.is_in_immich and not people.note and await is_gone(self._immich, choice.id):
            return await self.find(choice.name)
        return choice

    def forget(self) -> None:
        """Ask Immich anew the next time."""
        self._asked_at = None

    async def _from_immich(self) -> tuple[tuple[Person, ...], str]:
        if self._immich is None:
            return (), ""
        async with self._asking:
            now = self._clock.monotonic()
            fresh = _AGAIN_SECONDS if self._note else _FRESH_SECONDS
            if self._asked_at is None or not 0 <= now - self._asked_at < fresh:
                try:
                    found = await self._immich.people.all(with_hidden=False)
                    self._named = tuple(
                        Person(one.id, one.name, one.is_hidden) for one in found if one.is_named and not one.is_hidden
                    )
                    self._note = ""
                except WinnowError as error:
                    self._note = f"whom Immich knows cannot be asked now: {error}"
                self._asked_at = now
            return self._named, self._note

    async def _standing(self, folders: list[tuple[str, Person]]) -> list[tuple[str, Person]]:
        """Without the folders that are gone; while the base is not mounted, all of them."""
        if not folders or not self._final_base:
            return folders
        try:
            base = await base_of(self._database, self._final_base)
            return await asyncio.to_thread(_those_there, base, folders)
        except OSError:
            return folders


async def is_gone(immich: ImmichClient | None, person_id: str) -> bool:
    """Whether Immich no longer has somebody; one who cannot be asked about is not gone."""
    if immich is None:
        return False
    try:
        return await immich.people.person(person_id) is None
    except WinnowError:
        return False


def _those_there(base: Base, folders: list[tuple[str, Person]]) -> list[tuple[str, Person]]:
    """Raises OSError."""
    if not base.path.is_dir() or mount_of(base.path) != base.mount:
        return folders
    return [one for one in folders if (base.path / one[0]).is_dir()]


def merged(named: Iterable[Person], folders: Iterable[tuple[str, Person]]) -> list[PersonChoice]:
    """One entry a person: a folder joins its owner, or the only one in Immich who has that name and no folder."""
    found = {one.id: PersonChoice(one.id, one.name, is_in_immich=True) for one in named}
    left: list[tuple[str, Person]] = []
    for folder, owner in folders:
        if (known := found.get(owner.id)) is not None:
            found[owner.id] = replace(known, folder=known.folder or folder)
        else:
            left.append((folder, owner))
    by_name: dict[str, list[str]] = {}
    for one in found.values() if left else ():
        by_name.setdefault(folded(one.name.strip()), []).append(one.id)
    for folder, owner in left:
        same = by_name.get(folded(owner.name.strip()), [])
        if len(same) == 1 and not found[same[0]].folder:
            found[same[0]] = replace(found[same[0]], folder=folder)
        elif owner.id not in found:
            found[owner.id] = PersonChoice(owner.id, owner.name, folder)
    return sorted(found.values(), key=lambda one: (folded(one.name), one.id))
