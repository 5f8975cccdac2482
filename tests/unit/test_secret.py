"""What is known as a secret is blacked out wherever a text may hold anything: reports of defects, tracebacks."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from core.errors import ServerError
from core.secret import Secret, hidden
from core.servers.address import parse_address
from core.servers.call import Credential
from tui import cli
from tui.defects import report

KEY, PASSWORD, OTHER = "K3y-hidden-everywhere-01", "P4ss-hidden-everywhere-02", "0ther-hidden-everywhere-03"


def test_keys_and_passwords_are_blacked_out_once_they_are_known() -> None:
    assert hidden(f"{KEY} {OTHER}") == f"{KEY} {OTHER}"
    held = [Secret(KEY), Secret(f"postgresql://immich:{PASSWORD}@host/db")]
    credential = Credential(OTHER, basic=parse_address(f"http://me:{OTHER}4@host").basic)
    text = hidden(f"{KEY} {PASSWORD} postgresql://immich:{PASSWORD}@host/db {OTHER} {OTHER}4")
    assert text == "*** *** *** *** ***"
    assert held
    assert credential.has_key


def test_a_short_text_is_none_that_could_be_found() -> None:
    assert Secret("a")
    assert hidden("a banana") == "a banana"


@pytest.fixture
def app() -> Any:
    nowhere = SimpleNamespace(width=80, height=24)
    return SimpleNamespace(size=nowhere, screen=nowhere, current_mode="x", theme="x", settings=None)


def test_a_report_holds_no_secret_and_steers_no_terminal(app: Any) -> None:
    assert Secret(KEY)
    try:
        raise ServerError(f"it said \x1b]0;{KEY}\x07\u202e and {KEY}", server="http://x")
    except ServerError as error:
        text = report(app, error)
    assert KEY not in text
    assert "***" in text
    assert all(sign.isprintable() or sign == "\n" for sign in text)


def test_a_traceback_holds_no_secret_and_steers_no_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert Secret(KEY)

    def run(_: object) -> int:
        raise ServerError(f"it said \x1b]0;{KEY}\x07\u202e\nmore", server="http://x")

    monkeypatch.setenv("WINNOW_DEBUG", "1")
    monkeypatch.setattr(cli, "_run", run)
    assert cli.main(["x"]) == 1
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert KEY not in said
    assert all(sign.isprintable() or sign == "\n" for sign in said)
