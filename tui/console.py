"""Where a command prints and asks: results to stdout, everything else to stderr, questions only on a terminal."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any, Final, TextIO

from core.errors import UsageError, WinnowError
from tui.documents import table
from tui.interrupts import immediate, wait_for_input
from tui.present import plain

JSON_VERSION: Final = 1
_PROGRESS_SECONDS: Final = 0.1


class Console:
    """The two output streams and the questions of one command.

    A reader of stdout that went away (`winnow list | head`) is not an error: what follows is dropped and the command
    finishes its work.
    """

    def __init__(self, stdin: TextIO | None = None, stdout: TextIO | None = None, stderr: TextIO | None = None) -> None:
        self._in = stdin or sys.stdin
        self._out = stdout or sys.stdout
        self._err = stderr or sys.stderr
        self._has_progress = False
        self._progress_at = float("-inf")
        for stream in (self._out, self._err):
            reconfigure = getattr(stream, "reconfigure", None)
            if reconfigure is not None:
                reconfigure(errors="backslashreplace")

    @property
    def can_ask(self) -> bool:
        """Whether a person sits at the other end."""
        return _is_tty(self._in) and _is_tty(self._err)

    @property
    def shows_progress(self) -> bool:
        """Whether stderr is a terminal."""
        return _is_tty(self._err)

    @property
    def columns(self) -> int | None:
        """How wide the terminal behind stdout is; None for a file or a pipe, where nothing need be cut."""
        return _columns(self._out) if _is_tty(self._out) else None

    def out(self, text: str = "") -> None:
        """One line of the result; every part that comes from outside must have gone through `plain`."""
        self._clear_progress()
        self._to_stdout(text + "\n")

    def table(self, heads: Sequence[str], rows: Sequence[Sequence[str]], *, empty: str) -> None:
        """Rows below their heads, or the words for none."""
        for line in table(heads, rows, columns=self.columns) if rows else [empty]:
            self.out(line)

    def write(self, text: str) -> None:
        """Text of the result as it is, for exports."""
        self._to_stdout(text)

    def json(self, document: Mapping[str, Any]) -> None:
        """The whole result as one JSON document, its version first; ASCII, so that nothing in it steers a terminal."""
        self._clear_progress()
        self._to_stdout(json.dumps({"version": JSON_VERSION, **document}, indent=2, allow_nan=False) + "\n")

    async def json_list(self, head: Mapping[str, Any], name: str, items: AsyncIterator[Mapping[str, Any]]) -> None:
        """As `json`, for a document that ends in a long list: its items are written as they come."""
        self._clear_progress()
        opening = json.dumps({"version": JSON_VERSION, **head, name: []}, indent=2, allow_nan=False)
        self._to_stdout(opening.removesuffix("]\n}"))
        separator = "\n"
        async for item in items:
            text = json.dumps(item, indent=2, allow_nan=False).replace("\n", "\n    ")
            self._to_stdout(f"{separator}    {text}")
            separator = ",\n"
        self._to_stdout("]\n}\n" if separator == "\n" else "\n  ]\n}\n")

    def aside(self, text: str) -> None:
        """One line beside the result; every part that comes from outside must have gone through `plain`."""
        self._clear_progress()
        self._say(text + "\n")

    def note(self, text: str) -> None:
        """A message beside the result, each line literally."""
        self._clear_progress()
        for number, line in enumerate(text.split("\n")):
            self._say(("winnow: " if number == 0 else "        ") + plain(line) + "\n")

    def trace(self, text: str) -> None:
        """The traceback of an error, each line literally."""
        self._clear_progress()
        for line in text.rstrip().split("\n"):
            self._say(plain(line) + "\n")

    def progress(self, text: str) -> None:
        """Replaces the line of progress, at most ten times a second, and only on a terminal."""
        now = time.monotonic()
        if not self.shows_progress or now - self._progress_at < _PROGRESS_SECONDS:
            return
        self._progress_at = now
        self._has_progress = True
        self._say("\r" + plain(text, width=_columns(self._err) - 1) + "\x1b[K")

    def confirm(self, question: str, *, flag: str) -> bool:
        """Whether the user says yes; Enter alone is no. Raises UsageError that names `flag` where nobody can answer."""
        return self.ask(f"{question} [y/N]", flag=flag).strip().lower() in {"y", "yes"}

    def ask(self, question: str, *, flag: str, default: str = "") -> str:
        """A line from the user, or `default` for Enter.

        Raises UsageError that names `flag` where nobody can answer, and asyncio.CancelledError on Ctrl-C and Ctrl-D.
        """
        self.require_person(flag)
        with immediate():  # before the question is shown: who sees it can press Ctrl-C
            self._prompt(f"{question} ({default}) " if default else f"{question} ")
            wait_for_input(self._in)
            line = self._in.readline()
        if not line:  # end of input is no answer
            self._say("\n")
            raise asyncio.CancelledError
        return line.strip() or default

    def ask_secret(self, question: str, *, flag: str) -> str:
        """A line that is not shown while it is typed. Raises as `ask`."""
        import getpass

        self.require_person(flag)
        self._clear_progress()
        with immediate():
            try:
                return getpass.getpass(f"{plain(question)} ", stream=self._err).strip()
            except EOFError:
                raise asyncio.CancelledError from None

    def flush(self) -> None:
        """Lets the reader see what was printed so far."""
        self._to_stdout(None)

    def finish(self) -> None:
        """Hands everything over. Raises WinnowError when stdout cannot take it, for example on a full disk."""
        self._clear_progress()
        self._to_stdout(None)

    def _prompt(self, text: str) -> None:
        self._clear_progress()
        self.finish()
        self._say("\n".join(plain(line) for line in text.split("\n")))

    def require_person(self, flag: str) -> None:
        """Raises UsageError that names `flag` where nobody can answer: before long work whose end asks."""
        if not self.can_ask:
            raise UsageError(f"this asks a question and there is no terminal to answer it; give {flag}")

    def _to_stdout(self, text: str | None) -> None:
        """Write text, or with None hand over what is buffered."""
        try:
            if text is None:
                self._out.flush()
            else:
                self._out.write(text)
        except BrokenPipeError:
            self._drop_stdout()
        except OSError as error:
            self._drop_stdout()
            raise WinnowError(f"the result cannot be written to stdout: {error.strerror or error}") from error

    def _say(self, text: str) -> None:
        try:
            self._err.write(text)
            self._err.flush()
        except OSError:
            return  # there is nowhere left to complain to

    def _clear_progress(self) -> None:
        if self._has_progress:
            self._has_progress = False
            self._progress_at = float("-inf")
            self._say("\r\x1b[K")

    def _drop_stdout(self) -> None:
        """Let everything more go nowhere, also what Python flushes at its end."""
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123  a device, not a path of ours
            os.dup2(nowhere.fileno(), self._out.fileno())


def _is_tty(stream: TextIO) -> bool:
    try:
        return stream.isatty()
    except ValueError:  # closed
        return False


def _columns(stream: TextIO) -> int:
    try:
        return max(os.get_terminal_size(stream.fileno()).columns, 20)
    except (OSError, ValueError):
        return 80
