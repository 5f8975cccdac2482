"""Rules of the demo servers below HTTP: filters, writes, votes, faults in text."""

from __future__ import annotations

from typing import Any

import pytest

from core.demo.box_library import BoxLibrary, BoxScene, box_prints
from core.demo.box_votes import hash_value, submit, submit_batch
from core.demo.faults import FaultKind, parse_faults
from core.demo.graphql_errors import ResolverError
from core.demo.library import StashLibrary
from core.demo.stash_find import find_entities, find_scenes
from core.demo.stash_objects import DemoEntity, DemoScene, DemoStashId, video
from core.demo.stash_write import destroy_files, set_fingerprints, update_scene
from core.demo.wrong_answers import spoil_answer
from core.errors import UsageError

ONE, TWO = "http://one.test/graphql", "http://two.test/graphql"


@pytest.fixture
def library() -> StashLibrary:
    library = StashLibrary(clock=lambda: 1_800_000_000.0)
    library.add(
        DemoScene(
            1, "Alpha", [video(1, "/a/1.mp4", phash=1)], [DemoStashId(ONE, "x")], updated_at="2026-01-01T10:00:00+02:00"
        ),
        DemoScene(2, "Beta", [video(2, "/a/2.mp4")], updated_at="2026-01-03T10:00:00+02:00"),
        DemoScene(
            3,
            "al_ha",
            [],
            [DemoStashId(ONE, "y"), DemoStashId(TWO, "z")],
            organized=True,
            updated_at="2026-01-11T10:00:00+02:00",
        ),
    )
    return library


def ids(library: StashLibrary, criteria: dict[str, Any], **paging: Any) -> list[int]:
    found = find_scenes(library, {"scene_filter": criteria, "filter": {"sort": "id", **paging}})
    return [scene.id for scene in found.scenes]


@pytest.mark.parametrize(
    ("criteria", "expected"),
    [
        ({"id": {"value": 1, "modifier": "GREATER_THAN"}}, [2, 3]),
        ({"id": {"value": 3, "modifier": "LESS_THAN"}}, [1, 2]),
        ({"id": {"value": 2, "modifier": "EQUALS"}}, [2]),
        ({"id": {"value": 1, "value2": 2, "modifier": "BETWEEN"}}, [1, 2]),
        ({"updated_at": {"value": "2026-01-02T00:00", "modifier": "GREATER_THAN"}}, [2, 3]),
        ({"updated_at": {"value": "2026-01-01T09:00:00Z", "modifier": "GREATER_THAN"}}, [1, 2, 3]),  # text, not time
        ({"stash_id_endpoint": {"endpoint": ONE, "modifier": "IS_NULL"}}, [2]),
        ({"stash_id_endpoint": {"endpoint": TWO, "modifier": "NOT_NULL"}}, [3]),
        ({"stash_id_endpoint": {"endpoint": ONE, "stash_id": "Y", "modifier": "EQUALS"}}, [3]),
        ({"stash_ids_endpoint": {"endpoint": ONE, "stash_ids": ["x", "y"], "modifier": "INCLUDES"}}, [1, 3]),
        ({"stash_id_count": {"value": 1, "modifier": "EQUALS"}}, [1]),
        ({"is_missing": "phash"}, [2]),
        ({"is_missing": "stash_id"}, [2]),
        ({"organized": True}, [3]),
        ({"title": {"value": "al_ha", "modifier": "EQUALS"}}, [1, 3]),  # LIKE: any character, any case
        ({"title": {"value": "al%", "modifier": "EQUALS"}}, [1, 3]),  # LIKE
        ({"organized": False, "NOT": {"title": {"value": "beta", "modifier": "EQUALS"}}}, [1]),
        ({"organized": True, "OR": {"id": {"value": 1, "modifier": "EQUALS"}}}, [1, 3]),
        # the second endpoint of one tree is taken for the first
        (
            {
                "stash_id_endpoint": {"endpoint": ONE, "modifier": "NOT_NULL"},
                "AND": {"stash_id_endpoint": {"endpoint": TWO, "modifier": "NOT_NULL"}},
            },
            [1, 3],
        ),
    ],
)
def test_scene_filters(library: StashLibrary, criteria: dict[str, Any], expected: list[int]) -> None:
    assert ids(library, criteria) == expected


def test_paging(library: StashLibrary) -> None:
    assert ids(library, {}, per_page=2, page=2) == [3]
    assert ids(library, {}, per_page=0) == []
    assert ids(library, {}, per_page=-1, direction="DESC") == [3, 2, 1]
    assert ids(library, {}, q="/a/2") == [2]
    count = find_scenes(library, {"filter": {"per_page": 0}})
    assert (count.count, count.scenes) == (3, [])


@pytest.mark.parametrize(
    "criteria",
    [
        {"is_missing": "nothing"},
        {"AND": {"organized": True}, "OR": {"organized": True}},
        {"title": {"value": "(", "modifier": "MATCHES_REGEX"}},
    ],
)
def test_bad_filters_are_refused(library: StashLibrary, criteria: dict[str, Any]) -> None:
    with pytest.raises(ResolverError):
        ids(library, criteria)


def test_without_a_sort_there_is_no_order(library: StashLibrary) -> None:
    library.scenes = {number: DemoScene(number) for number in range(1, 60)}
    orders = {tuple(s.id for s in find_scenes(library, {"filter": {"per_page": -1}}).scenes) for _ in range(3)}
    assert len(orders) > 1
    with pytest.raises(ResolverError, match="invalid sort"):
        ids(library, {}, sort="colour")


def test_entities_by_stash_id_name_and_alias() -> None:
    shelf = {
        1: DemoEntity(1, "Ada", stash_ids=[DemoStashId(ONE, "id-1")]),
        2: DemoEntity(2, "Bea", ["Bee"]),
    }

    def found(**criteria: Any) -> list[int]:
        return [entity.id for entity in find_entities(shelf, "performer", criteria, {}).performers]

    assert found(stash_id_endpoint={"endpoint": ONE, "stash_id": "id-1", "modifier": "EQUALS"}) == [1]
    assert found(name={"value": "bea", "modifier": "EQUALS"}) == [2]
    assert found(aliases={"value": "BEE", "modifier": "EQUALS"}) == [2]
    assert found(name={"value": "be", "modifier": "EQUALS"}) == []
    with pytest.raises(ResolverError, match="not found"):
        find_entities(shelf, "performer", {}, {"ids": ["9"]})


def no_image(_: str) -> bytes | None:
    return None


@pytest.mark.parametrize(
    "given",
    [
        {"id": "9"},
        {"id": "x"},
        {"id": "1", "title": "new", "tag_ids": ["5"]},
        {"id": "1", "title": "new", "date": "yesterday"},
        {"id": "1", "title": "new", "cover_image": "http://127.0.0.1:1/images/x"},
        {"id": "1", "title": "new", "cover_image": "data:image/jpeg;base64,***"},
        {"id": "1", "title": "new", "stash_ids": [{"endpoint": ONE, "stash_id": "x", "updated_at": "noon"}]},
        {"id": "3", "title": ""},
    ],
)
def test_a_refused_write_changes_nothing(library: StashLibrary, given: dict[str, Any]) -> None:
    before = [(scene.title, scene.updated_at, list(scene.stash_ids)) for scene in library.scenes.values()]
    with pytest.raises(ResolverError):
        update_scene(library, given, no_image)
    assert [(scene.title, scene.updated_at, list(scene.stash_ids)) for scene in library.scenes.values()] == before


def test_fingerprints_are_set_as_stash_would(library: StashLibrary) -> None:
    before = library.scenes[1].updated_at
    prints = [{"type": "phash", "value": "00000000000000FF"}, {"type": "sha256", "value": "ab"}]
    set_fingerprints(library, {"id": "1", "fingerprints": prints})
    assert library.scenes[1].files[0].fingerprints == {"phash": "ff", "sha256": "ab"}
    set_fingerprints(library, {"id": "1", "fingerprints": [{"type": "sha256", "value": None}]})
    assert library.scenes[1].files[0].fingerprints == {"phash": "ff"}
    assert library.scenes[1].updated_at == before
    for kind, value in (("md5", "00"), ("oshash", "00"), ("phash", "xyz"), ("phash", "1" * 17)):
        with pytest.raises(ResolverError):
            set_fingerprints(library, {"id": "1", "fingerprints": [{"type": kind, "value": value}]})


def test_only_a_file_that_is_not_primary_goes(library: StashLibrary) -> None:
    library.scenes[1].files.append(video(9, "/a/9.mp4"))
    with pytest.raises(ResolverError, match="primary"):
        destroy_files(library, ["9", "1"])
    destroy_files(library, ["9"])
    assert [file.id for file in library.scenes[1].files] == [1]


def vote(scene: str, kind: str, algorithm: str = "OSHASH", duration: int = 60) -> dict[str, Any]:
    return {
        "scene_id": scene,
        "vote": kind,
        "fingerprint": {"hash": "ff", "algorithm": algorithm, "duration": duration},
    }


def test_votes() -> None:
    library = BoxLibrary()
    scene = library.add(BoxScene("a", "entry", box_prints(oshash=1)))
    with pytest.raises(ResolverError, match="no submissions"):
        submit(library, vote("a", "INVALID"))
    assert submit(library, vote("a", "VALID")) is scene
    assert submit(library, vote("a", "VALID")) is scene
    assert [(p.submissions, p.reports, p.user_submitted) for p in scene.fingerprints if p.value == 255] == [
        (1, 0, True)
    ]
    submit(library, vote("a", "INVALID"))
    assert [(p.submissions, p.reports, p.user_reported) for p in scene.fingerprints if p.value == 255] == [(0, 1, True)]
    submit(library, vote("a", "REMOVE"))
    assert [p.value for p in scene.fingerprints] == [1]
    assert submit(library, vote("missing", "VALID")) is None
    assert submit(library, vote("a", "VALID", algorithm="MD5")) is None
    assert submit(library, vote("a", "VALID", duration=0)) is None


def test_batch_votes_answer_for_all_but_md5() -> None:
    library = BoxLibrary()
    scene = library.add(BoxScene("a", "entry"))
    entries = [
        {"scene_id": "a", "hash": "1f", "algorithm": "PHASH", "duration": 60},
        {"scene_id": "a", "hash": "1f", "algorithm": "MD5", "duration": 60},
        {"scene_id": "a", "hash": "2f", "algorithm": "PHASH", "duration": 0},
        {"scene_id": "b", "hash": "2f", "algorithm": "PHASH", "duration": 60},
    ]
    results, changed = submit_batch(library, entries)
    assert [getattr(result, "error") for result in results] == [  # noqa: B009  # results are typed as objects
        None,
        "duration must be greater than 0",
        "invalid or deleted scene",
    ]
    assert changed == [scene]
    assert [p.value for p in scene.fingerprints] == [0x1F]
    with pytest.raises(ResolverError, match="1000"):
        submit_batch(library, entries[:1] * 1001)


def test_hashes_are_read_as_the_scalar_does() -> None:
    assert (hash_value("FF"), hash_value("00ff"), hash_value("1" * 17)) == (255, 255, 0)
    for wrong in ("", "xyz", "0x1f", "-1", 5):
        with pytest.raises(ResolverError, match="fingerprint hash"):
            hash_value(wrong)


def test_faults_in_text() -> None:
    (one, first), (two, second) = parse_faults(
        "box1:status:status=504,times=0; stash:rate-limit:retry_after=1.5,only=me"
    )
    assert (one, first.kind, first.status, first.times) == ("box1", FaultKind.STATUS, 504, None)
    assert (two, second.kind, second.retry_after, second.only) == ("stash", FaultKind.RATE_LIMIT, 1.5, "me")
    for wrong in ("box1", "box1:burn", "box1:status:colour=red", "box1:status:status=x"):
        with pytest.raises(UsageError, match="box1"):
            parse_faults(wrong)


def spoiled(kind: FaultKind, data: dict[str, Any]) -> dict[str, Any]:
    answer = {"data": data}
    (_, fault), *_ = parse_faults(f"x:{kind}:message=why")
    spoil_answer(fault, answer)
    return answer


def test_spoiled_answers() -> None:
    def groups() -> dict[str, Any]:
        return {"find": [[{"id": 1}, {"id": 2}], []]}

    def scenes() -> dict[str, Any]:
        return {"findScenes": {"count": 2, "scenes": [{"id": 1}, {"id": 2}]}}

    assert spoiled(FaultKind.INNER_NULLS, groups())["data"] == {"find": [[None, None], []]}
    assert spoiled(FaultKind.WRONG_LENGTH, groups())["data"] == {"find": [[{"id": 1}, {"id": 2}]]}
    assert spoiled(FaultKind.NULL_LIST, groups())["data"] == {"find": None}
    assert spoiled(FaultKind.PARTIAL, groups()) == {
        "data": {"find": [[{"id": 1}, None], []]},
        "errors": [{"message": "why", "path": ["find"]}],
    }
    assert spoiled(FaultKind.NULL_LIST, scenes())["data"]["findScenes"]["scenes"] is None
    assert spoiled(FaultKind.WRONG_LENGTH, scenes())["data"]["findScenes"]["scenes"] == [{"id": 1}]
    assert spoiled(FaultKind.STATUS, scenes())["data"] == scenes()
