"""One entry of a list in full: what every such screen has. A subclass says what is read and how it is shown."""

from __future__ import annotations

from collections.abc import Coroutine, Sequence
from typing import Any

from tui.messages import DecisionsChanged
from tui.screens.base import WinnowScreen


class DetailScreen(WinnowScreen):
    """Decides without leaving: after a decision that settles the entry the next one of the list is shown.

    `current_id` is the entry it shows; the list puts its cursor there afterwards. The text is `#body`.
    """

    def __init__(self, start: int, ids: Sequence[int]) -> None:
        super().__init__()
        self.current_id = start
        self.ids = ids
        self.said = ""  # what the last decision came to

    @property
    def has_entry(self) -> bool:
        """Whether something was read already."""
        raise NotImplementedError

    @property
    def entry_name(self) -> str:
        """What an entry is called."""
        raise NotImplementedError

    async def load(self, key: int) -> None:
        """Read an entry and show it, while `key` is still `current_id`."""
        raise NotImplementedError

    def show_verdict(self) -> None:
        """Show the lines that stay while the rest scrolls; `said` is among them."""
        raise NotImplementedError

    def on_mount(self) -> None:
        """The keys move the text; the entry is read."""
        self.query_one("#body").focus()
        self.show_id(self.current_id)

    def on_screen_resume(self) -> None:
        """Shown again after a dialog: what was decided meanwhile shows."""
        self.said = ""  # it may have been taken back meanwhile
        if self.has_entry:
            self.show_id(self.current_id)

    def on_decisions_changed(self, _message: DecisionsChanged) -> None:
        """Something was decided or undone."""
        self.show_id(self.current_id)

    def show_id(self, key: int) -> None:
        """Show another entry, or the same one anew."""
        if key != self.current_id:
            self.said = ""
        self.current_id = key
        self.carry_out(self.load(key), group="detail")

    def say_gone(self) -> None:
        """Say that an entry is not there any more."""
        self.winnow.say(f"This {self.entry_name} no longer exists; the list shows what is left.", severity="warning")

    # -- going from one to the next --------------------------------------------------------------------------------

    def list_place(self) -> int | None:
        """Where the shown entry stands in the list, None where it does not."""
        return place_of(self.ids, self.current_id)

    @property
    def position(self) -> str:
        """That place in words."""
        place = self.list_place()
        return "" if place is None else f"{place + 1} of {len(self.ids)}"

    def action_next(self) -> None:
        """The next entry of the list."""
        self._go(1)

    def action_previous(self) -> None:
        """The one before."""
        self._go(-1)

    def _go(self, step: int) -> None:
        place = self.list_place()
        target = -1 if place is None else place + step
        if 0 <= target < len(self.ids):
            self.show_id(self.ids[target])
        else:
            self.winnow.say("That was the last of the list." if step > 0 else "That is the first of the list.")

    # -- decisions -------------------------------------------------------------------------------------------------

    def decide(self, key: int, work: Coroutine[Any, Any, str], *, is_next: bool = True) -> None:
        """Have a decision about an entry carried out; it goes on when this screen is left."""
        self.winnow.in_background(self._decided(key, work, is_next=is_next), group="decisions")

    async def _decided(self, key: int, work: Coroutine[Any, Any, str], *, is_next: bool) -> None:
        """After a decision that was carried out the next one is shown; a refusal keeps the place and shows what is."""
        words = ""
        try:
            words = await work
        finally:
            if self.is_attached:
                place = self.list_place()
                following = None if place is None or place + 1 >= len(self.ids) else self.ids[place + 1]
                goes_on = bool(words) and is_next and self.current_id == key
                self.show_id(following if goes_on and following is not None else self.current_id)
        if self.is_attached and words:
            self.say_here(self.with_way_back(words))

    def say_here(self, words: str) -> None:
        """Say what was done, or is being done, where the eye is."""
        self.said = words
        if self.has_entry:
            self.show_verdict()


def place_of(ids: Sequence[int], key: int) -> int | None:
    """Where an id stands among others, None where it does not."""
    try:
        return ids.index(key)
    except ValueError:
        return None
