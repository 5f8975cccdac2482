"""Uploads to the demo Immich, in every version; and what may go into its trash."""

from __future__ import annotations

import hashlib
import os
import traceback
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from immich_cases import VERSIONS, Setting, setting

from core.demo.immich_world import FacePlan
from core.errors import EffectRefusedError, ServerError, UnreadableFileError
from core.servers.immich_assets import UploadCheck


@pytest.fixture(params=VERSIONS)
async def immich(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path / "library", request.param) as one:
        yield one


@pytest.fixture
async def newest(tmp_path: Path) -> AsyncIterator[Setting]:
    async with setting(tmp_path / "library") as one:
        yield one


def sha1(content: bytes) -> str:
    return hashlib.sha1(content).hexdigest()


async def test_an_upload_is_stored_once_and_found_in_the_trash(immich: Setting, tmp_path: Path) -> None:
    client, world = immich.client, immich.server.world
    ann = world.add_person(immich.server.owner, "Ann")
    world.faces["is ann"] = [FacePlan(ann)]
    content = b"this is ann" + bytes(600_000)
    file, digest = tmp_path / 'a "quoted" näme.JPG', sha1(content)
    file.write_bytes(content)
    os.utime(file, (1_700_000_000, 1_700_000_000))
    assert await client.check_uploads([digest, digest]) == {digest: UploadCheck(is_accepted=True)}
    stored = await client.upload(file, sha1=digest.upper())
    assert (stored.is_new, stored.is_trashed) == (True, False)
    await immich.server.queues.settled()
    asset = await client.asset(stored.asset_id)
    assert asset is not None
    assert (asset.file_name, asset.library_id, asset.has_thumbnail) == (file.name, None, True)
    assert (asset.has_content(digest), asset.has_content("0" * 40), asset.is_of_library) == (True, False, False)
    faces = await client.people.faces(asset)
    assert faces is not None
    assert [face.person and face.person.name for face in faces] == ["Ann"]
    again = await client.upload(file, sha1=digest)
    assert (again.asset_id, again.is_new, again.is_trashed) == (stored.asset_id, False, False)
    await client.trash_upload(stored.asset_id, digest)
    in_trash = await client.upload(file, sha1=digest)
    assert (in_trash.asset_id, in_trash.is_new, in_trash.is_trashed) == (stored.asset_id, False, True)
    check = (await client.check_uploads([digest]))[digest]
    assert check == UploadCheck(False, "duplicate", stored.asset_id, True)
    [form] = [one.variables for one in immich.server.log.of("POST /assets")][:1]
    assert form is not None
    assert form["form"]["fileModifiedAt"] == "2023-11-14T22:13:20.000Z"
    assert ("deviceId" in form["form"]) is (immich.server.version < (3, 0))


async def test_name_time_and_visibility_of_an_upload_may_be_others(newest: Setting, tmp_path: Path) -> None:
    file = tmp_path / "download.part"
    file.write_bytes(b"x")
    moment = datetime(2020, 5, 6, 7, 8, 9, tzinfo=UTC)
    stored = await newest.client.upload(file, sha1=sha1(b"x"), name="a.png", created_at=moment, visibility="archive")
    [request] = newest.server.log.of("POST /assets")
    assert request.variables is not None
    assert request.variables["form"]["fileCreatedAt"] == "2020-05-06T07:08:09.000Z"
    asset = await newest.client.asset(stored.asset_id)
    assert asset is not None
    assert (asset.file_name, asset.visibility) == ("a.png", "archive")
    file.write_bytes(b"y")
    with pytest.raises(ServerError, match=r"Unsupported file type download\.part"):
        await newest.client.upload(file, sha1=sha1(b"y"))


async def test_a_file_that_is_not_what_was_hashed_is_not_stored(newest: Setting, tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"another content")
    with pytest.raises(UnreadableFileError, match="changed while it was sent") as caught:
        await newest.client.upload(file, sha1=sha1(b"what was hashed"))
    trace = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    assert newest.server.api_key not in "".join(trace.format())
    with pytest.raises(UnreadableFileError, match="No such file"):
        await newest.client.upload(tmp_path / "missing.jpg", sha1=sha1(b""))
    assert newest.server.world.assets == {}
    assert (await newest.client.user()).is_admin  # the connection is of use again


async def test_only_what_was_uploaded_goes_into_the_trash_of_immich(immich: Setting) -> None:
    world, server, client = immich.server.world, immich.server, immich.client
    of_library, content = await immich.scanned("a.jpg"), sha1(b"a picture")
    upload = world.add_asset(server.owner.id, "/up/1.jpg", sha1=bytes.fromhex(content))
    other = world.add_user("Other")
    hers = world.add_asset(other.id, "/up/2.jpg", sha1=bytes.fromhex(content))
    world.partners.add((other.id, server.owner.id))
    for asset_id, digest, reason in (
        (of_library.id, content, "file of a library"),
        (hers.id, content, "another user"),
        (upload.id, "0" * 40, "another content"),
        (world.new_id(), content, "not there"),
    ):
        with pytest.raises(EffectRefusedError, match=reason):
            await client.trash_upload(asset_id, digest)
    server.backend.has_trash = False
    with pytest.raises(EffectRefusedError, match="switched off"):
        await client.trash_upload(upload.id, content)
    assert not any(asset.is_trashed for asset in world.assets.values())
    world.assets[of_library.id].library_id = None  # a server that no longer tells
    with pytest.raises(EffectRefusedError, match="file of a library"):
        await client.trash_upload(of_library.id, content)
    assert not server.log.of("DELETE /assets")
    server.backend.has_trash = True
    await client.trash_upload(upload.id, content)
    [request] = server.log.of("DELETE /assets")
    assert request.variables is not None
    assert request.variables["body"] == {"ids": [upload.id], "force": False}


async def test_what_only_seems_to_be_done_is_not_taken_for_done(newest: Setting, tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(b"x")
    newest.server.faults.add("pretend", only="POST /assets")
    stored = await newest.client.upload(file, sha1=sha1(b"x"))
    assert await newest.client.asset(stored.asset_id) is None
