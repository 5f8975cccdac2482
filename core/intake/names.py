"""Which folder a person has, and where a picture goes; pure.

A folder belongs to a person's id: who is renamed keeps it, and two people never share one, not even where a file
system takes two spellings for one name.
"""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count
from typing import Final

from core.errors import LedgerError
from core.file_names import LONGEST, folded, safe_name
from core.model.incoming import Destination, Outcome, Person
from core.settings_intake import IntakeSettings

_NAMELESS: Final = "somebody"


def folder_for(person: Person, taken: Mapping[str, str]) -> str:
    """The name of a person's folder. `taken`: the folders that are somebody's, each with the person's id.

    Their own one where they have one, else their name, with a number where another person has that name.
    """
    mine = sorted(folder for folder, owner in taken.items() if owner == person.id)
    if mine:
        return mine[0]
    others = {folded(folder) for folder in taken}
    name = safe_name(person.name, fallback=_NAMELESS)
    if folded(name) not in others:
        return name
    for number in count(2):
        mark = f" ({number})"
        numbered = safe_name(person.name, fallback=_NAMELESS, longest=LONGEST - len(mark)) + mark
        if folded(numbered) not in others:
            return numbered
    raise AssertionError("unreachable")


def target_of(outcome: Outcome, rules: IntakeSettings, taken: Mapping[str, str]) -> tuple[str, str] | None:
    """The base folder that is set, and the name of the folder in it; None for what is not moved there.

    Raises LedgerError for a folder that `taken` names and that is no plain name: it would lead outside.
    """
    if outcome.destination is Destination.REVIEW and outcome.category is not None:
        return rules.review_base, outcome.category.folder
    if outcome.destination is Destination.PERSON and outcome.person is not None:
        folder = folder_for(outcome.person, taken)
        if folder != safe_name(folder, fallback=_NAMELESS):
            raise LedgerError(f"{folder!r} cannot be a person's folder")
        return rules.final_base, folder
    return None
