"""The colours: a dark and a light theme of our own, and the terminal's own sixteen.

One accent (amber) marks what the eye should find first: the cursor, keys, the open screen. Green, yellow and red say
good, careful and wrong, and never without a sign or a word beside them.
"""

from __future__ import annotations

from collections.abc import Container
from typing import Final

from textual.theme import BUILTIN_THEMES, Theme

DARK: Final = "winnow-dark"
LIGHT: Final = "winnow-light"
TERMINAL: Final = "terminal"

_QUIET_DARK: Final = "#8a8f98"
_QUIET_LIGHT: Final = "#62666d"

_THEMES: Final = (
    Theme(
        name=DARK,
        primary="#e0a84a",
        secondary="#8fa3b8",
        accent="#e0a84a",
        foreground="#d8dade",
        background="#15171a",
        surface="#1b1e22",
        panel="#24282e",
        success="#7fb77e",
        warning="#d9b44a",
        error="#e06c6c",
        dark=True,
        variables={
            "quiet": _QUIET_DARK,
            "block-cursor-background": "#e0a84a",
            "block-cursor-foreground": "#15171a",
            "block-cursor-text-style": "none",
            "block-cursor-blurred-background": "#3a3226",
            "block-cursor-blurred-foreground": "#d8dade",
            "border": "#e0a84a",
            "border-blurred": "#3a3f47",
            "scrollbar": "#3a3f47",
            "scrollbar-hover": "#e0a84a",
            "scrollbar-active": "#e0a84a",
            "scrollbar-background": "#15171a",
            "scrollbar-corner-color": "#15171a",
            "footer-background": "#1b1e22",
        },
    ),
    Theme(
        name=LIGHT,
        primary="#945f00",
        secondary="#4a6178",
        accent="#945f00",
        foreground="#24272b",
        background="#fbfaf7",
        surface="#f3f1ec",
        panel="#e8e5dd",
        success="#2f6f3a",
        warning="#865b00",
        error="#a8322f",
        dark=False,
        variables={
            "quiet": _QUIET_LIGHT,
            "block-cursor-background": "#945f00",
            "block-cursor-foreground": "#ffffff",
            "block-cursor-text-style": "none",
            "block-cursor-blurred-background": "#eadfc8",
            "block-cursor-blurred-foreground": "#24272b",
            "border": "#945f00",
            "border-blurred": "#c9c4b8",
            "scrollbar": "#c9c4b8",
            "scrollbar-hover": "#945f00",
            "scrollbar-active": "#945f00",
            "scrollbar-background": "#fbfaf7",
            "scrollbar-corner-color": "#fbfaf7",
            "footer-background": "#f3f1ec",
        },
    ),
    Theme(
        name=TERMINAL,
        ansi=True,
        primary="ansi_yellow",
        secondary="ansi_cyan",
        accent="ansi_yellow",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        success="ansi_green",
        warning="ansi_yellow",
        error="ansi_red",
        dark=True,
        variables={
            **BUILTIN_THEMES["ansi-dark"].variables,
            "quiet": "ansi_default",
            "block-cursor-background": "ansi_yellow",
            "block-cursor-foreground": "ansi_black",
            "block-cursor-blurred-background": "ansi_default",
            "block-cursor-blurred-foreground": "ansi_default",
            "border": "ansi_yellow",
            "border-blurred": "ansi_default",
            "footer-background": "ansi_default",
        },
    ),
)

THEMES: Final = {theme.name: theme for theme in _THEMES}
"""By name, in the order in which one key goes through them."""


def after(name: str) -> str:
    """The theme that follows."""
    names = list(THEMES)
    return names[(names.index(name) + 1) % len(names)] if name in THEMES else names[0]


def chosen(wanted: str, available: Container[str], *, has_few_colours: bool) -> tuple[str, str]:
    """The theme to begin with, and what is wrong with the one that is set, empty where nothing is.

    Where the terminal has few colours, and nothing is set, it is the terminal's own: ours would be grey on black.
    """
    name = wanted or (TERMINAL if has_few_colours else DARK)
    return (name, "") if name in available else (DARK, f"there is no {name}; try {', '.join(THEMES)}")
