"""What running jobs report, collected and passed on to the screen in sight at most ten times a second."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from core.runtime import ACCEPT, JobState, Progress
from tui.messages import JobsProgressed

if TYPE_CHECKING:
    from tui.app import WinnowApp

_SECONDS: Final = 0.1
_OPEN: Final = (JobState.RUNNING, JobState.PAUSED)


class JobFeed:
    """Listens to the jobs of this process. `progress` holds the newest word of each that has not ended."""

    def __init__(self, app: WinnowApp) -> None:
        self._app = app
        self.progress: dict[int, Progress] = {}
        self._ended: set[int] = set()
        self._is_telling = False

    def hear(self, progress: Progress) -> None:
        """A job went on; called many times a second."""
        self.progress[progress.job_id] = progress
        if progress.state not in _OPEN:
            self._ended.add(progress.job_id)
        if not self._is_telling:
            self._is_telling = True
            self._app.set_timer(_SECONDS, self._tell)

    def _tell(self) -> None:
        self._is_telling = False
        ended, self._ended = frozenset(self._ended), set()
        told = dict(self.progress)
        for job_id in ended:
            self.progress.pop(job_id, None)
        if not self._app.screen_stack:  # the app is about to end
            return
        self._app.screen.post_message(JobsProgressed(told, ended))
        for job_id in ended:
            self._say_end(told[job_id])

    def _say_end(self, one: Progress) -> None:
        """How a job ended, for whoever looks elsewhere."""
        if one.state is JobState.FAILED:
            self._app.say(f"{one.title} failed; the jobs screen says why.", severity="error")
        elif one.state is JobState.DONE and one.kind != ACCEPT:  # what an accept came to is said where it was asked for
            self._app.say(f"{one.title} is done.")
        elif one.state is not JobState.DONE:
            self._app.say(f"{one.title} was stopped; it can go on later.")
