"""Stash's database with what it should not hold: cells of another type, numbers without bounds, spoilt bytes."""

from __future__ import annotations

import asyncio
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import aclosing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
import pytest
from garbled import LEAST, MOST, unfit
from hypothesis import given
from hypothesis import strategies as st
from soaking import is_soaking, more

from core.errors import MalformedAnswerError, UnreachableError
from core.model.library_records import LibraryRecord, Media
from core.servers import stash_database_file
from core.servers.stash_database import StashDatabase

COMMON = {"title": "t", "code": "c", "details": "d", "date": "2024-01-01", "date_precision": 0, "rating": 60}
TIMES = {"created_at": "2024-01-01T00:00:00Z", "updated_at": "2024-01-01T00:00:00Z"}
MORE = {"organized": 1, "studio_id": 1, **TIMES}
FILE = {"id": 1, "basename": "a.mp4", "parent_folder_id": 1, "size": 10, "mod_time": "2024-01-01T00:00:00Z"}
SHAPE = {"format": "mp4", "width": 640, "height": 480}
VIDEO = {"duration": 5.5, "video_codec": "h264", "audio_codec": "aac", "frame_rate": 25.0, "bit_rate": 1000}
ROWS: dict[str, list[dict[str, Any]]] = {
    "folders": [{"id": 1, "path": "/data"}],
    "files": [FILE | {"zip_file_id": None}, FILE | {"id": 2, "basename": "b.jpg", "zip_file_id": 3}],
    "files_fingerprints": [
        {"file_id": 1, "type": "phash", "fingerprint": -5},
        {"file_id": 1, "type": "oshash", "fingerprint": "00ff00ff00ff00ff"},
        {"file_id": 2, "type": "md5", "fingerprint": "f" * 32},
    ],
    "video_files": [{"file_id": 1, **SHAPE, **VIDEO}],
    "image_files": [{"file_id": 2, **SHAPE}],
    **{name: [{"id": 1, "name": name}] for name in ("studios", "performers", "tags")},
    "scenes": [{"id": 1, "director": "x", "play_duration": 1.5, "resume_time": 0.5, **COMMON, **MORE}],
    "scenes_files": [{"scene_id": 1, "file_id": 1, "primary": 1}],
    "scene_urls": [{"scene_id": 1, "position": 0, "url": "u"}],
    "scenes_tags": [{"scene_id": 1, "tag_id": 1}],
    "performers_scenes": [{"scene_id": 1, "performer_id": 1}],
    "scenes_galleries": [{"scene_id": 1, "gallery_id": 1}],
    "groups_scenes": [{"scene_id": 1, "group_id": 1, "scene_index": 1}],
    "scene_stash_ids": [{"scene_id": 1, "endpoint": "e", "stash_id": "s", "updated_at": "t"}],
    "scene_markers": [{"scene_id": 1}],
    "scenes_view_dates": [{"scene_id": 1}],
    "scenes_o_dates": [{"scene_id": 1}],
    "images": [{"id": 1, "photographer": "x", "o_counter": 2, **COMMON, **MORE}],
    "images_files": [{"image_id": 1, "file_id": 2, "primary": 1}],
    "image_urls": [{"image_id": 1, "position": 0, "url": "u"}],
    "images_tags": [{"image_id": 1, "tag_id": 1}],
    "performers_images": [{"image_id": 1, "performer_id": 1}],
    "galleries_images": [{"image_id": 1, "gallery_id": 1}],
}
CELLS = [(table, column) for table, rows in ROWS.items() for column in rows[0]]
JUNK = [None, "", "x", b"", b"\xff\xfe", "9" * 400, LEAST, MOST, -1, 0, 1.5, 1e300, -1e300, float("inf"), "nan", "\x00"]


def write(path: Path, changes: list[tuple[tuple[str, str], Any]] = [], copies: int = 1) -> Path:  # noqa: B006  read alone
    """A database with a scene and an image (or many), some of its cells changed."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("CREATE TABLE schema_migrations (version, dirty)")
        connection.execute("INSERT INTO schema_migrations VALUES (75, 0)")
        for table, rows in ROWS.items():
            names = ", ".join(f'"{name}"' for name in rows[0])
            connection.execute(f'CREATE TABLE "{table}" ({names})')
            marks = ", ".join("?" * len(rows[0]))
            for number in range(copies):
                moved = [
                    [value + 10 * number if key in ("id", *_KEYS) and value else value for key, value in row.items()]
                    for row in rows
                ]
                connection.executemany(f'INSERT INTO "{table}" VALUES ({marks})', moved)
        for (table, column), value in changes:
            connection.execute(f'UPDATE "{table}" SET "{column}" = ?', (value,))
    connection.close()
    return path


_KEYS = ("file_id", "scene_id", "image_id", "parent_folder_id", "tag_id", "performer_id", "studio_id", "gallery_id")


async def everything(path: Path, page_size: int = 2000) -> tuple[list[LibraryRecord], tuple[str, ...]]:
    """All scenes and images, and what was odd. Ends: every page goes on behind the last."""
    found: list[LibraryRecord] = []
    async with StashDatabase.open(path) as database:
        for media in Media:
            assert await database.count(media) >= 0
            async with aclosing(database.crawl(media, page_size=page_size)) as pages:
                async for page in pages:
                    found += page
                    assert len(found) < 10_000
        assert msgspec.convert(msgspec.to_builtins(found), list[LibraryRecord]) == found  # each of the type it says
        return found, database.oddities.words


@pytest.fixture(scope="module", autouse=True)
def impatient() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stash_database_file, "PATIENCE_SECONDS", 0.2)
        yield


async def test_the_rows_can_be_read(tmp_path: Path) -> None:
    found, odd = await everything(write(tmp_path / "s.sqlite", copies=3), page_size=2)
    assert (len(found), odd) == (6, ())
    assert [one.files[0].path for one in found[:1] + found[-1:]] == ["/data/a.mp4", "/data/b.jpg"]
    assert found[0].groups[0].group_id == 1


@pytest.mark.parametrize("cell", CELLS, ids=".".join)
async def test_a_cell_of_a_foreign_type_costs_its_record_at_most(cell: tuple[str, str], tmp_path: Path) -> None:
    first = 0 if is_soaking() else CELLS.index(cell) % 3
    for number, value in enumerate(JUNK[first :: 1 if is_soaking() else 3]):
        path = write(tmp_path / f"{number}.sqlite", [(cell, value)])
        found, _ = await everything(path)
        assert list(unfit(found)) == [], value
        path.unlink()


@given(
    st.lists(
        st.tuples(st.sampled_from(CELLS), st.sampled_from(JUNK) | st.text(max_size=5) | st.binary(max_size=5)),
        max_size=6,
    )
)
def test_several_cells(changes: list[tuple[tuple[str, str], Any]]) -> None:
    with TemporaryDirectory() as folder:
        found, _ = asyncio.run(everything(write(Path(folder, "s.sqlite"), changes), page_size=1))
        assert list(unfit(found)) == []


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("large") / "s.sqlite", copies=300)


@pytest.mark.parametrize("seed", sorted({*range(more(28)), 133, 317}))
async def test_a_damaged_file_is_said_to_be_damaged(seed: int, large: Path, tmp_path: Path) -> None:
    random, path = Random(seed), tmp_path / "s.sqlite"
    shutil.copyfile(large, path)
    data = bytearray(path.read_bytes())
    for _ in range(random.choice([1, 3, 20, 200])):
        at = random.randrange(100, len(data))
        match random.randrange(4):
            case 0:
                data[at] ^= 1 << random.randrange(8)
            case 1:
                data[at : at + 512] = bytes(len(data[at : at + 512]))
            case 2:
                data[at : at + 64] = random.randbytes(len(data[at : at + 64]))
            case _:
                page = at // 4096 * 4096
                data[page : page + 8] = random.randbytes(8)
    if random.random() < 0.2:
        del data[random.randrange(len(data)) :]
    path.write_bytes(data)
    try:
        found, _ = await everything(path, page_size=50)
    except (MalformedAnswerError, UnreachableError) as error:
        assert str(path) in str(error)  # noqa: PT017  what was read without an error is checked below
        return
    assert list(unfit(found)) == []
