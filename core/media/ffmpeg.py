"""Frames through the ffmpeg program, one process a frame, with the arguments Stash gives it."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from core.errors import ConfigError, DecodeError
from core.media.demuxers import PROTOCOL, whitelist
from core.media.files import ensure_readable

if TYPE_CHECKING:
    from core.media.phash import Pixels

FRAME_TIMEOUT = 120.0  # seconds for one frame


def extract_frames(
    path: Path | str, times: Sequence[float], *, width: int, ffmpeg: str, timeout: float = FRAME_TIMEOUT
) -> list[Pixels]:
    """The frames at `times` (seconds), RGB of 8 bits; see `core.media.video.frames_at` for which and the errors."""
    ensure_readable(path)
    return [_extract_frame(path, time, width=width, ffmpeg=ffmpeg, timeout=timeout) for time in times]


def decimal_seconds(time: float) -> str:
    """A time as Stash prints it: the shortest decimal that gives the same float, never an exponent."""
    return format(Decimal(repr(time)), "f")


def _extract_frame(path: Path | str, time: float, *, width: int, ffmpeg: str, timeout: float) -> Pixels:
    """One frame. An absolute path keeps a name such as `concat:x` or `-y` from being read as anything but a file."""
    import numpy
    from PIL import Image

    bounds = ["-protocol_whitelist", PROTOCOL, "-format_whitelist", whitelist()]
    source = [*bounds, "-ss", decimal_seconds(time), "-i", str(Path(path).absolute())]
    picture = ["-frames:v", "1", "-vf", f"scale={width}:-2", "-c:v", "bmp", "-f", "rawvideo", "-"]
    command = [ffmpeg, "-v", "error", "-nostdin", "-y", *source, *picture]
    try:
        run = subprocess.run(  # noqa: S603 - a list, no shell; the program is the user's own setting
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, check=False
        )
    except subprocess.TimeoutExpired as error:
        words = f"gave no frame at {time:.2f} s within {timeout:.0f} s; look at it with a player"
        raise DecodeError(words, path=path) from error
    except OSError as error:
        reason = error.strerror or error
        raise ConfigError(
            f"[media] ffmpeg = {ffmpeg!r} cannot be run ({reason}); name the program or leave it empty"
        ) from error
    if run.returncode != 0 or not run.stdout:
        ensure_readable(path)
    if run.returncode != 0:
        last = (run.stderr.decode(errors="replace").strip().splitlines() or [f"exit status {run.returncode}"])[-1]
        raise DecodeError(f"gave no frame at {time:.2f} s (ffmpeg: {last})", path=path)
    if not run.stdout:
        raise DecodeError(f"has no frame at {time:.2f} s; it may be cut short, or have no picture there", path=path)
    with Image.open(BytesIO(run.stdout), formats=["BMP"]) as image:
        return numpy.asarray(image.convert("RGB"))
