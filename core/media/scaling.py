"""Decoded frames turned upright and scaled, with the filters and flags the ffmpeg program puts behind its decoder."""

from __future__ import annotations

import math
import struct
from fractions import Fraction
from typing import TYPE_CHECKING, cast

if TYPE_CHECKING:
    from av import VideoFrame
    from av.filter import Graph
    from av.sidedata.sidedata import SideData

    from core.media.phash import Pixels

MICROSECOND = Fraction(1, 1_000_000)


class Scaler:
    """Turns frames upright and scales them with ffmpeg's own filters and their default flags."""

    def __init__(self, width: int) -> None:
        self.width = width
        self._kind: tuple[object, ...] = ()
        self._graph: Graph | None = None

    def scale(self, frame: VideoFrame) -> Pixels:
        """RGB of 8 bits, `width` wide, the height even and in proportion."""
        matrix = _display_matrix(frame)
        kind = (frame.width, frame.height, frame.format.name, frame.colorspace, frame.color_range, matrix)
        if self._graph is None or kind != self._kind:
            self._kind, self._graph = kind, self._build(frame, matrix)
        self._graph.vpush(frame)
        picture = self._graph.vpull()
        pixels = cast("Pixels", picture.to_ndarray())
        if picture.format.name == "gray":
            return pixels[:, :, None].repeat(3, axis=2)
        return pixels[:, :, 2::-1]

    def _build(self, frame: VideoFrame, matrix: tuple[int, ...]) -> Graph:
        import av.filter

        graph = av.filter.Graph()
        source = graph.add(
            "buffer",
            video_size=f"{frame.width}x{frame.height}",
            pix_fmt=frame.format.name,
            time_base=str(frame.time_base or MICROSECOND),
            colorspace=str(int(frame.colorspace)),
            range=str(int(frame.color_range)),
        )
        upright = [graph.add(name, arguments) for name, arguments in _upright_filters(matrix)]
        scale = graph.add("scale", f"{self.width}:-2:flags=bicubic")
        formats = graph.add("format", "bgra|bgr24|gray")
        graph.link_nodes(source, *upright, scale, formats, graph.add("buffersink")).configure()
        return graph


def _display_matrix(frame: VideoFrame) -> tuple[int, ...]:
    """The nine numbers that say how to turn the picture for showing; empty when it is to be shown as stored."""
    try:
        data = frame.side_data.get("DISPLAYMATRIX")
    except ValueError:  # PyAV does not know what else stands beside this frame, and then tells nothing of it
        return _turned(-frame.rotation)
    return struct.unpack("=9i", memoryview(cast("SideData", data))) if data is not None else ()


def _turned(degrees: int) -> tuple[int, ...]:
    """The matrix of a turn clockwise; empty for none."""
    if not degrees:
        return ()
    cosine, sine = (round(65536 * wave(math.radians(degrees))) for wave in (math.cos, math.sin))
    return (cosine, sine, 0, -sine, cosine, 0, 0, 0, 1 << 30)


def _upright_filters(matrix: tuple[int, ...]) -> list[tuple[str, str | None]]:
    """The filters that ffmpeg puts before all others to show a turned or mirrored picture upright."""
    if not matrix:
        return []
    a, b, _, c, d = matrix[:5]
    across, down = math.hypot(a, c), math.hypot(b, d)
    if not across or not down:
        return []
    theta = round(math.degrees(math.atan2(b / down, a / across))) % 360
    if abs(theta - 90) < 1:
        return [("transpose", "cclock_flip" if c > 0 else "clock")]
    if abs(theta - 180) < 1:
        return [(name, None) for name, factor in (("hflip", a), ("vflip", d)) if factor < 0]
    if abs(theta - 270) < 1:
        return [("transpose", "clock_flip" if c < 0 else "cclock")]
    if 1 < theta < 359:
        return [("rotate", f"{theta}*PI/180")]
    return [("vflip", None)] if d < 0 else []
