"""From a plan to effects: for each file that goes the actions of one part, in the order in which they must be done.

Metadata first, then the file with its sidecars into the trash, then its entry out of Stash. What an undo takes back in
the opposite order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Final

from core.duplicates.plan import PlannedGroup, Removal, RemovalPlan, Way
from core.ledger.stash_delete_file import DeletePayload, delete_file_effect
from core.ledger.stash_entry import entry_effect
from core.ledger.stash_merge import merge_effect
from core.ledger.stash_places import GoingFile
from core.ledger.stash_primary import primary_effect
from core.ledger.stash_records import FileName
from core.ledger.stash_remove_entry import remove_entry_effect
from core.ledger.trash import trash_effect
from core.ledger.trash_checks import GoingPayload, Survivor, identity_at
from core.ledger.trash_deletion import delete_effect
from core.media.folders import media_of
from core.model.library_files import LibraryFile
from core.model.library_records import LibraryRecord, Media, RecordRef, StashFile
from core.path_text import packed
from core.store.journal_records import NewEffect
from core.words import count

_SIDECARS: Final = frozenset({".funscript", ".srt", ".vtt", ".ass", ".ssa"})


def effects_of(plan: RemovalPlan, *, has_stash: bool) -> list[NewEffect]:
    """Every action of a plan, in order. Looks beside the files for sidecars: run it in a thread."""
    going = {one.file.path for item in plan.accepted for one in item.removals if one.file.path is not None}
    effects = [effect for item in plan.accepted for effect in _of_group(item, going, has_stash=has_stash)]
    return list(_each_sidecar_once(effects))


def _each_sidecar_once(effects: Iterable[NewEffect]) -> Iterator[NewEffect]:
    """Two films of one stem that both go have the same ones."""
    seen: set[str] = set()
    for effect in effects:
        if effect.payload.get("is_sidecar"):
            if effect.payload["path"] in seen:
                continue
            seen.add(effect.payload["path"])
        yield effect


def _of_group(item: PlannedGroup, going: set[str], *, has_stash: bool) -> Iterator[NewEffect]:
    by_record: dict[RecordRef | None, list[Removal]] = {}
    for removal in item.removals:
        by_record.setdefault(removal.file.record if has_stash else None, []).append(removal)
    moved = [ref for ref in item.merged if ref not in by_record]
    if moved and item.record_keeper is not None:
        yield from _moved_into_the_better_record(item, moved, going)
        return
    for ref, removals in by_record.items():
        record = None if ref is None else item.group.records.get(ref)
        if record is None:
            for removal in removals:
                yield from _file_actions(item, removal, going, part=f"{item.group.id}:{removal.file.id}")
        else:
            yield from _of_record(item, record, removals, going)


def _of_record(
    item: PlannedGroup, record: LibraryRecord, removals: list[Removal], going: set[str]
) -> Iterator[NewEffect]:
    """The files of one scene or image that go."""
    part = f"{item.group.id}:{record.media.value}:{record.id}"
    if any(removal.way is Way.DELETE_IN_STASH for removal in removals):
        yield from _through_stash(item, record, removals, part)
        return
    known = {file.id: file for file in record.files}
    gone = {removal.file.stash_file_id for removal in removals}
    left = [file for file in record.files if file.id not in gone]
    is_merged = record.ref in item.merged
    holder = record.id
    if is_merged:
        keeper = item.group.records.get(item.record_keeper) if item.record_keeper is not None else None
        if keeper is not None:
            yield merge_effect(keeper, record, part=part)
            if record.media is Media.VIDEO:
                holder = keeper.id
    elif left and record.files and record.files[0].id in gone:
        yield primary_effect(record, left[0], part=part)
    is_moved = is_merged and record.media is Media.VIDEO
    for removal in removals:
        stash_file = known.get(removal.file.stash_file_id or -1)
        if stash_file is not None and not is_merged:
            yield entry_effect(record, stash_file, part=part)
        yield from _file_actions(item, removal, going, part=part)
        if stash_file is not None:
            is_last = removal is removals[-1]
            yield _entry_goes(
                record.media, holder, stash_file, part, is_record_going=not left and not is_moved and is_last
            )


def _moved_into_the_better_record(item: PlannedGroup, moved: list[RecordRef], going: set[str]) -> Iterator[NewEffect]:
    """The file that stays moves into the scene with the history, whose own file goes: all of it is one part."""
    group = item.group
    assert item.record_keeper is not None
    keeper = group.records[item.record_keeper]
    part = f"{group.id}:swap"
    for ref in dict.fromkeys([*moved, *item.merged]):
        if ref in group.records and ref != keeper.ref:
            yield merge_effect(keeper, group.records[ref], part=part)
    stays = next((file for file in item.kept if file.record in moved), None)
    source = None if stays is None or stays.record is None else group.records.get(stays.record)
    stash_file = (
        next((one for one in source.files if stays and one.id == stays.stash_file_id), None) if source else None
    )
    if stash_file is not None:
        yield primary_effect(keeper, stash_file, part=part)
    gone = {removal.file.stash_file_id for removal in item.removals}
    for one in keeper.files:
        if one.id in gone:  # its own: no merge brings it back, and the primary file is changed back once it is there
            yield entry_effect(keeper, one, part=part)
    files = {one.id: one for record in group.records.values() for one in record.files}
    for removal in item.removals:
        yield from _file_actions(item, removal, going, part=part)
        known = files.get(removal.file.stash_file_id or -1)
        if known is not None:
            yield _entry_goes(keeper.media, keeper.id, known, part, is_record_going=False)


def _entry_goes(media: Media, record_id: int, file: StashFile, part: str, *, is_record_going: bool) -> NewEffect:
    given = GoingFile(media, record_id, FileName(file.id, file.path), is_record_going=is_record_going)
    return remove_entry_effect(given, part=part)


def _through_stash(
    item: PlannedGroup, record: LibraryRecord, removals: list[Removal], part: str
) -> Iterator[NewEffect]:
    """Deleted by Stash, which alone reaches these files: for good."""
    stays = next((file for file in item.kept if file.record is not None and file.stash_file_id is not None), None)
    known = {file.id: file for file in record.files}
    left = [file for file in record.files if file.id not in {one.file.stash_file_id for one in removals}]
    if stays is None or stays.record is None or stays.stash_file_id is None:
        return
    if left and record.files[0].id not in {file.id for file in left}:
        yield primary_effect(record, left[0], part=part)
    for removal in removals:
        file = known.get(removal.file.stash_file_id or -1)
        if file is not None:
            yield delete_file_effect(
                DeletePayload(
                    media=record.media,
                    record_id=record.id,
                    file=FileName(file.id, file.path),
                    is_record_going=not left,
                    is_recorded=False,
                    keeper_id=stays.record.id,
                    keeper_file=FileName(stays.stash_file_id, stays.stash_path),
                    size=file.size,
                ),
                part=part,
            )


def _file_actions(item: PlannedGroup, removal: Removal, going: set[str], *, part: str) -> Iterator[NewEffect]:
    """The file itself, then what goes along with it."""
    make = trash_effect if removal.way is Way.TRASH else delete_effect
    yield make(going_payload(removal.file, item.kept, group_id=item.group.id), part=part)
    if removal.file.media is Media.VIDEO and removal.file.path is not None:
        for sidecar in sidecars(Path(removal.file.path), going):
            yield trash_effect(sidecar, part=part)  # never for good: nothing else holds what it holds


def going_payload(file: LibraryFile, kept: Iterable[LibraryFile], *, group_id: int | None = None) -> GoingPayload:
    """What an effect must know of a file that goes, and of those that stay in its stead."""
    assert file.path is not None
    assert file.identity is not None
    hashes = file.hashes
    return GoingPayload(
        path=packed(file.path),
        identity=file.identity,
        survivors=tuple(
            Survivor(packed(one.path), one.identity)
            for one in kept
            if one.path is not None and one.identity is not None
        ),
        oshash=None if hashes.oshash is None else f"{hashes.oshash:016x}",
        md5=None if hashes.md5 is None else f"{hashes.md5:032x}",
        sha256=None if hashes.sha256 is None else f"{hashes.sha256:064x}",
        group_id=group_id,
        file_id=file.id,
        stash_path=file.stash_path,
    )


def sidecars(film: Path, going: set[str]) -> list[GoingPayload]:
    """Funscripts and captions of a film that goes, also with a language before the ending; not those that another film
    of the same stem in the folder still uses.
    """
    try:
        names = sorted(film.parent.iterdir())
    except OSError:
        return []
    for other in names:
        if (
            other != film
            and other.stem == film.stem
            and media_of(other.name) is Media.VIDEO
            and str(other) not in going
        ):
            return []
    longer = [one.stem for one in names if len(one.stem) > len(film.stem) and media_of(one.name) is Media.VIDEO]
    found: list[GoingPayload] = []
    for one in names:
        if one.suffix.lower() not in _SIDECARS:
            continue
        if _belongs(one.stem, film.stem) and not any(_belongs(one.stem, other) for other in longer):
            identity = identity_at(one)
            if identity is not None:
                found.append(GoingPayload(path=packed(one), identity=identity, is_sidecar=True))
    return found


def _belongs(sidecar: str, film: str) -> bool:
    """Whether a sidecar of one stem goes along with a film of the other: `film.srt`, `film.en.srt`."""
    return sidecar == film or (sidecar.startswith(film + ".") and len(sidecar) - len(film) <= 6)


def cannot_be_undone(plan: RemovalPlan) -> str:
    """What an undo of this plan could not bring back, in words to be shown before it is applied; empty: nothing."""
    going: set[RecordRef] = set()
    for item in plan.accepted:
        gone = {one.file.stash_file_id for one in item.removals}
        refs = {one.file.record for one in item.removals if one.file.record is not None}
        records = [item.group.records[ref] for ref in refs if ref in item.group.records]
        going |= {one.ref for one in records if all(file.id in gone for file in one.files)}
    scenes, images = (sum(ref.media is media for ref in going) for media in (Media.VIDEO, Media.IMAGE))
    if not going or plan.is_final:
        return ""
    what = [count(number, noun) for number, noun in ((scenes, "scene"), (images, "image")) if number]
    numbers = "a new number" if len(going) == 1 else "new numbers"
    lost = "the date of adding" + (", cover and previews, which Stash can generate anew" if scenes else "")
    return f"an undo brings {' and '.join(what)} back into Stash under {numbers}, without {lost}"
