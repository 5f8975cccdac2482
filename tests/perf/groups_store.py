"""A database of 20,000 groups of duplicates over 100,000 files, written through the store."""

from __future__ import annotations

from pathlib import Path
from random import Random
from typing import Final

from core.model.groups import Gate, GateCode, GroupKind, GroupStatus
from core.model.library_files import FileFacts, FileHashes, FileIdentity, LibraryFile
from core.model.library_records import Media
from core.store import group_drafts, library
from core.store.database import Database
from core.store.group_drafts import GroupDraft, MemberDraft

GROUPS: Final = 20_000
MEMBERS: Final = 5
_CHUNK: Final = 1000
_KINDS: Final = (GroupKind.EXACT, GroupKind.SAME_PHASH, GroupKind.NEAR, GroupKind.SAME_SCENE, GroupKind.SAME_STASH_ID)


async def fill(path: Path) -> None:
    """A new database with that many groups that wait."""
    random = Random(4)
    async with Database.open(path) as database:
        for start in range(0, GROUPS, _CHUNK):
            files = [_file(number, random) for number in range(start * MEMBERS, (start + _CHUNK) * MEMBERS)]
            async with database.write() as tx:
                await library.put_files(tx, files, scan=1)
                for number in range(start, start + _CHUNK):
                    own = files[(number - start) * MEMBERS : (number - start + 1) * MEMBERS]
                    await group_drafts.put(tx, _draft(number, own), scan=1, now=1.0, known_id=None)


def _file(number: int, random: Random) -> LibraryFile:
    is_video = number // MEMBERS % 2 == 0
    size = random.randrange(1 << 20, 1 << 32)
    return LibraryFile(
        id=0,
        media=Media.VIDEO if is_video else Media.IMAGE,
        size=size,
        path=f"/media/many/{number // 5000:03}/a file of duplicates {number}.{'mp4' if is_video else 'jpg'}",
        identity=FileIdentity(1, number + 1, size, 1_700_000_000_000_000_000),
        modified_at=1.7e9 + number,
        facts=FileFacts(1920, 1080, 600.0 if is_video else None, "h264", "aac", 25.0, 4_000_000, "mp4"),
        hashes=FileHashes(random.getrandbits(64), "exact", md5=random.getrandbits(128)),
        sources=("/media/many",),
    )


def _draft(number: int, files: list[LibraryFile]) -> GroupDraft:
    first = number * MEMBERS + 1  # the numbers the rows were given
    kind = _KINDS[number % len(_KINDS)]
    return GroupDraft(
        identity=f"{number:032x}",
        kind=kind,
        media=files[0].media,
        status=GroupStatus.PENDING,
        members=tuple(MemberDraft(first + place, 2 * place, "") for place in range(MEMBERS)),
        keeper_id=first if number % 3 else None,
        record_keeper_id=None,
        reason="resolution: 1920 x 1080 against 1280 x 720",
        gate=None if number % 7 else Gate(GateCode.MISSING, "a file of duplicates is missing: is its volume mounted?"),
        is_weak=False,
        bytes=sum(file.size for file in files),
        reclaimable_bytes=sum(file.size for file in files[1:]),
        path=files[0].shown_path,
        searched="\n".join(file.shown_path for file in files),
    )
