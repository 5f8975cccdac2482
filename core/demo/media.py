"""The media of one demo world: made once, by two worker processes, and never made again.

What was made is written down in `media.json`. A file that somebody removes later stays removed, as a world goes on
where it was left; only where the whole library is gone everything is made anew.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from asyncio.subprocess import PIPE
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from core.demo.clips import ClipPlan, ImageFacts, ImagePlan, Media, MediaFacts, Work
from core.errors import UsageError

WORKERS = 2


class CopyPlan(msgspec.Struct, frozen=True):
    """A second file of the same bytes, or a hard link to them. Both paths are relative to the world's folder."""

    source: str
    path: str
    is_link: bool = False
    modified: int = 0


class MediaPlans(msgspec.Struct, frozen=True):
    """Everything to be made. `texts`: path relative to the world's folder -> what the file holds."""

    clips: Sequence[ClipPlan] = ()
    images: Sequence[ImagePlan] = ()
    copies: Sequence[CopyPlan] = ()
    texts: Mapping[str, str] = {}

    def with_more(self, more: MediaPlans) -> MediaPlans:
        """These plans, then those."""
        return MediaPlans(
            (*self.clips, *more.clips),
            (*self.images, *more.images),
            (*self.copies, *more.copies),
            {**self.texts, **more.texts},
        )


class _Kept(msgspec.Struct):
    films: list[MediaFacts] = []
    images: list[ImageFacts] = []
    others: list[str] = []


async def make_media(directory: Path, plans: MediaPlans) -> Media:
    """The facts of every planned clip and image, in order; what was never made in this folder is made.

    Cancelled, it ends its workers. Raises UsageError when something cannot be made.
    """
    kept = _remembered(directory)
    films = {facts.plan: facts for facts in kept.films}
    images = {facts.plan: facts for facts in kept.images}
    clips_wanted = [plan for plan in plans.clips if plan not in films]
    images_wanted = [plan for plan in plans.images if plan not in images]
    shares = [Work(str(directory), clips_wanted[n::WORKERS], images_wanted[n::WORKERS]) for n in range(WORKERS)]
    made = await asyncio.gather(*(_done(work) for work in shares if work.clips or work.images), return_exceptions=True)
    for share in made:
        if isinstance(share, BaseException):
            raise share
        films |= {facts.plan: facts for facts in share.films}
        images |= {facts.plan: facts for facts in share.images}
    others = await asyncio.to_thread(_make_others, directory, plans, set(kept.others))
    if made or others != set(kept.others):
        _remember(directory, _Kept(list(films.values()), list(images.values()), sorted(others)))
    return Media([films[plan] for plan in plans.clips], [images[plan] for plan in plans.images])


async def _done(work: Work) -> Media:
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
    return msgspec.json.decode(answer, type=Media)


def _make_others(directory: Path, plans: MediaPlans, made: set[str]) -> set[str]:
    """Copies, links and text files that were never made; the paths of all that were."""
    try:
        for copy in plans.copies:
            if copy.path not in made:
                _copy(directory, copy)
        for path, text in plans.texts.items():
            if path not in made:
                (directory / path).write_text(text, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"{directory}: the demo's media cannot be made: {error}") from error
    return made | {copy.path for copy in plans.copies} | set(plans.texts)


def _copy(directory: Path, plan: CopyPlan) -> None:
    source, goal = directory / plan.source, directory / plan.path
    goal.parent.mkdir(parents=True, exist_ok=True)
    goal.unlink(missing_ok=True)
    if plan.is_link:
        goal.hardlink_to(source)
        return
    shutil.copyfile(source, goal)
    os.utime(goal, (plan.modified, plan.modified))


def _remembered(directory: Path) -> _Kept:
    """What was made here before."""
    if not (directory / "library").is_dir():
        return _Kept()
    try:
        return msgspec.json.decode((directory / "media.json").read_bytes(), type=_Kept)
    except (OSError, msgspec.MsgspecError):
        return _Kept()


def _remember(directory: Path, kept: _Kept) -> None:
    part = directory / "media.json.part"
    part.write_bytes(msgspec.json.encode(kept))
    part.replace(directory / "media.json")
