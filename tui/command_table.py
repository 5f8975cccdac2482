"""Everything a person can ask of the terminal app, declared once.

Bindings, footer, help screen, command palette and docs/keys.md are all made from this table; the keys stand in
keybindings.toml alone. A command `scope.verb-noun` is answered by `action_verb_noun` of the screen or widget that binds
its scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from tui.command import Command, Scope, scope
from tui.desk_commands import COMPARE, DETAIL, DUPLICATES, INTAKE, MATCHING

_APP: Final = scope(
    "app",
    "Everywhere",
    ("show-dashboard", "Dashboard", "Go to the dashboard."),
    ("show-matching", "Matching", "Go to the list of proposed matches."),
    ("show-duplicates", "Duplicates", "Go to the groups of duplicate files."),
    ("show-intake", "Intake", "Go to the pictures that came in and wait for a decision."),
    ("show-jobs", "Jobs", "Go to scans and other long work."),
    ("show-history", "History", "Go to what was applied, and undo it."),
    ("show-dismissals", "Dismissals", "Go to what was turned down, and withdraw it."),
    ("show-settings", "Settings", "Go to the settings."),
    ("show-messages", "Messages", "Show every message of this session again."),
    ("undo", "Undo", "Take back the last decision, after a look at what that changes.", True),
    ("back", "Back", "Leave this screen, or empty what is typed or selected."),
    ("palette", "Commands", "Search all commands by name."),
    ("next-theme", "Theme", "Change the colours: dark, light, the terminal's own."),
    ("redraw", "Redraw", "Draw everything again and look anew at what the terminal can do."),
    ("suspend", "Suspend", "Put Winnow in the background; `fg` brings it back."),
    ("help", "Help", "Show the keys in force.", True),
    ("quit", "Quit", "Leave Winnow; running jobs save their state and can go on later.", True),
    within=(),
)

_NAV: Final = scope(
    "nav",
    "Moving in lists",
    ("down", "Down", "One line down."),
    ("up", "Up", "One line up."),
    ("page-down", "Page down", "One page down."),
    ("page-up", "Page up", "One page up."),
    ("first", "First", "To the first line."),
    ("last", "Last", "To the last line."),
    ("open", "Open", "Open what the cursor stands on.", True),
)

_DASHBOARD: Final = scope(
    "dashboard",
    "Dashboard",
    ("open", "Open", "Open the matches that wait for a decision; Enter does so, too."),
    ("scan", "Scan", "Look up what is new at every stash-box.", True),
    ("scan-full", "Full scan", "Look everything up again, also what was looked up before."),
    ("accept-all", "Accept certain", "Accept all high-confidence matches, after a look at the list.", True),
    ("pause", "Pause", "Pause the running scan, or let it go on.", True),
    ("cancel", "Stop", "Stop the running scan; the next one goes on where it was.", True),
    within=("app", "nav"),
)


_JOBS: Final = scope(
    "jobs",
    "Jobs",
    ("pause", "Pause", "Pause the job, or let it go on.", True),
    ("resume", "Resume", "Go on with a job that was stopped, cut short or failed.", True),
    ("cancel", "Stop", "Stop the job; its state is saved.", True),
    within=("app", "nav"),
)

_HISTORY: Final = scope(
    "history",
    "History",
    ("undo-batch", "Undo batch", "Take back everything of this batch that was done, after a look at it.", True),
    ("undo-action", "Undo action", "Take back this one action, after a question.", True),
    within=("app", "nav"),
)

_DISMISSALS: Final = scope(
    "dismissals",
    "Dismissals",
    ("withdraw", "Withdraw", "Withdraw the dismissal, or all selected ones: they may be proposed again.", True),
    ("toggle-select", "Select", "Select the line, or take it out of the selection.", True),
    within=("app", "nav"),
)

_SETTINGS: Final = scope(
    "settings",
    "Settings",
    ("reset", "Default", "Take the setting out of the file, so that its default holds.", True),
    within=("app", "nav"),
)

_WELCOME: Final = scope("welcome", "Welcome")

_HELP: Final = scope("help", "Help", within=("app", "nav"))

_MESSAGES: Final = scope(
    "messages",
    "Messages",
    ("copy", "Copy", "Copy all messages.", True),
    within=("app", "nav"),
)

_ERROR: Final = scope(
    "error",
    "Report of a defect",
    ("copy", "Copy", "Copy the report.", True),
    ("go-on", "Go on", "Close the report and go on.", True),
    ("quit", "Quit", "Leave Winnow; what was done so far is saved.", True),
    within=("nav",),
)

_DIALOG: Final = scope(
    "dialog",
    "Dialogs",
    ("confirm", "Yes", "Do what the dialog asks about; Enter alone never does.", True),
    ("cancel", "No", "Close the dialog and change nothing.", True),
    ("toggle", "Take out", "Take the line out of what is about to be done, or put it back.", True),
    ("next-choice", "Change", "The next choice for this line.", True),
    ("choose-all", "All the same", "The same choice for every line."),
    within=("nav",),
)

_PERSON: Final = scope(
    "person",
    "Choosing a person",
    ("assign-face", "Assign face", "Tell Immich whose face it is, too, or not."),
    within=("dialog", "nav"),
)

SCOPES: Final[Mapping[str, Scope]] = {
    one.name: one
    for one in (
        _APP, _NAV, _DASHBOARD, MATCHING, DETAIL, DUPLICATES, COMPARE, INTAKE, _JOBS, _HISTORY, _DISMISSALS,
        _SETTINGS, _WELCOME, _HELP, _MESSAGES, _ERROR, _DIALOG, _PERSON,
    )
}  # fmt: skip

COMMANDS: Final[Mapping[str, Command]] = {command.id: command for one in SCOPES.values() for command in one.commands}


def overlapping(first: str, second: str) -> bool:
    """Whether keys of two scopes are in force at the same time, so that one key cannot serve both."""
    return first == second or second in SCOPES[first].within or first in SCOPES[second].within


def reachable(scope: str) -> Iterator[Command]:
    """The commands in force in a scope: its own first, then those of the scopes around it."""
    yield from SCOPES[scope].commands
    for outer in reversed(SCOPES[scope].within):
        yield from SCOPES[outer].commands
