"""The command line: grammar, help, exit status, and what must not be loaded to answer."""

from __future__ import annotations

import argparse
import io
import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from core.errors import ConfigError, JobCancelledError, ServerError, UsageError, WinnowError
from tui import cli
from tui.console import Console
from tui.grammar import HelpRequested, build_parser, parse

ROOT = Path(__file__).parents[3]


def parsers() -> Iterator[tuple[str, argparse.ArgumentParser]]:
    """Every command with its words, the whole tree."""
    pending: list[tuple[str, argparse.ArgumentParser]] = [("winnow", build_parser())]
    while pending:
        name, parser = pending.pop()
        yield name, parser
        for action in parser._actions:
            if isinstance(action, argparse._SubParsersAction):
                pending += [(f"{name} {word}", inner) for word, inner in action.choices.items()]


COMMANDS = dict(parsers())


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_has_help_with_an_example(name: str) -> None:
    text = COMMANDS[name].format_help()
    assert "example" in text
    assert f"  {name}" in text.partition("example")[2]
    assert "--config FILE" in text
    assert "--data-dir DIR" in text


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_example_is_accepted(name: str) -> None:
    import shlex

    lines = COMMANDS[name].format_help().partition("example")[2].splitlines()[1:]
    for line in lines:
        words = shlex.split(line.partition("   ")[0] if not line.startswith("  ") else line[2:].partition("   ")[0])
        if words[:1] == ["winnow"]:
            assert parse(words[1:]) is not None


@pytest.mark.parametrize("words", [["--config", "a.toml", "jobs"], ["jobs", "--config", "a.toml"]])
def test_common_options_stand_before_or_behind_the_command(words: list[str]) -> None:
    assert parse(words).config == Path("a.toml")


def test_the_later_option_wins() -> None:
    args = parse(["--config", "a", "--data-dir", "d", "jobs", "--config", "b", "cancel", "3", "--data-dir", "e"])
    assert (args.config, args.data_dir, args.id) == (Path("b"), Path("e"), 3)


def test_an_option_of_the_outer_command_survives_the_inner_one() -> None:
    assert parse(["jobs", "--json", "cancel", "3"]).json is True
    assert parse(["jobs", "cancel", "3", "--json"]).json is True
    assert parse(["jobs", "cancel", "3"]).json is False


def test_scan_only() -> None:
    args = parse(["--scan-only", "--desk", "matching", "--endpoint", "https://a/graphql", "--full", "--due", "--json"])
    assert args.answer == "scan:scan"
    assert (args.scan_desks, args.scan_endpoint, args.full, args.due, args.scan_json) == (
        ["matching"],
        "https://a/graphql",
        True,
        True,
        True,
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("lst", "there is no 'lst'; did you mean list?"),
        ("xyzzy", "it is one of: demo, init"),
        ("list matchin", "did you mean matching?"),
        ("list", "required: DESK"),
        ("list matching --limit 0", "'0' is not a number from 1"),
        ("list matching --limit ten", "'ten' is not a number"),
        ("list matching --frobnicate", "unrecognized arguments: --frobnicate"),
        ("list matching --lim 3", "unrecognized arguments: --lim"),
        ("accept", "by their ids, or all of them by --high-confidence"),
        ("accept 3 --high-confidence", "by their ids, or all of them by --high-confidence"),
        ("accept 3 --exclude 4", "narrow --high-confidence"),
        ("accept 3 --endpoint https://a", "narrow --high-confidence"),
        ("accept -3", "'-3' is not an id"),
        ("accept 0", "'0' is not an id"),
        ("accept 1.5", "'1.5' is not an id"),
        ("accept ٣", "is not an id"),
        ("accept 99999999999999999999", "is not an id"),
        ("accept 3 --metadata some", "there is no 'some'"),
        ("dismiss", "required: ID"),
        ("undo", "name what to undo by its id, or use --last"),
        ("undo 3 --last", "name what to undo by its id, or use --last"),
        ("jobs cancel", "required: ID"),
        ("export matching", "required: --format"),
        ("export matching --format xml", "there is no 'xml'"),
        ("--full", "--full needs --scan-only or a command"),
        ("--json list matching", "--json does not stand before a command"),
        ("--scan-only jobs", "--scan-only does not stand before a command"),
        ("--scan-only --desk intak", "there is no 'intak'"),
        ("demo --serve --scan-only", "exclude each other"),
        ("demo --scenes 0", "is not a number from 1"),
        ("--config", "expected one argument"),
        ("--data-dir= list matching", "it is empty; name a path"),
        ("list matching --config=", "it is empty; name a path"),
    ],
)
def test_bad_usage_is_refused_in_words(line: str, words: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(line.split())
    assert words in str(caught.value)


def answering(monkeypatch: pytest.MonkeyPatch, answer: Any) -> int:
    """The exit status when a command's function is `answer`."""
    import tui.commands.doctor

    monkeypatch.setattr(tui.commands.doctor, "doctor", answer)
    return cli.main(["doctor"])


def raising(error: BaseException) -> Any:
    async def command(args: argparse.Namespace, console: Console) -> int:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        (UsageError("so not"), 2, "winnow: so not\n"),
        (ConfigError("wrong", path=Path("/x.toml"), line=3), 2, "winnow: /x.toml:3: wrong\n"),
        (ServerError("broken", server="http://nas"), 1, "winnow: http://nas: broken\n"),
        (WinnowError("two\nlines"), 1, "winnow: two\n        lines\n"),
        (WinnowError("clear \x1b[2J the screen"), 1, "winnow: clear \u241b[2J the screen\n"),
        (FileNotFoundError(2, "No such file", "/y"), 1, "winnow: /y: No such file\n"),
        (JobCancelledError("stopped"), 130, "winnow: interrupted; what was done so far is saved\n"),
        (KeyboardInterrupt(), 130, "winnow: interrupted; what was done so far is saved\n"),
        (
            ZeroDivisionError(),
            1,
            "winnow: this is a defect of Winnow: ZeroDivisionError (WINNOW_DEBUG=1 shows where)\n",
        ),
    ],
)
def test_exit_status_and_words_of_an_error(
    error: BaseException, status: int, words: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("WINNOW_DEBUG", raising=False)
    assert answering(monkeypatch, raising(error)) == status
    shown = capsys.readouterr()
    assert shown.err == words
    assert shown.out == ""


def test_debugging_shows_where(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setenv("WINNOW_DEBUG", "1")
    assert answering(monkeypatch, raising(WinnowError("broken"))) == 1
    assert "Traceback" in capsys.readouterr().err


def test_the_exit_status_of_a_command_is_passed_on(monkeypatch: pytest.MonkeyPatch) -> None:
    async def command(args: argparse.Namespace, console: Console) -> int:
        return 1

    assert answering(monkeypatch, command) == 1


def test_help_and_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["--help"]) == 0
    assert capsys.readouterr().out.startswith("usage: winnow")
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out.startswith("winnow ")
    with pytest.raises(HelpRequested):
        parse(["list", "--help"])


def python(code: str, **streams: Any) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=env, check=True, **streams)


def test_help_loads_nothing_heavy() -> None:
    heavy = "textual rich msgspec httpx numpy PIL av aiosqlite tomlkit platformdirs stamina core.config core.store"
    code = (
        "import sys\nfrom tui.cli import main\nassert main(['--help']) == 0\n"
        f"print([name for name in {heavy.split()!r} if name in sys.modules], file=sys.stderr)"
    )
    assert python(code).stderr.strip() == "[]"


def test_no_headless_command_loads_a_terminal_library() -> None:
    code = (
        "import importlib, pkgutil, sys\nimport tui.cli, tui.commands\n"
        "names = [found.name for found in pkgutil.iter_modules(tui.commands.__path__)]\n"
        "for name in names: importlib.import_module(f'tui.commands.{name}')\n"
        "print(len(names), [name for name in ('textual', 'rich', 'textual_image') if name in sys.modules])"
    )
    count, _, loaded = python(code).stdout.strip().partition(" ")
    assert int(count) >= 2
    assert loaded == "[]"


def test_help_answers_at_once() -> None:
    def seconds() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(
            [sys.executable, "-m", "tui", "--help"],
            stdout=subprocess.DEVNULL,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=True,
        )
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(3)) < 0.3  # of the processor: other work on the machine does not count


def test_a_reader_that_goes_away_is_not_an_error() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "wb") as pipe:
        ran = subprocess.run(
            [sys.executable, "-m", "tui", "--help"],
            stdout=pipe,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    assert (ran.returncode, ran.stderr) == (0, b"")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_a_result_that_cannot_be_written_is_an_error() -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "tui", "--help"],
            stdout=full,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    assert ran.returncode == 1
    assert ran.stderr == b"winnow: the result cannot be written to stdout: No space left on device\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize(("words", "status"), [("--help", 1), ("undo", 2)])
def test_the_exit_status_holds_where_nothing_can_be_told(words: str, status: int) -> None:
    with Path("/dev/full").open("wb") as full:
        ran = subprocess.run(
            [sys.executable, "-m", "tui", words],
            stdout=full,
            stderr=full,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            check=False,
        )
    assert ran.returncode == status


def test_closed_streams_do_no_harm() -> None:
    command = f'exec "{sys.executable}" -m tui --version <&- >&- 2>&-'
    ran = subprocess.run(["/bin/sh", "-c", command], env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert ran.returncode == 0


def test_questions_without_a_terminal_name_the_flag() -> None:
    console = Console(io.StringIO("y\n"), io.StringIO(), io.StringIO())
    with pytest.raises(UsageError, match="no terminal to answer it; give --yes"):
        console.confirm("Really?", flag="--yes")


def test_json_is_ascii_and_has_its_version_first() -> None:
    out = io.StringIO()
    console = Console(io.StringIO(), out, io.StringIO())
    console.json({"title": "caf\xe9 \u202e\x1b[2J\udc80"})
    text = out.getvalue()
    assert text.isascii()
    assert "\x1b" not in text
    assert text.startswith('{\n  "version": 1,')


def test_progress_is_silent_without_a_terminal() -> None:
    err = io.StringIO()
    Console(io.StringIO(), io.StringIO(), err).progress("3 of 9")
    assert err.getvalue() == ""
