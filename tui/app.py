"""The terminal app: its screens, its keys and colours, its start and its end; nothing else."""

from __future__ import annotations

from collections.abc import Coroutine, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.app import App
from textual.command import CommandPalette
from textual.screen import Screen

from core.clock import Clock
from core.errors import ConfigError, WinnowError
from core.settings import Settings
from tui import garbage_collection
from tui.bindings import bindings
from tui.job_feed import JobFeed
from tui.keymap import Keymap, load_keymap, user_path
from tui.messages import DecisionsChanged
from tui.modes import MODES, screen_of
from tui.notes import SpeakingApp
from tui.palette import Palette, WinnowCommands
from tui.pictures.detect import Drawing
from tui.pictures.gallery import Pictures
from tui.runtime_holder import RuntimeHolder
from tui.screens.base import WHEN_SMALL
from tui.server_watch import ServerWatch
from tui.terminal_output import TerminalOutput
from tui.theme import THEMES, after, chosen

if TYPE_CHECKING:
    from rich.console import RenderableType

    from core.runtime import Progress, Runtime


class WinnowApp(SpeakingApp, inherit_bindings=False):
    """Opens the runtime for as long as it runs. A mode for each desk and record, each keeping its own state."""

    TITLE = "Winnow"
    CSS_PATH = Path(__file__).with_name("app.tcss")
    BINDINGS: ClassVar = bindings("app")
    COMMANDS: ClassVar = {WinnowCommands}
    MODES: ClassVar = MODES
    ESCAPE_TO_MINIMIZE = False

    def __init__(
        self,
        settings: Settings,
        data_dir: Path,
        *,
        images: str = "",
        keymap: Keymap | None = None,
        clock: Clock | None = None,
        is_scheduling: bool = True,
    ) -> None:
        super().__init__(clock)
        self.settings = settings
        self.data_dir = data_dir
        self._faults: list[str] = []
        self._output = TerminalOutput()
        self.pictures = Pictures(
            self, wanted=images or settings.display.images, cache_directory=data_dir / "thumbnails"
        )
        self.keymap_in_force = keymap or load_keymap(user_path(settings.path))
        self.jobs = JobFeed(self)
        self.server = ServerWatch(self)
        self._is_scheduling = is_scheduling
        self.holder = RuntimeHolder(self)
        self.animation_level = "none"
        for theme in THEMES.values():
            self.register_theme(theme)
        self._choose_theme()

    def get_theme_variable_defaults(self) -> dict[str, str]:
        """What our style sheets use beyond Textual's own names, for themes that do not know it."""
        return {"quiet": self.current_theme.secondary or self.current_theme.primary}

    # -- start and end

    @property
    def runtime(self) -> Runtime:
        """Everything below the terminal. Screens exist only while it is open."""
        return self.holder.runtime

    @property
    def is_open(self) -> bool:
        """Whether the runtime is open."""
        return self.holder.is_open

    @property
    def progress(self) -> Mapping[int, Progress]:
        """How far the running jobs of this process are, by id."""
        return self.jobs.progress

    @property
    def library_name(self) -> str:
        """The library in the header: its server's host."""
        return urlsplit(self.settings.stash.url).netloc.rpartition("@")[2]

    @property
    def _has_work(self) -> bool:
        """Whether any desk is set up."""
        settings = self.settings
        return bool(
            settings.stash.url or settings.stash.database or settings.duplicates.folders or settings.intake.enabled
        )

    def on_mount(self) -> None:
        self.set_keymap(self.keymap_in_force.textual())
        self.app_resume_signal.subscribe(self, self._resumed)
        for words in (*self.keymap_in_force.faults, *self.settings.warnings, *self._faults):
            self.say(words, severity="warning")
        if not self._has_work:
            self.push_screen(screen_of("first_run", "FirstRunScreen")())
        else:
            self.holder.start()

    async def runtime_opened(self) -> None:
        """The first time: the dashboard, and what happens now and then."""
        self.pictures.start()
        await self.switch_mode("dashboard")
        if self.pictures.ability.is_ascii:
            self.say(self.pictures.ability.why, severity="warning")
        self.call_after_refresh(garbage_collection.set_apart)
        self.server.begin()
        if self._is_scheduling:
            from tui.schedule import Schedule

            Schedule(self).begin()

    async def on_unmount(self) -> None:
        """Running jobs save their state before the terminal is given back."""
        garbage_collection.take_back()
        await self.pictures.close()
        await self.holder.close()

    def use_settings(self, settings: Settings) -> bool:
        """Work with other settings from now on; False while jobs run, which keep those they began with."""
        self.settings = settings
        if self.jobs.progress:
            return False
        self.holder.reopen()
        return True

    def _resumed(self, _app: App[Any]) -> None:
        """Back from the background: the terminal shows nothing of ours any more."""
        self._draw_anew()

    def _draw_anew(self) -> None:
        self._output.forget()
        self.refresh(layout=True)
        if self.screen_stack:
            self.screen.refresh()

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """The one door to the terminal; Textual has no public one. Pictures in sixels lie over cells, unseen by us."""
        if self.pictures.ability.drawing is Drawing.SIXEL:
            self._output.forget()
        elif isinstance(renderable, LayoutUpdate | ChopsUpdate):
            renderable = self._output.thrifty(renderable)
        super()._display(screen, renderable)

    def in_background(self, work: Coroutine[Any, Any, None], *, group: str) -> None:
        """Work that belongs to no screen; its failure becomes a message, a defect the error screen."""

        self.run_worker(self.guarded(work), group=group, exit_on_error=False)

    async def guarded(self, work: Coroutine[Any, Any, None]) -> None:
        """What fails on purpose becomes a message, a defect the error screen."""
        standing = self.holder.standing
        try:
            await work
        except WinnowError as error:
            self.say(str(error), severity="error")
        except Exception as error:  # noqa: BLE001  the worker boundary: a defect is shown, not lost
            if not self.is_running:
                return  # the app ends, and the screen went away under the work
            if self.is_open and self.holder.standing == standing > 0:
                self.report_defect(error)
            else:  # closed under its hands
                self.say("That met the change of a setting and was not done; press the key again.", severity="warning")

    # -- what is told to screens

    def decisions_changed(self) -> None:
        """Something was decided or taken back: the screen in sight reads again, the others do when they are shown."""
        if self.screen_stack:
            self.screen.post_message(DecisionsChanged())

    def resume_job(self, job_id: int) -> None:
        """Go on with a job that was cut short; it outlives the screen it was asked from."""

        async def resume() -> None:
            await self.runtime.resume_job(job_id)

        self.in_background(resume(), group=f"resume-{job_id}")

    # -- defects

    def report_defect(self, error: Exception) -> None:
        """Show a defect of Winnow with a report to copy; the app goes on."""
        from tui.screens.error import ErrorScreen

        if isinstance(self.screen, ErrorScreen):
            super()._handle_exception(error)
        else:
            self.push_screen(ErrorScreen(error))

    def _handle_exception(self, error: Exception) -> None:
        """Textual ends the app for an exception in a handler; ours stays open and shows it, tests still fail for it."""
        if self.is_headless or not self.is_running:
            super()._handle_exception(error)
        else:
            self.report_defect(error)

    # -- commands in force everywhere

    async def action_show(self, name: str) -> None:
        if name == "messages":
            self.push_screen(screen_of("messages", "MessagesScreen")())
        else:
            await self.switch_mode(name)

    def action_help(self) -> None:
        from tui.screens.help import HelpScreen

        self.push_screen(HelpScreen(self.screen))

    def action_undo(self) -> None:
        from tui.undo import undo_last

        if self.is_open:
            self.in_background(undo_last(self), group="undo")

    async def action_back(self) -> None:
        if len(self.screen_stack) > (1 if self.is_open else 2):
            await self.pop_screen()

    def action_next_theme(self) -> None:
        self.theme = after(self.theme)
        self.say(f"Colours: {self.theme}. [display] theme keeps them.")

    def on_app_focus(self) -> None:
        self.pictures.look_again()

    def action_redraw(self) -> None:
        self.pictures.look_again()
        self._draw_anew()
        if self.is_open:
            self.server.check()

    def action_command_palette(self) -> None:
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(Palette(id="--command-palette"))

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without a configuration there is nothing to go to; in too small a terminal nothing is done unseen."""
        if getattr(self.screen, "is_too_small", False) and action not in WHEN_SMALL:
            return False
        if not self.is_open:
            if action == "show":
                return parameters == ("messages",)
            if action in {"undo", "back"}:
                return action == "back" and len(self.screen_stack) > 2
        return super().check_action(action, parameters)

    async def action_quit(self) -> None:
        self.exit(0)

    def _choose_theme(self) -> None:
        display = self.settings.display
        has_few_colours = self.console.color_system == "standard"
        wanted, fault = chosen(display.theme, self.available_themes, has_few_colours=has_few_colours)
        if fault:
            self._faults.append(str(ConfigError(f"[display] theme: {fault}", path=self.settings.path)))
        self.theme = wanted
