"""From Stash's answers about its library to the records and files of the model.

What has no order on the server is put in one (other files, entities and links by id), so that a record that did not
change is equal to itself, and to what Stash's database says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from core.model.fingerprints import Algorithm
from core.model.library_records import GroupMembership, LibraryRecord, Marker, Media, StashFile
from core.model.scenes import LocalEntity
from core.servers.hashes import read_hash
from core.servers.oddities import Oddities
from core.servers.stash_library_wire import NOUNS, WireHistory, WireLibraryFile, WireRecord
from core.servers.stash_wire import WireEntity, links_of

_KINDS = {"VideoFile": Media.VIDEO, "ImageFile": Media.IMAGE}

_UNSET = "unset"  # what Stash wrote for what it did not know of files of its first versions


@dataclass(frozen=True, slots=True)
class History:
    """When a scene was played and when its O was counted (the server's literal texts, in its order), and its markers.

    A marker without a primary tag, which Stash does not allow, is left out.
    """

    plays: tuple[str, ...] = ()
    o_dates: tuple[str, ...] = ()
    markers: tuple[Marker, ...] = ()


def history_of(wire: WireHistory) -> History:
    """What a scene's record does not show."""
    return History(
        tuple(text for text in wire.play_history or () if text),
        tuple(text for text in wire.o_history or () if text),
        tuple(
            Marker(
                one.id,
                one.title or "",
                one.seconds,
                one.primary_tag.id,
                one.end_seconds,
                tuple(tag.id for tag in one.tags or () if tag is not None),
            )
            for one in wire.scene_markers or ()
            if one is not None and one.primary_tag is not None
        ),
    )


def record_of(wire: WireRecord, media: Media, oddities: Oddities) -> LibraryRecord:
    """A record with the files and hashes that can be read."""
    is_scene = media is Media.VIDEO
    wires = wire.files if is_scene else wire.visual_files
    if wires is None:
        oddities.note(f"{NOUNS[media]} whose files are null: taken as none")
    groups = [
        GroupMembership(one.group.id, one.scene_index)
        for one in wire.groups or ()
        if one is not None and one.group is not None
    ]
    links = links_of(wire.stash_ids, oddities) if is_scene else ()
    return LibraryRecord(
        media=media,
        id=wire.id,
        files=primary_first(files_of(wires, oddities)),
        title=wire.title or "",
        code=wire.code or "",
        details=wire.details or "",
        director=wire.director or "",
        photographer=wire.photographer or "",
        date=wire.date or "",
        urls=tuple(url for url in wire.urls or () if url),
        rating100=wire.rating100,
        is_organized=bool(wire.organized),
        studio=None if wire.studio is None else LocalEntity(wire.studio.id, wire.studio.name),
        performers=_entities_of(wire.performers),
        tags=_entities_of(wire.tags),
        groups=tuple(sorted(groups, key=lambda one: one.group_id)),
        gallery_ids=tuple(sorted(one.id for one in wire.galleries or () if one is not None)),
        stash_ids=tuple(sorted(links, key=lambda one: one.endpoint)),
        marker_count=sum(one is not None for one in wire.scene_markers or ()),
        play_count=max(0, wire.play_count or 0),
        play_duration=max(0.0, wire.play_duration or 0.0),
        resume_time=max(0.0, wire.resume_time or 0.0),
        o_count=max(0, wire.o_counter or 0),
        created_at=wire.created_at or "",
        updated_at=wire.updated_at or "",
    )


def primary_first(files: Sequence[StashFile]) -> tuple[StashFile, ...]:
    """The first file, then the others by id: Stash puts the primary one first and orders nothing else."""
    return (*files[:1], *sorted(files[1:], key=lambda one: one.id))


def files_of(wires: Iterable[WireLibraryFile | None] | None, oddities: Oddities) -> list[StashFile]:
    """Files, in the order they came; others than videos and pictures are left out."""
    found = []
    for wire in wires or ():
        media = None if wire is None else Media.VIDEO if wire.kind is None else _KINDS.get(wire.kind)
        if wire is not None and media is not None:
            found.append(_file_of(wire, media, oddities))
    return found


def _file_of(wire: WireLibraryFile, media: Media, oddities: Oddities) -> StashFile:
    hashes: dict[Algorithm, int] = {}
    for item in wire.fingerprints or ():
        read = None if item is None else read_hash(item.type, item.value, oddities)
        if read is not None:
            hashes.setdefault(*read)
    return StashFile(
        id=wire.id,
        media=media,
        path=wire.path or "",
        size=known(wire.size),
        modified_at=unix_time(wire.mod_time, oddities),
        width=known(wire.width),
        height=known(wire.height),
        duration=known_duration(wire.duration),
        video_codec=known_text(wire.video_codec),
        audio_codec=known_text(wire.audio_codec),
        frame_rate=max(0.0, wire.frame_rate or 0.0),
        bit_rate=known(wire.bit_rate),
        container=known_text(wire.format),
        phash=hashes.get(Algorithm.PHASH),
        oshash=hashes.get(Algorithm.OSHASH),
        md5=hashes.get(Algorithm.MD5),
        is_in_zip=wire.zip_file is not None or wire.zip_file_id is not None,
    )


def known(number: int | None) -> int:
    """A number of Stash, 0 where it does not know it: it writes -1."""
    return max(0, number or 0)


def known_duration(seconds: float | None) -> float | None:
    """Seconds, None where Stash does not know them."""
    return seconds if seconds is not None and seconds > 0 else None


def known_text(text: str | None) -> str:
    """A text of Stash about a file, empty where it does not know it."""
    return "" if text is None or text == _UNSET else text


def unix_time(text: str | None, oddities: Oddities) -> float | None:
    """Unix seconds of a time of Stash; None for none, and for one that cannot be read, which is noted."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        oddities.note("time that cannot be read: taken as unknown")
        return None
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)).timestamp()


def _entities_of(wires: list[WireEntity | None] | None) -> tuple[LocalEntity, ...]:
    found = (LocalEntity(one.id, one.name) for one in wires or () if one is not None)
    return tuple(sorted(found, key=lambda one: one.id))
