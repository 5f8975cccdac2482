"""A file that names other files is no video: a few lines of text would hash, and compare, as the film they name."""

from __future__ import annotations

import shutil
from itertools import product
from pathlib import Path
from typing import Any

import av
import numpy
import pytest
from media_clips import Clip, moving_frame, turn, write_clip
from PIL import Image
from soaking import cases

from core.errors import DecodeError
from core.media.frame_difference import video_error
from core.media.phash import image_phash
from core.media.scaling import _display_matrix, _turned, _upright_filters
from core.media.thumbnail import thumbnail
from core.media.video import frames_at, probe, video_phash

DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT4S" '
    'profiles="x"><Period><AdaptationSet><Representation id="0" mimeType="video/mp4" bandwidth="1"><BaseURL>real.mp4'
    "</BaseURL></Representation></AdaptationSet></Period></MPD>"
)
HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\nreal.mp4\n#EXT-X-ENDLIST\n"
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
NAMING = {
    "list.mp4": "ffconcat version 1.0\nfile real.mp4\nduration 4.0\n",
    "list.ffconcat": "ffconcat version 1.0\nfile real.mp4\nduration 4.0\n",
    "hls.mp4": HLS,
    "hls.m3u8": HLS,
    "dash.mp4": DASH,
    "dash.mpd": DASH,
    "session.sdp": SDP,
    "session.mp4": SDP,
}


@pytest.mark.parametrize(
    ("name", "ffmpeg"),
    cases(
        [("list.mp4", ""), ("list.mp4", "ffmpeg"), ("hls.m3u8", ""), ("hls.mp4", "ffmpeg")],
        product(NAMING, ["", "ffmpeg"]),
    ),
)
def test_a_list_of_files_is_no_video(name: str, ffmpeg: str, tmp_path: Path) -> None:
    if ffmpeg and shutil.which(ffmpeg) is None:
        pytest.skip("there is no ffmpeg program here")
    real = write_clip(tmp_path / "real.mp4", Clip(), moving_frame)
    path = tmp_path / name
    path.write_text(NAMING[name])
    assert video_phash(real, 4.0, ffmpeg)
    with pytest.raises(DecodeError):
        probe(path)
    with pytest.raises(DecodeError):
        video_phash(path, 4.0, ffmpeg)
    with pytest.raises(DecodeError):
        frames_at(path, [0.0], ffmpeg=ffmpeg)
    with pytest.raises(DecodeError):
        thumbnail(path, 1.0, ffmpeg=ffmpeg)
    with pytest.raises(DecodeError):
        video_error(real, path, (4.0, 4.0), ffmpeg=ffmpeg)


def blocks(seed: int) -> Image.Image:
    """A picture like no other."""
    small = numpy.random.default_rng(seed).integers(0, 256, (8, 8, 3))
    return Image.fromarray(numpy.kron(small, numpy.ones((12, 12, 1))).astype(numpy.uint8))


@pytest.mark.parametrize(
    ("pattern", "suffix"),
    cases(
        [("a%d", "webp"), ("a%03d", "webp"), ("a%d", "jpg"), ("a*", "png"), ("%s", "tif")],
        product(
            ["a%d", "a%03d", "a*", "a?", "a[0-9]", "%", "%s", "a%d%d"], ["webp", "png", "jpg", "gif", "bmp", "tif"]
        ),
    ),
)
def test_a_picture_whose_name_is_a_pattern_is_itself(pattern: str, suffix: str, tmp_path: Path) -> None:
    own, plain = tmp_path / f"{pattern}.{suffix}", tmp_path / f"plain.{suffix}"
    blocks(7).save(own)
    shutil.copyfile(own, plain)
    for number in range(3):
        blocks(number).save(tmp_path / f"a{number}.{suffix}")
        blocks(number).save(tmp_path / f"a{number:03}.{suffix}")
    assert image_phash(own) == image_phash(plain) != image_phash(tmp_path / f"a1.{suffix}")
    found, expected = first_frame(own), first_frame(plain)
    assert found is None or expected is None or numpy.array_equal(found, expected)
    assert found is None or not numpy.array_equal(found, frames_at(tmp_path / f"a1.{suffix}", [0.0])[0])


def first_frame(path: Path) -> Any:
    """None where FFmpeg takes the name for a pattern, which is not followed, or the picture for no video."""
    try:
        return frames_at(path, [0.0])[0]
    except DecodeError:
        return None


def test_a_frame_with_facts_that_pyav_does_not_know_is_shown_upright(tmp_path: Path) -> None:
    exif = Image.Exif()
    exif[0x010E] = "a camera writes such things beside every frame"
    path = tmp_path / "camera.mjpeg"
    pictures = []
    for seed in range(3):
        blocks(seed).save(tmp_path / "one.jpg", exif=exif)
        pictures.append((tmp_path / "one.jpg").read_bytes())
    path.write_bytes(b"".join(pictures))
    assert frames_at(path, [0.0])[0].shape == (160, 160, 3)
    assert probe(path).video_codec == "mjpeg"


@pytest.mark.parametrize("degrees", [0, 90, 180, 270])
def test_a_turn_in_degrees_is_that_of_the_matrix(degrees: int, tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip(width=64, height=48), moving_frame)
    if degrees:
        turn(path, degrees)
    with av.open(str(path)) as container:
        frame = next(container.decode(video=0))
        assert _upright_filters(_turned(-frame.rotation)) == _upright_filters(_display_matrix(frame))
        assert bool(_upright_filters(_display_matrix(frame))) == bool(degrees)
