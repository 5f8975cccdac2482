"""Every setting: its value, where that comes from, what it means; numbers and choices can be changed here."""

from __future__ import annotations

from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from core.config import load_settings
from core.errors import ConfigError
from core.secret import Secret, without_password
from core.settings import SettingInfo, section_of, sections, setting_infos
from core.settings_edit import change, is_editable, parsed, source
from core.settings_text import default_text, toml_value
from core.words import count
from tui.bindings import bindings
from tui.dialogs.edit_setting import EditSettingDialog
from tui.present import content, plain
from tui.screens.base import WinnowScreen
from tui.widgets.record_table import Column, RecordTable


class SettingsScreen(WinnowScreen):
    """Shows what holds in this session. A change is written to the file with its comments kept, and then holds."""

    SCOPE = "settings"
    TAB = "settings"
    CSS_PATH = "settings.tcss"
    BINDINGS: ClassVar = bindings("settings")

    def __init__(self) -> None:
        super().__init__()
        self._chance = ""
        self._infos = {
            f"{section}.{info.name}": info for section in sections() for info in setting_infos(section).values()
        }

    def compose_body(self) -> ComposeResult:
        yield RecordTable([Column("setting", 42), Column("value", 0), Column("from", 10)])
        yield Static(id="meaning")

    def on_mount(self) -> None:
        """The table has the keys."""
        self.query_one(RecordTable).focus()

    def on_screen_resume(self) -> None:
        """The file may have been edited."""
        self._show()
        self.carry_out(self._count_chance(), group="chance", is_exclusive=True)

    async def _count_chance(self) -> None:
        self._chance = await self.runtime.duplicates.chance_words()
        self._show_meaning()

    def _show(self) -> None:
        self.query_one(RecordTable).show_records([(key, self._cells(info)) for key, info in self._infos.items()])
        self._show_meaning()

    def _value(self, info: SettingInfo) -> Any:
        return getattr(section_of(self.winnow.settings, info.section), info.name)

    def _source(self, info: SettingInfo) -> tuple[int | None, Any]:
        try:
            return source(self.winnow.settings, info)
        except ConfigError:
            return None, None  # the file is gone or broken; changing something says so

    def _cells(self, info: SettingInfo) -> list[Content]:
        line, written = self._source(info)
        return [
            Content.assemble((f"{info.section}.", "$quiet"), info.name),
            self._value_words(info, written),
            Content.styled("default", "$quiet") if line is None else Content(f"line {line}"),
        ]

    def _value_words(self, info: SettingInfo, written: Any) -> Content:
        value = self._value(info)
        if isinstance(value, Secret):
            is_named = isinstance(written, str) and written.startswith(("env:", "file:"))
            return content(str(written)) if is_named else Content("a key is set" if value else "none")
        if info.kind == "keys":
            return Content(f"{count(len(value), 'key')} set" if value else "none")
        unit = f" {info.unit.removesuffix('s') if value == 1 else info.unit}" if info.unit else ""
        is_default = value == info.default
        return Content.assemble(
            (plain(without_password(toml_value(value))), "" if is_default else "bold"), (unit, "$quiet")
        )

    @property
    def _current(self) -> SettingInfo | None:
        return self._infos.get(self.query_one(RecordTable).current)

    @on(RecordTable.Moved)
    def _show_meaning(self) -> None:
        info = self._current
        if info is None:
            return
        way = "enter changes it" if is_editable(info) else f"change it in {plain(str(self.winnow.settings.path))}"
        self.query_one("#meaning", Static).update(
            Content.assemble(
                plain(info.description),
                f"\n{self._chance}" if (info.section, info.name) == ("duplicates", "distance") and self._chance else "",
                ("\nMay be: ", "$quiet"),
                plain(info.allowed),
                ("\nDefault: ", "$quiet"),
                plain(default_text(info)),
                (f"   {way}", "$quiet"),
            )
        )
        self.refresh_bindings()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Only what the file sets can be taken out of it."""
        if action == "reset":
            info = self._current if self.is_mounted else None
            if info is None or not is_editable(info) or self._source(info)[0] is None:
                return False
        return super().check_action(action, parameters)

    @on(RecordTable.Opened)
    def _opened(self) -> None:
        info = self._current
        if info is None:
            return
        if not is_editable(info):
            self.winnow.say(f"{info.name} is changed in the file: {self.winnow.settings.path}")
            return
        value = self._value(info)
        text = value if isinstance(value, str) else toml_value(value)

        def chosen(typed: str | None) -> None:
            if typed is not None:
                self.carry_out(self._write(info, parsed(info, typed)), group="write")

        self.app.push_screen(EditSettingDialog(info, text), chosen)

    def action_reset(self) -> None:
        """Back to the default."""
        info = self._current
        if info is not None:
            self.carry_out(self._write(info, None), group="write")

    async def _write(self, info: SettingInfo, value: Any) -> None:
        path = self.winnow.settings.path
        assert path is not None
        change(path, info, value)
        is_in_force = self.winnow.use_settings(load_settings(path))
        what = f"has its default again, {default_text(info)}" if value is None else f"is now {toml_value(value)}"
        when = "" if is_in_force else " It holds from the next start on, since a job is running."
        scan = " The next scan weighs everything anew." if info.section == "matching" and is_in_force else ""
        self.winnow.say(f"{info.name} {what}.{when}{scan}")
        self._show()
