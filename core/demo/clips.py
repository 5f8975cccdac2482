"""Makes the demo's media: draws and encodes short clips and images, and hashes them as a Stash would.

The work is done in a pool of worker processes, once a folder: what is there and unchanged is used again.
"""

from __future__ import annotations

import multiprocessing
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import msgspec

WORKERS = 2
COVER_SIZE = (640, 360)


class ClipPlan(msgspec.Struct, frozen=True):
    """One video to make. `path` is relative to the library; `seconds` long, at `frame_rate` frames a second."""

    path: str
    subject: str
    seed: int
    seconds: int = 24
    width: int = 320
    height: int = 180
    frame_rate: int = 4
    codec: str = "libx264"


class MediaFacts(msgspec.Struct, frozen=True):
    """What is known of a made video: as `Checksums` and `VideoInfo` state it, and where its picture is."""

    plan: ClipPlan
    size: int
    mtime_ns: int
    oshash: int
    phash: int
    md5: str
    sha256: str
    duration: float
    width: int
    height: int
    video_codec: str
    audio_codec: str
    frame_rate: float
    bit_rate: int
    cover: str = ""


class ImagePlan(msgspec.Struct, frozen=True):
    """One image to make; its format is that of the name."""

    path: str
    subject: str
    seed: int
    width: int = 480
    height: int = 320


def make_media(directory: Path, plans: Sequence[ClipPlan], images: Sequence[ImagePlan]) -> list[MediaFacts]:
    """The facts of every planned clip, in order; clips and images are made where missing, under `directory`/library.

    Raises OSError when the folder cannot be written, MediaError when a made clip cannot be hashed.
    """
    known = _known(directory, plans)
    missing = [plan for plan in plans if plan not in known]
    absent = [plan for plan in images if not (directory / "library" / plan.path).exists()]
    if missing or absent:
        # spawned, not forked: the caller's threads and event loop must not be inherited in the middle of something
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(min(WORKERS, len(missing) or 1), mp_context=context) as pool:
            made = pool.map(make_clip, [str(directory)] * len(missing), missing, chunksize=2)
            drawn = pool.map(make_image, [str(directory)] * len(absent), absent, chunksize=8)
            known |= {facts.plan: facts for facts in made}
            list(drawn)
        _remember(directory, [known[plan] for plan in plans])
    return [known[plan] for plan in plans]


def make_clip(directory: str, plan: ClipPlan) -> MediaFacts:
    """Draw, encode and hash one clip; its cover is drawn too."""
    from core.demo.drawing import draw
    from core.media.checksums import checksums
    from core.media.video import probe, video_phash

    root = Path(directory)
    path = root / "library" / plan.path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f".{path.name}.part")
    _encode(part, plan)
    part.replace(path)
    cover = root / "covers" / f"{plan.subject}-{plan.seed}.jpg"
    cover.parent.mkdir(parents=True, exist_ok=True)
    draw(plan.subject, plan.seed, 0.4, *COVER_SIZE).save(cover, "JPEG", quality=80)
    sums, info = checksums(path), probe(path)
    stat = path.stat()
    return MediaFacts(
        plan=plan,
        size=stat.st_size,
        mtime_ns=stat.st_mtime_ns,
        oshash=sums.oshash or 0,
        phash=video_phash(path, info.duration),
        md5=sums.md5,
        sha256=sums.sha256,
        duration=info.duration,
        width=info.width,
        height=info.height,
        video_codec=info.video_codec,
        audio_codec=info.audio_codec,
        frame_rate=info.frame_rate,
        bit_rate=info.bit_rate,
        cover=str(cover.relative_to(root)),
    )


def make_image(directory: str, plan: ImagePlan) -> None:
    """Draw one image."""
    from core.demo.drawing import draw

    path = Path(directory) / "library" / plan.path
    path.parent.mkdir(parents=True, exist_ok=True)
    draw(plan.subject, plan.seed, 0.4, plan.width, plan.height).save(path)


def _encode(path: Path, plan: ClipPlan) -> None:
    import av
    import numpy
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from core.demo.drawing import draw

    count = plan.seconds * plan.frame_rate
    options = {"preset": "ultrafast", "crf": "30"} if plan.codec == "libx264" else {}
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream(plan.codec, rate=plan.frame_rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = plan.width, plan.height, "yuv420p"
        stream.codec_context.gop_size = 2 * plan.frame_rate
        stream.codec_context.thread_count = 1
        for number in range(count):
            image = draw(plan.subject, plan.seed, number / count, plan.width, plan.height)
            container.mux(stream.encode(VideoFrame.from_ndarray(numpy.asarray(image), format="rgb24")))
        container.mux(stream.encode(None))


def _known(directory: Path, plans: Sequence[ClipPlan]) -> dict[ClipPlan, MediaFacts]:
    """What was made before by the same plan and is still as it was."""
    try:
        kept = msgspec.json.decode((directory / "media.json").read_bytes(), type=list[MediaFacts])
    except (OSError, msgspec.MsgspecError):
        return {}
    wanted = set(plans)
    return {facts.plan: facts for facts in kept if facts.plan in wanted and _is_unchanged(directory, facts)}


def _is_unchanged(directory: Path, facts: MediaFacts) -> bool:
    try:
        stat = (directory / "library" / facts.plan.path).stat()
    except OSError:
        return False
    return (stat.st_size, stat.st_mtime_ns) == (facts.size, facts.mtime_ns) and (directory / facts.cover).exists()


def _remember(directory: Path, facts: list[MediaFacts]) -> None:
    part = directory / "media.json.part"
    part.write_bytes(msgspec.json.encode(facts))
    part.replace(directory / "media.json")
