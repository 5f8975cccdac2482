"""Hashing: pictures beside imagehash in a plain loop, checksums beside openssl, a video beside 25 ffmpeg calls."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy
from harness import Figure, print_table, run_worker
from PIL import Image

_PICTURES = 1000
_WIDTH, _HEIGHT = 1732, 1155  # 2 MP
_MOST_GRAIN = 14  # either way, of 255: from none to this gives 141 to 531 KiB, as photographs of 2 MP take 90 to 890
_BYTES = 512 << 20
_REPEATED = 3


def run() -> None:
    """Print the figures."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        figures = [*_pictures(folder), *_checksums(folder), *_video(folder)]
    print_table("Hashing", f"{os.cpu_count()} cores, files in the page cache", figures)


def _pictures(folder: Path) -> list[Figure]:
    """Pictures with as much grain as photographs have: little in the one, much in the other."""
    pictures, size = _drawn(folder / "pictures", range(_MOST_GRAIN + 1))
    peer, exact, fast = _runs(folder, pictures)
    rate = _PICTURES / peer["seconds"]
    name = f"{_PICTURES} JPEGs of 2 MP, {size} KiB on average"
    loop = f"imagehash in a loop {rate:.0f} a second"
    figures = []
    for way, found, goal in (("exact", exact, 1.8), ("fast", fast, 5.0)):
        mine = _PICTURES / found["seconds"]
        ratio = mine / rate
        words = f"{mine:.0f} a second"
        figures.append(Figure(f"{name}, {way}", words, f">= {goal} x", ratio >= goal, loop, f"{ratio:.2f} x"))
        again = run_worker("hash_worker", way, str(pictures), found["data"])
        assert again["hashed"] == 0, again
        share, fresh = (100 * seconds / found["seconds"] for seconds in (again["again"], again["seconds"]))
        words = f"{again['again']:.2f} s, {share:.1f} % of the first"
        figures.append(Figure(f"second run, {way}", words, "< 2 % of the first", share < 2))
        words = f"{again['seconds']:.2f} s, {fresh:.1f} %"
        figures.append(Figure(f"second run, {way}, numpy and others loaded anew", words))
    shutil.rmtree(pictures)
    return [*figures, *_grainy_pictures(folder)]


def _grainy_pictures(folder: Path) -> list[Figure]:
    """The worst case: where all is grain, decoding at a fraction of the size saves least."""
    pictures, size = _drawn(folder / "grainy", range(_MOST_GRAIN, _MOST_GRAIN + 1))
    peer, exact, fast = _runs(folder, pictures)
    shutil.rmtree(pictures)
    loop = f"imagehash in a loop {_PICTURES / peer['seconds']:.0f} a second"
    return [
        Figure(
            f"as many full of grain, {size} KiB each, {way}",
            f"{_PICTURES / found['seconds']:.0f} a second",
            peer=loop,
            ratio=f"{peer['seconds'] / found['seconds']:.2f} x",
        )
        for way, found in (("exact", exact), ("fast", fast))
    ]


def _drawn(pictures: Path, grain: range) -> tuple[Path, int]:
    """The folder with as many pictures, their grain in turn; their size on average, in KiB."""
    pictures.mkdir()
    wanted = [(str(pictures / f"{number:04}.jpg"), grain[number % len(grain)]) for number in range(_PICTURES)]
    with ProcessPoolExecutor() as pool:
        size = sum(pool.map(_draw, wanted, chunksize=20))
    return pictures, size // _PICTURES // 1024


def _runs(folder: Path, pictures: Path) -> list[dict[str, Any]]:
    """The best run each of the plain loop, of exact and of fast hashes, in turn and each with a cache of its own."""
    runs: dict[str, list[dict[str, Any]]] = {"loop": [], "exact": [], "fast": []}
    for number in range(_REPEATED):
        for way, found in runs.items():
            data = str(folder / f"{pictures.name}-{way}-{number}")
            found.append(run_worker("hash_worker", way, str(pictures), data) | {"data": data})
            assert found[-1]["hashed"] == _PICTURES, found[-1]
    return [min(found, key=lambda one: float(one["seconds"])) for found in runs.values()]


def _draw(wanted: tuple[str, int]) -> int:
    """A picture with edges, slopes and grain of its own; its size in bytes."""
    path, most = wanted
    random = numpy.random.default_rng(int(Path(path).stem))
    coarse = random.integers(0, 256, (12, 18, 3), dtype=numpy.uint8)
    smooth = numpy.asarray(Image.fromarray(coarse).resize((_WIDTH, _HEIGHT), Image.Resampling.BICUBIC), numpy.int16)
    grain = random.integers(-most, most + 1, (_HEIGHT, _WIDTH, 1), dtype=numpy.int16)
    rows, columns = numpy.mgrid[:_HEIGHT, :_WIDTH]
    edges = (((rows // 90 + columns // 120) % 2) * 40).astype(numpy.int16)[:, :, None]
    Image.fromarray((smooth + grain + edges).clip(0, 255).astype(numpy.uint8)).save(path, quality=85)
    return Path(path).stat().st_size


def _checksums(folder: Path) -> list[Figure]:
    file = folder / "film.bin"
    piece = numpy.random.default_rng(1).bytes(16 << 20)
    with file.open("wb") as stream:
        for _ in range(_BYTES // len(piece)):
            stream.write(piece)
    slowest, name = max((_openssl(algorithm, file), algorithm) for algorithm in ("md5", "sha1", "sha256"))
    found = run_worker("hash_worker", "checksums", str(file))
    file.unlink()
    ratio = slowest / found["seconds"]
    rate = _BYTES / found["seconds"] / (1 << 20)
    return [
        Figure(
            "SHA-256, SHA-1, MD5 and OSHASH of 512 MiB in one read",
            f"{found['seconds']:.2f} s, {rate:.0f} MiB/s",
            ">= 0.9 x",
            ratio >= 0.9,
            f"openssl {name}, the slowest alone {slowest:.2f} s",
            f"{ratio:.2f} x",
        ),
    ]


def _openssl(algorithm: str, file: Path) -> float:
    seconds = []
    for _ in range(_REPEATED):
        start = time.perf_counter()
        subprocess.run(["openssl", "dgst", f"-{algorithm}", str(file)], check=True, stdout=subprocess.DEVNULL)
        seconds.append(time.perf_counter() - start)
    return min(seconds)


def _video(folder: Path) -> list[Figure]:
    clip = folder / "clip.mp4"
    _encode(clip)
    mine = run_worker("hash_worker", "pyav", str(clip))
    name, words = "PHASH of 60 s of 1080p", f"{mine['seconds']:.2f} s, {mine['peak']:.0f} MiB"
    if shutil.which("ffmpeg") is None:
        return [Figure(name, words, "equal bits", None, "ffmpeg is not installed")]
    peer = run_worker("hash_worker", "ffmpeg", str(clip))
    ratio = f"{peer['seconds'] / mine['seconds']:.1f} x"
    is_met = mine["phash"] == peer["phash"]
    return [Figure(name, words, "equal bits", is_met, f"25 ffmpeg calls {peer['seconds']:.2f} s", ratio)]


def _encode(path: Path) -> None:
    """60 seconds of 1080p at 25 frames a second that move all over, a key frame every ten seconds."""
    import av

    noise = numpy.random.default_rng(2).integers(0, 255, (1200, 2100, 3), dtype=numpy.uint8)
    still = numpy.asarray(Image.fromarray(noise).resize((525, 300)).resize((2100, 1200), Image.Resampling.BICUBIC))
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 1920, 1080, "yuv420p"
        stream.codec_context.gop_size = 250
        stream.options = {"preset": "veryfast", "sc_threshold": "0"}
        for number in range(1500):
            left, top = number % 180, (number // 3) % 120
            picture = numpy.ascontiguousarray(still[top : top + 1080, left : left + 1920])
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode())
