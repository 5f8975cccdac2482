"""`winnow doctor --pictures`: one test card in every way of drawing, and which way Winnow would choose here.

Nothing is asked of the terminal; the eye decides. An answer that a terminal sends all the same reaches the shell only.
"""

from __future__ import annotations

import argparse
import os
import sys
from io import BytesIO
from typing import TYPE_CHECKING, Final

from core.config import load_settings
from core.errors import UsageError
from tui.pictures.decode import Box, Drawn, draw
from tui.pictures.detect import Ability, Drawing, detect, stated_pixels

if TYPE_CHECKING:
    from rich.console import Console as RichConsole

    from tui.console import Console

_BOX: Final = (40, 11)
_NAMES: Final = {
    Drawing.HALFCELL: ("halfcell", "half-blocks: coarse, in every terminal with colours"),
    Drawing.KITTY: ("kitty", "kitty: sharp; kitty 0.28 or newer, ghostty"),
    Drawing.SIXEL: ("sixel", "sixel: sharp; foot, xterm -ti vt340, konsole, Windows Terminal; never inside tmux"),
}


def pictures(args: argparse.Namespace, console: Console) -> int:
    """Print the card in each way. Raises UsageError where nobody could see it."""
    if args.json:
        raise UsageError("--pictures is for the eye; leave --json out")
    if not sys.stdout.isatty():
        raise UsageError("--pictures draws on the terminal, and the output is none; run it without a pipe")
    from rich.console import Console as RichConsole

    rich = RichConsole()
    wanted = load_settings(args.config, required=False).display.images
    pixels = stated_pixels(sys.stdout.fileno())
    ability = detect(wanted, os.environ, is_tty=True, colours=rich.color_system, pixels=pixels)
    console.out(
        f'[display] images = "{wanted}": pictures are drawn by {ability.drawing.value} here, since {ability.why}.'
    )
    card = test_card()
    for drawing, (setting, words) in _NAMES.items():
        if ability.is_tmux and drawing is Drawing.SIXEL:
            continue
        console.out(f'\n{words}\n    [display] images = "{setting}"')
        drawn = draw(card, Box(*_BOX, ability.cell), drawing)
        console.write("\n".join(card_lines(drawn, ability, rich)) + "\n")
    console.out(
        "\nChosen well: the one that shows a sun over hills, three coloured stripes and a frame that is whole on all"
        '\nsides. Boxes, plus signs or an empty place mean that the terminal cannot do it. "off" draws text alone.'
    )
    return 0


def card_lines(drawn: Drawn, ability: Ability, rich: RichConsole) -> list[str]:
    """The lines that draw the card."""
    if drawn.drawing is Drawing.SIXEL:
        return [drawn.data.decode("ascii")]
    if drawn.drawing is Drawing.KITTY:
        from tui.pictures import kitty

        sent: list[str] = []
        image_id = kitty.Uploads(sent.append, is_tmux=ability.is_tmux).ensure(
            ("card",), drawn.data, drawn.columns, drawn.rows
        )
        lines = [strip.render(rich) for strip in kitty.strips(image_id, drawn.columns, drawn.rows)]
        return ["".join(sent) + lines[0], *lines[1:]]
    from tui.pictures import halfblock

    return [strip.render(rich) for strip in halfblock.strips(drawn.data, drawn.columns, drawn.rows)]


def test_card() -> bytes:
    """A picture on which every fault of a terminal shows: gradient, circle, pure colours, a frame to the last pixel."""
    from PIL import Image, ImageDraw

    width, height = 320, 180
    card = Image.linear_gradient("L").resize((width, height))
    card = Image.merge("RGB", (card.point(lambda v: 40 + v // 3), card.point(lambda v: 60 + v // 2), card))
    pen = ImageDraw.Draw(card)
    pen.ellipse((190, 25, 250, 85), fill=(250, 220, 90))
    pen.polygon([(0, 150), (90, 70), (170, 150)], fill=(40, 70, 60))
    pen.polygon([(110, 150), (220, 95), (320, 150)], fill=(60, 95, 70))
    for number, colour in enumerate(((230, 30, 30), (30, 200, 60), (40, 80, 240))):
        pen.rectangle((number * 107, 150, number * 107 + 106, 179), fill=colour)
    pen.rectangle((0, 0, width - 1, height - 1), outline=(255, 255, 255), width=4)
    out = BytesIO()
    card.save(out, "PNG")
    return out.getvalue()
