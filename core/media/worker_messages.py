"""What a media worker and its pool say to each other: length-prefixed MessagePack over the worker's pipes.

The pool sends a `Request`, or a few one after the other. For each the worker says `Accepted`, for a long read `Working`
about once a second, and last the result, or a `Failed`. While requests wait, what it says may come a moment later.
"""

from __future__ import annotations

import struct
from enum import StrEnum
from typing import Annotated, Final

import msgspec

from core.media.checksums import Checksums
from core.media.image import ImageLook
from core.media.video import VideoInfo

LENGTH = struct.Struct("<I")
MOST_ERROR = 1e9  # of squared differences; an honest one is below 256 x 256
MAX_MESSAGE = 1 << 20  # bytes; an honest message has a few hundred, a thumbnail some ten thousand


class Task(StrEnum):
    """What a worker can be asked for."""

    CHECKSUMS = "checksums"
    IMAGE_PHASH = "image_phash"
    VIDEO_PHASH = "video_phash"
    PROBE = "probe"
    IMAGE = "image"
    ERROR = "error"
    THUMBNAIL = "thumbnail"


class Request(msgspec.Struct, frozen=True):
    """One file to work on. `path` holds the name's bytes; `duration` in seconds and `ffmpeg` are for a video.

    `other` and `other_duration` are the file to compare with, `at` is a moment in seconds, the rest is for a picture.
    """

    task: Task
    path: bytes
    duration: float | None = None
    ffmpeg: str = ""
    other: bytes = b""
    other_duration: float | None = None
    at: float | None = None
    is_fast: bool = False
    wants_second: bool = False


class Accepted(msgspec.Struct, frozen=True, tag="accepted"):
    """The request has arrived: if the worker dies from now on, it is because of this file."""


class Working(msgspec.Struct, frozen=True, tag="working"):
    """The file is still being read: `done` bytes so far."""

    done: Annotated[int, msgspec.Meta(ge=0)]


class Checksummed(msgspec.Struct, frozen=True, tag="checksummed"):
    """The checksums."""

    value: Checksums


class Hashed(msgspec.Struct, frozen=True, tag="hashed"):
    """A PHASH, unsigned 64-bit."""

    value: Annotated[int, msgspec.Meta(ge=0)]  # MessagePack has no integers beyond 64 bits


class Probed(msgspec.Struct, frozen=True, tag="probed"):
    """What a video states about itself."""

    value: VideoInfo


class Looked(msgspec.Struct, frozen=True, tag="looked"):
    """What a picture is, and its hashes."""

    value: ImageLook


class Measured(msgspec.Struct, frozen=True, tag="measured"):
    """How much two files differ."""

    value: Annotated[float, msgspec.Meta(ge=0, le=MOST_ERROR)]


class Pictured(msgspec.Struct, frozen=True, tag="pictured"):
    """A small JPEG."""

    value: bytes


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """The file, or the ffmpeg setting, is at fault. `kind` is the class of the error, `message` its words alone."""

    kind: str
    message: str


Result = Checksummed | Hashed | Probed | Looked | Measured | Pictured | Failed
Answer = Accepted | Working | Result
RESULTS: Final[dict[Task, type[Result]]] = {
    Task.CHECKSUMS: Checksummed,
    Task.IMAGE_PHASH: Hashed,
    Task.VIDEO_PHASH: Hashed,
    Task.PROBE: Probed,
    Task.IMAGE: Looked,
    Task.ERROR: Measured,
    Task.THUMBNAIL: Pictured,
}
"""What each task ends with, unless it fails."""

_encoder = msgspec.msgpack.Encoder()
_request_decoder = msgspec.msgpack.Decoder(Request)
_answer_decoder: msgspec.msgpack.Decoder[Answer] = msgspec.msgpack.Decoder(Answer)


def framed(message: Request | Answer) -> bytes:
    """The message with its length before it."""
    body = _encoder.encode(message)
    return LENGTH.pack(len(body)) + body


def read_request(body: bytes) -> Request:
    """The request in a message's body."""
    return _request_decoder.decode(body)


def read_answer(body: bytes) -> Answer:
    """The answer in a message. Raises msgspec.DecodeError, UnicodeDecodeError or RecursionError where it is none."""
    return _answer_decoder.decode(body)
