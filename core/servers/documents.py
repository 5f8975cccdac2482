"""GraphQL documents as data: every text Winnow can send stands in a table, with the parts a server may lack marked.

A part that only some servers know is written `<<Type.field: part>>` in the text, where `Type.field` is the schema
coordinate that must exist; `<<!Type.field: part>>` is used when it does not. Which exist is found by introspection.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import combinations

_OPTIONAL = re.compile(r"<<(!?)(\w+\.\w+): ([^<>]*)>>")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Document:
    """One operation. `name` is its operation name; `is_write` for a mutation."""

    name: str
    text: str = field(repr=False)
    is_write: bool = False

    @property
    def coordinates(self) -> tuple[str, ...]:
        """The schema coordinates this text depends on, sorted."""
        return tuple(sorted({found[2] for found in _OPTIONAL.finditer(self.text)}))

    def build(self, known: frozenset[str] = frozenset()) -> str:
        """The text for a server that knows these coordinates."""
        return _build(self.text, known)

    def variants(self) -> Iterator[tuple[frozenset[str], str]]:
        """Every text this document can become, each with the coordinates it was built for."""
        names = self.coordinates
        for count in range(len(names) + 1):
            for chosen in combinations(names, count):
                known = frozenset(chosen)
                yield known, self.build(known)


@lru_cache(maxsize=512)
def _build(text: str, known: frozenset[str]) -> str:
    def choose(found: re.Match[str]) -> str:
        return found[3] if (found[2] in known) != bool(found[1]) else ""

    return _SPACES.sub(" ", _OPTIONAL.sub(choose, text)).strip()


def table(*documents: Document) -> Mapping[str, Document]:
    """Documents by name. Names are unique, and each is its text's operation name."""
    named = {document.name: document for document in documents}
    if len(named) != len(documents) or any(name not in document.text for name, document in named.items()):
        raise ValueError("every document needs a name of its own, used in its text")
    return named


def introspection(name: str, types: Iterable[str]) -> Document:
    """The query that asks which fields, inputs and values the named types have on a server."""
    parts = " ".join(
        f'{kind}: __type(name: "{kind}") '
        "{ fields(includeDeprecated: true) { name } inputFields { name } enumValues { name } }"
        for kind in sorted(set(types))
    )
    return Document(name, f"query {name} {{ {parts} }}")
