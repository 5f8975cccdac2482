"""Pictures and clips spoilt at random: each is read, or refused as a file that cannot be decoded, within its time."""

from __future__ import annotations

import asyncio
import re
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from random import Random

import numpy
import pytest
from file_systems import made_once
from garbled import unfit
from media_clips import Clip, moving_frame, write_clip
from PIL import Image
from soaking import is_soaking, more

from core.errors import DecodeError
from core.media.pool import MediaPool

SECONDS = 30.0  # for one file: the mutated ones are small
AT_ONCE = 4
PICTURES = (
    "a.jpg",
    "grey.jpg",
    "a.png",
    "pal.png",
    "deep.png",
    "a.gif",
    "moving.gif",
    "a.webp",
    "clear.webp",
    "a.tif",
    "a.bmp",
)
CLIPS = ("a.mp4", "sound.mp4", "a.mkv", "mpeg4.avi")
# What the worker says of an error nobody foresaw: such a one is to be foreseen where it arises.
UNFORESEEN = re.compile(r"cannot be decoded \((?!\w+: .*\berrno\b)[A-Z]\w+: ")


def _draw(place: Path) -> None:
    place.mkdir()
    rows, columns = numpy.mgrid[:90, :120]
    waves = [numpy.sin(columns / 7), numpy.cos(rows / 9), numpy.sin((rows + columns) / 11)]
    pixels = (127 + 120 * numpy.stack(waves, axis=2)).astype(numpy.uint8)
    colour, grey = Image.fromarray(pixels), Image.fromarray(pixels[:, :, 0])
    exif = Image.Exif()
    exif[0x0112] = 6
    colour.save(place / "a.jpg", quality=90, exif=exif)
    grey.save(place / "grey.jpg", quality=90, progressive=True)
    colour.save(place / "a.png")
    colour.quantize(64).save(place / "pal.png", transparency=3)
    Image.fromarray(pixels[:, :, 0].astype(numpy.uint16) * 257).save(place / "deep.png")
    colour.quantize(64).save(place / "a.gif")
    grey.save(place / "moving.gif", save_all=True, append_images=[grey.rotate(90), grey.rotate(180)])
    colour.save(place / "a.webp", quality=80)
    colour.convert("RGBA").save(place / "clear.webp", lossless=True)
    colour.save(place / "a.tif", compression="tiff_lzw")
    colour.save(place / "a.bmp")
    for name, clip in {
        "a.mp4": Clip(frames=40),
        "sound.mp4": Clip(frames=40, sound=1.5, codec="mpeg4"),
        "a.mkv": Clip(frames=40),
        "mpeg4.avi": Clip(frames=40, codec="mpeg4"),
    }.items():
        write_clip(place / name, clip, moving_frame)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder with the files before they are spoilt."""
    return made_once(tmp_path_factory, "whole-media", _draw)


def spoilt(data: bytes, random: Random) -> bytes:
    """The file with a few bits, ranges or numbers changed, cut, or grown."""
    found = bytearray(data)
    for _ in range(random.choice([1, 1, 2, 5, 30])):
        # Most of what steers a decoder stands at the beginning and, in an MP4, at the end.
        near = random.choice([len(found), len(found), 64, 512])
        at = random.randrange(max(1, min(near, len(found))))
        if random.random() < 0.2:
            at = max(0, len(found) - 1 - at)
        match random.randrange(8):
            case 0:
                found[at : at + 1] = bytes([found[at] ^ 1 << random.randrange(8)]) if found else b"x"
            case 1:
                found[at : at + 1] = random.randbytes(1)
            case 2:
                size = random.choice([4, 64, 1024])
                found[at : at + size] = bytes(len(found[at : at + size]))
            case 3:
                found[at : at + 4] = struct.pack(
                    random.choice("<>") + "I", random.choice([0, 1, 0x7FFFFFFF, 0xFFFFFFFF, 65535])
                )
            case 4:
                found[at : at + 2] = struct.pack(
                    random.choice("<>") + "H", random.choice([0, 1, 0x7FFF, 0xFFFF, 50_000])
                )
            case 5:
                del found[at : at + random.choice([1, 4, 200])]
            case 6:
                found[at:at] = found[at : at + random.choice([1, 16, 400])]
            case _:
                if random.random() < 0.3:
                    del found[at:]
    return bytes(found)


def looks(pool: MediaPool, path: Path, whole: Path) -> list[Callable[[], Awaitable[object]]]:
    """Each way Winnow reads such a file."""
    if path.suffix in (".mp4", ".mkv", ".avi"):
        return [
            lambda: pool.probe(path),
            lambda: pool.video_phash(path),
            lambda: pool.video_phash(path, 1.5),
            lambda: pool.thumbnail(path, 0.5),
            lambda: pool.error(whole / "a.mp4", path, (1.6, 1.6)),
        ]
    return [
        lambda: pool.image_phash(path),
        lambda: pool.image(path, is_fast=True, wants_second=True),
        lambda: pool.thumbnail(path),
        lambda: pool.error(whole / "a.png", path),
    ]


@pytest.mark.parametrize("name", [*PICTURES, *CLIPS])
async def test_a_spoilt_file_is_read_or_refused(name: str, whole: Path, tmp_path: Path) -> None:
    data, random = (whole / name).read_bytes(), Random(name)
    read, refused, wrong = 0, 0, list[str]()
    async with MediaPool(workers=2, timeout_seconds=SECONDS) as pool:
        for look in looks(pool, whole / name, whole):
            assert list(unfit(await look(), "value")) == []

        async def tried(number: int) -> None:
            nonlocal read, refused, wrong
            path = tmp_path / f"{number}{Path(name).suffix}"
            path.write_bytes(spoilt(data, random))
            for look in looks(pool, path, whole):
                try:
                    found = await look()
                except DecodeError as error:
                    refused += 1
                    words = str(error)
                    is_wrong = bool(UNFORESEEN.search(words)) or "given up" in words or "ended the process" in words
                    wrong += [f"{number}: {words}"] * is_wrong
                else:
                    read += 1
                    wrong += [f"{number}: {words}" for words in unfit(found, "value")]
            path.unlink()

        waiting = iter(range(more(8)))

        async def some() -> None:
            for number in waiting:
                await tried(number)

        await asyncio.gather(*(some() for _ in range(AT_ONCE)))
    assert wrong == []
    assert refused
    assert read or not is_soaking()  # of a PNG that was spoilt little can be read
