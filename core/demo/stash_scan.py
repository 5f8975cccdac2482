"""metadataScan of the demo Stash: it looks at the files that are really there.

As in Stash: a file is known by its path; one that is new is taken for a moved one where a file of the same OSHASH or
MD5 is missing in its old place; what belongs to no scene or image is given to one that holds the same content, or gets
a new one. Nothing is removed, and PHASHes stay as they are unless they are asked for.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from core.demo.disk import DemoDisk
from core.demo.graphql_errors import ResolverError
from core.demo.library import StashLibrary
from core.demo.stash_jobs import DemoJob
from core.demo.stash_objects import DemoFile, DemoImage, DemoScene, local_time, parse_time, phash_text
from core.demo.stash_readers import IMAGE_EXTENSIONS, VIDEO_EXTENSIONS
from core.errors import WinnowError

CONTAINERS = {"m4v": "mp4", "mkv": "matroska", "mpg": "mpeg"}
STRONG = ("oshash", "md5")


@dataclass(frozen=True, slots=True)
class ScanRequest:
    """What is scanned, in Stash's paths. `oldest`: files changed before (Unix seconds) are left out."""

    paths: tuple[str, ...]
    is_rescan: bool = False
    with_phashes: bool = False
    oldest: float = 0.0

    @staticmethod
    def of(given: dict[str, Any], root: str) -> ScanRequest:
        """From a ScanMetadataInput; paths outside of the library are left out. Raises ResolverError."""
        paths = tuple(path.rstrip("/") for path in given.get("paths") or [root])
        inside = tuple(path for path in paths if path == root or path.startswith(root + "/"))
        text = (given.get("filter") or {}).get("minModTime")
        try:
            oldest = parse_time(text) if text else 0.0
        except ValueError:
            raise ResolverError(f"cannot parse {text!r} as a time") from None
        return ScanRequest(inside, bool(given.get("rescan")), bool(given.get("scanGeneratePhashes")), oldest)


class Scan:
    """One run. `excludes` are Stash's patterns of paths; `written` is called after every file that was taken up."""

    def __init__(
        self, library: StashLibrary, disk: DemoDisk, excludes: list[str], written: Callable[[], object]
    ) -> None:
        self.library = library
        self.disk = disk
        self.excludes = [re.compile(pattern, re.IGNORECASE) for pattern in excludes]
        self.written = written

    async def run(self, request: ScanRequest, job: DemoJob) -> None:
        """Scan, stating the progress in the job."""
        found = await asyncio.to_thread(self._listing, request.paths)
        for number, (path, place, kind) in enumerate(found):
            job.progress, job.subTasks = number / len(found), [f"Scanning {path}"]
            try:
                await self._file(path, place, kind, request)
            except (WinnowError, OSError) as error:
                self.disk.complaints.append(f"error scanning {path}: {error}")
            self.written()
            await asyncio.sleep(0)
        job.subTasks = None

    def _listing(self, paths: tuple[str, ...]) -> list[tuple[str, Path, str]]:
        every = dict(entry for path in paths for entry in self.disk.walk(path))
        out = []
        for path, place in every.items():
            extension = path.rpartition(".")[2].lower()
            kind = "video" if extension in VIDEO_EXTENSIONS else "image" if extension in IMAGE_EXTENSIONS else ""
            if kind and not any(pattern.search(path) for pattern in self.excludes):
                out.append((path, place, kind))
        return out

    async def _file(self, path: str, place: Path, kind: str, request: ScanRequest) -> None:
        stat = place.stat()
        if not stat.st_size or stat.st_mtime < request.oldest:
            return
        known = next((file for _, file in self.library.files() if file.path == path), None)
        mod_time = local_time(stat.st_mtime)
        if known is not None and not request.is_rescan and (known.size, known.mod_time) == (stat.st_size, mod_time):
            await self._add_phash(known, place, request)
            self._give_owner(known)
            return
        facts = await asyncio.to_thread(file_facts, path, place, kind)
        file = known or self._moved(facts) or self._new_row(facts)
        for name in ("path", "size", "duration", "width", "height", "format", "video_codec", "audio_codec"):
            setattr(file, name, getattr(facts, name))
        file.frame_rate, file.bit_rate, file.mod_time = facts.frame_rate, facts.bit_rate, mod_time
        file.fingerprints = file.fingerprints | facts.fingerprints
        file.updated_at = self.library.now()
        await self._add_phash(file, place, request)
        self.library.touch(file)
        self._give_owner(file)

    def _moved(self, facts: DemoFile) -> DemoFile | None:
        """The file of the same content that is no longer in its place."""
        return next((f for _, f in self.library.files() if _is_same(f, facts) and not self.disk.exists(f.path)), None)

    def _new_row(self, facts: DemoFile) -> DemoFile:
        facts.id = self.library.new_id("file")
        facts.created_at = self.library.now()
        self.library.loose_files[facts.id] = facts
        return facts

    def _give_owner(self, file: DemoFile) -> None:
        """Put a file that belongs to nothing where the same content is, or into a new scene or image."""
        library = self.library
        if file.id not in library.loose_files:
            return
        del library.loose_files[file.id]
        shelf: list[DemoScene] | list[DemoImage] = (
            list(library.scenes.values()) if file.kind == "video" else list(library.images.values())
        )
        owner: DemoScene | DemoImage | None = next(
            (thing for thing in shelf if any(_is_same(other, file) for other in thing.files)), None
        )
        now = library.now()
        if owner is None and file.kind == "video":
            owner = library.add(DemoScene(library.new_id("scene"), created_at=now))
        elif owner is None:
            owner = library.add_images(DemoImage(library.new_id("image"), created_at=now))
        owner.files = [*owner.files, file]
        owner.updated_at = now
        library.touch(owner)

    async def _add_phash(self, file: DemoFile, place: Path, request: ScanRequest) -> None:
        if not request.with_phashes or file.kind != "video" or "phash" in file.fingerprints:
            return
        from core.media.video import video_phash

        value = await asyncio.to_thread(video_phash, place, file.duration)
        file.fingerprints = file.fingerprints | {"phash": phash_text(value)}
        self.library.touch(file)


def file_facts(path: str, place: Path, kind: str) -> DemoFile:
    """What Stash finds out about a file: a row with id 0. Raises WinnowError where it cannot be read or decoded."""
    from core.media.checksums import checksums

    sums = checksums(place)
    extension = path.rpartition(".")[2].lower()
    container = CONTAINERS.get(extension, extension)
    mod_time = local_time(place.stat().st_mtime)
    if kind == "image":
        from core.media.pictures import decode

        picture = decode(place)
        height, width = (picture[0] if isinstance(picture, tuple) else picture).shape[:2]
        container = "jpeg" if extension == "jpg" else extension
        file = DemoFile(0, path, sums.size, 0.0, {"md5": sums.md5}, width, height, container, kind=kind)
        file.video_codec, file.frame_rate, file.bit_rate, file.mod_time = "", 0.0, 0, mod_time
        return file
    from core.media.video import probe

    info = probe(place)
    prints = {"md5": sums.md5} | ({} if sums.oshash is None else {"oshash": f"{sums.oshash:016x}"})
    return DemoFile(
        0,
        path,
        sums.size,
        info.duration,
        prints,
        info.width,
        info.height,
        container,
        info.video_codec,
        info.audio_codec,
        info.frame_rate,
        info.bit_rate,
        mod_time,
    )


def _is_same(one: DemoFile, other: DemoFile) -> bool:
    pairs = [(one.fingerprints.get(name), other.fingerprints.get(name)) for name in STRONG]
    return one.kind == other.kind and one is not other and any(a == b for a, b in pairs if a and b)
