"""The Immich client against the demo Immich, in the shapes of every version it knows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC
from pathlib import Path

import pytest
from immich_cases import VERSIONS, Setting, setting

from core.demo.immich_world import FacePlan
from core.errors import NotFoundError, OtherOwnerError, ServerError
from core.servers.immich import ImmichClient
from core.servers.immich_faces import Box, Face
from core.servers.immich_version import CORRECTION, LIBRARY, READING, UPLOAD, ImmichVersion


@pytest.fixture(params=VERSIONS)
async def immich(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path / "library", request.param) as one:
        yield one


@pytest.fixture
async def newest(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path / "library") as one:
        yield one


# -- what it is --------------------------------------------------------------------------------------------------------


async def test_it_says_what_it_is_and_who_the_key_is(immich: Setting) -> None:
    client, server = immich.client, immich.server
    await client.ping()
    version = await client.version()
    assert (version.major, version.minor) == server.version
    assert version.text == f"{server.version[0]}.{server.version[1]}.0"
    features = await client.features()
    assert (features.has_face_recognition, features.has_trash) == (True, True)
    types = await client.media_types()
    assert (types.takes("a.JPG"), types.takes("b.mp4"), types.takes("c.xmp"), types.takes("jpg")) == (1, 1, 0, 0)
    user = await client.user()
    assert (user.id, user.name, user.is_admin) == (server.owner.id, "Owner", True)
    await client.version()
    await client.user()
    assert len(server.log.of("/server/version")) == len(server.log.of("/users/me")) == 1
    await client.version(is_fresh=True)
    assert len(server.log.of("/server/version")) == 2


async def test_the_rights_of_a_key(immich: Setting) -> None:
    version = await immich.client.version()
    wanted = (*READING, *LIBRARY, *UPLOAD, *CORRECTION, *version.queue_scopes)
    assert (await immich.client.key_rights()).missing(wanted) == ()
    immich.server.world.add_key("few", immich.server.owner, frozenset({"asset.read", "library.read", "user.read"}))
    rights = await immich.as_user("few").key_rights()
    if version.has_key_rights:
        assert rights.missing((*READING, *LIBRARY)) == ("face.read", "person.read", "library.update")
    else:
        assert (rights.scopes, rights.missing(wanted)) == (None, ())


@pytest.mark.parametrize("suffix", ["", "/", "/api", "/api/"])
async def test_any_usual_spelling_of_the_address_works(newest: Setting, suffix: str) -> None:
    client = ImmichClient(newest.http, newest.server.base_url + suffix, newest.server.api_key)
    assert client.url == newest.server.base_url
    assert (await client.user()).is_admin


async def test_one_too_old_is_told_so(tmp_path: Path) -> None:
    async with setting(tmp_path, "1.132") as one:
        with pytest.raises(ServerError, match=r"1\.132\.0 is too old"):
            await one.client.version()


def test_versions_are_compared_by_their_numbers() -> None:
    assert ImmichVersion(1, 133) < ImmichVersion(1, 133, 2) < ImmichVersion(2, 4) < ImmichVersion(10, 0)
    assert not ImmichVersion(2, 3, 9).has_queues
    assert ImmichVersion(4, 0).has_search_filter


# -- libraries and assets ----------------------------------------------------------------------------------------------


async def test_a_library_is_listed_and_scanned(immich: Setting) -> None:
    client, server = immich.client, immich.server
    immich.file("in/a.jpg")
    immich.file("in/.hidden.jpg")
    immich.file("in/notes.txt")
    [library] = await client.libraries()
    assert await client.library(library.id) == library
    assert (library.owner_id, library.name, library.import_paths) == (server.owner.id, "Intake", ("/mnt/library",))
    assert (library.refreshed_at, library.asset_count) == (None, 0)
    assert (library.holds("/mnt/library/in/a.jpg"), library.holds("/mnt/library2/a.jpg")) == (True, False)
    await client.scan_library(library.id)
    await server.queues.settled()
    after = await client.library(library.id)
    assert after is not None
    assert after.asset_count == 1
    assert after.refreshed_at is not None
    assert after.refreshed_at.tzinfo is UTC
    nobody = server.world.new_id()
    assert await client.library(nobody) is None
    with pytest.raises(NotFoundError, match="not there"):
        await client.scan_library(nobody)


async def test_a_path_is_compared_letter_by_letter(immich: Setting) -> None:
    names = ["a_b.jpg", "axb.jpg", "A_B.jpg", "in/a_b.jpg", "back\\slash.jpg", "per%cent.jpg", "ünï cödé.jpg"]
    for name in names:
        immich.file(name)
    server, client = immich.server, immich.client
    await client.scan_library(server.library.id)
    await server.queues.settled()
    for name in names:
        for library_id in (None, server.library.id):
            [asset] = await client.find_assets(f"/mnt/library/{name}", library_id=library_id)
            assert (asset.path, asset.file_name) == (f"/mnt/library/{name}", name.rpartition("/")[2])
            assert (asset.library_id, asset.is_own, asset.kind) == (server.library.id, True, "IMAGE")
            assert asset.is_of_library
            assert await client.asset(asset.id) == asset
    assert await client.find_assets("/mnt/library/a_b.jp") == ()
    assert await client.find_assets("library/a_b.jpg") == ()


async def test_every_page_of_a_search_is_read(immich: Setting) -> None:
    world, owner = immich.server.world, immich.server.owner
    for number in range(600):
        world.add_seen(owner, f"/{number}/mnt/a.jpg")
    wanted = world.add_seen(owner, "/mnt/a.jpg")
    [found] = await immich.client.find_assets("/mnt/a.jpg")
    assert found.id == wanted.id
    pages = 1 if immich.server.version >= (3, 2) else 3
    assert len(immich.server.log.of("/search/metadata")) == pages + (immich.server.version < (3, 0))
    for asset in world.assets.values():  # now exactly there, all of them
        asset.path = "/mnt/b.jpg"
    assert len(await immich.client.find_assets("/mnt/b.jpg")) == 601


async def test_archived_and_trashed_assets(immich: Setting) -> None:
    world, owner, client = immich.server.world, immich.server.owner, immich.client
    for visibility in ("archive", "timeline"):
        for is_trashed in (False, True):
            asset = world.add_seen(owner, f"/mnt/{visibility}-{is_trashed}.jpg")
            asset.visibility, asset.is_trashed = visibility, is_trashed
    for visibility in ("archive", "timeline"):
        assert len(await client.find_assets(f"/mnt/{visibility}-False.jpg")) == 1
        assert await client.find_assets(f"/mnt/{visibility}-True.jpg") == ()
        [asset_in_trash] = await client.find_assets(f"/mnt/{visibility}-True.jpg", with_trashed=True)
        assert asset_in_trash.is_trashed


async def test_a_file_that_moves_leaves_its_asset_in_the_trash(immich: Setting) -> None:
    asset = await immich.scanned("a.jpg")
    (immich.server.folder / "a.jpg").rename(immich.server.folder / "b.jpg")
    await immich.scanned("c.jpg")
    gone = await immich.client.asset(asset.id)
    assert gone is not None
    assert (gone.is_offline, gone.is_trashed) == (True, True)
    assert await immich.client.find_assets(asset.path) == ()
    [new] = await immich.client.find_assets("/mnt/library/b.jpg")
    assert new.id != asset.id


async def test_what_is_gone_and_what_is_anothers_is_none(immich: Setting) -> None:
    world = immich.server.world
    other = world.add_user("Other")
    hers, person = world.add_seen(other, "/hers.jpg"), world.add_person(other, "Ann")
    for asset_id in (hers.id, world.new_id()):
        assert await immich.client.asset(asset_id) is None
    assert await immich.client.people.person(person.id) is None
    assert await immich.client.find_assets("/hers.jpg") == ()


# -- faces and people --------------------------------------------------------------------------------------------------


async def test_faces_have_boxes_and_people(immich: Setting) -> None:
    world, owner = immich.server.world, immich.server.owner
    ann, hidden, unnamed = (world.add_person(owner, "Ann"), world.add_person(owner, "X", is_hidden=True), None)
    unnamed = world.add_person(owner)
    world.faces["marker"] = [
        FacePlan(unnamed, (0.75, 0, 1, 1)),
        FacePlan(ann, (0, 0.5, 0.25, 1)),
        FacePlan(hidden, (0.25, 0, 0.5, 0.5)),
        FacePlan(None, (0.5, 0, 0.75, 1)),
    ]
    asset = await immich.scanned("group.jpg", b"...marker...")
    assert asset.has_thumbnail
    faces = await immich.client.people.faces(asset)
    assert faces is not None
    assert [face.person and (face.person.name, face.person.is_named, face.person.is_hidden) for face in faces] == [
        ("Ann", True, False),
        ("X", True, True),
        None,
        ("", False, False),
    ]
    assert faces[0].box == Box(0, 480, 360, 960)
    assert (faces[0].image_width, faces[0].image_height, faces[0].source) == (1440, 960, "machine-learning")
    assert faces[0].share == Box(0, 0.5, 0.25, 1)
    assert await immich.client.people.faces(await immich.scanned("nobody.jpg")) == ()


def test_a_box_is_cut_off_at_the_edges() -> None:
    face = Face("f", Box(-10, 20, 250, 80), 200, 100, None, "")
    assert face.share == Box(0, 0.2, 1, 0.8)
    assert (face.box.area, round(face.share.area, 3)) == (15600, 0.6)
    assert Face("f", Box(0, 0, 1, 1), 0, 100, None, "").share is None


async def test_an_asset_of_another_owner_is_not_an_asset_with_nobody_in_it(immich: Setting) -> None:
    world = immich.server.world
    other = world.add_user("Other")
    hers = world.add_seen(other, "/hers.jpg", FacePlan(world.add_person(other, "Ann")))
    world.partners.add((other.id, immich.server.owner.id))
    asset = await immich.client.asset(hers.id)
    assert asset is not None
    assert not asset.is_own
    assert [one.is_own for one in await immich.client.find_assets("/hers.jpg")] == [False]
    with pytest.raises(OtherOwnerError, match="belongs to another user"):
        await immich.client.people.faces(asset)
    world.partners.clear()
    mine = world.add_seen(immich.server.owner, "/mine.jpg")
    mine_asset = await immich.client.asset(mine.id)
    assert mine_asset is not None
    del world.assets[mine.id]
    assert await immich.client.people.faces(mine_asset) is None


async def test_all_people_are_listed_over_all_pages(immich: Setting) -> None:
    world, owner = immich.server.world, immich.server.owner
    people = [world.add_person(owner, f"P{number}", is_hidden=number % 4 == 0) for number in range(1201)]
    world.add_seen(owner, "/crowd.jpg", *(FacePlan(person) for person in people))
    listed = await immich.client.people.all()
    assert [person.id for person in listed] == [person.id for person in people]
    assert len(immich.server.log.of("/people")) == 3
    shown = await immich.client.people.all(with_hidden=False)
    assert (len(shown), any(person.is_hidden for person in shown)) == (900, False)


async def test_a_face_is_given_to_a_new_person(immich: Setting) -> None:
    world, people = immich.server.world, immich.client.people
    asset = world.add_seen(immich.server.owner, "/a.jpg", FacePlan(None))
    seen = await immich.client.asset(asset.id)
    assert seen is not None
    ann = await people.create("Ann")
    assert (await people.person(ann.id)) == ann
    faces = await people.faces(seen)
    assert faces is not None
    assert faces[0].person is None
    assert await people.reassign(faces[0].id, ann.id) == ann
    after = await people.faces(seen)
    assert after is not None
    assert after[0].person == ann
    with pytest.raises(NotFoundError):
        await people.reassign(faces[0].id, world.new_id())
    with pytest.raises(NotFoundError):
        await people.reassign(world.new_id(), ann.id)
