"""The demo Immich itself: what it notes, what it refuses, and how it goes wrong when told to."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec
import pytest
from immich_cases import setting

from core.demo.immich_server import DemoImmich
from core.demo.immich_world import FacePlan
from core.errors import MalformedAnswerError
from core.servers.call import Answer, Call, Credential
from core.servers.http import Http


async def ask(http: Http, server: DemoImmich, verb: str, path: str, body: Any = None) -> Answer:
    url = server.base_url + path
    credential = Credential(server.api_key, header="x-api-key")
    encoded = None if body is None else msgspec.json.encode(body)
    return await http.channel(url).send(Call(url, body=encoded, verb=verb, credential=credential))


async def test_what_winnow_must_never_ask_for_is_noted(tmp_path: Path) -> None:
    async with DemoImmich.open(tmp_path / "library") as server, Http() as http:
        (tmp_path / "library" / "a.jpg").write_bytes(b"x")
        asset = server.world.add_asset(server.owner.id, "/mnt/library/a.jpg", library_id=server.library.id)
        assert (await ask(http, server, "DELETE", "/api/assets", {"ids": [asset.id], "force": True})).status == 204
        assert (await ask(http, server, "PUT", "/api/jobs/faceDetection", {"command": "start"})).status == 400
        assert [words.split()[1] for words in server.log.violations] == ["deleted", "put", "told"]


async def test_outside_of_its_api_it_is_a_web_page(tmp_path: Path) -> None:
    async with DemoImmich.open(tmp_path) as server, Http() as http:
        page = await ask(http, server, "GET", "/photos")
        assert (page.status, page.content_type) == (200, "text/html")
        known = await ask(http, server, "GET", "/.well-known/immich")
        assert msgspec.json.decode(known.body) == {"api": {"endpoint": "/api"}}
        assert (await ask(http, server, "GET", "/api/nothing")).status == 404


@pytest.mark.parametrize("version", ["2.5", "3.0"])
async def test_a_body_that_does_not_fit_is_refused_in_the_words_of_the_version(tmp_path: Path, version: str) -> None:
    async with DemoImmich.open(tmp_path, version=version) as server, Http() as http:
        answer = await ask(http, server, "GET", "/api/assets/6a0e1b0e-6a0e-1b0e-8a0e-6a0e1b0e6a0e")
        body = msgspec.json.decode(answer.body)
        assert answer.status == 400
        if version == "3.0":  # ids of the fourth kind alone
            assert body["errors"][0]["path"] == ["id"]
        else:
            assert body["message"] == "Not found or no asset.read access"


async def test_a_port_is_the_same_again_where_it_is_free(tmp_path: Path) -> None:
    async with DemoImmich.open(tmp_path) as server:
        port = urlsplit(server.base_url).port or 0
        async with DemoImmich.open(tmp_path, port=port) as other:
            assert urlsplit(other.base_url).port != port
    async with DemoImmich.open(tmp_path, port=port) as server:
        assert urlsplit(server.base_url).port == port


@pytest.mark.parametrize("kind", ["null-list", "inner-nulls", "huge"])
async def test_spoilt_answers_are_malformed(tmp_path: Path, kind: str) -> None:
    async with setting(tmp_path) as one:
        one.server.world.add_seen(one.server.owner, "/a.jpg", FacePlan())
        for use in (one.client.libraries, lambda: one.client.find_assets("/a.jpg")):
            await one.client.user()
            await one.client.version()
            one.server.faults.add(kind)
            with pytest.raises(MalformedAnswerError):
                await use()


async def test_a_scan_of_a_folder_that_is_missing_changes_nothing(tmp_path: Path) -> None:
    async with setting(tmp_path) as one:
        asset = await one.scanned("in/a.jpg")
        library = one.server.world.add_library(one.server.owner, "Away", "/mnt/library/away")
        await one.client.scan_library(library.id)
        await one.server.queues.settled()
        assert library.refreshed_at is None
        assert await one.client.asset(asset.id) == asset
