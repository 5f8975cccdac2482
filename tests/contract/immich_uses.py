"""One use of everything the Immich client can do, and a record of what went over the wire."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec
from immich_cases import Setting
from openapi_check import Sent

from core.demo.immich_world import FacePlan
from core.errors import UncertainWriteError
from core.servers.call import Answer, Call
from core.servers.http import Channel, Http
from core.servers.immich import ImmichClient

_PART = re.compile(rb'name="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Exchange:
    """A request, the parts of its form's head, its headers, and what came back."""

    call: Call
    sent: Sent
    answer: Answer
    headers: dict[str, str] = field(default_factory=dict)

    @property
    def body(self) -> Any:
        """The answer decoded, None where it is empty."""
        return msgspec.json.decode(self.answer.body) if self.answer.body else None


class RecordingChannel(Channel):
    """A channel that keeps what goes over it."""

    def __init__(self, inner: Channel, record: list[Exchange]) -> None:
        self._inner = inner
        self._record = record

    async def send(self, call: Call) -> Answer:
        """Make the call, then keep it."""
        answer = await self._inner.send(call)
        self._record.append(Exchange(call, await sent_by(call), answer, call.sent_headers))
        return answer


class RecordingHttp(Http):
    """Connections that keep what goes over them."""

    def __init__(self) -> None:
        super().__init__()
        self.record: list[Exchange] = []

    def channel(self, url: str, *, requests_per_minute: int | None = None, concurrency: int = 4) -> Channel:
        """The real channel, listened to."""
        inner = super().channel(url, requests_per_minute=requests_per_minute, concurrency=concurrency)
        return RecordingChannel(inner, self.record)


async def sent_by(call: Call) -> Sent:
    """A call as the contract sees it."""
    parts = urlsplit(call.url)
    query = tuple(parse_qsl(parts.query, keep_blank_values=True))
    body = None if call.body is None else msgspec.json.decode(call.body)
    form = None if call.upload is None else form_of(b"".join([part async for part in call.upload.parts()]))
    return Sent(call.method, parts.path.removeprefix("/api"), query, body, form)


def form_of(raw: bytes) -> dict[str, str]:
    """Names and texts of a form, in order."""
    boundary = raw.partition(b"\r\n")[0]
    parts = (part.partition(b"\r\n\r\n") for part in raw.split(boundary) if b"name=" in part)
    named = ((_PART.search(head), value) for head, _, value in parts)
    return {name[1].decode(): value.removesuffix(b"\r\n").decode() for name, value in named if name is not None}


async def use_immich(one: Setting, http: Http, folder: Path) -> None:
    """Everything, each in every form it can take."""
    client = ImmichClient(http, one.server.base_url, one.server.api_key)
    world, owner = one.server.world, one.server.owner
    world.faces["a.jpg"] = [FacePlan(world.add_person(owner, "Ann")), FacePlan()]
    await client.ping()
    await client.version()
    await client.features()
    await client.media_types()
    await client.key_rights()
    [library] = await client.libraries()
    path = one.server.path_of(one.file("in/a.jpg"))
    world.add_seen(owner, path + "/another")
    await client.scan_library(library.id)
    one.server.queues.pause("facialRecognition")
    await one.server.queues.settled()
    assert await client.library(library.id)
    [asset] = await client.find_assets(path, library_id=library.id, with_trashed=True)
    assert (await client.find_assets(path)) == (asset,)
    assert await client.assets_below(one.server.path_of(one.server.folder / "in"), library_id=library.id) == (asset,)
    await client.progress([asset.id])
    await client.queued_jobs("faceDetection")
    one.server.queues.resume()
    await one.server.queues.settled()
    empty = world.add_seen(owner, "/empty.jpg")
    await client.progress([asset.id, empty.id])
    await client.queues()
    await use_people(client, asset.id)
    await use_uploads(one, client, folder)


async def use_people(client: ImmichClient, asset_id: str) -> None:
    """Faces, people, corrections."""
    asset = await client.asset(asset_id)
    assert asset is not None
    faces = await client.people.faces(asset)
    assert faces is not None
    person = await client.people.create("Bea")
    await client.people.reassign(faces[1].id, person.id)
    assert len(await client.people.all()) == 2
    await client.people.all(with_hidden=False)
    assert await client.people.person(person.id) == person


async def use_uploads(one: Setting, client: ImmichClient, folder: Path) -> None:
    """A new one, one that is known, one in the trash, one that is cut off."""
    file = folder / "b.jpg"
    file.write_bytes(b"content")
    sha1 = hashlib.sha1(b"content").hexdigest()
    await client.check_uploads([sha1])
    stored = await client.upload(file, sha1=sha1, visibility="archive")
    await client.upload(file, sha1=sha1)
    await client.trash_upload(stored.asset_id, sha1)
    assert (await client.check_uploads([sha1]))[sha1].is_trashed
    one.server.faults.add("cut", only="POST /people")
    try:
        await client.people.create("Cut")
    except UncertainWriteError:
        return
    raise AssertionError("a write that was cut off is uncertain")
