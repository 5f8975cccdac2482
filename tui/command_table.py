"""Everything a person can ask of the terminal app, declared once.

Bindings, footer, help screen, command palette and docs/keys.md are all made from this table; the keys stand in
keybindings.toml alone. A command `scope.verb-noun` is answered by `action_verb_noun` of the screen or widget that binds
its scope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Command:
    """One thing to ask for. `label` is short, `words` a sentence; `in_footer`: worth a place in the footer."""

    id: str
    label: str
    words: str
    in_footer: bool = False

    @property
    def scope(self) -> str:
        """The part of the app it belongs to."""
        return self.id.partition(".")[0]

    @property
    def action(self) -> str:
        """The name of the action that answers it."""
        scope, _, name = self.id.partition(".")
        if self.id.startswith("app.show-"):
            return f"show('{name.removeprefix('show-')}')"
        return _ACTIONS.get(self.id, name.replace("-", "_") if scope != "nav" else f"nav_{name.replace('-', '_')}")


@dataclass(frozen=True, slots=True)
class Scope:
    """A part of the app with keys of its own. `within`: scopes whose keys are in force at the same time."""

    name: str
    title: str
    commands: tuple[Command, ...]
    within: tuple[str, ...] = ("app",)


_ACTIONS: Final[Mapping[str, str]] = {
    "app.palette": "command_palette",
    "app.suspend": "suspend_process",
    "matching.dismiss": "turn_down",  # a screen's own `dismiss` closes it
    "detail.dismiss": "turn_down",
    "dialog.toggle": "take_out",  # `toggle` is Textual's
}


def _scope(name: str, title: str, *rows: tuple[str, str, str] | tuple[str, str, str, bool], **more: object) -> Scope:
    """A scope from rows of (name, label, words) and, for the footer, True."""
    commands = tuple(Command(f"{name}.{row[0]}", row[1], row[2], *row[3:]) for row in rows)
    within = more.get("within", ("app",))
    assert isinstance(within, tuple)
    return Scope(name, title, commands, within)


_APP: Final = _scope(
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

_NAV: Final = _scope(
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

_DASHBOARD: Final = _scope(
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

_MATCHING: Final = _scope(
    "matching",
    "Matching",
    ("accept", "Accept", "Link the scene, or all selected ones, with the proposed entry.", True),
    ("dismiss", "Dismiss", "Turn the proposal down for good, with a reason.", True),
    ("dismiss-for-now", "Not now", "Turn the proposal down until the next scan."),
    ("skip", "Skip", "Leave it undecided and go to the next one.", True),
    ("accept-all", "Accept certain", "Accept all high-confidence matches, after a look at the list."),
    ("metadata", "Metadata", "Accept, and choose field by field what is taken from the entry."),
    ("toggle-select", "Select", "Select the line, or take it out of the selection.", True),
    ("select-all", "Select all", "Select everything the filter shows."),
    ("clear-selection", "Select none", "Empty the selection."),
    ("filter-text", "Find", "Show only lines with this text in titles, studio or performers.", True),
    ("filter-endpoint", "Endpoint", "Show one stash-box after the other, then all."),
    ("filter-confidence", "Confidence", "Show high confidence alone, then the others alone, then all."),
    ("filter-ambiguous", "Ambiguous", "Show scenes with several candidates alone, then the others alone, then all."),
    ("clear-filters", "All", "Show everything again."),
    ("sort", "Sort", "Order by the next column.", True),
    ("reverse-sort", "Reverse", "Turn the order round."),
    ("copy-urls", "Copy links", "Copy the addresses of the scene and of the proposed entry."),
    ("scan", "Scan", "Look up what is new at every stash-box."),
    within=("app", "nav"),
)

_DETAIL: Final = _scope(
    "detail",
    "Match in detail",
    ("accept", "Accept", "Link the scene with this entry.", True),
    ("dismiss", "Dismiss", "Turn the proposal down for good, with a reason.", True),
    ("dismiss-for-now", "Not now", "Turn the proposal down until the next scan."),
    ("metadata", "Metadata", "Accept, and choose field by field what is taken from the entry.", True),
    ("next", "Next", "To the next proposal of the list.", True),
    ("previous", "Previous", "To the proposal before this one."),
    ("next-rival", "Rival", "To the next candidate of this scene at the same stash-box.", True),
    ("previous-rival", "Rival before", "To the previous candidate of this scene at the same stash-box."),
    ("copy-urls", "Copy links", "Copy the addresses of the scene and of the proposed entry."),
    within=("app", "nav"),
)

_DUPLICATES: Final = _scope(
    "duplicates",
    "Duplicates",
    ("keep-suggested", "By rule", "Keep what the rules suggest, mark the others to go.", True),
    (
        "not-duplicates",
        "No duplicates",
        "Remember that the files of this group, or of all selected, are no duplicates.",
        True,
    ),
    ("clear-group", "No marks", "Take the marks of the group away."),
    ("skip", "Skip", "Leave it undecided and go to the next one.", True),
    ("apply", "Apply", "Carry out what is marked, after a look at the list.", True),
    ("rule-all", "All by rule", "Carry out what the rules decide in the groups shown, after a look at the list."),
    ("toggle-select", "Select", "Select the line, or take it out of the selection.", True),
    ("select-all", "Select all", "Select everything the filter shows."),
    ("clear-selection", "Select none", "Empty the selection."),
    ("filter-text", "Find", "Show only groups with this text in a path or title.", True),
    ("filter-kind", "Kind", "Show one kind of group after the other, then all."),
    ("filter-media", "Media", "Show videos alone, then images alone, then both."),
    ("filter-verdict", "Verdict", "Show what a rule decides, then what none does, then what is gated, then all."),
    ("filter-status", "Status", "Show what waits, what is decided, what is resolved, what you kept."),
    ("filter-size", "Size", "Show only groups from 1 MiB, 100 MiB or 1 GiB to gain, then all."),
    ("show-weak", "Weak pairs", "Show near pairs without a second opinion, or the groups again."),
    ("clear-filters", "All", "Show everything again."),
    ("sort", "Sort", "Order by the next column.", True),
    ("reverse-sort", "Reverse", "Turn the order round."),
    ("copy-paths", "Copy paths", "Copy the paths of the group's files."),
    ("scan", "Scan", "Look for duplicates in all sources."),
    within=("app", "nav"),
)

_COMPARE: Final = _scope(
    "compare",
    "Files side by side",
    ("member-right", "Next file", "To the next file of the group.", True),
    ("member-left", "File before", "To the file before this one."),
    ("keep", "Keep", "Mark this file to stay, or take that mark away.", True),
    ("trash", "Trash", "Mark this file to go to the trash, or take that mark away.", True),
    ("keep-only", "Only this", "Keep this file alone and mark all others to go.", True),
    ("keep-suggested", "By rule", "Keep what the rules suggest, mark the others to go.", True),
    ("swap", "Swap", "Let this file change places with the one that is kept."),
    ("merge", "Merge", "Merge the metadata of what goes into what stays before it goes, or not."),
    ("not-duplicates", "No duplicates", "Remember that these are no duplicates.", True),
    ("clear-group", "No marks", "Take all marks of the group away."),
    ("apply", "Apply", "Carry out what is marked here, after a look at it.", True),
    ("next", "Next", "To the next group of the list.", True),
    ("previous", "Previous", "To the group before this one."),
    ("frame-on", "Frame on", "Show frames further on, of all files at the same share of their length."),
    ("frame-back", "Frame back", "Show frames further back."),
    ("difference", "Difference", "Show what differs from the first file, or the pictures again."),
    ("compare-frames", "Compare frames", "Measure how much the frames of the files differ."),
    ("copy-paths", "Copy paths", "Copy the paths of the group's files."),
    within=("app", "nav"),
)

_INTAKE: Final = _scope(
    "intake",
    "Intake",
    ("approve", "Approve", "File the picture, or all selected ones, to the person who was probably seen.", True),
    ("approve-to", "To person", "File the picture, or all selected ones, to somebody you choose or name.", True),
    ("reject", "Reject", "Move the picture, or all selected ones, to the trash.", True),
    ("skip", "Skip", "Leave it undecided, put it to the end of the list and go to the next one.", True),
    ("picture", "Picture", "Show the picture large, or the list again; Enter does so, too."),
    ("toggle-select", "Select", "Select the line, or take it out of the selection.", True),
    ("select-all", "Select all", "Select everything the filter shows."),
    ("clear-selection", "Select none", "Empty the selection."),
    ("next-category", "Next tab", "Show the next category alone; after the last one all.", True),
    ("previous-category", "Tab before", "Show the category before this one alone."),
    ("filter-text", "Find", "Show only pictures with this text in name, source, reason or person.", True),
    ("filter-source", "Source", "Show what one source handed over after the other, then all."),
    ("filter-status", "Status", "Show what waits, what was approved, what was rejected."),
    ("clear-filters", "All", "Show everything that waits again."),
    ("sort", "Sort", "Order by the next column.", True),
    ("reverse-sort", "Reverse", "Turn the order round."),
    ("copy-path", "Copy path", "Copy the path of the picture."),
    ("scan", "Run", "Work on everything that came in now."),
    within=("app", "nav"),
)

_JOBS: Final = _scope(
    "jobs",
    "Jobs",
    ("pause", "Pause", "Pause the job, or let it go on.", True),
    ("resume", "Resume", "Go on with a job that was stopped, cut short or failed.", True),
    ("cancel", "Stop", "Stop the job; its state is saved.", True),
    within=("app", "nav"),
)

_HISTORY: Final = _scope(
    "history",
    "History",
    ("undo-batch", "Undo batch", "Take back everything of this batch that was done, after a look at it.", True),
    ("undo-action", "Undo action", "Take back this one action, after a question.", True),
    within=("app", "nav"),
)

_DISMISSALS: Final = _scope(
    "dismissals",
    "Dismissals",
    ("withdraw", "Withdraw", "Withdraw the dismissal, or all selected ones: they may be proposed again.", True),
    ("toggle-select", "Select", "Select the line, or take it out of the selection.", True),
    within=("app", "nav"),
)

_SETTINGS: Final = _scope(
    "settings",
    "Settings",
    ("reset", "Default", "Take the setting out of the file, so that its default holds.", True),
    within=("app", "nav"),
)

_WELCOME: Final = _scope("welcome", "Welcome")

_HELP: Final = _scope("help", "Help", within=("app", "nav"))

_MESSAGES: Final = _scope(
    "messages",
    "Messages",
    ("copy", "Copy", "Copy all messages.", True),
    within=("app", "nav"),
)

_ERROR: Final = _scope(
    "error",
    "Report of a defect",
    ("copy", "Copy", "Copy the report.", True),
    ("go-on", "Go on", "Close the report and go on.", True),
    ("quit", "Quit", "Leave Winnow; what was done so far is saved.", True),
    within=("nav",),
)

_DIALOG: Final = _scope(
    "dialog",
    "Dialogs",
    ("confirm", "Yes", "Do what the dialog asks about; Enter alone never does.", True),
    ("cancel", "No", "Close the dialog and change nothing.", True),
    ("toggle", "Take out", "Take the line out of what is about to be done, or put it back.", True),
    ("next-choice", "Change", "The next choice for this line.", True),
    ("choose-all", "All the same", "The same choice for every line."),
    within=("nav",),
)

_PERSON: Final = _scope(
    "person",
    "Choosing a person",
    ("assign-face", "Assign face", "Tell Immich whose face it is, too, or not."),
    within=("dialog", "nav"),
)

SCOPES: Final[Mapping[str, Scope]] = {
    scope.name: scope
    for scope in (
        _APP, _NAV, _DASHBOARD, _MATCHING, _DETAIL, _DUPLICATES, _COMPARE, _INTAKE, _JOBS, _HISTORY, _DISMISSALS,
        _SETTINGS, _WELCOME, _HELP, _MESSAGES, _ERROR, _DIALOG, _PERSON,
    )
}  # fmt: skip

COMMANDS: Final[Mapping[str, Command]] = {
    command.id: command for scope in SCOPES.values() for command in scope.commands
}


def overlapping(first: str, second: str) -> bool:
    """Whether keys of two scopes are in force at the same time, so that one key cannot serve both."""
    return first == second or second in SCOPES[first].within or first in SCOPES[second].within


def reachable(scope: str) -> Iterator[Command]:
    """The commands in force in a scope: its own first, then those of the scopes around it."""
    yield from SCOPES[scope].commands
    for outer in reversed(SCOPES[scope].within):
        yield from SCOPES[outer].commands
