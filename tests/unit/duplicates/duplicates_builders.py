"""Files, records and members with only the facts that a test is about."""

from __future__ import annotations

from typing import Any

from core.duplicates.rules import Member
from core.model.library_files import FileFacts, FileHashes, FileIdentity, LibraryFile
from core.model.library_records import LibraryRecord, Media, RecordRef
from core.model.scenes import LocalEntity, StashId


def file(number: int = 1, *, media: Media = Media.VIDEO, **given: Any) -> LibraryFile:
    """A file that is there; facts and hashes may be given by their own names."""
    facts: dict[str, Any] = {"width": 1280, "height": 720, "duration": 60.0, "frame_rate": 25.0, "video_codec": "h264"}
    if media is Media.IMAGE:
        facts = {"width": 1280, "height": 720, "container": "jpeg"}
    facts |= {name: given.pop(name) for name in list(given) if name in FileFacts.__dataclass_fields__}
    hashes = {name: given.pop(name) for name in list(given) if name in FileHashes.__dataclass_fields__}
    size = given.pop("size", 1_000_000)
    inode = given.pop("inode", number)
    values: dict[str, Any] = {
        "id": number,
        "media": media,
        "size": size,
        "path": f"/library/{number}.mp4",
        "identity": FileIdentity(1, inode, size, 1),
        "modified_at": 1_000_000.0,
        "facts": FileFacts(**facts),
        "hashes": FileHashes(**hashes),
    }
    return LibraryFile(**(values | given))


def record(number: int = 1, *, media: Media = Media.VIDEO, is_linked: bool = False, **given: Any) -> LibraryRecord:
    """A scene or image of Stash."""
    links = (StashId("https://box.example/graphql", f"id-{number}"),) if is_linked else ()
    return LibraryRecord(media, number, stash_ids=links, **given)


def tags(*names: str) -> tuple[LocalEntity, ...]:
    """Tags by their names."""
    return tuple(LocalEntity(number, name) for number, name in enumerate(names, 1))


def member(number: int = 1, *, of: LibraryRecord | None = None, protected: str = "", **given: Any) -> Member:
    """A file of a group."""
    ref = None if of is None else RecordRef(of.media, of.id)
    return Member(file(number, record=ref, **given), of, protected)
