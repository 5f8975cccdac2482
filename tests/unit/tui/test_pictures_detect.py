"""Which way of drawing is chosen where; the terminal itself is never asked."""

from __future__ import annotations

import pytest

from tui.pictures.detect import Cell, Drawing, detect

KITTY = "kitty(0.41.1)\txterm-kitty\ton\tbpaste,RGB,title\t7x15\n"


@pytest.mark.parametrize(
    ("env", "colours", "drawing"),
    [
        ({"TERM": "xterm-256color"}, "256", Drawing.HALFCELL),
        ({"TERM": "xterm-kitty"}, "truecolor", Drawing.KITTY),
        ({"TERM": "xterm-ghostty"}, "truecolor", Drawing.KITTY),
        ({"TERM": "xterm-256color", "KITTY_WINDOW_ID": "1"}, "truecolor", Drawing.KITTY),
        ({"TERM": "linux"}, "standard", Drawing.TEXT),
        ({"TERM": "vt220"}, "truecolor", Drawing.TEXT),
        ({"TERM": "xterm-16color"}, "truecolor", Drawing.TEXT),
        ({"TERM": "xterm"}, "standard", Drawing.TEXT),
        ({"TERM": "xterm-kitty", "NO_COLOR": "1"}, "truecolor", Drawing.TEXT),
    ],
)
def test_auto_goes_by_the_environment(env: dict[str, str], colours: str, drawing: Drawing) -> None:
    ability = detect("auto", env, is_tty=True, colours=colours)
    assert ability.drawing is drawing
    assert ability.why


def test_auto_draws_text_where_the_output_is_no_terminal() -> None:
    assert detect("auto", {"TERM": "xterm-kitty"}, is_tty=False).drawing is Drawing.TEXT


@pytest.mark.parametrize(
    ("wanted", "drawing"),
    [("off", Drawing.TEXT), ("halfcell", Drawing.HALFCELL), ("kitty", Drawing.KITTY), ("sixel", Drawing.SIXEL)],
)
def test_a_setting_goes_before_everything_outside_tmux(wanted: str, drawing: Drawing) -> None:
    assert detect(wanted, {"TERM": "linux", "NO_COLOR": "1"}, is_tty=True, colours=None).drawing is drawing


@pytest.mark.parametrize(
    ("answer", "drawing"),
    [
        (KITTY, Drawing.KITTY),
        (KITTY.replace("\ton\t", "\tall\t"), Drawing.KITTY),
        (KITTY.replace("\ton\t", "\t1\t"), Drawing.KITTY),
        (KITTY.replace("\ton\t", "\toff\t"), Drawing.HALFCELL),
        (KITTY.replace("RGB,", ""), Drawing.HALFCELL),
        (KITTY.replace("0.41.1", "0.26.5"), Drawing.HALFCELL),
        ("XTerm(379)\txterm-256color\ton\tRGB,sixel\t8x16", Drawing.HALFCELL),
        ("", Drawing.HALFCELL),
    ],
)
def test_inside_tmux_it_depends_on_the_terminal_outside_and_on_what_tmux_lets_through(
    answer: str, drawing: Drawing
) -> None:
    env = {"TERM": "tmux-256color", "TMUX": "/tmp/x,1,0", "TMUX_PANE": "%3"}
    ability = detect("auto", env, is_tty=True, colours="256", ask_tmux=lambda pane: answer)
    assert ability.drawing is drawing
    assert ability.is_tmux
    if "7x15" in answer:
        assert ability.cell == Cell(7, 15)


@pytest.mark.parametrize("wanted", ["auto", "halfcell", "kitty", "sixel"])
def test_a_tmux_that_knows_no_utf_8_draws_no_pictures_and_says_why(wanted: str) -> None:
    """Half-blocks and kitty's placeholders alike would all be underscores."""
    ability = detect(wanted, {"TMUX": "x"}, is_tty=True, colours="256", ask_tmux=lambda pane: f"{KITTY}\t0")
    assert (ability.drawing, ability.is_ascii) == (Drawing.TEXT, True)
    assert "tmux -u attach" in ability.why
    assert ability.why.isascii()
    assert not detect(wanted, {"TMUX": "x"}, is_tty=True, colours="256", ask_tmux=lambda pane: f"{KITTY}\t1").is_ascii


def test_sixel_is_never_drawn_inside_tmux_and_the_reason_is_told() -> None:
    ability = detect("sixel", {"TMUX": "x"}, is_tty=True, ask_tmux=lambda pane: KITTY)
    assert ability.drawing is Drawing.HALFCELL
    assert "tmux" in ability.why
