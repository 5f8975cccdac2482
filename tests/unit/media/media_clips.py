"""Short clips made on the spot: every frame is a grey level of its own, so that a test knows which one it was given."""

from __future__ import annotations

import struct
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy
from numpy.typing import NDArray

Picture = NDArray[numpy.uint8]


@dataclass(frozen=True, slots=True)
class Clip:
    """How a clip is made. `start` in seconds moves every time stamp; `sound` in seconds adds a silent track."""

    frames: int = 100
    rate: int = 25
    width: int = 64
    height: int = 48
    codec: str = "libx264"
    gop: int = 25
    b_frames: int = 2
    pixel_format: str = "yuv420p"
    start: float = 0.0
    sound: float = 0.0

    @property
    def seconds(self) -> float:
        """How long the picture lasts."""
        return self.frames / self.rate


def grey_level(index: int) -> int:
    """The level of frame `index`: neighbours differ by far more than a codec loses."""
    return 20 + (index * 37) % 200


def flat_frame(index: int, clip: Clip) -> Picture:
    """One level all over."""
    return numpy.full((clip.height, clip.width, 3), grey_level(index), dtype=numpy.uint8)


def moving_frame(index: int, clip: Clip) -> Picture:
    """Coloured waves that travel: content for a hash."""
    rows, columns = numpy.mgrid[: clip.height, : clip.width]
    red = 127 + 120 * numpy.sin(columns / 9 + index / 7)
    green = 127 + 120 * numpy.sin((rows + columns) / 13 - index / 11)
    blue = (rows * 3 + index * 2) % 256
    return numpy.stack([red, green, blue], axis=2).astype(numpy.uint8)


def write_clip(path: Path, clip: Clip, draw: Callable[[int, Clip], Picture] = flat_frame) -> Path:
    """Encode the clip; the suffix of `path` chooses the container."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream(clip.codec, rate=clip.rate)
        stream.width, stream.height, stream.pix_fmt = clip.width, clip.height, clip.pixel_format
        stream.codec_context.gop_size = clip.gop
        if clip.codec in ("libx264", "mpeg4", "mpeg2video"):
            stream.codec_context.max_b_frames = clip.b_frames
        if clip.codec == "libx264":
            stream.options = {"preset": "ultrafast", "bf": str(clip.b_frames), "qp": "4", "sc_threshold": "0"}
        sound: Any = container.add_stream("aac", rate=8000) if clip.sound else None
        for index in range(clip.frames):
            frame = av.VideoFrame.from_ndarray(draw(index, clip), format="rgb24")
            _mux(container, stream.encode(frame), clip.start)
        _mux(container, stream.encode(), clip.start)
        if sound is not None:
            _mux_silence(container, sound, clip)
    return path


def _mux_silence(container: Any, stream: Any, clip: Clip) -> None:
    for index in range(round(clip.sound * 8000 / 1024)):
        samples = numpy.zeros((1, 1024), dtype=numpy.float32)
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 8000, index * 1024
        _mux(container, stream.encode(frame), clip.start)
    _mux(container, stream.encode(), clip.start)


def _mux(container: Any, packets: list[Any], start: float) -> None:
    for packet in packets:
        shift = round(Fraction(start) / packet.time_base)
        packet.pts, packet.dts = packet.pts + shift, packet.dts + shift
        container.mux(packet)


def write_sound(path: Path) -> Path:
    """A file with sound and no picture."""
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("aac", rate=8000)
        _mux_silence(container, stream, Clip(sound=1.0))
    return path


def turn(path: Path, degrees: int) -> Path:
    """Mark the first track of an MP4 as to be shown turned clockwise, by its display matrix."""
    one, minus = 0x10000, -0x10000
    a, b, c, d = {90: (0, one, minus, 0), 180: (minus, 0, 0, minus), 270: (0, minus, one, 0)}[degrees]
    data = bytearray(path.read_bytes())
    matrix = data.index(b"tkhd") + 4 + 40
    data[matrix : matrix + 36] = struct.pack(">9i", a, b, 0, c, d, 0, 0, 0, 1 << 30)
    path.write_bytes(data)
    return path
