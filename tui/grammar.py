"""The grammar of the command line: every command with its options, its example and the function that answers it.

Only the standard library is imported, so that `winnow --help` answers at once.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from core.errors import UsageError
from tui.grammar_duplicates import add_duplicates, add_hash
from tui.grammar_intake import CATEGORIES, add_intake
from tui.grammar_parts import Commands, HelpRequested, Parser, a_count, a_path, an_id, common

__all__ = ["HelpRequested", "build_parser", "parse"]

_IMAGES = ("auto", "off", "halfcell", "kitty", "sixel")  # as [display] images
_DESKS = ("matching", "duplicates", "intake")
_STATUSES = (
    *("pending", "accepted", "dismissed", "superseded", "withdrawn"),
    *("decided", "resolved", "kept"),
    *("approved", "rejected", "waiting", "failed", "returned"),
)
_LISTING = {"duplicates": "duplicates:list_groups", "intake": "intake:list_review"}

_DESCRIPTION = """\
Match the scenes of a Stash library with stash-boxes from the terminal: reviewable, explainable, undoable.
A scan proposes, you decide, the ledger applies and can undo. `winnow COMMAND --help` shows a command's own options.
"""

_EPILOG = """\
examples:
  winnow                             the terminal app
  winnow demo                        try it in a world of its own, nothing to configure
  winnow init                        make the configuration
  winnow --scan-only --due --json    for cron: scan what is due, print the result
  winnow list matching               what waits for a decision

exit status: 0 done; 1 done, but something failed or was refused; 2 bad usage or configuration; 130 interrupted.
WINNOW_CONFIG and WINNOW_DATA_DIR stand for --config and --data-dir; WINNOW_DEBUG=1 shows where an error came from.
"""


def build_parser() -> argparse.ArgumentParser:
    """The whole grammar."""
    parser = Parser(
        prog="winnow",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        parents=[common(is_top=True)],
        allow_abbrev=False,
    )
    parser.set_defaults(answer=None)
    parser.add_argument("--version", action="store_true", help="print the version")
    scan = parser.add_argument_group("scanning without a terminal")
    scan.add_argument("--scan-only", dest="is_scan", action="store_true", help="scan, print what was found, end")
    scan.add_argument(
        "--desk", dest="scan_desks", action="append", choices=_DESKS, help="this desk alone; may be repeated"
    )
    scan.add_argument("--endpoint", dest="scan_endpoint", metavar="URL", help="ask this stash-box alone")
    scan.add_argument("--full", action="store_true", help="look everything up again")
    scan.add_argument("--due", action="store_true", help="scan only what its schedule says is due")
    scan.add_argument("--json", dest="scan_json", action="store_true", help="print one JSON document to stdout")
    _add_screen_options(parser, default=None)
    commands = Commands(parser)
    _add_setup(commands)
    _add_decisions(commands)
    _add_records(commands)
    add_duplicates(commands)
    add_hash(commands)
    add_intake(commands)
    return parser


def _add_screen_options(parser: argparse.ArgumentParser, *, default: Any) -> None:
    """How the terminal app looks and listens, for those who open it."""
    screen = parser.add_argument_group("terminal app")
    screen.add_argument("--images", choices=_IMAGES, default=default, help="how pictures are drawn (default: as set)")
    screen.add_argument(
        "--no-mouse", dest="has_mouse", action="store_false", default=default, help="leave the mouse to the terminal"
    )


def _add_setup(commands: Commands) -> None:
    demo = commands.add(
        "demo",
        "demo:demo",
        "a world of its own to try Winnow in: generated media, a Stash, two stash-boxes",
        "winnow demo --scan-only --json",
        "winnow demo --serve --dir /tmp/world",
    )
    demo.add_argument("--scan-only", action="store_true", help="scan that world, print what was found, end")
    demo.add_argument("--serve", action="store_true", help="keep the world running for other commands")
    demo.add_argument("--dir", metavar="DIR", type=a_path, help="keep the world in this folder")
    _add_screen_options(demo, default=argparse.SUPPRESS)
    demo.add_argument("--scenes", metavar="N", type=a_count, help="grow the library to this many scenes")

    init = commands.add(
        "init",
        "init:init",
        "ask for the Stash, check it, write the configuration",
        "winnow init",
        "winnow init --stash-url http://nas:9999 --api-key env:STASH_API_KEY --yes",
        json=False,
    )
    init.add_argument("--stash-url", metavar="URL", help="address of the Stash server")
    init.add_argument("--api-key", metavar="KEY", help="its API key: env:NAME, file:PATH or the key itself")
    init.add_argument("--yes", action="store_true", help="ask nothing: replace an existing file (a .bak is kept)")

    doctor = commands.add(
        "doctor",
        "doctor:doctor",
        "check every server, key, path mapping, folder and the terminal; say what to do about each",
        "winnow doctor",
        "winnow doctor --pictures",
    )
    doctor.add_argument("--pictures", action="store_true", help="draw one test card in every way the terminal may know")


def _add_decisions(commands: Commands) -> None:
    listing = commands.add(
        "list",
        "listing:list_recommendations",
        "the recommendations of a desk",
        "winnow list matching --high-confidence --limit 20",
    )
    listing.add_argument("desk", metavar="DESK", choices=_DESKS, help=", ".join(_DESKS))
    listing.add_argument("--status", choices=_STATUSES, default="pending", help="default: pending")
    listing.add_argument("--high-confidence", action="store_true", help="only what may be accepted in bulk")
    listing.add_argument("--endpoint", metavar="URL", help="only this stash-box")
    listing.add_argument("--category", choices=CATEGORIES, help="intake: only these")
    listing.add_argument("--limit", metavar="N", type=a_count, help="at most this many")

    show = commands.add("show", "listing:show", "one recommendation with all its evidence", "winnow show 12")
    show.add_argument("id", metavar="ID", type=an_id)

    accept = commands.add(
        "accept",
        "decide:accept",
        "link scenes with the stash-box entries proposed for them",
        "winnow accept 12 15 --metadata fill",
        "winnow accept --high-confidence --exclude 17 --yes",
    )
    accept.add_argument("ids", metavar="ID", type=an_id, nargs="*", help="the recommendations to accept")
    accept.add_argument("--high-confidence", action="store_true", help="all that may be accepted in bulk")
    accept.add_argument("--endpoint", metavar="URL", help="with --high-confidence: only this stash-box")
    accept.add_argument(
        "--exclude", metavar="ID", type=an_id, action="append", help="leave this one out; may be repeated"
    )
    accept.add_argument(
        "--metadata",
        choices=("none", "fill", "replace"),
        default="none",
        help="take the entry's metadata too: into empty fields, or over what is there (default: none)",
    )
    accept.add_argument("--dry-run", action="store_true", help="show what would be done, change nothing")
    accept.add_argument("--yes", action="store_true", help="do not ask")

    dismiss = commands.add(
        "dismiss",
        "decide:dismiss",
        "say that proposed entries are not these scenes",
        'winnow dismiss 12 --reason "a trailer"',
    )
    dismiss.add_argument("ids", metavar="ID", type=an_id, nargs="+")
    dismiss.add_argument("--reason", metavar="TEXT", default="", help="kept with the dismissal")
    dismiss.add_argument("--until-next-scan", action="store_true", help="the next scan may propose it again")

    dismissals = commands.add(
        "dismissals",
        "decide:dismissals",
        "what was dismissed",
        "winnow dismissals",
        "winnow dismissals withdraw 3",
    )
    withdraw = Commands(dismissals, is_nested=True).add(
        "withdraw", "decide:withdraw", "take dismissals back", "winnow dismissals withdraw 3 4"
    )
    withdraw.add_argument("ids", metavar="ID", type=an_id, nargs="+", help="ids that `winnow dismissals` shows")


def _add_records(commands: Commands) -> None:
    history = commands.add("history", "records:history", "what was applied, newest first", "winnow history --limit 5")
    history.add_argument("--limit", metavar="N", type=a_count, default=50, help="at most this many (default: 50)")

    undo = commands.add("undo", "records:undo", "take back what was applied", "winnow undo --last", "winnow undo 7")
    undo.add_argument("id", metavar="ID", type=an_id, nargs="?", help="an id that `winnow history` shows")
    undo.add_argument("--last", action="store_true", help="the newest that was not undone yet")
    undo.add_argument("--dry-run", action="store_true", help="show what would be done, change nothing")

    jobs = commands.add("jobs", "records:jobs", "scans and other long work", "winnow jobs", "winnow jobs show 4")
    actions = Commands(jobs, is_nested=True)
    detail = actions.add("show", "records:show_job", "one job with its log", "winnow jobs show 4")
    detail.add_argument("id", metavar="ID", type=an_id)
    cancel = actions.add("cancel", "records:cancel_job", "stop a job; its state is kept", "winnow jobs cancel 4")
    cancel.add_argument("id", metavar="ID", type=an_id)
    resume = actions.add("resume", "records:resume_job", "go on with a stopped job", "winnow jobs resume 4")
    resume.add_argument("id", metavar="ID", type=an_id)

    export = commands.add(
        "export",
        "export:export",
        "the recommendations of a desk as CSV or JSON",
        "winnow export matching --format csv --output matches.csv",
        "winnow export duplicates --format json",
        json=False,
    )
    export.add_argument("desk", metavar="DESK", choices=_DESKS, help=", ".join(_DESKS))
    export.add_argument("--format", choices=("csv", "json"), required=True)
    export.add_argument("--status", choices=_STATUSES, help="only these; default: all")
    export.add_argument("--output", metavar="FILE", type=a_path, help="write to this file instead of stdout")


def parse(argv: Sequence[str]) -> argparse.Namespace:
    """The command that was asked for. Raises UsageError."""
    parser = build_parser()
    args = parser.parse_args(argv)
    if args.answer == "listing:list_recommendations":
        args.answer = _LISTING.get(args.desk, args.answer)
    scan_flags = {
        "--scan-only": args.is_scan,
        "--desk": args.scan_desks,
        "--endpoint": args.scan_endpoint,
        "--full": args.full,
        "--due": args.due,
        "--json": args.scan_json,
    }
    given = [flag for flag, value in scan_flags.items() if value]
    if args.answer is not None:
        if given:
            raise UsageError(f"{given[0]} does not stand before a command\n(see: winnow --help)")
        _check(args)
    elif args.is_scan:
        args.answer = "scan:scan"
    elif given:
        raise UsageError(f"{given[0]} needs --scan-only or a command\n(see: winnow --help)")
    else:
        args.answer = "app:app"
    return args


def _check(args: argparse.Namespace) -> None:
    """What the grammar alone cannot say. Raises UsageError."""
    if args.answer == "decide:accept":
        if bool(args.ids) == args.high_confidence:
            raise UsageError("name recommendations by their ids, or all of them by --high-confidence")
        if args.ids and (args.endpoint or args.exclude):
            raise UsageError("--endpoint and --exclude narrow --high-confidence; with ids they have no meaning")
    elif args.answer == "listing:list_recommendations" and args.category:
        raise UsageError("--category is for intake; matching has --endpoint and --high-confidence")
    elif args.answer == "records:undo" and (args.id is None) != args.last:
        raise UsageError("name what to undo by its id, or use --last; `winnow history` shows both")
    elif args.answer == "demo:demo" and args.serve and args.scan_only:
        raise UsageError("--serve and --scan-only exclude each other")
