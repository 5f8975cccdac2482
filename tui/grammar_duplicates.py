"""The commands of the duplicates desk and of the trash."""

from __future__ import annotations

import argparse

from tui.grammar_parts import Commands, a_count, a_path, an_id


def add_duplicates(commands: Commands) -> None:
    """`winnow duplicates ...` and `winnow trash ...`."""
    desk = commands.add(
        "duplicates",
        "duplicates:list_groups",
        "groups of duplicate files: decide, plan, apply",
        "winnow duplicates plan",
        "winnow duplicates apply 1",
    )
    desk.set_defaults(status="pending", limit=None, desk="duplicates")
    actions = Commands(desk, is_nested=True)
    show = actions.add("show", "duplicates:show", "one group with its files", "winnow duplicates show 3")
    show.add_argument("id", metavar="GROUP", type=an_id)
    _add_decisions(actions)
    _add_plans(actions)
    _add_trash(commands)


def _add_decisions(actions: Commands) -> None:
    keep = actions.add(
        "keep",
        "duplicates:keep",
        "mark files of a group to stay and all others to go; `apply` does it",
        "winnow duplicates keep 3 17 --merge",
    )
    keep.add_argument("group", metavar="GROUP", type=an_id)
    keep.add_argument(
        "files", metavar="FILE", type=an_id, nargs="+", help="numbers that `winnow duplicates show` names"
    )
    keep.add_argument(
        "--merge",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="merge the metadata of what goes into what stays first (default: yes)",
    )
    other = actions.add(
        "not",
        "duplicates:not_duplicates",
        "remember that the files of a group are no duplicates",
        'winnow duplicates not 3 --reason "two takes"',
    )
    other.add_argument("ids", metavar="GROUP", type=an_id, nargs="+")
    other.add_argument("--reason", metavar="TEXT", default="", help="kept with it")
    kept = actions.add(
        "kept", "duplicates:kept", "what was said to be no duplicates", "winnow duplicates kept withdraw 2"
    )
    withdraw = Commands(kept, is_nested=True).add(
        "withdraw", "duplicates:withdraw", "take that back: the group waits again", "winnow duplicates kept withdraw 2"
    )
    withdraw.add_argument("ids", metavar="ID", type=an_id, nargs="+", help="ids that `winnow duplicates kept` shows")


def _add_plans(actions: Commands) -> None:
    plan = actions.add(
        "plan",
        "duplicates:plan",
        "what the rules would remove, and why; nothing is done",
        "winnow duplicates plan",
        "winnow duplicates plan --rule older --rule resolution --json",
    )
    plan.add_argument(
        "--rule", metavar="NAME", action="append", help="put this rule first; may be repeated to compare several"
    )
    plan.add_argument("--marked", action="store_true", help="what is marked, in place of what the rules decide")
    plan.add_argument(
        "--verify",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="compare frames before a rule may act (default: yes)",
    )
    plan.add_argument("--permanent", action="store_true", help="delete for good in place of the trash")
    apply = actions.add("apply", "duplicates:apply", "carry a plan out", "winnow duplicates apply 1 --yes")
    apply.add_argument("plan", metavar="PLAN", type=an_id, help="the number that `winnow duplicates plan` printed")
    apply.add_argument("--yes", action="store_true", help="do not ask")
    apply.add_argument("--permanent", action="store_true", help="the plan deletes for good: say so twice")


def add_hash(commands: Commands) -> None:
    """`winnow hash`."""
    hashing = commands.add(
        "hash",
        "hashing:hash_files",
        "compute the PHASHes that are missing, bit for bit as Stash does",
        "winnow hash --media image --export phashes.csv",
        "winnow hash --media image --write-to-stash",
        "winnow hash --again",
    )
    hashing.add_argument("--media", choices=("image", "video"), action="append", help="these alone (default: as set)")
    hashing.add_argument(
        "--export", metavar="FILE", type=a_path, help="write file_id,phash of all files of Stash to this CSV file"
    )
    hashing.add_argument(
        "--write-to-stash",
        action="store_true",
        help="set the PHASHes that Stash lacks; `winnow undo` takes it back",
    )
    hashing.add_argument(
        "--again", action="store_true", help="try the files anew that could not be decoded before, those of a scan, too"
    )
    hashing.add_argument("--yes", action="store_true", help="with --write-to-stash: do not ask")


def _add_trash(commands: Commands) -> None:
    trash = commands.add("trash", "trash:held", "what lies in the trash", "winnow trash", "winnow trash restore 4")
    trash.set_defaults(older_than=None)
    actions = Commands(trash, is_nested=True)
    listing = actions.add("list", "trash:held", "what lies in the trash", "winnow trash list --older-than 30")
    listing.add_argument("--older-than", metavar="DAYS", type=a_count, help="only what lies there for so many days")
    restore = actions.add("restore", "trash:restore", "bring files back to their places", "winnow trash restore 4 5")
    restore.add_argument("ids", metavar="ID", type=an_id, nargs="+", help="ids that `winnow trash list` shows")
    empty = actions.add(
        "empty",
        "trash:empty",
        "delete for good what lies in the trash",
        "winnow trash empty --older-than 30",
    )
    empty.add_argument("--older-than", metavar="DAYS", type=a_count, help="only what lies there for so many days")
    empty.add_argument("--yes", action="store_true", help="do not ask")
