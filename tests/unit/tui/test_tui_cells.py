"""Text in columns: exactly as wide as asked, whatever it is made of."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from tui.widgets.cells import fit, wrap


@given(st.text(), st.integers(0, 120), st.booleans())
def test_a_fitted_text_takes_exactly_its_columns(text: str, width: int, is_right: bool) -> None:
    assert cell_len(fit(text, width, is_right=is_right)) == width


@given(st.text(), st.integers(2, 80), st.integers(0, 4))
def test_wrapped_lines_never_exceed_their_width_nor_their_number(text: str, width: int, limit: int) -> None:
    lines = wrap(text, width, limit=limit)

    assert all(cell_len(line) <= width for line in lines)
    assert not limit or len(lines) <= limit


@given(st.lists(st.text(alphabet="abcxyz", min_size=1, max_size=30)), st.integers(2, 40))
def test_wrapping_loses_no_letter(words: list[str], width: int) -> None:
    assert "".join(wrap(" ".join(words), width)).replace(" ", "") == "".join(words)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[/b][red]x", "[/b][red]x"),
        ("\x1b[2Jx", "\u241b[2Jx"),
        ("海辺の朝の光x", "海辺の朝の…"),
        ("\u202eabc", "\ufffdabc"),
        ("\udcff", "\ufffd"),
        ("👩\u200d👩", "👩👩"),
        ("abcdefghijklmno", "abcdefghijk…"),
    ],
)
def test_what_could_steer_the_terminal_or_shift_a_column_is_made_harmless(text: str, shown: str) -> None:
    assert fit(text, 12).rstrip() == shown
    assert cell_len(fit(text, 12)) == 12
