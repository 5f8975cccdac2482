"""The files of the duplicates desk are what their cases say: by their bytes, their real hashes, their inodes."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import httpx
import pytest

from core.demo.cases import STASH_ROOT, Case
from core.demo.duplicate_cases import (
    EXPECTED,
    KNOWN,
    OFFLINE,
    OFFLINE_PATH,
    OUTSIDE,
    SIDECARS,
    UNKNOWN,
    DuplicateCase,
    path_of,
)
from core.demo.duplicate_world import image_id, scene_id
from core.demo.media import CopyPlan
from core.demo.stash_objects import DemoFile
from core.demo.world import DemoWorld
from core.media.checksums import checksums
from core.media.phash import image_phash
from core.media.video import probe, video_phash
from core.model.fingerprints import is_degenerate_phash, phash_distance
from core.model.groups import GateCode, GroupKind
from core.model.library_records import Media

C = DuplicateCase
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def phashes(drawn_world: Path) -> dict[str, int]:
    """Path relative to the world's folder -> its real PHASH."""
    place = drawn_world
    every = [path_of(known) for known in KNOWN] + [plan.path for plan in UNKNOWN]
    return {path: image_phash(place / path) if is_image(path) else video_phash(place / path) for path in every}


def is_image(path: str) -> bool:
    return path.endswith((".jpg", ".png"))


def paths(case: DuplicateCase) -> list[str]:
    return [path_of(known) for known in KNOWN if known.case is case]


def bytes_at(directory: Path, names: Iterator[str] | list[str]) -> set[bytes]:
    return {(directory / name).read_bytes() for name in names}


def test_every_case_but_the_traps_is_a_group() -> None:
    traps = {C.BLACK, C.OTHER_LENGTH, C.LOOK_ALIKE}
    assert {group.case for group in EXPECTED} == set(C) - traps
    assert len({path for group in EXPECTED for path in group.paths}) == sum(len(group.paths) for group in EXPECTED)
    assert all(not group.keeper or group.keeper in group.paths for group in EXPECTED)


def test_exact_groups_hold_equal_bytes_and_others_do_not(duplicates_copy: Path) -> None:
    for group in EXPECTED:
        there = [path for path in group.paths if (duplicates_copy / path).exists()]
        is_exact = group.kind is GroupKind.EXACT
        assert len(bytes_at(duplicates_copy, there)) == (1 if is_exact else len(there)), group.case
        inodes = {(duplicates_copy / path).stat().st_ino for path in there}
        assert len(inodes) == (1 if group.gate is GateCode.ONE_FILE else len(there)), group.case


def test_near_groups_are_near_by_their_real_hashes(phashes: dict[str, int]) -> None:
    for group in EXPECTED:
        if group.kind is not GroupKind.NEAR:
            continue
        known = [path for path in group.paths if path in phashes]
        keeper = group.keeper or known[0]
        apart = [phash_distance(phashes[path], phashes[keeper]) for path in known if path != keeper]
        assert all(distance <= 4 for distance in apart), (group.case, apart)
        assert any(apart) or group.case is C.OFFLINE, group.case


def test_the_chain_and_the_traps(duplicates_copy: Path, phashes: dict[str, int]) -> None:
    a, b, c = (phashes[path] for path in paths(C.CHAIN))
    assert (phash_distance(a, b), phash_distance(b, c), phash_distance(a, c)) == (4, 4, 8)
    assert all(is_degenerate_phash(phashes[path]) for path in paths(C.BLACK))
    one, other = paths(C.OTHER_LENGTH)
    assert phashes[one] == phashes[other]
    assert abs(probe(duplicates_copy / one).duration - probe(duplicates_copy / other).duration) > 3
    first, second = (phashes[path] for path in paths(C.SAME_STASH_ID))
    assert phash_distance(first, second) > 16
    first, second = (phashes[path] for path in paths(C.MULTI_FILE))
    assert 0 < phash_distance(first, second) <= 4


def test_no_case_is_another_ones_neighbour(phashes: dict[str, int]) -> None:
    case_of = {path_of(known): known.case for known in KNOWN} | {plan.path: C.OUTSIDE for plan in UNKNOWN}
    for one, other in combinations(phashes, 2):
        if case_of[one] is not case_of[other] or case_of[one] is C.LOOK_ALIKE:
            assert phash_distance(phashes[one], phashes[other]) > 10, (one, other)


async def test_stash_knows_them_as_they_are(duplicates_copy: Path, phashes: dict[str, int]) -> None:
    async with DemoWorld.open(duplicates_copy, media=False, duplicates=True, stash_version="0.31") as world:
        settings = tomllib.loads(world.config_path.read_text("utf-8"))
        assert settings["duplicates"]["folders"] == [str((duplicates_copy / OUTSIDE).resolve())]
        assert settings["duplicates"]["protected_paths"] == [
            str((duplicates_copy / "library" / "archive").resolve() / "**")
        ]
        library = world.stash.library
        rows: dict[str, DemoFile] = {file.path: file for _, file in library.files()}
        assert len({file.id for _, file in library.files()}) == len(rows)
        for known in KNOWN:
            path = path_of(known)
            file, sums = rows[STASH_ROOT + path.removeprefix("library")], checksums(duplicates_copy / path)
            assert (file.size, file.fingerprints["md5"]) == (sums.size, sums.md5)
            assert file.fingerprints.get("phash") == f"{phashes[path]:x}"
            if file.kind == "video":
                info = probe(duplicates_copy / path)
                assert (file.width, file.duration, file.video_codec) == (info.width, info.duration, info.video_codec)
        offline = rows[f"{STASH_ROOT}/{OFFLINE_PATH}"]
        assert not (duplicates_copy / "library" / OFFLINE).exists()
        here = rows[STASH_ROOT + paths(C.OFFLINE)[0].removeprefix("library")]
        texts = (here.fingerprints["phash"], offline.fingerprints["phash"])
        assert phash_distance(*(int(text, 16) for text in texts)) == 2
        assert all((duplicates_copy / path).read_text("utf-8") for path in SIDECARS)
        before = {number: (scene.updated_at, len(scene.files)) for number, scene in library.scenes.items()}
        job = world.stash.resolvers["metadataScan"]({"input": {}}, None)  # type: ignore[arg-type]  # no request here
        await world.stash.jobs.settled()
        found = world.stash.jobs.find(job)
        assert found is not None
        assert found.status == "FINISHED"
        assert {number: (scene.updated_at, len(scene.files)) for number, scene in library.scenes.items()} == before


async def test_records_differ_so_that_a_merge_saves_something(duplicates_world: DemoWorld) -> None:
    library = duplicates_world.stash.library
    kept, copy = (library.scenes[scene_id(C.EXACT_VIDEO, record)] for record in (0, 1))
    assert len(copy.play_history) > len(kept.play_history)
    assert (len(copy.markers), len(copy.groups), len(kept.stash_ids), len(copy.stash_ids)) == (2, 1, 2, 0)
    assert len(library.images[image_id(C.EXACT_IMAGE)].files) == 2
    assert len(library.scenes[scene_id(C.MULTI_FILE)].files) == 2
    one, other = (library.scenes[scene_id(C.SAME_STASH_ID, record)] for record in (0, 1))
    assert [link.stash_id for link in one.stash_ids] == [link.stash_id for link in other.stash_ids]
    ids = [link.stash_id for scene in library.scenes.values() for link in scene.stash_ids]
    assert len(ids) - len(set(ids)) == 2  # of that pair alone
    query = "{ findImages(filter: {per_page: 0}) { count } findScenes(filter: {per_page: 0}) { count } }"
    async with httpx.AsyncClient(headers={"ApiKey": duplicates_world.stash.api_key}) as client:
        counts = (await client.post(duplicates_world.stash.endpoint, json={"query": query})).json()["data"]
    assert counts == {"findImages": {"count": 10}, "findScenes": {"count": len(Case) + 22}}


async def test_what_was_removed_is_not_made_again(duplicates_copy: Path) -> None:
    gone = [
        duplicates_copy / paths(C.EXACT_VIDEO)[1],
        duplicates_copy / paths(C.CHAIN)[0],
        duplicates_copy / paths(C.RE_ENCODED)[1],
    ]
    gone.append(duplicates_copy / next(iter(SIDECARS)))
    for path in gone:
        path.unlink()
    async with DemoWorld.open(duplicates_copy, media=False, duplicates=True) as world:
        assert scene_id(C.RE_ENCODED, 1) in world.stash.library.scenes
    assert not any(path.exists() for path in gone)


def test_expected_groups_name_their_media() -> None:
    for group in EXPECTED:
        assert all(is_image(path) is (group.media is Media.IMAGE) for path in group.paths)
        copies = [known for known in KNOWN if known.case is group.case and isinstance(known.plan, CopyPlan)]
        assert not copies or group.kind is GroupKind.EXACT
