"""Frames round places of a picture: where they are drawn, at any size, and that what is odd does no harm."""

from __future__ import annotations

from io import BytesIO

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from tui.pictures.decode import Box, draw, shrink
from tui.pictures.detect import Drawing
from tui.pictures.marks import COLOUR, Mark, mark

GROUND = (90, 140, 190)


def plain(width: int, height: int) -> Image.Image:
    return Image.new("RGB", (width, height), GROUND)


def framed(image: Image.Image) -> tuple[int, int, int, int] | None:
    """The smallest rectangle that holds every pixel of the frames' colour: left, top, right, bottom, all inside."""
    found = [(x, y) for x in range(image.width) for y in range(image.height) if image.getpixel((x, y)) == COLOUR]
    if not found:
        return None
    columns, rows = [x for x, _ in found], [y for _, y in found]
    return min(columns), min(rows), max(columns), max(rows)


def test_a_frame_stands_round_its_place_and_leaves_what_is_in_it() -> None:
    image = plain(80, 40)
    mark(image, [(0.25, 0.25, 0.5, 0.5)])
    assert framed(image) == (20, 10, 59, 29)
    assert image.getpixel((40, 20)) == GROUND
    assert image.getpixel((2, 2)) == GROUND


def test_a_frame_has_a_shadow_on_both_sides_so_that_it_is_seen_on_its_own_colour() -> None:
    image = Image.new("RGB", (160, 100), COLOUR)
    mark(image, [(0.25, 0.25, 0.5, 0.5)])
    assert image.getpixel((80, 25)) == COLOUR
    assert sum(image.getpixel((80, 24))) < sum(COLOUR) // 2  # type: ignore[arg-type]
    assert sum(image.getpixel((80, 26))) < sum(COLOUR) // 2  # type: ignore[arg-type]


def test_a_small_frame_has_its_shadow_outside_alone_and_covers_no_face() -> None:
    image = Image.new("RGB", (80, 40), COLOUR)
    mark(image, [(0.25, 0.25, 0.5, 0.5)])
    assert sum(image.getpixel((40, 9))) < sum(COLOUR) // 2  # type: ignore[arg-type]
    assert image.getpixel((40, 11)) == COLOUR


def test_a_tiny_place_is_a_dot() -> None:
    image = plain(40, 40)
    mark(image, [(0.5, 0.5, 0.001, 0.001)])
    assert framed(image) is not None
    assert image.getpixel((24, 24)) == GROUND


@given(
    st.integers(1, 90),
    st.integers(1, 90),
    st.lists(st.tuples(*[st.floats(-3, 3) | st.just(float("nan"))] * 4), max_size=4),
)
def test_no_place_whatever_does_harm(width: int, height: int, marks: list[Mark]) -> None:
    image = plain(width, height)
    mark(image, marks)
    assert image.size == (width, height)


@given(
    st.integers(8, 90), st.integers(8, 90), st.floats(0, 0.7), st.floats(0, 0.7), st.floats(0.3, 0.9),
    st.floats(0.3, 0.9),
)  # fmt: skip
def test_a_frame_is_within_a_pixel_of_its_place(
    width: int, height: int, x: float, y: float, wide: float, high: float
) -> None:
    image = plain(width, height)
    mark(image, [(x, y, wide, high)])
    left, top, right, bottom = framed(image) or (-9, -9, -9, -9)
    assert abs(left - x * width) <= 1
    assert abs(top - y * height) <= 1
    assert abs(right + 1 - min(1, x + wide) * width) <= 1
    assert abs(bottom + 1 - min(1, y + high) * height) <= 1


@pytest.mark.parametrize("nowhere", [(0.2, 0.2, 0.0, 0.3), (1.0, 0.0, 0.5, 0.5), (-0.5, 0.0, 0.5, 0.5)])
def test_what_is_nowhere_in_the_picture_is_left_out(nowhere: Mark) -> None:
    image = plain(30, 30)
    mark(image, [nowhere])
    assert image.tobytes() == plain(30, 30).tobytes()


def test_in_half_blocks_a_frame_is_as_bright_as_anywhere() -> None:
    out = BytesIO()
    plain(1600, 1200).save(out, "JPEG")
    drawn = draw(shrink(out.getvalue()), Box(24, 9), Drawing.HALFCELL, [(0.25, 0.25, 0.5, 0.5)])
    image = Image.frombytes("RGB", (drawn.columns, drawn.rows * 2), drawn.data)
    assert framed(image) == (6, 4, 17, 13)


@pytest.mark.parametrize("drawing", [Drawing.KITTY, Drawing.SIXEL])
def test_in_pixels_a_marked_picture_differs_from_a_plain_one(drawing: Drawing) -> None:
    out = BytesIO()
    plain(300, 200).save(out, "JPEG")
    small = shrink(out.getvalue())
    assert draw(small, Box(24, 9), drawing, [(0.2, 0.2, 0.3, 0.5)]).data != draw(small, Box(24, 9), drawing).data
