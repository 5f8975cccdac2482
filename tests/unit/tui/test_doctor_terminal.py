"""What `winnow doctor` says of the terminal."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from core.doctor_machine import State
from tui.commands.doctor import terminal


class Tty(io.TextIOWrapper):
    """A stdout that is a terminal."""

    def __init__(self, encoding: str = "utf-8") -> None:
        super().__init__(io.BytesIO(), encoding)

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def on_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("LINES", "40")


def states(stdout: io.TextIOWrapper | None = None, **env: str) -> dict[str, State]:
    return {check.name: check.state for check in terminal(env, stdout or Tty())}


def test_a_good_terminal() -> None:
    assert states(TERM="xterm-256color", COLORTERM="truecolor") == {
        "terminal": State.OK,
        "characters": State.OK,
        "colours": State.OK,
    }


@pytest.mark.parametrize("kind", ["", "dumb"])
def test_no_terminal_to_speak_of(kind: str) -> None:
    assert states(TERM=kind) == {"terminal": State.FAILED}


def test_a_pipe_is_not_asked() -> None:
    assert states(io.TextIOWrapper(io.BytesIO()), TERM="xterm") == {"terminal": State.SKIPPED}


def test_a_small_window(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "79")
    assert states(TERM="xterm-256color")["terminal"] is State.WARNING


def test_a_terminal_without_utf_8() -> None:
    assert states(Tty("iso8859-1"), TERM="xterm")["characters"] is State.WARNING


@pytest.mark.parametrize(
    ("env", "state", "words"),
    [
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, State.OK, "none"),
        ({"COLORTERM": "24bit"}, State.OK, "24 bit"),
        ({"TERM": "xterm-direct"}, State.OK, "24 bit"),
        ({"TERM": "screen-256color"}, State.OK, "256"),
        ({"TERM": "linux"}, State.WARNING, "16"),
    ],
)
def test_colours(env: dict[str, str], state: State, words: str) -> None:
    found = next(check for check in terminal({"TERM": "xterm", **env}, Tty()) if check.name == "colours")
    assert (found.state, words in found.words) == (state, True)


@pytest.mark.parametrize(
    ("answer", "state"),
    [("on", State.OK), ("all", State.OK), ("1", State.OK), ("off", State.WARNING), ("0", State.WARNING)],
)
def test_tmux(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, state: State) -> None:
    _answering(tmp_path, monkeypatch, f"{answer}\\t1")
    assert states(TERM="tmux-256color", TMUX="/tmp/tmux,1,0")["tmux"] is state


def test_a_tmux_that_knows_no_utf_8(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _answering(tmp_path, monkeypatch, "on\\t0")
    checks = terminal({"TERM": "screen", "TMUX": "x", "TMUX_PANE": "%1"}, Tty())
    (told,) = [check for check in checks if check.state is State.WARNING and check.name == "tmux"]
    assert "as _" in told.words
    assert "tmux -u attach" in told.advice


def _answering(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str) -> None:
    """A tmux that gives this answer."""
    program = tmp_path / "tmux"
    program.write_text(f"#!/bin/sh\nprintf '{answer}\\n'\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")


def test_tmux_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert states(TERM="tmux-256color", TMUX="/tmp/tmux,1,0")["tmux"] is State.WARNING
