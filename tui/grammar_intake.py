"""The commands of the intake desk."""

from __future__ import annotations

from tui.grammar_parts import Commands, a_count, an_id

CATEGORIES = ("duplicates", "unidentified", "low_confidence", "multiple_faces", "unwanted_person")


def add_intake(commands: Commands) -> None:
    """`winnow intake ...`."""
    desk = commands.add(
        "intake",
        "intake:list_review",
        "pictures that came in: approve to a person, reject, skip, look at figures",
        "winnow intake approve 3 4 --person Ada",
        "winnow intake stats --days 7",
    )
    desk.set_defaults(status="pending", category=None, limit=None, desk="intake")
    actions = Commands(desk, is_nested=True)
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
