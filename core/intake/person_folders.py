"""Gives each person a folder below the base of the sorted pictures, and keeps it theirs."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from pathlib import Path
from typing import Final

from core.errors import LedgerError
from core.file_names import folded, safe_name
from core.intake.names import folder_for
from core.intake.people_known import LOCAL, is_gone
from core.model.incoming import Person
from core.servers.immich import ImmichClient
from core.store import intake_known
from core.store.database import Database

_TRIES: Final = 20


class PersonFolders:
    """Who has which folder. Written down before anything is moved there: two at once never take one for two people."""

    def __init__(self, database: Database, final_base: str, *, immich: ImmichClient | None) -> None:
        self._database = database
        self._base = Path(final_base)
        self._immich = immich

    async def folder_of(self, person: Person) -> str:
        """The person's folder, by the id, whatever the name is by now.

        For one who has none: that of somebody of the same name who is known by the name alone, or whom Immich no
        longer has; a folder made by hand that has the name; else a new one. Raises LedgerError where none can be had.
        """
        async with self._database.read() as reader:
            known = await intake_known.people_with_folders(reader)
        mine = sorted(folder for folder, owner in known if owner.id == person.id)
        if mine:
            return mine[0]
        for folder, owner in known:
            if folded(owner.name.strip()) == folded(person.name.strip()) and await self._is_nobody_else(owner):
                async with self._database.write() as tx:
                    if await intake_known.hand_over(tx, folder, owner.id, person):
                        return folder
        for _ in range(_TRIES):
            made_by_hand = await asyncio.to_thread(self._folder_named, person.name)
            async with self._database.write() as tx:
                taken = await intake_known.person_folders(tx)
                folder = _chosen(person, taken, made_by_hand)
                if await intake_known.keep_folder(tx, folder, person):
                    return folder
        raise LedgerError(f"no folder below {self._base} can be kept for {person.name}: another Winnow takes them all")

    async def _is_nobody_else(self, owner: Person) -> bool:
        """Whether the owner of a folder is only a name, or somebody whom Immich no longer has."""
        return owner.id.startswith(LOCAL) or await is_gone(self._immich, owner.id)

    def _folder_named(self, name: str) -> tuple[str, ...]:
        """Folders below the base that bear a person's name, in whatever spelling; the exact one first."""
        wanted = safe_name(name, fallback="")
        try:
            names = [one.name for one in self._base.iterdir() if one.is_dir() and not one.is_symlink()]
        except OSError:
            return ()
        alike = (
            one for one in names if wanted and folded(one) == folded(wanted) and one == safe_name(one, fallback="")
        )
        return tuple(sorted(alike, key=lambda one: (one != wanted, one)))


def _chosen(person: Person, taken: dict[str, str], made_by_hand: Collection[str]) -> str:
    others = {folded(folder) for folder, owner in taken.items() if owner != person.id}
    free = [one for one in made_by_hand if folded(one) not in others]
    mine = [folder for folder, owner in taken.items() if owner == person.id]
    return free[0] if free and not mine else folder_for(person, taken)
