"""Frames of a video through PyAV, the same that the ffmpeg program delivers, without starting it 25 times."""

from __future__ import annotations

import contextlib
import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from core.errors import DecodeError
from core.media.demuxers import PROTOCOL, whitelist
from core.media.ffmpeg import decimal_seconds
from core.media.files import ensure_readable
from core.media.scaling import MICROSECOND, Scaler

if TYPE_CHECKING:
    from av import Packet, VideoFrame, VideoStream
    from av.container import InputContainer

    from core.media.phash import Pixels

REORDER_MARGIN = 3 * 1_000_000 // 23  # microseconds ffmpeg seeks earlier where frames may be stored out of order
DEFAULT_STREAM_BONUS = 5_000_000  # pixels; how ffmpeg prefers the stream marked as default
SEEKS_BY_SHOWN_TIME = 0x4000000  # AVFMT_SEEK_TO_PTS of libavformat
PROBED_PACKETS = 250  # packets tried until one gives a frame


class VideoSource:
    """An open file and the video stream ffmpeg would choose: not a cover picture, the default, the largest.

    Raises UnreadableFileError when it cannot be read, DecodeError when it is broken or holds no video.
    """

    container: InputContainer
    stream: VideoStream

    def __init__(self, path: Path | str) -> None:
        ensure_readable(path)
        self.path = path
        self._open()

    def _open(self) -> None:
        import av

        with translated(self.path):
            # An absolute path cannot be taken for a protocol.
            options = {"protocol_whitelist": PROTOCOL, "format_whitelist": whitelist(), "fflags": "-genpts"}
            self.container = av.open(str(Path(self.path).absolute()), options=options, metadata_errors="replace")
        streams = [stream for stream in self.container.streams.video if stream.codec_context is not None]
        if not streams:
            self.close()
            raise DecodeError("holds no video that can be decoded; it may be sound only", path=self.path)
        self.stream = max(streams, key=_preference)
        self.stream.codec_context.thread_count = 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self.container.close()

    def seek(self, microseconds: int) -> None:
        """Go to the last keyframe at or before a time of the container's clock.

        Where the format cannot, reading begins where a seek in a freshly opened file leaves off, as with ffmpeg.
        """
        import av

        try:
            self.container.seek(microseconds)
        except av.FFmpegError:
            self.close()
            self._open()
            with contextlib.suppress(av.FFmpegError):
                self.container.seek(microseconds)

    def packets(self) -> Iterator[Packet[VideoStream]]:
        """The packets of the stream from here on; ends where the file can no longer be read, as ffmpeg does."""
        import av

        packets = self.container.demux(self.stream)
        while True:
            try:
                yield next(packets)
            except (StopIteration, av.FFmpegError, IndexError):  # IndexError: a damaged file grew a stream on the way
                return

    def is_turned_sideways(self) -> bool:
        """Whether the first frame is to be shown turned by 90 or 270 degrees."""
        import av

        for packet in islice(self.packets(), PROBED_PACKETS):
            try:
                frames = packet.decode()
            except av.FFmpegError:
                continue
            if frames:
                return abs(frames[0].rotation) % 180 == 90
        return False


class FrameReader:
    """Delivers the frame at one time after another; fastest when the times rise.

    Two views of the file: one only seeks, to learn from which keyframe a fresh decoder would start; the other
    decodes, and goes on from where it stands when it has passed that keyframe already, since it then holds the same
    frames. Raises as `VideoSource`.
    """

    def __init__(self, path: Path | str, *, width: int) -> None:
        self.path = path
        self._scout = VideoSource(path)
        self._source = VideoSource(path)
        self._scaler = Scaler(width)
        self._frames: Iterator[tuple[int, VideoFrame]] = iter(())
        self._current: tuple[int, VideoFrame] | None = None
        self._passed: int | None = None  # time of the frame given up last
        self._span: tuple[int, int] | None = None  # dts of the first and the last packet since the last seek

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._scout.close()
        self._source.close()

    def frame_at(self, time: float) -> Pixels:
        """The first frame that does not start before `time` (seconds from the start), scaled, upright, RGB.

        Raises DecodeError when there is none.
        """
        with translated(self.path):
            target, earliest = self._clock(time)
            if not self._can_go_on(target, earliest):
                self._start_at(earliest)
            while self._current is None or self._current[0] < target:
                self._passed = self._current[0] if self._current is not None else None
                self._current = next(self._frames, None)
                if self._current is None:
                    ensure_readable(self.path)  # a share that went away must not pass for a file cut short
                    words = f"has no frame at {time:.2f} s; it may be cut short, or have no picture there"
                    raise DecodeError(words, path=self.path)
            return self._scaler.scale(self._current[1])

    def _clock(self, time: float) -> tuple[int, int]:
        """The time as the stream counts it, rounded as ffmpeg does, and where to seek in microseconds."""
        source = self._source
        position = int(Fraction(decimal_seconds(time)) / MICROSECOND) + (source.container.start_time or 0)
        ticks = position * MICROSECOND / (source.stream.time_base or MICROSECOND)
        target = math.floor(abs(ticks) + Fraction(1, 2)) * (1 if ticks >= 0 else -1)
        return target, position - (REORDER_MARGIN if _may_reorder(source) else 0)

    def _can_go_on(self, target: int, earliest: int) -> bool:
        """Whether the frames still to come hold what a fresh decoder would give for this time.

        That is so when no frame given up was late enough, and the decoder has gone through the very keyframe that a
        seek to `earliest` leads to.
        """
        if self._span is None or (self._passed is not None and self._passed >= target):
            return False
        self._scout.seek(earliest)
        first = next(self._scout.packets(), None)
        if first is None or not first.is_keyframe or first.dts is None:
            return False
        return self._span[0] <= first.dts <= self._span[1]

    def _start_at(self, earliest: int) -> None:
        self._source.seek(earliest)
        self._current = None
        self._passed = None
        self._span = None
        self._frames = self._decoded()

    def _decoded(self) -> Iterator[tuple[int, VideoFrame]]:
        """Frames with their times; a packet that cannot be decoded is passed over, as ffmpeg does."""
        import av

        clock = None
        for packet in self._flushing_packets():
            if packet is not None and packet.dts is not None:
                first, last = self._span or (packet.dts, packet.dts)
                self._span = (first, max(last, packet.dts))
            try:
                frames = self._source.stream.codec_context.decode(packet)
            except av.FFmpegError:
                continue
            for frame in frames:
                clock = _time_of(frame, clock)
                yield clock, frame

    def _flushing_packets(self) -> Iterator[Packet[VideoStream] | None]:
        """The packets, then None once, which makes the decoder give up the frames it holds."""
        for packet in self._source.packets():
            if packet.size:
                yield packet
        yield None


@contextlib.contextmanager
def translated(path: Path | str) -> Iterator[None]:
    """Errors of the decoding libraries become DecodeError, unless the file itself went away: UnreadableFileError."""
    import av

    try:
        yield
    except av.FFmpegError as error:
        ensure_readable(path)
        reason = error.strerror or type(error).__name__
        raise DecodeError(f"cannot be decoded ({reason}); it is damaged, or no video", path=path) from error


def _preference(stream: VideoStream) -> int:
    """How much ffmpeg prefers a video stream."""
    from av.stream import Disposition

    if Disposition.attached_pic in stream.disposition:
        return 1
    bonus = DEFAULT_STREAM_BONUS if Disposition.default in stream.disposition else 0
    return stream.codec_context.width * stream.codec_context.height + bonus


def _may_reorder(source: VideoSource) -> bool:
    """Whether ffmpeg seeks earlier than asked: frames stored out of order in a format that seeks by storage time."""
    if source.container.format.flags & SEEKS_BY_SHOWN_TIME:
        return False
    return any(s.codec_context is not None and s.codec_context.has_b_frames for s in source.container.streams.video)


def _time_of(frame: VideoFrame, previous: int | None) -> int:
    """When a frame is shown, in ticks of its stream: as stated, else when it was stored, else after the one before."""
    if frame.pts is not None:
        return frame.pts
    if frame.dts is not None:
        return frame.dts
    return 0 if previous is None else previous + max(frame.duration, 1)
