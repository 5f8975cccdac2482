"""Draws and encodes the demo's short clips and images, and hashes them as a Stash would.

`python -m core.demo.clips` is a worker of `media`: it reads one `Work` from its input and writes a `Media` to its
output, both as JSON.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import msgspec

COVER_SIZE = (640, 360)


class ClipPlan(msgspec.Struct, frozen=True):
    """One video to make. `path` is relative to the library; `seconds` long, at `frame_rate` frames a second.

    `quality` is x264's and x265's constant rate factor: the higher, the worse. `drawn`: the size of the
    drawing that is scaled to the size of the video, (0, 0) for the same. `modified`: the file's time of modification
    (Unix seconds), 0 for the present.
    """

    path: str
    subject: str
    seed: int
    seconds: int = 24
    width: int = 320
    height: int = 180
    frame_rate: int = 4
    codec: str = "libx264"
    quality: int = 30
    drawn: tuple[int, int] = (0, 0)
    modified: int = 0


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
    """One image to make; its format is that of the name.

    It is drawn at `width` x `height`, mixed by `mix` (0 to 1) with another drawing of the subject (seed + 1), scaled by
    `scale` and saved with `quality` (JPEG). `modified` as in `ClipPlan`.
    """

    path: str
    subject: str
    seed: int
    width: int = 480
    height: int = 320
    mix: float = 0.0
    scale: float = 1.0
    quality: int = 75
    modified: int = 0


class ImageFacts(msgspec.Struct, frozen=True):
    """What is known of a made image. `format` as Stash names it."""

    plan: ImagePlan
    size: int
    mtime_ns: int
    md5: str
    phash: int
    width: int
    height: int
    format: str


class Media(msgspec.Struct, frozen=True):
    """Facts of what was made."""

    films: list[MediaFacts] = []
    images: list[ImageFacts] = []


class Work(msgspec.Struct, frozen=True):
    """The share of one worker process."""

    directory: str
    clips: list[ClipPlan] = []
    images: list[ImagePlan] = []


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
    _finish(part, path, plan.modified)
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


def make_image(directory: str, plan: ImagePlan) -> ImageFacts:
    """Draw, save and hash one image."""
    import PIL.Image

    from core.demo.drawing import draw
    from core.media.checksums import checksums
    from core.media.phash import image_phash

    path = Path(directory) / "library" / plan.path
    path.parent.mkdir(parents=True, exist_ok=True)
    image = draw(plan.subject, plan.seed, 0.4, plan.width, plan.height)
    if plan.mix:
        image = PIL.Image.blend(image, draw(plan.subject, plan.seed + 1, 0.4, plan.width, plan.height), plan.mix)
    if plan.scale != 1.0:
        image = image.resize((round(plan.width * plan.scale), round(plan.height * plan.scale)))
    kind = {"jpg": "jpeg"}.get(path.suffix[1:], path.suffix[1:])
    part = path.with_name(f".{path.name}.part")
    image.save(part, kind.upper(), quality=plan.quality)
    _finish(part, path, plan.modified)
    sums, stat = checksums(path), path.stat()
    return ImageFacts(
        plan, stat.st_size, stat.st_mtime_ns, sums.md5, image_phash(path), image.width, image.height, kind
    )


def _finish(part: Path, path: Path, modified: int) -> None:
    if modified:
        os.utime(part, (modified, modified))
    part.replace(path)


def _encode(path: Path, plan: ClipPlan) -> None:
    import av
    import numpy
    from av.video.frame import VideoFrame
    from av.video.stream import VideoStream

    from core.demo.drawing import draw

    count = plan.seconds * plan.frame_rate
    options = {"preset": "ultrafast", "crf": str(plan.quality)}
    if plan.codec == "libx265":
        options["x265-params"] = "log-level=none:pools=1"
    form = "matroska" if plan.path.endswith(".mkv") else "mp4"
    with av.open(str(path), "w", format=form) as container:
        stream = container.add_stream(plan.codec, rate=plan.frame_rate, options=options)
        assert isinstance(stream, VideoStream)
        stream.width, stream.height, stream.pix_fmt = plan.width, plan.height, "yuv420p"
        stream.codec_context.gop_size = 2 * plan.frame_rate
        stream.codec_context.thread_count = 1
        for number in range(count):
            size = plan.width, plan.height
            image = draw(plan.subject, plan.seed, number / count, *(plan.drawn if any(plan.drawn) else size))
            if image.size != size:
                image = image.resize(size)
            container.mux(stream.encode(VideoFrame.from_ndarray(numpy.asarray(image), format="rgb24")))
        container.mux(stream.encode(None))


def main() -> None:
    """Be the worker."""
    work = msgspec.json.decode(sys.stdin.buffer.read(), type=Work)
    films = [make_clip(work.directory, plan) for plan in work.clips]
    images = [make_image(work.directory, plan) for plan in work.images]
    sys.stdout.buffer.write(msgspec.json.encode(Media(films, images)))


if __name__ == "__main__":
    main()
