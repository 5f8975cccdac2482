"""Bytes to small pictures, small pictures to cells, and everything that is kept of them bounded."""

from __future__ import annotations

import os
import re
from base64 import b64decode
from io import BytesIO
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from core.errors import DecodeError
from tui.pictures import halfblock, kitty, sixel
from tui.pictures.cache import ThumbnailCache
from tui.pictures.decode import THUMBNAIL_PIXELS, Box, draw, fitted, shrink
from tui.pictures.detect import Cell, Drawing


def png(width: int = 400, height: int = 200, colour: str | tuple[int, ...] = "red", mode: str = "RGB") -> bytes:
    out = BytesIO()
    Image.new(mode, (width, height), colour).save(out, "PNG")
    return out.getvalue()


def test_a_thumbnail_is_small_and_keeps_its_proportions() -> None:
    with Image.open(BytesIO(shrink(png(4000, 2000)))) as image:
        assert image.size == (THUMBNAIL_PIXELS, THUMBNAIL_PIXELS // 2)
        assert image.format == "JPEG"


@pytest.mark.parametrize("mode", ["RGBA", "L", "LA", "P", "1"])
def test_every_kind_of_pixel_can_be_shrunk(mode: str) -> None:
    assert shrink(png(mode=mode, colour=(1 if mode in {"P", "1", "L"} else (5,) * len(mode))))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "raw", [b"no picture at all", b"", png()[:60], b"\xff\xd8\xff\xe0" + bytes(50), b"GIF89a" + bytes(5)]
)
def test_broken_data_is_an_error_in_words(raw: bytes) -> None:
    with pytest.raises(DecodeError, match="picture"):
        shrink(raw)
    with pytest.raises(DecodeError):
        draw(raw, Box(10, 5), Drawing.HALFCELL)


@given(
    st.integers(1, 5000), st.integers(1, 5000), st.integers(1, 60), st.integers(1, 40),
    st.integers(4, 20), st.integers(8, 40),
)  # fmt: skip
def test_a_picture_fits_its_box_and_fills_one_direction(
    width: int, height: int, columns: int, rows: int, cell_width: int, cell_height: int
) -> None:
    found = fitted(width, height, Box(columns, rows, Cell(cell_width, cell_height)))
    assert 1 <= found[0] <= columns
    assert 1 <= found[1] <= rows
    assert found[0] == columns or found[1] == rows


def test_half_blocks_draw_two_pixels_a_cell() -> None:
    drawn = draw(shrink(png()), Box(20, 10), Drawing.HALFCELL)
    assert (drawn.columns, drawn.rows) == (20, 5)
    assert len(drawn.data) == 20 * 10 * 3
    lines = halfblock.strips(drawn.data, drawn.columns, drawn.rows)
    assert [line.text for line in lines] == ["▀" * 20] * 5
    assert len(list(lines[0])) == 1  # equal neighbours are one run


def test_kitty_sends_a_whole_png_in_bounded_chunks_and_asks_for_no_answer() -> None:
    noise = Image.frombytes("RGB", (200, 200), os.urandom(200 * 200 * 3))
    out = BytesIO()
    noise.save(out, "PNG")
    sequences = list(kitty.upload_sequences(77, out.getvalue(), 20, 10))
    payloads = []
    for sequence in sequences[:-1]:
        head, payload = re.fullmatch(r"\x1b_G([^;]*);(.*)\x1b\\", sequence, re.DOTALL).groups()  # type: ignore[union-attr]
        assert "q=2" in head
        assert len(payload) <= 4096
        payloads.append(payload)
    assert b64decode("".join(payloads)) == out.getvalue()
    assert [("m=1" in sequence) for sequence in sequences[:-1]] == [True] * (len(sequences) - 2) + [False]
    assert sequences[-1] == "\x1b_Ga=p,U=1,i=77,c=20,r=10,q=2\x1b\\"


def test_placeholders_name_row_column_and_picture() -> None:
    line = kitty.strips(0x010203, 3, 2)[1]
    assert line.text == "".join("\U0010eeee" + kitty.COUNTING[1] + kitty.COUNTING[column] for column in range(3))
    assert line.cell_length == 3
    (segment,) = line
    assert segment.style is not None
    assert segment.style.color is not None
    assert segment.style.color.triplet == (1, 2, 3)


def test_an_upload_is_sent_once_and_the_oldest_are_freed() -> None:
    sent: list[str] = []
    uploads = kitty.Uploads(sent.append, is_tmux=False)
    first = uploads.ensure((0,), b"x", 1, 1)
    assert uploads.ensure((0,), b"x", 1, 1) == first
    assert len(sent) == 1
    for number in range(1, kitty.MOST_UPLOADS + 1):
        uploads.ensure((number,), b"x", 1, 1)
    assert sent[-1] == kitty.free_sequence(first)
    uploads.free()
    assert sent[-1].count("a=d,d=I") == kitty.MOST_UPLOADS


def test_through_tmux_every_escape_is_doubled() -> None:
    assert kitty.through_tmux("\x1b_Gq\x1b\\") == "\x1bPtmux;\x1b\x1b_Gq\x1b\x1b\\\x1b\\"


def test_sixel_is_encoded_without_a_look_at_the_terminal() -> None:
    import sys

    data = sixel.encode(Image.new("RGB", (16, 12), "blue"))
    assert data.startswith(b"\x1bP")
    assert data.endswith(b"\x1b\\")
    assert "textual_image.renderable" not in sys.modules
    assert "textual_image.widget" not in sys.modules


def test_the_disk_cache_is_bounded_and_drops_what_was_not_used_for_longest(tmp_path: Path) -> None:
    cache = ThumbnailCache(tmp_path / "thumbnails", most_bytes=2500)
    for number in range(3):
        cache.put(f"key {number}", bytes(1000))
    for age, path in enumerate(sorted((tmp_path / "thumbnails").glob("*/*"))):
        os.utime(path, (age + 1, age + 1))
    assert cache.get("key 0") is not None  # used now, so no longer the oldest
    assert cache.prune() == 1000
    assert cache.get("key 0") is not None
    assert sum(cache.get(f"key {number}") is not None for number in range(3)) == 2


def test_a_cache_that_cannot_be_written_is_no_cache_and_no_error(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    cache = ThumbnailCache(blocked)
    cache.put("key", b"x")
    cache.drop("key")
    assert cache.get("key") is None
    assert cache.prune() == 0
