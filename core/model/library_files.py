"""The files of a library: a file is one path on one disk, or one that Stash names and this machine cannot reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from core.model.library_records import Media, RecordRef


@dataclass(frozen=True, slots=True)
class FileIdentity:
    """Which content stands at a path: the four numbers change when the file is replaced or written to."""

    device: int
    inode: int
    size: int
    mtime_ns: int


@dataclass(frozen=True, slots=True)
class FileHashes:
    """What is known of a content. PHASHes unsigned 64-bit; `second` is the independent hash of a picture (dhash).

    `phash_method` is "exact" (bit for bit as Stash), "fast" (at most 2 bits off) or "" where there is no PHASH.
    """

    phash: int | None = None
    phash_method: str = ""
    second: int | None = None
    oshash: int | None = None
    md5: int | None = None
    sha1: int | None = None
    sha256: int | None = None


@dataclass(frozen=True, slots=True)
class FileFacts:
    """What a file states about itself. Units as in `StashFile`; `is_animated`: a picture of several frames."""

    width: int = 0
    height: int = 0
    duration: float | None = None
    video_codec: str = ""
    audio_codec: str = ""
    frame_rate: float = 0.0
    bit_rate: int = 0
    container: str = ""
    is_animated: bool = False


NO_HASHES: Final = FileHashes()
NO_FACTS: Final = FileFacts()


@dataclass(frozen=True, slots=True)
class LibraryFile:
    """One file, as all sources together know it.

    `id` is Winnow's own and stays as long as the file is known. `path` is the local path (surrogate-escaped where its
    bytes are no UTF-8), None where no local path is known; `stash_path` what Stash calls it. `identity` is None for a
    file that could not be reached in the last scan, `problem` then says why. `links` counts the names of its inode.
    `record` is the scene or image it belongs to. `sources` names who knows it.
    """

    id: int
    media: Media
    size: int
    path: str | None = None
    stash_path: str = ""
    stash_file_id: int | None = None
    record: RecordRef | None = None
    is_primary: bool = False
    is_in_zip: bool = False
    identity: FileIdentity | None = None
    links: int = 1
    modified_at: float | None = None
    facts: FileFacts = NO_FACTS
    hashes: FileHashes = NO_HASHES
    problem: str = ""
    sources: tuple[str, ...] = ()

    @property
    def shown_path(self) -> str:
        """The path a person is shown: the local one where there is one."""
        return self.path if self.path is not None else self.stash_path

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.shown_path.replace("\\", "/").rsplit("/", 1)[-1]

    @property
    def content_key(self) -> str:
        """What names its content, whatever it is called and wherever it lies; see `content_key`."""
        return content_key(self.hashes, self.size, self.identity)


def content_key(hashes: FileHashes, size: int, identity: FileIdentity | None) -> str:
    """A name for a content that survives renames: the strongest hash known, with the size; else the inode's numbers.

    Stash keeps MD5 of every image and OSHASH of every video, so those come before SHA-256, which Winnow computes only
    where it needs it: the key of a file must not change because a further hash was computed.
    """
    for name, value in (("md5", hashes.md5), ("oshash", hashes.oshash), ("sha256", hashes.sha256)):
        if value is not None:
            return f"{name}:{value:x}:{size}"
    if identity is not None:
        return f"inode:{identity.device}:{identity.inode}:{identity.size}:{identity.mtime_ns}"
    return f"size:{size}"
