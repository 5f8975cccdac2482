"""A hundred pictures like photographs: every planted group is found from the command line, and no other."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy
from cli_runner import command
from PIL import Image

PHOTOGRAPHS = 100
SIZE = (480, 360)
SPEAKER = "one of the two {}"


def photograph(seed: int) -> Image.Image:
    """Coloured noise whose strength falls with its frequency, as that of the world does; with a bright side."""
    random = numpy.random.default_rng(seed)
    width, height = SIZE
    down, across = numpy.fft.fftfreq(height)[:, None] * height, numpy.fft.rfftfreq(width)[None] * width
    falling = 1 / numpy.maximum(numpy.hypot(down, across), 1) ** 1.2
    planes = []
    for _ in range(3):
        waves = falling * numpy.exp(2j * numpy.pi * random.random(falling.shape))
        plane = numpy.fft.irfft2(waves, (height, width))
        planes.append(128 + 55 * (plane - plane.mean()) / plane.std())
    light = planes[0] * 0.6  # the colours of a photograph go together
    pixels = numpy.stack([light + plane * 0.4 for plane in planes], axis=2)
    return Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))


def plant(folder: Path) -> set[frozenset[str]]:
    """The pictures of the folder, a hundred files; which of them belong together.

    Of equal files one speaks for all beside a third picture that only looks alike.
    """
    (folder / "phone").mkdir(parents=True)
    planted: list[list[str]] = []
    for number in range(8):
        name = f"copied {number}"
        photograph(number).save(folder / f"{name}.jpg", quality=90)
        shutil.copy(folder / f"{name}.jpg", folder / "phone" / f"IMG_{number}.jpg")
        planted.append([f"{name}.jpg", f"phone/IMG_{number}.jpg"])
    for number in range(8, 16):
        picture, share = photograph(number), (number - 4) / 16
        picture.save(folder / f"large {number}.jpg", quality=92)
        picture.resize((int(SIZE[0] * share), int(SIZE[1] * share))).save(folder / f"small {number}.png")
        planted.append([f"large {number}.jpg", f"small {number}.png"])
    for number in range(16, 24):
        picture = photograph(number)
        picture.save(folder / f"fine {number}.png")
        picture.save(folder / f"coarse {number}.jpg", quality=30 + number)
        planted.append([f"fine {number}.png", f"coarse {number}.jpg"])
    for number in range(24, 28):  # all of it at once
        picture = photograph(number)
        picture.save(folder / f"first {number}.jpg", quality=95)
        shutil.copy(folder / f"first {number}.jpg", folder / "phone" / f"first {number}.jpg")
        picture.resize((300, 225)).save(folder / f"sent {number}.jpg", quality=60)
        planted.append([f"first {number}.jpg", f"phone/first {number}.jpg"])
        planted.append([SPEAKER.format(number), f"sent {number}.jpg"])
    here = sum(path.is_file() for path in folder.rglob("*"))
    for number in range(100, 100 + PHOTOGRAPHS - here):
        photograph(number).save(folder / f"alone {number}.jpg", quality=88)
    return {frozenset(names) for names in planted}


async def test_a_folder_of_photographs_gives_the_planted_groups_and_no_other(tmp_path: Path) -> None:
    folder = tmp_path / "photographs"
    planted = plant(folder)
    (tmp_path / "winnow.toml").write_text(f"[duplicates]\nfolders = [{json.dumps(str(folder))}]\n")
    places = {"WINNOW_CONFIG": str(tmp_path / "winnow.toml"), "WINNOW_DATA_DIR": str(tmp_path / "data")}
    ran = await command(tmp_path, "--scan-only", "--desk", "duplicates", "--json", **places)
    assert ran.status == 0, ran.err
    scanned = json.loads(ran.out)["desks"]["duplicates"]
    assert (scanned["files"], scanned["hashed"]) == (PHOTOGRAPHS, PHOTOGRAPHS)
    assert sum(scanned["groups"].values()) == len(planted)
    assert scanned["groups"]["exact"] == 12
    listed = json.loads((await command(tmp_path, "list", "duplicates", "--json", **places)).out)["groups"]
    found = [{str(Path(one["path"]).relative_to(folder)) for one in group["files"]} for group in listed]
    for names, group in zip(found, listed, strict=True):
        for number in range(24, 28):
            copies = names & {f"first {number}.jpg", f"phone/first {number}.jpg"}
            if group["kind"] != "exact" and len(copies) == 1:
                names ^= copies | {SPEAKER.format(number)}
    assert {frozenset(names) for names in found} == planted
    assert len(found) == len(planted)
