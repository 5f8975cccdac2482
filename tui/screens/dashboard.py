"""The first screen: what waits, what ran, what runs, what is wrong, and the keys to do something about it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.content import Content
from textual.widgets import Static

from core.model.recommendations import RecommendationFilter
from core.runtime import (
    ACCEPT,
    APPLY,
    DUPLICATES_SCAN,
    INTAKE_RUN,
    INTAKE_WATCH,
    SCAN,
    JobRecord,
    JobState,
    MatchingSummary,
    ScanOptions,
)
from tui.bindings import bindings
from tui.messages import JobsProgressed, ServerChecked
from tui.screens.dashboard_duplicates import duplicates_lines
from tui.screens.dashboard_intake import intake_lines
from tui.screens.dashboard_words import card_lines, no_server_lines, running_lines, trouble_lines
from tui.screens.stored import StoredScreen
from tui.widgets.card import Card
from tui.widgets.scrolling import ScrollingText

_REFRESH_SECONDS = 5.0
_OPEN = (JobState.RUNNING, JobState.PAUSED)
_STOPPABLE = frozenset({SCAN, ACCEPT, DUPLICATES_SCAN, APPLY, INTAKE_RUN, INTAKE_WATCH})


class Cards(ScrollingText):
    """All cards one below the other; they may be higher than the screen."""

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """There is something to open."""
        return True if action == "nav_open" else super().check_action(action, parameters)

    async def action_nav_open(self) -> None:
        """The matching list."""
        await self.app.switch_mode("matching")


class DashboardScreen(StoredScreen):
    """A card a desk. Its figures come from the database and are there without any server."""

    SCOPE = "dashboard"
    TAB = "dashboard"
    CSS_PATH = "dashboard.tcss"
    BINDINGS: ClassVar = bindings("dashboard")

    def __init__(self) -> None:
        super().__init__()
        self._summary: MatchingSummary | None = None
        self._newest: JobRecord | None = None

    def compose_body(self) -> ComposeResult:
        with Cards(id="body"):
            yield Static(id="trouble")
            yield Static(id="running")
            yield Card("Matching", id="matching")
            yield Card("Duplicates", id="duplicates")
            yield Card("Intake", id="intake")

    def on_mount(self) -> None:
        """The keys move the cards. Other processes may scan and decide too."""
        self.query_one(Cards).focus()
        self.set_interval(_REFRESH_SECONDS, self.reload)

    def on_jobs_progressed(self, message: JobsProgressed) -> None:
        """Bars move; figures are read again when a job has ended."""
        self._show_running()
        if message.ended:
            self.reload()

    def on_server_checked(self, _message: ServerChecked) -> None:
        """The trouble shows above the card."""
        self._show_trouble()

    async def load(self) -> None:
        """Read and show."""
        self._summary = await self.runtime.matching.summary()
        newest = await self.runtime.jobs.newest(kind=SCAN, limit=1)
        self._newest = newest[0] if newest else None
        self.query_one("#matching", Card).show(self._lines(self._summary))
        self.query_one("#duplicates", Card).show(
            duplicates_lines(
                await self.runtime.duplicates.summary(),
                now=self.winnow.clock.now(),
                interval_hours=self.winnow.settings.duplicates.interval_hours,
                key=self.winnow.keymap_in_force.shown("app.show-duplicates", limit=1),
            )
        )
        self.query_one("#intake", Card).show(
            intake_lines(
                await self.runtime.intake.summary(),
                now=self.winnow.clock.now(),
                interval_hours=self.winnow.settings.intake.interval_hours,
                key=self.winnow.keymap_in_force.shown("app.show-intake", limit=1),
                width=self._width,
            )
        )
        self._show_trouble()
        self._show_running()
        self.refresh_bindings()

    @property
    def _width(self) -> int:
        """The columns inside a card."""
        return max(min(self.size.width - 4, 100) - 8, 30)

    def _lines(self, summary: MatchingSummary) -> list[Content]:
        if not self.winnow.settings.stash.url:
            return no_server_lines()
        return card_lines(
            summary,
            self._newest,
            now=self.winnow.clock.now(),
            interval_hours=self.winnow.settings.matching.interval_hours,
            key=lambda name: self.winnow.keymap_in_force.shown(f"dashboard.{name}", limit=1),
            width=max(self.size.width - 12, 30),
        )

    def _show_trouble(self) -> None:
        lines = trouble_lines(self.winnow.server.trouble or "", has_stored=bool(self._summary and self._summary.scenes))
        trouble = self.query_one("#trouble", Static)
        trouble.display = bool(lines)
        trouble.update(Content("\n").join(lines))

    def _show_running(self) -> None:
        running = self.query_one("#running", Static)
        lines = running_lines(
            list(self.winnow.progress.values()), self._elsewhere(), width=max(self.size.width - 12, 30)
        )
        running.display = bool(lines)
        running.update(Content("\n").join(lines))

    def _elsewhere(self) -> JobRecord | None:
        """A scan that another process carries out."""
        job = self._newest
        return job if job and job.state in _OPEN and job.id not in self.winnow.progress else None

    def _open_job(self) -> tuple[int, JobState] | None:
        """What runs, and its state."""
        for progress in self.winnow.progress.values():
            if progress.kind in _STOPPABLE:
                return progress.job_id, progress.state
        elsewhere = self._elsewhere()
        return (elsewhere.id, elsewhere.state) if elsewhere else None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Pause and stop need something that runs."""
        if action in {"pause", "cancel"} and (not self.is_mounted or self._open_job() is None):
            return False
        return super().check_action(action, parameters)

    async def action_open(self) -> None:
        """The matching list."""
        await self.app.switch_mode("matching")

    def action_scan(self) -> None:
        """Look up what is new; the job outlives this screen."""
        self.carry_out(self._scan(ScanOptions()), group="scan")

    def action_scan_full(self) -> None:
        """Look everything up again."""
        self.carry_out(self._scan(ScanOptions(is_full=True)), group="scan")

    async def _scan(self, options: ScanOptions) -> None:
        await self.runtime.matching.start_scan(options)
        self.winnow.say("The scan has started; it goes on whatever you do here.")
        await self.load()

    def action_pause(self) -> None:
        """Pause, or go on."""
        job = self._open_job()
        if job is not None:
            self._ask(job[0], "" if job[1] is JobState.PAUSED else "pause")

    def action_cancel(self) -> None:
        """Stop; what was looked up so far is kept."""
        job = self._open_job()
        if job is not None:
            self._ask(job[0], "cancel")

    def _ask(self, job_id: int, request: str) -> None:
        async def ask() -> None:
            await self.runtime.jobs.ask(job_id, request)
            await self.load()

        self.carry_out(ask(), group="ask")

    def action_accept_all(self) -> None:
        """A list of what would be linked first; nothing is done without its yes."""
        self.winnow.in_background(self._accept_all(), group="accept-all")

    async def _accept_all(self) -> None:
        from tui.dialogs.accept_all import AcceptAllDialog
        from tui.screens.match_decisions import MatchDecisions

        desk = self.runtime.matching
        plan = await desk.plan_accept(wanted=RecommendationFilter(is_high_confidence=True))
        if not plan.items:
            self.winnow.say("There is no high-confidence match to accept.")
            return
        names = {one.endpoint: one.name for one in (await desk.summary()).endpoints if one.name}
        chosen = await self.app.push_screen_wait(AcceptAllDialog(plan, names=names))
        if chosen is not None:
            words = await MatchDecisions(self.winnow).accept_plan(chosen)
            if words:
                self.winnow.say(words[0].upper() + words[1:] + ".")
