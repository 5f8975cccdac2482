"""Sixel pictures, by the encoder of textual-image, which is used for encoding alone.

Its own look at the terminal happens on import of its widgets and renderables; neither is imported here.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.control import Control
from rich.segment import ControlType, Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip

if TYPE_CHECKING:
    from PIL.Image import Image


def encode(image: Image) -> bytes:
    """The escape sequence of a picture."""
    from textual_image._sixel import image_to_sixels  # the encoder has no public door that leaves the terminal alone

    text: str = image_to_sixels(image)
    return text.encode("ascii")


def strips(data: bytes, region: Region) -> list[Strip]:
    """Lines for a region of the screen, the last of which draws the whole picture over it and puts the cursor back."""
    null = Style()
    drawing = [
        Segment(Control.move_to(region.x, region.y).segment.text, null),
        Segment(data.decode("ascii"), null, ((ControlType.CURSOR_FORWARD, 0),)),
        Segment(Control.move_to(region.right, region.bottom).segment.text, null),
    ]
    return [*[Strip([])] * (region.height - 1), Strip(drawing, cell_length=region.width)]
