"""What the app tells the person: a note that shows for a while, and the list of all that was said."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from typing import Final, Literal

from textual.app import App
from textual.notifications import Notification, Notify

from core.clock import Clock, SystemClock
from tui.present import plain

_SAID_LIMIT: Final = 1000
_LEAST_SECONDS: Final = 0.05
Severity = Literal["information", "warning", "error"]


@dataclass(frozen=True, slots=True)
class Said:
    """One message of this session. `at` in Unix seconds."""

    at: float
    severity: Severity
    text: str


class Note(Notification):
    """A note whose time left is above zero, also when it has just expired.

    Textual sets a timer of `time_left` when it draws a note. A timer of less than no time never ends: it goes round
    in the event loop, which then hears neither keys nor signals. That is met whenever the clock passes the end of a
    note, or is set, between Textual's look at `has_expired` and the drawing.
    """

    @property
    def time_left(self) -> float:
        """Seconds until it goes."""
        return max(_LEAST_SECONDS, super().time_left)

    @property
    def has_expired(self) -> bool:
        """Whether its time is over."""
        return super().time_left <= 0


class SpeakingApp(App[int], inherit_bindings=False):
    """Shows notes and keeps what they said."""

    def __init__(self, clock: Clock | None = None) -> None:
        super().__init__()
        self.clock = clock or SystemClock()
        self.said: deque[Said] = deque(maxlen=_SAID_LIMIT)

    def keep(self, text: str, *, severity: Severity) -> None:
        """A message for the list alone."""
        self.said.append(Said(self.clock.now(), severity, text))

    def say(self, text: str, *, severity: Severity = "information") -> None:
        """A message that shows for a while and stays in the list of messages."""
        self.keep(text, severity=severity)
        shown = "\n".join(plain(line) for line in text.split("\n"))
        title = {"information": "", "warning": "! Careful", "error": "✗ Not done"}[severity]
        self.notify(shown, title=title, severity=severity, timeout=4 if severity == "information" else 8, markup=False)

    def notify(
        self,
        message: str,
        *,
        title: str = "",
        severity: Severity = "information",
        timeout: float | None = None,
        markup: bool = True,
    ) -> None:
        """As Textual's, with a note whose timer ends."""
        seconds = self.NOTIFICATION_TIMEOUT if timeout is None else timeout
        self.post_message(Notify(Note(message, title, severity, seconds, markup=markup)))
