"""Videos: what a file states about itself, 25 frames of it, and the perceptual hash that Stash would store.

Meant for a worker process (see `pool`): a decoder may die over a broken file and take its process along.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import DecodeError

if TYPE_CHECKING:
    from core.media.phash import Pixels

FRAME_COUNT = 25
FRAME_WIDTH = 160  # pixels


@dataclass(frozen=True, slots=True)
class VideoInfo:
    """What a video file states. `duration` in seconds to 0.01, `bit_rate` in bits a second; 0 or "" where unknown.

    `width` and `height` are as shown: swapped for a stream that is stored turned by 90 or 270 degrees.
    """

    duration: float
    width: int
    height: int
    video_codec: str
    audio_codec: str
    frame_rate: float
    bit_rate: int
    container: str


def probe(path: Path | str) -> VideoInfo:
    """What the file states, without decoding more than its first frame.

    Raises UnreadableFileError when it cannot be read, DecodeError when it is no video or broken.
    """
    from core.media.frames import VideoSource

    with VideoSource(path) as source:
        container, stream = source.container, source.stream
        width, height = stream.codec_context.width, stream.codec_context.height
        if source.is_turned_sideways():
            width, height = height, width
        audio = next(iter(container.streams.audio), None)
        rate = stream.average_rate or stream.guessed_rate
        return VideoInfo(
            duration=_to_hundredths((container.duration or 0) / 1_000_000),
            width=width,
            height=height,
            video_codec=stream.codec_context.name,
            audio_codec=audio.codec_context.name if audio is not None and audio.codec_context is not None else "",
            frame_rate=float(rate) if rate else 0.0,
            bit_rate=container.bit_rate or 0,
            container=container.format.name,
        )


def sample_times(duration: float) -> tuple[float, ...]:
    """The 25 moments, in seconds, that Stash hashes: from 5 % of the duration in steps of 3.6 %."""
    first = 0.05 * duration
    step = 0.9 * duration / FRAME_COUNT
    return tuple(first + index * step for index in range(FRAME_COUNT))


def frames_at(path: Path | str, times: Sequence[float], *, width: int = FRAME_WIDTH, ffmpeg: str = "") -> list[Pixels]:
    """The frame shown at each time (seconds), upright, scaled to `width` and an even height: RGB of 8 bits.

    The frame is the first that does not start before the time, as the ffmpeg program delivers with `-ss` before
    `-i`. With `ffmpeg` that program is asked, else PyAV. Raises UnreadableFileError when the file cannot be read,
    DecodeError when any of the frames is not to be had, ConfigError when the ffmpeg program cannot be run.
    """
    if ffmpeg:
        from core.media.ffmpeg import extract_frames

        return extract_frames(path, times, width=width, ffmpeg=ffmpeg)
    from core.media.frames import FrameReader

    with FrameReader(path, width=width) as reader:
        return [reader.frame_at(time) for time in times]


def video_phash(path: Path | str, duration: float | None = None, ffmpeg: str | None = None) -> int:
    """The 64-bit hash Stash stores for a video: of 25 frames at `sample_times`, laid out 5 x 5.

    `duration` in seconds is the file's as Stash holds it; None reads it from the file. Raises as `frames_at`, and
    DecodeError when there is no duration: frames all from the start would make strangers alike.
    """
    from core.media.phash import montage_phash

    seconds = probe(path).duration if duration is None else duration
    if not math.isfinite(seconds) or seconds <= 0:
        raise DecodeError("has no duration, so it gets no PHASH; remux it if it should play", path=path)
    return montage_phash(frames_at(path, sample_times(seconds), ffmpeg=ffmpeg or ""))


def _to_hundredths(seconds: float) -> float:
    """Rounded to 0.01, halves up, as Stash stores a duration."""
    return math.floor(seconds * 100 + 0.5) / 100
