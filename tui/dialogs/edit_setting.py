"""One setting, changed by typing its value; what is not allowed is refused while it is typed."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, Static

from core.errors import ConfigError
from core.settings import SettingInfo
from core.settings_edit import parsed
from core.settings_text import default_text
from tui.present import plain
from tui.screens.base import Dialog
from tui.widgets.field import Field


class EditSettingDialog(Dialog[str]):
    """The text of an allowed value, or None."""

    CSS_PATH = "edit_setting.tcss"

    def __init__(self, info: SettingInfo, value: str) -> None:
        super().__init__()
        self._info = info
        self._value = value

    def compose_box(self) -> ComposeResult:
        """Name, meaning, field, what is allowed."""
        info = self._info
        with Vertical(classes="box"):
            yield Static(Content.assemble((f"{info.section}.", "$quiet"), (info.name, "bold")))
            yield Static(Content.styled(plain(info.description), "$quiet"))
            yield Field(self._value, max_length=60)
            yield Static(id="verdict")

    def on_mount(self) -> None:
        """Ready to type."""
        self.query_one(Input).focus()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The field has the keys; Enter saves."""
        if action in {"confirm", "take_out", "next_choice", "choose_all"}:
            return False
        return super().check_action(action, parameters)

    @on(Input.Changed)
    def _judge(self) -> None:
        fault = self._fault(self.query_one(Input).value)
        if fault:
            words = Content.assemble(("✗  ", "bold $error"), plain(fault))
        else:
            words = Content.assemble(
                ("enter", "bold $accent"), "  saves      ", ("esc", "bold $accent"), "  changes nothing      ",
                (f"default: {plain(default_text(self._info))}", "$quiet"),
            )  # fmt: skip
        self.query_one("#verdict", Static).update(words)

    def _fault(self, text: str) -> str:
        try:
            parsed(self._info, text)
        except ConfigError as error:
            return str(error)
        return ""

    @on(Input.Submitted)
    def _submitted(self, event: Input.Submitted) -> None:
        event.stop()
        if not self._fault(event.value):
            self.dismiss(event.value)
