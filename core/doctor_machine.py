"""What `winnow doctor` finds out about this machine: folders, disk, database, decoders, clock. No server is asked."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from core.config import Settings, shared_file_warning
from core.errors import StoreError
from core.mounts import file_system, is_remote
from core.settings_notify import NotifySettings

_MEBIBYTE = 1 << 20
_LEAST_FREE = 64 * _MEBIBYTE
_ENOUGH_FREE = 1024 * _MEBIBYTE
_FFMPEG_SECONDS = 20.0


class State(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: what was found, in words, and what to do about it (empty: nothing)."""

    name: str
    state: State
    words: str
    advice: str = ""


def configuration(settings: Settings) -> Check:
    """The file the settings came from, and who can read it."""
    if settings.path is None:
        return Check(
            "configuration", State.WARNING, "there is no configuration file; defaults hold", "run: winnow init"
        )
    if settings.warnings:
        return Check("configuration", State.WARNING, "; ".join(settings.warnings), "make it private with chmod 600")
    is_private = shared_file_warning(settings.path) is None
    words = f"{settings.path} is valid" + (" and private" if is_private else "; it holds no key")
    return Check("configuration", State.OK, words)


def data_folder(folder: Path) -> Check:
    """Whether the data folder can be written and lies on a disk of this machine."""
    name = "data folder"
    existing = folder
    while not existing.exists() and existing != existing.parent:
        existing = existing.parent
    if not existing.is_dir():
        return Check(name, State.FAILED, f"{existing} is not a folder", "give another one with --data-dir")
    try:
        with tempfile.NamedTemporaryFile(dir=existing, prefix=".winnow-doctor-"):
            pass
    except OSError as error:
        advice = "correct its owner and mode, or give another one with --data-dir"
        return Check(name, State.FAILED, f"{existing} cannot be written: {error.strerror}", advice)
    kind = file_system(existing)
    if is_remote(kind):
        advice = "SQLite loses data where locks do not work: choose a local folder with --data-dir"
        return Check(name, State.WARNING, f"{folder} lies on a network file system ({kind})", advice)
    return Check(name, State.OK, f"{folder} can be written" + (f" ({kind})" if kind else ""))


def disk_space(folder: Path) -> Check:
    """How much is free below the data folder."""
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        free = shutil.disk_usage(folder).free
    except OSError as error:
        return Check("disk space", State.WARNING, f"cannot be asked: {error.strerror}")
    words = f"{free / (1 << 30):.1f} GiB free" if free >= _ENOUGH_FREE else f"{free // _MEBIBYTE} MiB free"
    if free >= _ENOUGH_FREE:
        return Check("disk space", State.OK, words)
    state = State.WARNING if free >= _LEAST_FREE else State.FAILED
    return Check("disk space", state, words, f"free some space below {folder}")


def database(path: Path) -> Check:
    """Whether the database can be read and is whole. Blocks while the file is read."""
    from core.store.integrity import examine

    if not path.exists():
        return Check("database", State.OK, "there is none yet; the first scan makes it")
    try:
        findings = examine(path)
    except StoreError as error:
        return Check("database", State.FAILED, str(error), "see docs: a backup may stand beside it")
    if findings:
        advice = "put back a backup that stands beside it, or move it away and scan again"
        return Check("database", State.FAILED, f"{path} is damaged: {'; '.join(findings)}", advice)
    return Check("database", State.OK, f"{path} is whole ({path.stat().st_size / _MEBIBYTE:.1f} MiB)")


def ffmpeg(program: str) -> Check:
    """Whether the configured ffmpeg runs."""
    if not program:
        return Check("ffmpeg", State.SKIPPED, "not configured; the built-in decoder is used")
    advice = "correct [media] ffmpeg, or leave it empty"
    found = shutil.which(program)
    if found is None:
        return Check("ffmpeg", State.FAILED, f"{program} is not there or not executable", advice)
    try:
        answer = subprocess.run(  # noqa: S603  the user's own program, no shell
            [found, "-hide_banner", "-version"], capture_output=True, timeout=_FFMPEG_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return Check("ffmpeg", State.FAILED, f"{found} does not answer", advice)
    except OSError as error:
        return Check("ffmpeg", State.FAILED, f"{found} does not run: {error.strerror}", advice)
    first = answer.stdout.decode(errors="replace").partition("\n")[0].strip()
    if answer.returncode or not first.startswith("ffmpeg version"):
        return Check("ffmpeg", State.FAILED, f"{found} is not an ffmpeg that works", advice)
    return Check("ffmpeg", State.OK, f"{found}: {first}")


def notifications(settings: NotifySettings) -> Check:
    """Whether what tells of ended jobs is there. Nothing is sent."""
    from core.notify import apprise_faults

    name = "notifications"
    program = settings.command[0] if settings.command else ""
    if program and shutil.which(program) is None:
        advice = "correct [notify] command"
        return Check(name, State.FAILED, f"{program} is not there or not executable", advice)
    if settings.apprise and (faults := apprise_faults(settings.apprise)):
        return Check(name, State.FAILED, "; ".join(faults), "correct [notify] apprise")
    ways = [one for one in ("command", "url", "apprise") if getattr(settings, one)]
    return Check(name, State.OK, f"by {', '.join(ways)} when a job is {', '.join(settings.on)}; nothing was sent")


def decoder() -> Check:
    """Whether the built-in decoder works: it decodes a picture that it has just encoded."""
    advice = "install Winnow again for this machine, or set [media] ffmpeg"
    try:
        import av
    except ImportError as error:
        return Check("decoder", State.FAILED, f"the video library cannot be loaded: {error}", advice)
    try:
        frames = _frames_of(_clip())
    except (av.error.FFmpegError, ValueError, MemoryError) as error:
        return Check("decoder", State.FAILED, f"a test clip cannot be decoded: {error}", advice)
    if frames != 1:
        return Check("decoder", State.FAILED, f"a test clip of one frame gave {frames}", advice)
    wanted = ("h264", "hevc", "vp9", "av1", "mpeg4", "wmv3")
    missing = [codec for codec in wanted if codec not in av.codecs_available]
    if missing:
        return Check("decoder", State.WARNING, f"it cannot decode {', '.join(missing)}", "set [media] ffmpeg")
    return Check("decoder", State.OK, f"PyAV {av.__version__} decodes ({', '.join(wanted)})")


def _clip() -> bytes:
    """A video of one grey frame."""
    import io
    from fractions import Fraction

    import av

    target = io.BytesIO()
    with av.open(target, "w", format="matroska") as container:
        stream = container.add_stream("mpeg4", rate=1)
        stream.width, stream.height, stream.pix_fmt = 32, 32, "yuv420p"
        frame = av.VideoFrame(32, 32, "yuv420p")
        frame.pts, frame.time_base = 0, Fraction(1)
        container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return target.getvalue()


def _frames_of(clip: bytes) -> int:
    import io

    import av

    with av.open(io.BytesIO(clip), "r") as container:
        return len(list(container.decode(video=0)))


def clock(*, now: float | None = None) -> Check:
    """Whether the clock is plausible: not before this Winnow was installed."""
    moment = time.time() if now is None else now
    installed = Path(__file__).stat().st_mtime
    shown = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(moment))
    if moment < installed - 86400:
        advice = "set the clock (NTP); schedules and re-checks go by it"
        return Check("clock", State.WARNING, f"it says {shown}, before Winnow was installed", advice)
    return Check("clock", State.OK, shown)
