"""The commands of the intake desk."""

from __future__ import annotations

from tui.grammar_parts import Commands, a_count, an_id

CATEGORIES = ("duplicates", "unidentified", "low_confidence", "multiple_faces", "unwanted_person")


def add_intake(commands: Commands) -> None:
    """`winnow intake ...`."""
    desk = commands.add(
        "intake",
        "intake:list_review",
        "pictures that come in: add, sort, watch a folder; approve to a person, reject, skip, look at figures",
        "winnow intake add ~/Downloads",
        "winnow intake approve 3 4 --person Ada",
        "winnow intake stats --days 7",
    )
    desk.set_defaults(status="pending", category=None, limit=None, desk="intake")
    actions = Commands(desk, is_nested=True)
    _add_feed(actions)
    _add_decisions(actions)
    retry = actions.add(
        "retry",
        "intake:retry",
        "begin anew with what failed, or what an undo gave back",
        "winnow intake retry 12",
    )
    retry.add_argument(
        "ids", metavar="ID", type=an_id, nargs="+", help="ids that `winnow list intake --status failed` shows"
    )
    stats = actions.add(
        "stats",
        "intake:stats",
        "what became of what came in, by person and by category",
        "winnow intake stats",
        "winnow intake stats --days 30 --json",
    )
    stats.add_argument("--days", metavar="N", type=a_count, default=1, help="so many days up to today (default: 1)")


def _add_feed(actions: Commands) -> None:
    add = actions.add(
        "add",
        "intake_feed:add",
        "hand pictures over: addresses, files, folders; nothing is moved yet",
        "winnow intake add https://example.org/a.jpg ~/Downloads/b.jpg",
        "winnow intake add --from-file list.txt --source gallery-dl --json",
    )
    add.add_argument("inputs", metavar="URL|PATH", nargs="*", help="what to take in; `-` reads a list from stdin")
    add.add_argument(
        "--from-file",
        dest="lists",
        metavar="FILE",
        action="append",
        default=[],
        help="a list, one a line; empty lines and those that begin with # are passed over; `-` is stdin",
    )
    add.add_argument("--source", metavar="NAME", default="", help="who hands it over (default: the site, or files)")
    actions.add(
        "run",
        "intake_feed:run",
        "fetch, compare, ask Immich, sort or put into the review what came in",
        "winnow intake run",
        "winnow intake run --json",
    )
    actions.add(
        "watch",
        "intake_feed:watch",
        "take over what comes into [intake] drop_folder, and sort it, until stopped",
        "winnow intake watch",
        json=False,
    )


def _add_decisions(actions: Commands) -> None:
    show = actions.add("show", "intake:show", "one picture of the review", "winnow intake show 3")
    show.add_argument("id", metavar="ID", type=an_id)
    approve = actions.add(
        "approve",
        "intake:approve",
        "move pictures into a person's folder",
        "winnow intake approve 3 4 --person Ada",
        'winnow intake approve 5 --person "Ada Lovelace" --assign-face --yes',
    )
    approve.add_argument("ids", metavar="ID", type=an_id, nargs="+", help="ids that `winnow list intake` shows")
    approve.add_argument("--person", metavar="NAME", required=True, help="whose they are: a name, or an id of Immich")
    approve.add_argument("--assign-face", action="store_true", help="give the face in Immich to the person, too")
    approve.add_argument("--yes", action="store_true", help="do not ask")
    reject = actions.add(
        "reject",
        "intake:reject",
        "move pictures to the trash; the same content is known as unwanted from then on",
        "winnow intake reject 3 4",
    )
    reject.add_argument("ids", metavar="ID", type=an_id, nargs="+", help="ids that `winnow list intake` shows")
    reject.add_argument("--yes", action="store_true", help="do not ask")
    skip = actions.add("skip", "intake:skip", "put pictures to the end of the list", "winnow intake skip 3 4")
    skip.add_argument("ids", metavar="ID", type=an_id, nargs="+", help="ids that `winnow list intake` shows")
