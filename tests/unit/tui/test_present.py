"""Text from outside is shown literally: nothing in it steers the terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tui.present import cells, plain


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Summer in the meadow", "Summer in the meadow"),
        ("[b]not markup[/b].jpg", "[b]not markup[/b].jpg"),
        ("red \x1b[31m", "red \u241b[31m"),
        ("two\nlines\tand a tab\r", "two\u240alines\u2409and a tab\u240d"),
        ("\x9b2J", "\ufffd2J"),
        ("\x7f", "\u2421"),
        ("invoice\u202egpj.exe", "invoice\ufffdgpj.exe"),
        ("\u2066isolated\u2069", "\ufffdisolated\ufffd"),
        ("line\u2028separator", "line\ufffdseparator"),
        ("broken \udc80 name", "broken \ufffd name"),
        ("\ufeffmark", "\ufffdmark"),
        ("日本語 é 👩\u200d🌾", "日本語 é 👩\u200d🌾"),
    ],
)
def test_what_is_shown(text: str, shown: str) -> None:
    assert plain(text) == shown


@given(st.text(st.characters()))
def test_nothing_steers_the_terminal(text: str) -> None:
    shown = plain(text)
    shown.encode("utf-8")
    for character in shown:
        assert unicodedata.category(character) not in {"Cc", "Cs", "Zl", "Zp", "Cn"}
        assert unicodedata.bidirectional(character) not in {
            "LRE",
            "RLE",
            "LRO",
            "RLO",
            "PDF",
            "LRI",
            "RLI",
            "FSI",
            "PDI",
        }
    assert plain(shown) == shown


@given(st.text(st.characters()), st.integers(0, 20))
def test_it_fits_into_the_columns(text: str, width: int) -> None:
    whole = plain(text)
    cut = plain(text, width=width)
    assert sum(map(cells, cut)) <= width
    if sum(map(cells, whole)) <= width:
        assert cut == whole
    else:
        assert whole.startswith(cut[:-1])
        assert cut[-1:] in {"\u2026", ""}
