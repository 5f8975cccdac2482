"""Filter and order of a list: the choices a person made, as values and in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from tui.present import plain

if TYPE_CHECKING:
    from _typeshed import DataclassInstance as Filter
else:
    Filter = object

T = TypeVar("T")
Wanted = TypeVar("Wanted", bound=Filter)
Order = TypeVar("Order", bound=StrEnum)


def next_of(choices: Sequence[T], now: T, *, by: int = 1) -> T:
    """The choice after this one (`by` 1) or before it (-1), round and round; the first where this one is none."""
    return choices[(choices.index(now) + by) % len(choices)] if now in choices else choices[0]


@dataclass(frozen=True, slots=True)
class ListView(Generic[Wanted, Order]):
    """What a list shows and in which order. Each list has its own filter, which knows a `text`, and its own orders.

    `ORDERS` says each order in words; a filter made without arguments leaves out nothing that waits.
    """

    wanted: Wanted
    sort: Order
    is_reversed: bool = False

    ORDERS: ClassVar[Mapping[Any, str]] = {}

    @property
    def is_filtered(self) -> bool:
        """Whether anything that waits may be left out."""
        return self.wanted != type(self.wanted)()

    def next_sort(self) -> Self:
        """Ordered by the next column, in its own direction."""
        return replace(self, sort=next_of(tuple(type(self.sort)), self.sort), is_reversed=False)

    def reversed(self) -> Self:
        """The other way round."""
        return replace(self, is_reversed=not self.is_reversed)

    def with_filter(self, wanted: Wanted) -> Self:
        """With another filter, in the same order."""
        return replace(self, wanted=wanted)

    def with_text(self, text: str) -> Self:
        """Only what holds this text."""
        return self.with_filter(replace(self.wanted, text=text.strip()))

    def unfiltered(self) -> Self:
        """Everything that waits, in the same order."""
        return self.with_filter(type(self.wanted)())

    @property
    def sort_words(self) -> str:
        """The order in words."""
        name = self.ORDERS[self.sort]
        return f"{name}, reversed" if self.is_reversed else name


def text_words(text: str) -> list[str]:
    """The text that is looked for, in words; nothing while none is."""
    if not text:
        return []
    return [f"with \N{LEFT DOUBLE QUOTATION MARK}{plain(text, width=30)}\N{RIGHT DOUBLE QUOTATION MARK}"]
