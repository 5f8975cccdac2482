"""Where a stash-box says that a cover stands: a public one cannot make Winnow ask around in the own network."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
from raw_server import RawServer, answer

from core.errors import MalformedAnswerError
from core.model.stash_boxes import StashBox
from core.servers.http import Http
from core.servers.stash_box import StashBoxClient

pytest_plugins = ["server_fixtures"]

ADDRESSES = {"public.example": "93.184.215.14", "own.example": "192.168.1.5", "inner.example": "127.0.0.1"}


@pytest.fixture(autouse=True)
def names(monkeypatch: pytest.MonkeyPatch) -> None:
    """Names that are looked up lead to these addresses."""

    async def look_up(_: Any, host: str, port: int, **__: Any) -> list[Any]:
        address = ADDRESSES.get(host, host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look_up)


def box_at(http: Http, endpoint: str) -> StashBoxClient:
    return StashBoxClient(http, StashBox(endpoint, "Meadow", "k", 60_000))


@pytest.mark.parametrize("host", ["127.0.0.1", "inner.example"])
async def test_a_public_stash_box_names_a_cover_in_the_own_network(raw: RawServer, http: Http, host: str) -> None:
    raw.reply = lambda _: answer(b"x", 200, "image/jpeg")
    box = box_at(http, "https://public.example/graphql")
    with pytest.raises(
        MalformedAnswerError, match=r"a cover inside your own network \(loopback\), which is not fetched"
    ):
        await box.cover(f"http://{host}:{raw.port}/a.jpg")
    assert raw.requests == []


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:1/graphql", "http://own.example/graphql"])
async def test_one_of_the_own_network_may(raw: RawServer, http: Http, endpoint: str) -> None:
    raw.reply = lambda _: answer(b"x", 200, "image/jpeg")
    assert await box_at(http, endpoint).cover(f"{raw.url}/a.jpg") == b"x"
