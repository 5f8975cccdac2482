"""What was applied, by batch and by action, and the way back."""

from __future__ import annotations

from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from core.runtime import BatchRecord, EffectRecord, EffectState
from tui.bindings import bindings
from tui.present import content, plain
from tui.screens.stored import StoredScreen
from tui.undo import undo_batch, undo_effect
from tui.widgets.record_table import Column, RecordTable
from tui.wording import clock_time, state

_LIMIT: Final = 200
_ACTIONS_SHOWN: Final = 500


class HistoryScreen(StoredScreen):
    """Above the batches, newest first; below the actions of the one under the cursor."""

    SCOPE = "history"
    TAB = "history"
    CSS_PATH = "history.tcss"
    BINDINGS: ClassVar = bindings("history")

    def __init__(self) -> None:
        super().__init__()
        self._batches: dict[int, BatchRecord] = {}
        self._effects: dict[int, EffectRecord] = {}

    def compose_body(self) -> ComposeResult:
        yield Static(
            "Nothing was decided yet. What you accept or dismiss is listed here and can be undone.", id="empty"
        )
        yield RecordTable(
            [Column("", 5), Column("state", 11), Column("when", 11), Column("what", 0), Column("actions", 18)],
            id="batches",
        )
        with Vertical(id="actions-part"):
            yield Static(id="about")
            yield RecordTable(
                [Column("state", 11), Column("action", 0), Column("note", 30, wide_only=True)], id="actions"
            )
            yield Static(id="note")

    @property
    def _table(self) -> RecordTable:
        return self.query_one("#batches", RecordTable)

    @property
    def _actions(self) -> RecordTable:
        return self.query_one("#actions", RecordTable)

    def on_mount(self) -> None:
        """The batches have the keys."""
        self._table.focus()

    async def load(self) -> None:
        """Read and show."""
        batches = await self.runtime.history.batches(_LIMIT)
        self._batches = {one.id: one for one in batches}
        self.query_one("#empty").display = not batches
        self._table.display = bool(batches)
        self.query_one("#actions-part").display = bool(batches)
        now = self.winnow.clock.now()
        self._table.show_records(
            [
                (
                    str(one.id),
                    [
                        Content(f"{one.id:>4}"),
                        state(one.state),
                        Content(clock_time(one.created_at, now)),
                        content(one.title),
                        _counts(one),
                    ],
                )
                for one in batches
            ]
        )
        await self._load_actions()

    async def _load_actions(self) -> None:
        key = self._table.current
        if not key:
            return
        effects = await self.runtime.history.effects(int(key))
        self._effects = {one.id: one for one in effects}
        shown = effects[:_ACTIONS_SHOWN]
        left = len(effects) - len(shown)
        more = f", the first {len(shown)} of {len(effects):,}" if left else ""
        self.query_one("#about", Static).update(Content.styled(f"Actions of batch {key}{more}", "$quiet"))
        self._actions.show_records(
            [(str(one.id), [state(one.state), content(one.title), content(one.words)]) for one in shown]
        )
        self._show_note()
        self.refresh_bindings()

    @on(RecordTable.Moved, "#batches")
    def _batch_moved(self) -> None:
        self.carry_out(self._load_actions(), group="actions", is_exclusive=True)

    @on(RecordTable.Moved, "#actions")
    def _action_moved(self) -> None:
        self._show_note()
        self.refresh_bindings()

    @on(RecordTable.Opened, "#batches")
    def _batch_opened(self) -> None:
        self._actions.focus()

    @on(RecordTable.Opened, "#actions")
    def _action_opened(self) -> None:
        self._table.focus()

    def _show_note(self) -> None:
        effect = self._effect
        words = plain(" \N{MIDDLE DOT} ".join(self.runtime.history.notes(effect))) if effect else ""
        self.query_one("#note", Static).update(Content.styled(words, "$quiet"))
        self.query_one("#note").display = bool(words)

    @property
    def _effect(self) -> EffectRecord | None:
        key = self._actions.current
        return self._effects.get(int(key)) if key else None

    @property
    def _batch(self) -> BatchRecord | None:
        key = self._table.current
        return self._batches.get(int(key)) if key else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what was done can be undone."""
        if action in {"undo_batch", "undo_action"} and not self.is_mounted:
            return False
        if action == "undo_batch" and (self._batch is None or not self._batch.counts.get(EffectState.DONE)):
            return False
        if action == "undo_action" and (self._effect is None or self._effect.state is not EffectState.DONE):
            return False
        return super().check_action(action, parameters)

    def action_undo_batch(self) -> None:
        """The whole batch, newest action first, after a look at it."""
        if self._batch is not None:
            self.winnow.in_background(undo_batch(self.winnow, self._batch.id), group="undo")

    def action_undo_action(self) -> None:
        """The action under the cursor of the lower table."""
        if self._effect is not None:
            self.winnow.in_background(undo_effect(self.winnow, self._effect), group="undo")


def _counts(batch: BatchRecord) -> Content:
    """`3 done, 1 refused`."""
    return Content(", ".join(f"{number:,} {one.value}" for one, number in batch.counts.items() if number))
