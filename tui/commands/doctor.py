"""`winnow doctor`: every check as it is done, and what to do about each."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import textwrap
from collections import Counter
from collections.abc import Mapping
from typing import TextIO

from core.config import data_folder, default_data_dir, load_settings
from core.doctor import examine
from core.doctor_machine import Check, State
from core.errors import ConfigError
from tui.console import Console
from tui.present import plain

_SIGNS = {State.OK: "ok", State.WARNING: "WARNING", State.FAILED: "FAILED", State.SKIPPED: "skipped"}
_INDENT = " " * 10
_BREAK = "\n"


async def doctor(args: argparse.Namespace, console: Console) -> int:
    """Print all checks; 1 when one failed."""
    if args.pictures:
        from tui.commands.pictures import pictures

        return pictures(args, console)
    checks: list[Check] = []
    try:
        data_dir = data_folder(load_settings(args.config, required=False), args.data_dir)
    except ConfigError:  # said in words by the check of the configuration
        data_dir = args.data_dir or default_data_dir()
    async for check in examine(args.config, data_dir):
        checks.append(check)
        if not args.json:
            _print(check, console)
    for check in terminal(os.environ, sys.stdout):
        checks.append(check)
        if not args.json:
            _print(check, console)
    counts = Counter(check.state for check in checks)
    is_ok = not counts[State.FAILED]
    if args.json:
        rows = [{"name": c.name, "state": c.state.value, "words": c.words, "advice": c.advice} for c in checks]
        console.json({"ok": is_ok, "checks": rows})
    else:
        told = ", ".join(_counted(state, counts[state]) for state in State if counts[state])
        console.out(f"\n{told}")
    return 0 if is_ok else 1


def _counted(state: State, count: int) -> str:
    return f"{count} warnings" if state is State.WARNING and count > 1 else f"{count} {state.value}"


def _print(check: Check, console: Console) -> None:
    """A check below one another's signs; on a terminal its words are folded to what fits beside the sign."""
    lines = [f"{plain(check.name)}: {plain(check.words.partition(_BREAK)[0])}"]
    lines += [plain(line) for line in check.words.split(_BREAK)[1:]]
    if check.advice and check.state is not State.OK:
        lines.append(f"-> {plain(check.advice)}")
    columns = console.columns
    if columns is not None:
        lines = [part for line in lines for part in _folded(line, columns - len(_INDENT))]
    console.out(f"{_SIGNS[check.state]:<8}  {lines[0]}")
    for line in lines[1:]:
        console.out(_INDENT + line)
    console.flush()


def _folded(line: str, width: int) -> list[str]:
    return textwrap.wrap(line, max(width, 20), subsequent_indent="  ", break_on_hyphens=False, break_long_words=False)


def terminal(env: Mapping[str, str], stdout: TextIO) -> list[Check]:
    """What the terminal behind `stdout` can do, as far as it says so itself."""
    if not stdout.isatty():
        return [Check("terminal", State.SKIPPED, "not asked: the output goes to a file or a pipe")]
    kind = env.get("TERM", "")
    if kind in {"", "dumb", "unknown"}:
        advice = "connect with ssh -t, or set TERM; commands such as winnow --scan-only need none"
        return [Check("terminal", State.FAILED, f"TERM is '{kind}': the terminal app cannot draw", advice)]
    columns, lines = shutil.get_terminal_size()
    words = f"{kind}, {columns} x {lines}"
    size = (
        Check("terminal", State.OK, words)
        if columns >= 80 and lines >= 24
        else Check("terminal", State.WARNING, words, "80 x 24 is the least that shows everything: enlarge the window")
    )
    return [size, _encoding(stdout.encoding), _colours(env, kind), *_tmux(env)]


def _encoding(name: str) -> Check:
    if name.lower().replace("-", "") == "utf8":
        return Check("characters", State.OK, "UTF-8")
    advice = "set LANG to a UTF-8 locale, for example: export LANG=C.UTF-8"
    return Check("characters", State.WARNING, f"{name}, not UTF-8: some names show wrong", advice)


def _colours(env: Mapping[str, str], kind: str) -> Check:
    if env.get("NO_COLOR"):
        return Check("colours", State.OK, "none, since NO_COLOR is set")
    if env.get("COLORTERM", "").lower() in {"truecolor", "24bit"} or kind.endswith("-direct"):
        return Check("colours", State.OK, "24 bit")
    advice = 'if it can do more: export COLORTERM=truecolor, or [display] truecolor = "on"'
    if "256" in kind:
        return Check("colours", State.OK, "256", advice)
    return Check("colours", State.WARNING, f"16: {kind} promises no more", advice)


def _tmux(env: Mapping[str, str]) -> list[Check]:
    """Inside tmux, pictures need its permission to pass through, and signs a client that knows UTF-8."""
    if not env.get("TMUX"):
        return []
    program = shutil.which("tmux")
    passthrough = utf8 = ""
    if program:
        pane = ["-t", env["TMUX_PANE"]] if env.get("TMUX_PANE") else []
        command = [program, "display-message", "-p", *pane, "#{allow-passthrough}\t#{client_utf8}"]
        try:
            answer = subprocess.run(command, capture_output=True, timeout=5, check=False)  # noqa: S603  the user's own PATH, no shell
            passthrough, _, utf8 = answer.stdout.decode(errors="replace").strip().partition("\t")
        except (OSError, subprocess.TimeoutExpired):
            pass
    checks = []
    if utf8 == "0":
        advice = "detach and say 'tmux -u attach', or 'export LANG=C.UTF-8' before tmux is started"
        checks.append(Check("tmux", State.WARNING, "it draws every sign that is not ASCII as _ here", advice))
    if passthrough in {"on", "all", "1", "2"}:
        return [*checks, Check("tmux", State.OK, "pictures may pass through")]
    advice = "for sharp pictures put 'set -g allow-passthrough on' into ~/.tmux.conf; without it they are half-blocks"
    return [*checks, Check("tmux", State.WARNING, "allow-passthrough is off", advice)]
