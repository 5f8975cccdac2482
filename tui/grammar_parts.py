"""What the grammar of the command line is made of: parser, kinds of arguments, commands of the same shape.

Only the standard library is imported, so that `winnow --help` answers at once.
"""

from __future__ import annotations

import argparse
import difflib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from core.errors import UsageError

if TYPE_CHECKING:
    from _typeshed import SupportsWrite


class HelpRequested(Exception):  # noqa: N818  a request, not an error
    """Somebody asked for help; the text of it is the message."""


class Parser(argparse.ArgumentParser):
    """Refuses in one line, with the nearest valid name and the way to the help."""

    def print_help(self, file: SupportsWrite[str] | None = None) -> NoReturn:
        raise HelpRequested(self.format_help())  # argparse's own way hides that the text could not be written

    def error(self, message: str) -> NoReturn:
        unknown = re.search(r"invalid choice: '(.*)' \(choose from (.*)\)", message)
        if unknown:
            known = re.findall(r"'([^']*)'", unknown[2])
            close = difflib.get_close_matches(unknown[1], known, n=1)
            hint = f"did you mean {close[0]}?" if close else f"it is one of: {', '.join(known)}"
            message = f"{message[: unknown.start()]}there is no '{unknown[1]}'; {hint}"
        raise UsageError(f"{message}\n(see: {self.prog} --help)")


def an_id(text: str) -> int:
    """An id as Winnow prints it."""
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) < 1 << 63:
        raise argparse.ArgumentTypeError(f"'{text}' is not an id; ids are the numbers that `winnow list` shows")
    return int(text)


def a_path(text: str) -> Path:
    """A path; nothing at all is a variable that a script forgot to set, and not the current folder."""
    if not text:
        raise argparse.ArgumentTypeError("it is empty; name a path or leave the option out")
    return Path(text)


def a_count(text: str) -> int:
    """A positive number."""
    if not (text.isascii() and text.isdigit()) or not 0 < int(text) <= 10_000_000:
        raise argparse.ArgumentTypeError(f"'{text}' is not a number from 1 to 10000000")
    return int(text)


def common(*, is_top: bool) -> Parser:
    """The options of every command; accepted before it and after it."""
    parser = Parser(add_help=False, allow_abbrev=False)
    group = parser.add_argument_group("common options")
    absent: Any = None if is_top else argparse.SUPPRESS
    group.add_argument("--config", metavar="FILE", type=a_path, default=absent, help="the configuration file")
    group.add_argument("--data-dir", metavar="DIR", type=a_path, default=absent, help="where Winnow keeps its database")
    return parser


class Commands:
    """Adds commands of the same shape: a module that answers, a sentence, an example."""

    def __init__(self, parser: argparse.ArgumentParser, *, is_nested: bool = False) -> None:
        self._sub = parser.add_subparsers(metavar="COMMAND", parser_class=Parser, title="commands")
        self._is_nested = is_nested

    def add(self, name: str, answer: str, words: str, *examples: str, json: bool = True) -> argparse.ArgumentParser:
        """A command answered by `answer`, written `module:function` below tui.commands."""
        parser = self._sub.add_parser(
            name,
            help=words,
            description=words[0].upper() + words[1:] + ".",
            epilog="example:\n" + "\n".join(f"  {example}" for example in examples),
            formatter_class=argparse.RawDescriptionHelpFormatter,
            parents=[common(is_top=False)],
            allow_abbrev=False,
        )
        parser.set_defaults(answer=answer)
        if json:
            absent = argparse.SUPPRESS if self._is_nested else False  # else it would undo what its parent was given
            parser.add_argument("--json", action="store_true", default=absent, help="print one JSON document to stdout")
        return parser
