"""Scans and other long work: what runs, what ran, and what the selected job said."""

from __future__ import annotations

import time
from typing import ClassVar, Final

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from core.runtime import JobRecord, JobState, LogLine, Progress
from tui.bindings import bindings
from tui.messages import JobsProgressed
from tui.present import content, paragraphs, plain
from tui.screens.stored import StoredScreen
from tui.widgets.record_table import Column, RecordTable
from tui.widgets.scrolling import ScrollingText
from tui.wording import ago, bar, clock_time, progress_words, rough, state

_LIMIT: Final = 200
_REFRESH_SECONDS: Final = 2.0
_RESUMABLE: Final = (JobState.CANCELLED, JobState.INTERRUPTED, JobState.FAILED)
_OPEN: Final = (JobState.RUNNING, JobState.PAUSED)
_LEVELS: Final = {"info": ("·", "$quiet"), "warning": ("!", "bold $warning"), "error": ("✗", "bold $error")}


class JobsScreen(StoredScreen):
    """Above the jobs, below the log of the one under the cursor. Jobs of other processes show too."""

    SCOPE = "jobs"
    TAB = "jobs"
    CSS_PATH = "jobs.tcss"
    BINDINGS: ClassVar = bindings("jobs")

    def __init__(self) -> None:
        super().__init__()
        self._jobs: dict[int, JobRecord] = {}
        self._shown_states: dict[int, JobState] = {}

    def compose_body(self) -> ComposeResult:
        yield Static(id="empty")
        yield RecordTable(
            [
                Column("", 5),
                Column("state", 11),
                Column("job", 0),
                Column("done", 17),
                Column("started", 11, wide_only=True),
                Column("took", 9),
            ],
            id="jobs",
        )
        with Vertical(id="selected"):
            yield Static(id="progress")
            with ScrollingText(id="log"):
                yield Static(id="lines")

    def on_mount(self) -> None:
        """The table has the keys; what other processes do is looked at now and then."""
        self.query_one(RecordTable).focus()
        self.set_interval(_REFRESH_SECONDS, self.reload)

    async def load(self) -> None:
        """Read and show."""
        records = await self.runtime.jobs.newest(limit=_LIMIT)
        self._jobs = {one.id: one for one in records}
        live = self.winnow.progress
        self._shown_states = {one.id: live[one.id].state if one.id in live else one.state for one in records}
        table = self.query_one(RecordTable)
        table.display = bool(records)
        self.query_one("#selected").display = bool(records)
        empty = self.query_one("#empty", Static)
        empty.display = not records
        empty.update(Content("Nothing has run yet. A scan started on the dashboard shows up here."))
        table.show_records([(str(one.id), self._cells(one)) for one in records])
        await self._show_selected()
        self.refresh_bindings()

    def _cells(self, job: JobRecord) -> list[Content]:
        now = self.winnow.clock.now()
        live = self.winnow.progress.get(job.id)
        done, total = (live.done, live.total) if live else (job.done, job.total)
        started = job.started_at or job.created_at
        took = (job.finished_at or now) - started
        return [
            Content(f"{job.id:>4}"),
            state(live.state if live else job.state),
            content(job.title),
            Content(f"{done:,}" if total is None else f"{done:,} of {total:,}"),
            Content(clock_time(started, now)),
            Content(rough(max(took, 0)) if job.finished_at or job.state in _OPEN else ""),
        ]

    @property
    def selected(self) -> JobRecord | None:
        """The job under the cursor."""
        key = self.query_one(RecordTable).current
        return self._jobs.get(int(key)) if key else None

    @on(RecordTable.Moved)
    def _moved(self) -> None:
        self.refresh_bindings()
        self.carry_out(self._show_selected(), group="log", is_exclusive=True)

    @on(RecordTable.Opened)
    def _opened(self) -> None:
        self.query_one("#log").focus()

    async def _show_selected(self) -> None:
        job = self.selected
        if job is None:
            return
        lines = await self.runtime.jobs.log_lines(job.id)
        self._show_progress(job, self.winnow.progress.get(job.id))
        log = self.query_one("#log", ScrollingText)
        is_at_end = log.scroll_offset.y >= log.max_scroll_y
        self.query_one("#lines", Static).update(_log_text(lines))
        if is_at_end:
            log.scroll_end(animate=False)

    def _show_progress(self, job: JobRecord, live: Progress | None) -> None:
        width = max(min(self.size.width - 50, 40), 10)
        if live is not None:
            shown = Content.assemble(
                bar(live.done, live.total, width), f"  {progress_words(live)}", (f"  {plain(live.message)}", "$quiet")
            )
        elif job.error:
            shown = Content.assemble(("✗ ", "bold $error"), paragraphs(job.error))
        else:
            ended = "" if job.finished_at is None else f"ended {ago(job.finished_at, self.winnow.clock.now())}"
            shown = Content.assemble(state(job.state), f"  {ended}")
        self.query_one("#progress", Static).update(shown)

    def on_jobs_progressed(self, message: JobsProgressed) -> None:
        """Running jobs move; ended ones are read again."""
        job = self.selected
        if message.ended or any(self._is_news(one) for one in message.progress.values()):
            self.reload()
        elif job is not None and job.id in message.progress:
            self._show_progress(job, message.progress[job.id])

    def _is_news(self, progress: Progress) -> bool:
        """Whether the table says something else of this job."""
        shown = self._shown_states.get(progress.job_id)
        return shown is not progress.state

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What the job under the cursor can be asked."""
        if action in {"pause", "cancel", "resume"}:
            job = self.selected if self.is_mounted else None
            wanted = _RESUMABLE if action == "resume" else _OPEN
            if job is None or job.state not in wanted:
                return False
        return super().check_action(action, parameters)

    def action_pause(self) -> None:
        """Pause, or go on."""
        self._ask("" if self._is_paused() else "pause")

    def action_cancel(self) -> None:
        """Stop; the state is saved, so no question is asked."""
        self._ask("cancel")

    def _is_paused(self) -> bool:
        job = self.selected
        live = self.winnow.progress.get(job.id) if job else None
        return job is not None and (live.state if live else job.state) is JobState.PAUSED

    def _ask(self, request: str) -> None:
        job = self.selected
        if job is not None:
            self.carry_out(self._asked(job.id, request), group="ask")

    async def _asked(self, job_id: int, request: str) -> None:
        await self.runtime.jobs.ask(job_id, request)
        await self.load()

    def action_resume(self) -> None:
        """Go on where it was; the job outlives this screen."""
        job = self.selected
        if job is not None:
            self.winnow.resume_job(job.id)


def _log_text(lines: list[LogLine]) -> Content:
    if not lines:
        return Content.styled("This job said nothing.", "$quiet")
    shown = []
    for line in lines:
        sign, style = _LEVELS.get(line.level, _LEVELS["info"])
        stamp = time.strftime("%H:%M:%S", time.localtime(line.at))
        shown.append(Content.assemble((f"{stamp}  ", "$quiet"), (f"{sign} ", style), plain(line.text)))
    return Content("\n").join(shown)
