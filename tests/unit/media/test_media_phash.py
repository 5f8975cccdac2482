"""The PHASH: vectors made with the library Stash uses, and a slow, literal model of it."""

from __future__ import annotations

import contextlib
import math
import struct
import zlib
from pathlib import Path
from typing import Any

import media_samples
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from PIL import Image
from soaking import examples

from core.errors import DecodeError, UnreadableFileError
from core.media.phash import image_phash, montage, montage_phash, perception_hash

Array = NDArray[Any]


def pattern(width: int, height: int, k: int) -> Array:
    """The picture the vectors were made of: red, green, blue and alpha."""
    y, x = numpy.mgrid[:height, :width]
    planes = [7 * x + 3 * y + 11 * k, x * x // 50 + 5 * y, x * y // 97 + k, x * 3 + y * 5 + 11 * k]
    return (numpy.stack(planes, axis=2) % 256).astype(numpy.uint8)


@pytest.mark.parametrize(
    ("width", "height", "k", "expected"),
    [
        (800, 450, 0, 0x80011F1F3F3E7C78),
        (800, 600, 3, 0x8000071F3F3F3F3E),
        (450, 800, 5, 0x80030F1F3F3F3C78),
        (64, 64, 1, 0xB0252ED4956ADB35),
        (640, 640, 9, 0x8001071F3F3F3E7C),
    ],
)
def test_rgb_pictures_hash_as_in_stash(width: int, height: int, k: int, expected: int) -> None:
    assert perception_hash(pattern(width, height, k)[:, :, :3]) == expected


def _save(kind: str, width: int, height: int, k: int, folder: Path) -> Path:
    """One of the pictures the second table was made of."""
    planes = pattern(width, height, k)
    path = folder / ("picture.gif" if kind == "gif" else "picture.png")
    options: dict[str, Any] = {}
    if kind == "rgba":
        image = Image.fromarray(planes)
    elif kind == "grey":
        image = Image.fromarray(planes[:, :, 1])
    elif kind == "la":
        image = Image.fromarray(planes[:, :, 1])
        image.putalpha(Image.fromarray(planes[:, :, 3]))
    elif kind == "grey16":
        image = Image.fromarray(planes[:, :, 1].astype(numpy.uint16) * 256 + planes[:, :, 0])
    else:
        image = Image.frombytes("P", (width, height), (planes[:, :, 1] % 64).tobytes())
        image.putpalette([(i * 37 + j * 91) % 256 for i in range(64) for j in range(3)])
        options = {"transparency": 7} if kind == "clear" else {}
    image.save(path, **options)
    return path


@pytest.mark.parametrize(
    ("kind", "size", "expected"),
    [
        ("rgba", (300, 200, 0), 0x9E387F58F780FA00),
        ("grey", (300, 200, 0), 0xFD03FD03FC03F003),
        ("la", (300, 200, 0), 0xBE84FF80FF00FE00),
        ("grey16", (300, 200, 0), 0xFD03FD03FC03F003),
        ("palette", (300, 200, 0), 0xB90AB94AB94AB4B5),
        ("gif", (300, 200, 0), 0xB90AB94AB94AB4B5),
        ("clear", (300, 200, 0), 0xB90A394AB94AB5B5),
        ("rgba", (64, 64, 4), 0xB3E40F3EB4604F38),
        ("la", (64, 64, 4), 0xB5C8143FB4624F39),
        ("grey16", (64, 64, 4), 0xAB202AD5B56ADA35),
        ("palette", (64, 64, 4), 0xDE008FEBBB0045EB),  # frequencies tie: rounding decides
        ("gif", (64, 64, 4), 0xDE008FEBBB0045EB),
        ("clear", (64, 64, 4), 0x9402FFEBAB0045EB),
        ("rgba", (50, 90, 2), 0xC7288A1D6BD3635A),
        ("grey", (50, 90, 2), 0xAB152A6ED5952A6A),
        ("grey16", (50, 90, 2), 0xAB152A6ED5952A6A),
        ("palette", (50, 90, 2), 0x80D503DF7AF79501),
        ("clear", (50, 90, 2), 0x8F1503DF7AF51501),
    ],
)
def test_files_of_every_kind_hash_as_in_stash(
    tmp_path: Path, kind: str, size: tuple[int, int, int], expected: int
) -> None:
    assert image_phash(_save(kind, *size, tmp_path)) == expected


def literal_hash(picture: Array) -> int:
    """The published steps one by one, with integers and sums as a reader would write them down."""
    height, width, _ = picture.shape
    across = [
        [_literal_tap([picture[y, x].tolist() for x in range(width)], o) for o in range(64)] for y in range(height)
    ]
    small = [[_literal_tap([across[y][o] for y in range(height)], row) for o in range(64)] for row in range(64)]
    grey = numpy.array([[0.299 * r + 0.587 * g + 0.114 * (b * 257 // 256) for r, g, b in row] for row in small])
    wave = numpy.array([[math.cos(math.pi * (2 * n + 1) * k / 128) for n in range(64)] for k in range(8)])
    low = (wave @ grey @ wave.T).reshape(-1)
    middle = sum(sorted(low)[31:33]) / 2
    return int("".join("1" if value > middle else "0" for value in low), 2)


def _literal_tap(line: list[list[int]], output: int) -> list[int]:
    scale = len(line) / 64
    taps = 2 * max(math.ceil(scale), 1)
    centre = scale * (output + 0.5) - 0.5
    start = int(centre) - taps // 2 + 1
    totals, weights = [0, 0, 0], 0
    for tap in range(taps):
        distance = abs((centre - start - tap) * min(1 / scale, 1))
        weight = int(256 * (1 - distance)) if distance <= 1 else 0
        pixel = line[min(max(start + tap, 0), len(line) - 1)]
        totals = [total + weight * value for total, value in zip(totals, pixel, strict=True)]
        weights += weight
    return [total // weights for total in totals]


@examples(6)
@given(width=st.integers(3, 150), height=st.integers(3, 150), seed=st.integers(0, 1 << 32))
def test_fast_and_literal_hash_agree(width: int, height: int, seed: int) -> None:
    picture = numpy.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=numpy.uint8)
    if (width, height) != (64, 64):
        assert perception_hash(picture) == literal_hash(picture)


@given(width=st.integers(3, 300), height=st.integers(3, 300), seed=st.integers(0, 1 << 32))
def test_a_genuine_hash_has_half_its_bits_and_the_top_one(width: int, height: int, seed: int) -> None:
    value = perception_hash(numpy.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=numpy.uint8))
    assert value.bit_count() == 32
    assert value >> 63 == 1


@examples(20)
@given(width=st.integers(1, 200), height=st.integers(1, 200), seed=st.integers(0, 1 << 32))
def test_grey_and_opaque_pictures_hash_alike_in_every_shape(width: int, height: int, seed: int) -> None:
    grey = numpy.random.default_rng(seed).integers(0, 256, (height, width), dtype=numpy.uint8)
    rgb = numpy.repeat(grey[:, :, None], 3, axis=2)
    rgba = numpy.dstack([rgb, numpy.full_like(grey, 255)])
    assert perception_hash(grey) == perception_hash(rgb) == perception_hash(rgba)


def test_black_and_flat_pictures_give_the_known_degenerate_values() -> None:
    assert perception_hash(numpy.zeros((90, 160, 3), dtype=numpy.uint8)) == 0
    assert perception_hash(numpy.full((90, 160, 3), 77, dtype=numpy.uint8)) == 1 << 63
    assert perception_hash(numpy.dstack([pattern(90, 60, 1)[:, :, :3], numpy.zeros((60, 90), dtype=numpy.uint8)])) == 0


def test_bands_do_not_show_in_a_large_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    picture = pattern(700, 400, 3)
    whole = perception_hash(picture)
    monkeypatch.setattr("core.media.phash.BAND_BYTES", 1)
    assert perception_hash(picture) == whole


@pytest.mark.parametrize(
    "picture", [numpy.zeros((4, 4, 2), numpy.uint8), numpy.zeros((0, 4, 3), numpy.uint8), numpy.zeros((4, 4))]
)
def test_what_is_no_picture_is_refused(picture: Any) -> None:
    with pytest.raises(ValueError, match="not a picture"):
        perception_hash(picture)


def test_a_montage_is_five_by_five_row_by_row() -> None:
    frames = [numpy.full((10, 16, 3), index, dtype=numpy.uint8) for index in range(25)]
    sheet = montage(frames)
    assert sheet.shape == (50, 80, 3)
    assert [int(sheet[10 * row, 16 * column, 0]) for row in range(5) for column in range(5)] == list(range(25))
    assert montage_phash(frames) == perception_hash(sheet)


def test_frames_of_another_size_are_cut_or_leave_black() -> None:
    frames = [numpy.full((10, 16, 3), 9, dtype=numpy.uint8) for _ in range(25)]
    frames[1] = numpy.full((20, 30, 3), 7, dtype=numpy.uint8)
    frames[24] = numpy.full((4, 4, 3), 5, dtype=numpy.uint8)
    sheet = montage(frames)
    assert (sheet[0, 31, 0], sheet[0, 32, 0], sheet[10, 16, 0]) == (7, 9, 9)
    assert (sheet[43, 67, 0], sheet[44, 67, 0], sheet[43, 68, 0]) == (5, 0, 0)


@pytest.mark.parametrize("count", [0, 24, 26])
def test_a_montage_needs_25_frames(count: int) -> None:
    with pytest.raises(ValueError, match=f"25 frames, not {count}"):
        montage([numpy.zeros((4, 4, 3), numpy.uint8)] * count)


def test_jpeg_is_near_its_picture_and_exif_rotation_is_not_applied(tmp_path: Path) -> None:
    image = Image.fromarray(pattern(400, 300, 3)[:, :, :3])
    exif = Image.Exif()
    exif[0x0112] = 6  # to be shown turned by 90 degrees
    image.save(tmp_path / "plain.jpg", quality=95)
    image.save(tmp_path / "turned.jpg", quality=95, exif=exif)
    assert image_phash(tmp_path / "plain.jpg") == image_phash(tmp_path / "turned.jpg")
    assert (image_phash(tmp_path / "plain.jpg") ^ perception_hash(numpy.asarray(image))).bit_count() <= 4


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("a.webp", media_samples.LOSSY_WEBP, 0xDAD0653B853B8636),
        ("b.webp", media_samples.LOSSY_WEBP_WITH_ALPHA, 0xD8D0F23426650F6F),
        ("c.jpg", media_samples.JPEG, 0xDAD0652A8639AF2D),
    ],
)
def test_pictures_with_halved_chroma_hash_as_in_stash(tmp_path: Path, name: str, data: bytes, expected: int) -> None:
    (tmp_path / name).write_bytes(data)
    assert image_phash(tmp_path / name) == expected


@pytest.mark.parametrize("kind", ["png", "webp", "gif"])
def test_lossless_files_hash_as_their_pixels(tmp_path: Path, kind: str) -> None:
    pixels = pattern(301, 203, 3)[:, :, :3]
    if kind == "gif":
        pixels = numpy.repeat(pixels[:, :, :1] // 128 * 128, 3, axis=2)
    Image.fromarray(pixels).save(tmp_path / "picture", format=kind, **({"lossless": True} if kind == "webp" else {}))
    assert image_phash(tmp_path / "picture") == perception_hash(
        pixels.astype(numpy.uint16) * 257 if kind == "gif" else pixels
    )


@pytest.mark.parametrize("options", [{"keep_rgb": True}, {"subsampling": 0}, {"subsampling": 2}, {"progressive": True}])
def test_jpegs_of_every_make_hash_near_their_picture(tmp_path: Path, options: dict[str, Any]) -> None:
    image = Image.fromarray(pattern(401, 303, 3)[:, :, :3])
    image.save(tmp_path / "a.jpg", quality=95, **options)
    assert (image_phash(tmp_path / "a.jpg") ^ perception_hash(numpy.asarray(image))).bit_count() <= 4


def test_cmyk_hashes_near_its_rgb(tmp_path: Path) -> None:
    image = Image.fromarray(pattern(400, 300, 3)[:, :, :3])
    image.convert("CMYK").save(tmp_path / "print.jpg", quality=95)
    assert (image_phash(tmp_path / "print.jpg") ^ perception_hash(numpy.asarray(image))).bit_count() <= 4


def test_of_an_animation_the_first_picture_counts(tmp_path: Path) -> None:
    first, second = (Image.fromarray(pattern(120, 80, k)[:, :, 0]) for k in (1, 2))
    first.save(tmp_path / "one.gif")
    first.save(tmp_path / "two.gif", save_all=True, append_images=[second])
    assert image_phash(tmp_path / "one.gif") == image_phash(tmp_path / "two.gif")


def test_broken_pictures_are_named_with_a_reason(tmp_path: Path) -> None:
    good = tmp_path / "good.png"
    Image.fromarray(pattern(300, 200, 1)).save(good)
    data = good.read_bytes()
    (tmp_path / "cut.png").write_bytes(data[: len(data) // 2])
    with pytest.raises(DecodeError, match=r"cut\.png: is broken"):
        image_phash(tmp_path / "cut.png")
    (tmp_path / "text.jpg").write_text("not a picture")
    with pytest.raises(DecodeError, match=r"text\.jpg: is no image"):
        image_phash(tmp_path / "text.jpg")
    with pytest.raises(UnreadableFileError, match=r"gone\.jpg: is not there"):
        image_phash(tmp_path / "gone.jpg")


def test_a_picture_that_states_enormous_size_is_refused_before_it_is_decoded(tmp_path: Path) -> None:
    path = tmp_path / "bomb.png"
    Image.new("L", (8, 8)).save(path)
    data = bytearray(path.read_bytes())
    data[16:24] = struct.pack(">II", 40_000, 40_000)
    data[29:33] = struct.pack(">I", zlib.crc32(data[12:29]))
    path.write_bytes(data)
    with pytest.raises(DecodeError, match=r"bomb\.png: states more than 178 million pixels"):
        image_phash(path)


@given(seed=st.integers(0, 1 << 32), kind=st.sampled_from(["png", "gif", "jpeg", "webp", "bmp", "tiff"]))
def test_damage_never_escapes_as_a_foreign_error(
    tmp_path_factory: pytest.TempPathFactory, seed: int, kind: str
) -> None:
    folder = tmp_path_factory.getbasetemp() / "damage"
    folder.mkdir(exist_ok=True)
    random = numpy.random.default_rng(seed)
    path = folder / f"picture.{kind}"
    Image.fromarray(pattern(60, 40, seed % 7)[:, :, :3]).save(path, format=kind)
    data = bytearray(path.read_bytes())
    for _ in range(int(random.integers(1, 12))):
        data[int(random.integers(0, len(data)))] = int(random.integers(0, 256))
    path.write_bytes(data[: int(random.integers(1, len(data) + 1))])
    with contextlib.suppress(DecodeError):
        assert 0 <= image_phash(path) < 1 << 64
