"""The stash-box client against the demo stash-boxes: one like v0.10, one like ThePornDB."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from core.demo.box_library import BoxAppearance, BoxEntity, BoxFingerprint, BoxImage, BoxScene, box_prints
from core.demo.box_server import DemoBox
from core.demo.world import DemoWorld
from core.errors import AuthenticationError, MalformedAnswerError, UsageError
from core.model.fingerprints import Algorithm, Fingerprint
from core.model.stash_boxes import RemoteEntity, StashBox
from core.servers.call import Policy
from core.servers.http import Http
from core.servers.stash_box import StashBoxClient, Submission

A, B, C = (f"0192f000-0000-7000-8000-00000000000{digit}" for digit in "abc")
PHASH = 0x9C3A5F0E71D2B486
SHORT = 0x05A3C9F01D7E846B  # its first digit is zero
JPEG = b"\xff\xd8\xff\xe0 a picture"
Connect = Callable[[DemoBox], StashBoxClient]


def oshash(value: int) -> Fingerprint:
    return Fingerprint(Algorithm.OSHASH, value)


def phash(value: int) -> Fingerprint:
    return Fingerprint(Algorithm.PHASH, value)


@pytest.fixture
async def connect() -> AsyncIterator[Connect]:
    async with Http(Policy(attempts=2, wait_initial=0.01, wait_jitter=0.0)) as http:
        yield lambda box: StashBoxClient(http, StashBox(box.endpoint, box.title, box.api_key, 60_000))


@pytest.fixture
def box(empty_world: DemoWorld, connect: Connect) -> StashBoxClient:
    return connect(empty_world.boxes[0])


async def test_check_names_user_version_and_roles(
    box: StashBoxClient, connect: Connect, empty_world: DemoWorld
) -> None:
    status = await box.check()
    assert status.user
    assert status.version.startswith("v0.10")
    assert "READ" in status.roles
    empty_world.boxes[0].api_key = "another"
    with pytest.raises(AuthenticationError, match="check the API key of the stash-box Meadow"):
        await box.check()


async def test_the_server_says_which_algorithms_it_compares(connect: Connect, empty_world: DemoWorld) -> None:
    new, other = empty_world.boxes
    assert await connect(new).accepted_algorithms() == {Algorithm.OSHASH, Algorithm.PHASH}
    assert await connect(other).accepted_algorithms() == {Algorithm.OSHASH, Algorithm.PHASH, Algorithm.MD5}
    assert len(new.log.of("WinnowStashBoxFeatures")) == 1


async def test_introspection_is_asked_once_even_when_many_wait_for_it(
    box: StashBoxClient, empty_world: DemoWorld
) -> None:
    await asyncio.gather(*(box.look_up([[oshash(1)]]) for _ in range(5)))
    assert len(empty_world.boxes[0].log.of("WinnowStashBoxFeatures")) == 1


async def test_look_up_keeps_order_and_length(box: StashBoxClient, empty_world: DemoWorld) -> None:
    empty_world.boxes[0].library.add(
        BoxScene(A, "near", box_prints(phashes=[PHASH ^ 0b1111])),
        BoxScene(B, "exact", box_prints(oshash=77)),
        BoxScene(C, "short", box_prints(phashes=[SHORT])),
    )
    answers = await box.look_up([[oshash(1)], [phash(PHASH), oshash(77)], [], [phash(SHORT)]])
    assert [sorted(c.title for c in answer or ()) for answer in answers] == [[], ["exact", "near"], [], ["short"]]
    [request] = empty_world.boxes[0].log.of("WinnowLookUp")
    assert request.variables is not None
    assert request.variables["fingerprints"][1:] == [
        [{"hash": f"{PHASH:x}", "algorithm": "PHASH"}, {"hash": "000000000000004d", "algorithm": "OSHASH"}],
        [{"hash": f"{SHORT:x}", "algorithm": "PHASH"}],
    ]
    assert empty_world.boxes[0].log.violations == []


async def test_a_candidate_has_all_that_a_decision_shows(box: StashBoxClient, empty_world: DemoWorld) -> None:
    demo = empty_world.boxes[0]
    image = BoxImage(C, source=JPEG)
    performer, tag = BoxEntity(A, "Ann", ["Annie"]), BoxEntity(B, "Lake", ["Water"])
    demo.library.add(
        BoxScene(
            A,
            "Title",
            [BoxFingerprint("OSHASH", 77, 61, 5, 2)],
            duration=62,
            date="2024-05",
            code="X-1",
            details="d",
            director="dir",
            urls=["https://studio.example/1"],
            studio=BoxEntity(B, "Studio"),
            performers=[BoxAppearance(performer, "A.")],
            tags=[tag],
            images=[image],
        )
    )
    [[candidate]] = [answer or () for answer in await box.look_up([[oshash(77)]])]
    assert candidate == await box.scene(A)
    assert (candidate.endpoint, candidate.id, candidate.title) == (demo.endpoint, A, "Title")
    assert (candidate.date, candidate.duration, candidate.code) == ("2024-05", 62, "X-1")
    assert (candidate.director, candidate.details, candidate.urls) == ("dir", "d", ("https://studio.example/1",))
    assert candidate.performers == (RemoteEntity(A, "Ann", ("Annie",)),)
    assert candidate.tags == (RemoteEntity(B, "Lake", ("Water",)),)
    assert candidate.studio == RemoteEntity(B, "Studio")
    [found] = candidate.fingerprints
    assert (found.algorithm, found.value, found.duration) == (Algorithm.OSHASH, 77, 61)
    assert (found.submissions, found.reports) == (5, 2)
    assert await box.cover(candidate.cover_url) == JPEG


async def test_an_endpoint_without_reports_works(connect: Connect, empty_world: DemoWorld) -> None:
    demo = empty_world.boxes[1]
    demo.library.add(BoxScene(A, "Title", box_prints(oshash=77, submissions=3), date="2024-05-06", deleted=True))
    answers = await connect(demo).look_up([[oshash(77)]])
    [[candidate]] = [answer or () for answer in answers]
    assert candidate.fingerprints[0].reports is None
    assert candidate.fingerprints[0].net_votes == 3
    assert (candidate.date, candidate.is_deleted) == ("2024-05-06", True)


async def test_md5_is_looked_up_only_where_it_is_stored(connect: Connect, empty_world: DemoWorld) -> None:
    md5 = Fingerprint(Algorithm.MD5, 0xAB)
    await connect(empty_world.boxes[1]).look_up([[md5]])
    [request] = empty_world.boxes[1].log.of("WinnowLookUp")
    assert request.variables == {"fingerprints": [[{"hash": "0" * 30 + "ab", "algorithm": "MD5"}]]}


async def test_nothing_to_ask_sends_nothing(box: StashBoxClient, empty_world: DemoWorld) -> None:
    assert await box.look_up([]) == []
    assert await box.look_up([[], []]) == [(), ()]
    assert not empty_world.boxes[0].log.of("WinnowLookUp")


async def test_more_than_a_request_may_hold_is_refused_here(box: StashBoxClient) -> None:
    with pytest.raises(UsageError, match="41 scenes"):
        await box.look_up([[oshash(1)]] * 41)
    with pytest.raises(UsageError, match="65 PHASHes"):
        await box.look_up([[phash(PHASH + n) for n in range(65)]])


async def test_an_unknown_entry_is_none(box: StashBoxClient) -> None:
    assert await box.scene(C) is None


@pytest.mark.parametrize("number", [0, 1])
async def test_submissions_say_what_was_not_taken(connect: Connect, empty_world: DemoWorld, number: int) -> None:
    demo = empty_world.boxes[number]
    scene = demo.library.add(BoxScene(A, "Title"))
    outcomes = await connect(demo).submit_fingerprints(
        [
            Submission(A, phash(PHASH), 60),
            Submission(A, oshash(0xAB), 61),
            Submission(A, oshash(0xAC), 0),
            Submission(A, Fingerprint(Algorithm.MD5, 5), 60),
            Submission(A, phash(1 << 63), 60),
            Submission(A, oshash(0), 60),
        ]
    )
    assert outcomes[:2] == (None, None)
    assert all(outcomes[2:])
    assert {(item.algorithm, item.value, item.duration) for item in scene.fingerprints} == {
        ("PHASH", PHASH, 60),
        ("OSHASH", 0xAB, 61),
    }
    assert demo.log.violations == []


async def test_the_servers_reason_comes_back_with_each_submission(box: StashBoxClient, empty_world: DemoWorld) -> None:
    empty_world.boxes[0].library.add(BoxScene(A, "Title"))
    outcomes = await box.submit_fingerprints([Submission(B, oshash(1), 5), Submission(A, oshash(2), 5)])
    assert outcomes == ("invalid or deleted scene", None)


async def test_a_cover_that_is_no_picture_is_an_error(box: StashBoxClient, empty_world: DemoWorld) -> None:
    base = empty_world.boxes[0].base_url
    with pytest.raises(MalformedAnswerError, match="instead of a picture"):
        await box.cover(f"{base}/images/{C}")


async def test_the_key_is_not_sent_to_where_covers_are(box: StashBoxClient, empty_world: DemoWorld) -> None:
    image = BoxImage(C, source=JPEG)
    empty_world.boxes[1].library.add(BoxScene(A, "Title", images=[image]))
    # The other stash-box turns a foreign key away, so this works only without one.
    assert await box.cover(empty_world.boxes[1].image_url(image)) == JPEG
