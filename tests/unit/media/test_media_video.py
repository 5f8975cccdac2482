"""Videos: the right frame at every time, upright; files that state or hold less than they should."""

from __future__ import annotations

import math
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy
import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_clips import Clip, grey_level, moving_frame, turn, write_clip, write_sound

from core.errors import ConfigError, DecodeError, UnreadableFileError
from core.media.ffmpeg import decimal_seconds, extract_frames
from core.media.frames import FrameReader
from core.media.phash import montage_phash
from core.media.video import frames_at, probe, sample_times, video_phash

FFMPEG = shutil.which("ffmpeg") or ""
needs_ffmpeg = pytest.mark.skipif(not FFMPEG, reason="no ffmpeg program on this machine to compare with")

KINDS = {
    "every-frame-key.mp4": Clip(gop=1, b_frames=0),
    "one-key.mp4": Clip(gop=250),
    "plain.mkv": Clip(gop=12, b_frames=3),
    "ntsc.mp4": Clip(frames=120, rate=30, gop=40),
    "no-b-frames.mov": Clip(b_frames=0),
    "full-chroma.mkv": Clip(width=67, height=45, pixel_format="yuv444p"),
    "older.avi": Clip(codec="mpeg4", b_frames=0),
    "web.webm": Clip(frames=50, codec="libvpx-vp9"),
    "late.mkv": Clip(start=3.7),
    "sound.mp4": Clip(sound=5.0),
}


def assert_shows(picture: Any, index: int) -> None:
    """Whether a picture is frame `index` of a flat clip; the four before and after it differ by 15 levels or more."""
    assert abs(float(picture.mean()) - grey_level(index)) < 7


@given(st.floats(0.01, 1e6))
def test_sample_times_rise_from_5_percent_and_stay_inside(duration: float) -> None:
    times = sample_times(duration)
    assert len(times) == 25
    assert times[0] == 0.05 * duration
    assert all(one < other for one, other in pairwise(times))
    assert math.isclose(times[-1], 0.914 * duration)


@given(st.floats(0, 1e7, allow_subnormal=False))
def test_times_are_written_without_exponent_and_come_back(time: float) -> None:
    text = decimal_seconds(time)
    assert set(text) <= set("0123456789.")
    assert float(text) == time


@pytest.mark.parametrize("name", KINDS)
def test_the_first_frame_not_before_the_time_is_given(tmp_path: Path, name: str) -> None:
    clip = KINDS[name]
    path = write_clip(tmp_path / name, clip)
    last = clip.frames - 1
    wanted = [0, 1, 2, 3, last // 3, last // 2, last // 2 + 1, last - 1, last]
    times = [max(0, index - 0.4) / clip.rate for index in wanted]
    for order in (1, -1):
        for picture, index in zip(frames_at(path, times[::order]), wanted[::order], strict=True):
            assert_shows(picture, index)


def test_frames_have_the_width_asked_for_and_an_even_height(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip(frames=5, width=200, height=90))
    assert [frames_at(path, [0.0], width=width)[0].shape for width in (160, 100)] == [(72, 160, 3), (46, 100, 3)]


def test_colours_survive(tmp_path: Path) -> None:
    def red(index: int, clip: Clip) -> Any:
        return numpy.full((clip.height, clip.width, 3), (200, 30, 60), dtype=numpy.uint8)

    path = write_clip(tmp_path / "red.mp4", Clip(frames=5), red)
    assert numpy.abs(frames_at(path, [0.0])[0].astype(int) - (200, 30, 60)).max() <= 6


@pytest.mark.parametrize(("degrees", "corner"), [(90, (0, -1)), (180, (-1, -1)), (270, (-1, 0))])
def test_a_turned_video_is_shown_upright(tmp_path: Path, degrees: int, corner: tuple[int, int]) -> None:
    def white_top_left(index: int, clip: Clip) -> Any:
        picture = numpy.zeros((clip.height, clip.width, 3), dtype=numpy.uint8)
        picture[: clip.height // 3, : clip.width // 3] = 255
        return picture

    path = turn(write_clip(tmp_path / "phone.mp4", Clip(frames=5, width=96), white_top_left), degrees)
    frame = frames_at(path, [0.0])[0]
    assert frame.shape == ((80, 160, 3) if degrees == 180 else (320, 160, 3))
    assert frame[corner].min() > 200
    others = {(0, 0), (0, -1), (-1, 0), (-1, -1)} - {corner}
    assert max(int(frame[other].max()) for other in others) < 50
    info = probe(path)
    assert (info.width, info.height) == ((96, 48) if degrees == 180 else (48, 96))


def test_probe_says_what_the_file_states(tmp_path: Path) -> None:
    info = probe(write_clip(tmp_path / "a.mp4", Clip(sound=6.0)))
    assert 6.0 <= info.duration == round(info.duration, 2) < 6.2  # the sound ends last
    assert (info.width, info.height) == (64, 48)
    assert (info.video_codec, info.audio_codec, info.frame_rate) == ("h264", "aac", 25.0)
    assert info.bit_rate > 0
    assert "mp4" in info.container
    silent = probe(write_clip(tmp_path / "b.mkv", Clip()))
    assert (silent.duration, silent.audio_codec) == (4.0, "")


def test_the_hash_of_a_video_is_that_of_its_25_frames(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip(width=128, height=96), moving_frame)
    value = video_phash(path)
    assert value == video_phash(path, 4.0) == montage_phash(frames_at(path, sample_times(4.0)))
    assert value.bit_count() == 32


def test_the_same_pictures_in_another_codec_and_size_hash_close(tmp_path: Path) -> None:
    one = write_clip(tmp_path / "a.mp4", Clip(width=128, height=96), moving_frame)
    other = write_clip(tmp_path / "b.webm", Clip(width=128, height=96, codec="libvpx-vp9"), moving_frame)
    assert (video_phash(one) ^ video_phash(other)).bit_count() <= 8


def test_sound_alone_is_no_video(tmp_path: Path) -> None:
    path = write_sound(tmp_path / "music.m4a")
    for function in (probe, video_phash):
        with pytest.raises(DecodeError, match=r"music\.m4a: holds no video .* sound only"):
            function(path)


def test_a_cover_picture_is_not_taken_for_the_video(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "plain.mp4", Clip(frames=25))
    covered = tmp_path / "covered.mp4"
    with av.open(str(path)) as source, av.open(str(covered), "w") as target:
        stream: Any = target.add_stream_from_template(source.streams.video[0])
        cover: Any = target.add_stream("mjpeg", rate=1)
        cover.width, cover.height, cover.pix_fmt = 640, 480, "yuvj420p"
        cover.disposition = av.stream.Disposition.attached_pic
        for packet in source.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                target.mux(packet)
        target.mux(cover.encode(av.VideoFrame(640, 480, "yuvj420p")))
        target.mux(cover.encode())
    assert (probe(covered).width, probe(covered).height) == (64, 48)


@pytest.mark.parametrize("duration", [0.0, -1.0, math.nan, math.inf])
def test_without_a_duration_there_is_no_hash(tmp_path: Path, duration: float) -> None:
    with pytest.raises(DecodeError, match="has no duration"):
        video_phash(write_clip(tmp_path / "a.mp4", Clip(frames=5)), duration)


def test_a_bare_stream_states_no_duration(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "bare.h264", Clip(frames=30))
    assert probe(path).duration == 0
    with pytest.raises(DecodeError, match=r"bare\.h264: has no duration"):
        video_phash(path)


def test_past_the_end_there_is_no_frame_and_no_hash(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip(frames=50, sound=8.0))
    with pytest.raises(DecodeError, match=r"a\.mp4: has no frame at 2\.50 s"):
        frames_at(path, [1.9, 2.5])
    with pytest.raises(DecodeError, match=r"a\.mp4: has no frame at"):
        video_phash(path)
    assert_shows(frames_at(path, [1.95])[0], 49)


def test_a_file_cut_short_gets_no_hash(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mkv", Clip(gop=10)).read_bytes()
    cut = tmp_path / "cut.mkv"
    cut.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(DecodeError, match=r"cut\.mkv: has no frame at .* cut short"):
        video_phash(cut)


def test_broken_and_missing_files_are_named(tmp_path: Path) -> None:
    whole = write_clip(tmp_path / "whole.mp4", Clip()).read_bytes()
    headless = tmp_path / "headless.mp4"
    headless.write_bytes(whole[: whole.index(b"moov")])
    with pytest.raises(DecodeError, match=r"headless\.mp4: cannot be decoded"):
        video_phash(headless)
    with pytest.raises(UnreadableFileError, match=r"gone\.mp4: is not there"):
        probe(tmp_path / "gone.mp4")
    (tmp_path / "empty.mp4").write_bytes(b"")
    with pytest.raises(DecodeError, match=r"empty\.mp4: cannot be decoded"):
        probe(tmp_path / "empty.mp4")


def test_a_file_that_went_away_is_not_called_broken(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip(frames=20))
    with FrameReader(path, width=160) as reader:
        assert_shows(reader.frame_at(0.1), 3)
        path.unlink()
        with pytest.raises(UnreadableFileError, match=r"a\.mp4: is not there; check that its disk or share"):
            reader.frame_at(5.0)


def test_tags_in_an_old_encoding_do_no_harm(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "old.mkv", Clip(frames=30))
    data = path.read_bytes()
    assert b"Lavf" in data
    path.write_bytes(data.replace(b"Lavf", b"La\xe9f"))
    assert probe(path).duration == 1.2
    assert video_phash(path, 1.2).bit_count() == 32


def test_a_name_that_looks_like_a_protocol_or_an_option_is_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("concat:x.mp4", "-y.mp4", "100%d.mp4"):
        write_clip(tmp_path / "plain.mp4", Clip(frames=5)).rename(name)
        assert len(frames_at(name, [0.0])) == 1
        if FFMPEG:
            assert len(frames_at(name, [0.0], ffmpeg=FFMPEG)) == 1


def test_a_playlist_cannot_reach_the_network(tmp_path: Path) -> None:
    path = tmp_path / "list.m3u8"
    path.write_text("#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\nhttp://127.0.0.1:9/a.ts\n#EXT-X-ENDLIST\n")
    with pytest.raises(DecodeError, match=r"list\.m3u8"):
        probe(path)


@needs_ffmpeg
@pytest.mark.parametrize("name", [*KINDS, "turned.mp4", "stream.ts"])
def test_frames_and_hash_are_those_of_the_ffmpeg_program(tmp_path: Path, name: str) -> None:
    clip = KINDS.get(name, Clip())
    path = write_clip(tmp_path / name, clip, moving_frame)
    if name == "turned.mp4":
        turn(path, 90)
    for time in sample_times(probe(path).duration)[::5]:
        ours, theirs = outcome(path, time, ""), outcome(path, time, FFMPEG)
        assert numpy.array_equal(ours, theirs), f"at {time} s"


def outcome(path: Path, time: float, ffmpeg: str) -> Any:
    """The frame at a time; an empty one when there is none."""
    try:
        return frames_at(path, [time], ffmpeg=ffmpeg)[0]
    except DecodeError:
        return numpy.zeros((0, 0, 3))


@needs_ffmpeg
def test_the_ffmpeg_program_refuses_what_we_refuse(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip(frames=50))
    with pytest.raises(DecodeError, match=r"a\.mp4: has no frame at 2\.50 s"):
        frames_at(path, [2.5], ffmpeg=FFMPEG)
    (tmp_path / "text.mp4").write_text("not a video")
    with pytest.raises(DecodeError, match=r"text\.mp4: gave no frame at 1\.00 s \(ffmpeg: .*Invalid data"):
        frames_at(tmp_path / "text.mp4", [1.0], ffmpeg=FFMPEG)
    with pytest.raises(UnreadableFileError, match="is not there"):
        frames_at(tmp_path / "gone.mp4", [1.0], ffmpeg=FFMPEG)


def test_an_ffmpeg_program_that_hangs_is_ended(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip(frames=5))
    program = tmp_path / "ffmpeg"
    program.write_text(f"#!{sys.executable}\nimport time\ntime.sleep(1000)\n")
    program.chmod(0o755)
    with pytest.raises(DecodeError, match=r"a\.mp4: gave no frame at 0\.00 s within 1 s"):
        extract_frames(path, [0.0], width=160, ffmpeg=str(program), timeout=0.6)


def test_a_missing_ffmpeg_program_is_a_wrong_setting(tmp_path: Path) -> None:
    path = write_clip(tmp_path / "a.mp4", Clip(frames=5))
    with pytest.raises(ConfigError, match=r"\[media\] ffmpeg = '/no/such/program' cannot be run"):
        frames_at(path, [0.0], ffmpeg="/no/such/program")


def test_importing_the_media_modules_loads_nothing_heavy() -> None:
    modules = "checksums, cosine, ffmpeg, files, frames, phash, pictures, pool, scaling, video, worker, worker_messages"
    heavy = "{'numpy', 'PIL', 'av', 'imagehash', 'textual', 'rich', 'httpx'}"
    script = f"import sys; from core.media import {modules}; print(sorted({heavy} & set(sys.modules)))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == "[]"
