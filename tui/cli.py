"""The command line: runs the command that was asked for and turns what happens into an exit status.

A command's module is imported when the command runs. Exit status: 0 done; 1 done, but something failed or was refused;
2 bad usage or configuration; 130 interrupted, with the state saved.
"""

from __future__ import annotations

import asyncio
import importlib
import logging
import os
import sys
import traceback
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from core.errors import ConfigError, JobCancelledError, UsageError, WinnowError
from tui.grammar import HelpRequested, parse
from tui.interrupts import INTERRUPTED, run

if TYPE_CHECKING:
    from tui.console import Console

_JOBS: Final = "core.jobs"
_INTERRUPTED_WORDS: Final = "interrupted; what was done so far is saved"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status."""
    _replace_closed_streams()
    try:
        return _run(sys.argv[1:] if argv is None else argv)
    except (KeyboardInterrupt, JobCancelledError, asyncio.CancelledError):
        return _complain(_INTERRUPTED_WORDS, INTERRUPTED)
    except (UsageError, ConfigError) as error:
        return _complain(str(error), 2)
    except WinnowError as error:
        return _complain(str(error), 1)
    except OSError as error:
        return _complain(f"{error.filename or 'the system'}: {error.strerror or error}", 1)
    except Exception as error:  # noqa: BLE001  the last line before the user; a defect of ours is told as one
        return _complain(f"this is a defect of Winnow: {type(error).__name__} (WINNOW_DEBUG=1 shows where)", 1)
    finally:
        _let_go_of_stderr()


def _run(argv: Sequence[str]) -> int:
    from tui.console import Console

    console = Console()
    notes = _Notes(console)
    try:
        args = parse(argv)
        if args.version:
            from importlib.metadata import version

            console.out(f"winnow {version('winnow')}")
            return 0
        logging.getLogger().addHandler(notes)
        module, _, function = args.answer.partition(":")
        status = run(getattr(importlib.import_module(f"tui.commands.{module}"), function)(args, console))
        if status == INTERRUPTED:
            console.note(_INTERRUPTED_WORDS)
        return status
    except HelpRequested as request:
        console.write(str(request))
        return 0
    finally:
        logging.getLogger().removeHandler(notes)
        console.finish()


class _Notes(logging.Handler):
    """Passes warnings of the core on to the user, without disturbing the line of progress.

    What a job remarks stands in its own log (`winnow jobs show`): a scan from cron is silent when all went well.
    """

    def __init__(self, console: Console) -> None:
        super().__init__(logging.WARNING)
        self._console = console
        self.addFilter(lambda record: record.name != _JOBS or record.levelno > logging.ERROR)

    def emit(self, record: logging.LogRecord) -> None:
        """Tell one."""
        self._console.note(record.getMessage())


def _complain(message: str, status: int) -> int:
    """The one place where an error is told; its traceback only on request."""
    from core.secret import hidden
    from tui.console import Console

    if os.environ.get("WINNOW_DEBUG", "") not in {"", "0"}:
        Console().trace(hidden(traceback.format_exc()))
    Console().note(hidden(message))
    return status


def _let_go_of_stderr() -> None:
    """What stderr cannot take goes nowhere: Python would fail at it once more and end with a status of its own."""
    try:
        sys.stderr.flush()
    except OSError:
        with open(os.devnull, "w") as nowhere:  # noqa: PTH123  a device, not a path of ours
            os.dup2(nowhere.fileno(), sys.stderr.fileno())


def _replace_closed_streams() -> None:
    """Streams that were closed by the caller (`>&-`) swallow what is written and hold nothing to read."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115  lives as long as we do
