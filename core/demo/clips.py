"""Makes the demo's media: draws and encodes short clips and images, and hashes them as a Stash would.

The work is done once a folder: what is there and unchanged is used again. `python -m core.demo.clips` is the worker:
it reads one `Work` from its input and writes the facts of the clips to its output, both as JSON.
"""

from __future__ import annotations

import asyncio
import sys
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path

import msgspec

from core.errors import UsageError

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


class Work(msgspec.Struct, frozen=True):
    """The share of one worker process."""

    directory: str
    clips: list[ClipPlan]
    images: list[ImagePlan]


async def make_media(directory: Path, plans: Sequence[ClipPlan], images: Sequence[ImagePlan]) -> list[MediaFacts]:
    """The facts of every planned clip, in order; clips and images are made where missing, under `directory`/library.

    Cancelled, it ends its workers. Raises UsageError when something cannot be made.
    """
    known = _known(directory, plans)
    missing = [plan for plan in plans if plan not in known]
    absent = [plan for plan in images if not (directory / "library" / plan.path).exists()]
    shares = [Work(str(directory), missing[n::WORKERS], absent[n::WORKERS]) for n in range(WORKERS)]
    made = await asyncio.gather(*(_done(work) for work in shares if work.clips or work.images), return_exceptions=True)
    for facts in made:
        if isinstance(facts, BaseException):
            raise facts
        known |= {fact.plan: fact for fact in facts}
    if missing:
        _remember(directory, [known[plan] for plan in plans])
    return [known[plan] for plan in plans]


async def _done(work: Work) -> list[MediaFacts]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "core.demo.clips", stdin=PIPE, stdout=PIPE, stderr=PIPE
    )
    try:
        answer, complaint = await process.communicate(msgspec.json.encode(work))
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    if process.returncode:
        reason = complaint.decode(errors="replace").strip().rsplit("\n", 1)[-1] or f"worker ended {process.returncode}"
        raise UsageError(f"{work.directory}: the demo's media cannot be made: {reason}")
    return msgspec.json.decode(answer, type=list[MediaFacts])


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


def main() -> None:
    """Be the worker."""
    work = msgspec.json.decode(sys.stdin.buffer.read(), type=Work)
    facts = [make_clip(work.directory, plan) for plan in work.clips]
    for plan in work.images:
        make_image(work.directory, plan)
    sys.stdout.buffer.write(msgspec.json.encode(facts))


if __name__ == "__main__":
    main()
