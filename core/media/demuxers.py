"""Which kinds of files FFmpeg may take a file for: none that leads to other files, or to the network.

A list of files (concat, HLS, DASH), a description of a broadcast, a file whose name is a pattern for others: what such
a file shows is another file's content, so its hash would make it a duplicate of a film it only names.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

FOLLOWING: Final = frozenset(
    (
        *("concat", "hls", "dash", "imf", "webm_dash_manifest", "vobsub", "avisynth", "vapoursynth", "lavfi"),
        *("image2", "sdp", "rtsp", "rtp", "rtp_mpegts", "sap", "bluray", "dvdvideo", "libcdio"),
    )
)
PROTOCOL: Final = "file"


@lru_cache(maxsize=1)
def whitelist() -> str:
    """The value of FFmpeg's option `format_whitelist`, for the library and for the program alike."""
    import av

    return ",".join(sorted(av.formats_available - FOLLOWING))
