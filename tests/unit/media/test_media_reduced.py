"""The fast PHASH of a JPEG against the exact one, over odd and even sizes, qualities and samplings."""

from __future__ import annotations

from pathlib import Path

import numpy
import pytest
from PIL import Image
from soaking import more

from core.media.image import look_at_image


def draw(path: Path, width: int, height: int, seed: int) -> None:
    """A picture of slopes and grain."""
    random = numpy.random.default_rng(seed)
    side = int(random.integers(4, 40))
    coarse = random.integers(0, 256, (side, side + side // 2, 3), dtype=numpy.uint8)
    smooth = numpy.asarray(Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC), numpy.int16)
    grain = random.integers(-8, 9, (height, width, 1), dtype=numpy.int16)
    picture = Image.fromarray((smooth + grain).clip(0, 255).astype(numpy.uint8))
    picture.save(path, quality=int(random.integers(50, 96)), progressive=seed % 5 == 0, subsampling=seed % 3)


@pytest.mark.parametrize(
    ("width", "height"),
    [(1, 1), (63, 64), (257, 255), (640, 480), (1023, 517), (1025, 1031), (1732, 1155), (2047, 263), (300, 2001)],
)
def test_the_fast_hash_is_at_most_two_bits_off(tmp_path: Path, width: int, height: int) -> None:
    methods = set()
    for seed in range(more(3)):
        draw(tmp_path / "one.jpg", width, height, seed)
        exact = look_at_image(tmp_path / "one.jpg")
        fast = look_at_image(tmp_path / "one.jpg", is_fast=True)
        assert exact.phash_method == "exact"
        methods.add(fast.phash_method)
        assert (fast.width, fast.height) == (width, height)
        assert (exact.phash ^ fast.phash).bit_count() <= 2, (width, height, seed)
    assert ("fast" in methods) is (min(width, height) > 256), "a small picture is decoded whole"


def test_a_picture_whose_frequencies_tie_is_decoded_whole(tmp_path: Path) -> None:
    """Pure waves: nearly all frequencies are nothing but rounding, and any error turns many bits over."""
    rows, columns = numpy.mgrid[:900, :1200]
    waves = 127 + 60 * numpy.sin(columns / 50) + 60 * numpy.cos(rows / 70)
    Image.fromarray(waves.astype(numpy.uint8)).convert("RGB").save(tmp_path / "one.jpg", quality=95)
    assert look_at_image(tmp_path / "one.jpg", is_fast=True).phash_method == "exact"
