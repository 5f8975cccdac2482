"""Pictures by kitty's graphics protocol: uploaded once, placed by placeholder characters that scroll like text.

The protocol is described at https://sw.kovidgoyal.net/kitty/graphics-protocol/#unicode-placeholders .
"""

from __future__ import annotations

import random
from base64 import standard_b64encode
from collections import OrderedDict
from collections.abc import Callable, Iterator
from typing import Final

from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

_PLACEHOLDER: Final = "\U0010eeee"
_CHUNK: Final = 4096  # characters of base64 that one sequence may carry
MOST_UPLOADS: Final = 128
MOST_CELLS: Final = 64  # a side

# The first of the combining characters by which kitty counts rows and columns, in its order.
_COUNTING_SPANS: Final = (
    (0x305, 0x305), (0x30D, 0x30E), (0x310, 0x310), (0x312, 0x312), (0x33D, 0x33F), (0x346, 0x346), (0x34A, 0x34C),
    (0x350, 0x352), (0x357, 0x357), (0x35B, 0x35B), (0x363, 0x36F), (0x483, 0x487), (0x592, 0x595), (0x597, 0x599),
    (0x59C, 0x5A1), (0x5A8, 0x5A9), (0x5AB, 0x5AC), (0x5AF, 0x5AF), (0x5C4, 0x5C4), (0x610, 0x617),
)  # fmt: skip
COUNTING: Final = tuple(chr(code) for first, last in _COUNTING_SPANS for code in range(first, last + 1))


def strips(image_id: int, columns: int, rows: int) -> list[Strip]:
    """The placeholder lines of an uploaded picture; its id is their colour."""
    style = Style.from_color(Color.from_rgb(image_id >> 16 & 255, image_id >> 8 & 255, image_id & 255))
    return [
        Strip([Segment("".join(_PLACEHOLDER + COUNTING[row] + COUNTING[column] for column in range(columns)), style)],
              columns)
        for row in range(rows)
    ]  # fmt: skip


def upload_sequences(image_id: int, png: bytes, columns: int, rows: int) -> Iterator[str]:
    """What sends a picture and makes it placeable in `columns` x `rows` cells. The terminal answers nothing (q=2)."""
    text = standard_b64encode(png).decode("ascii")
    for start in range(0, len(text), _CHUNK):
        more = int(start + _CHUNK < len(text))
        head = f"a=t,f=100,t=d,i={image_id},q=2,m={more}" if start == 0 else f"q=2,m={more}"
        yield f"\x1b_G{head};{text[start : start + _CHUNK]}\x1b\\"
    yield f"\x1b_Ga=p,U=1,i={image_id},c={columns},r={rows},q=2\x1b\\"


def free_sequence(image_id: int) -> str:
    """What makes the terminal forget a picture and its data."""
    return f"\x1b_Ga=d,d=I,i={image_id},q=2\x1b\\"


def through_tmux(sequence: str) -> str:
    """The sequence wrapped so that tmux hands it on."""
    return "\x1bPtmux;" + sequence.replace("\x1b", "\x1b\x1b") + "\x1b\\"


class Uploads:
    """What was sent to the terminal. At most 128 pictures; the one not used for longest is freed first."""

    def __init__(self, write: Callable[[str], None], *, is_tmux: bool) -> None:
        self._write = write
        self._is_tmux = is_tmux
        self._ids: OrderedDict[tuple[object, ...], int] = OrderedDict()
        self._next = random.SystemRandom().randrange(1 << 16, 1 << 23)  # so that two programs rarely share an id

    def ensure(self, key: tuple[object, ...], png: bytes, columns: int, rows: int) -> int:
        """The id of a picture, sending it when the terminal does not have it."""
        known = self._ids.get(key)
        if known is not None:
            self._ids.move_to_end(key)
            return known
        image_id = self._next
        self._next = self._next + 1 if self._next < (1 << 24) - 1 else 1 << 16
        self._send("".join(self._wrapped(upload_sequences(image_id, png, columns, rows))))
        self._ids[key] = image_id
        while len(self._ids) > MOST_UPLOADS:
            _, oldest = self._ids.popitem(last=False)
            self._send("".join(self._wrapped([free_sequence(oldest)])))
        return image_id

    def forget(self) -> None:
        """The terminal may be another one now: what was sent to it is sent again."""
        self._ids.clear()

    def free(self) -> None:
        """Make the terminal forget everything."""
        if self._ids:
            self._send("".join(self._wrapped(map(free_sequence, self._ids.values()))))
            self._ids.clear()

    def _wrapped(self, sequences: Iterator[str] | list[str] | map[str]) -> Iterator[str]:
        return (through_tmux(one) if self._is_tmux else one for one in sequences)

    def _send(self, text: str) -> None:
        self._write(text)
