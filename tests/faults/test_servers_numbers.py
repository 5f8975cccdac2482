"""Numbers in texts and headers of servers with more digits than anybody counts to."""

from __future__ import annotations

import pytest
from raw_server import RawRequest, RawServer, Reply, answer, data
from server_cases import OSHASH

from core.errors import GraphQLError, MalformedAnswerError, ServerError
from core.model.stash_boxes import StashBox
from core.servers.http import Http
from core.servers.immich import ImmichClient
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient, Submission

pytest_plugins = ["server_fixtures"]

DIGITS = "9" * 5000


async def test_a_scene_id_in_words(raw: RawServer, stash: StashClient) -> None:
    raw.answers(WinnowScenes=data(None, [{"message": f"scene with id {DIGITS} not found"}]))
    assert await stash.scenes([1]) == []


@pytest.mark.parametrize("length", [DIGITS, "9" * 19, "-1", "1_0", "٣", "0x10", ""])
async def test_a_content_length(raw: RawServer, stash: StashClient, length: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n"
    raw.reply = lambda _: Reply((head.encode() + b'{"data":{}}',), closes=True)
    with pytest.raises(ServerError):
        await stash.status()


async def test_the_number_of_the_next_page(raw: RawServer, http: Http) -> None:
    def reply(request: RawRequest) -> Reply:
        if request.path.endswith("/version"):
            return answer('{"major": 2, "minor": 0, "patch": 0}')
        if request.path.endswith("/me"):
            return answer('{"id": "o", "isAdmin": true}')
        return answer(f'{{"assets": {{"items": [], "nextPage": "{DIGITS}"}}}}')

    raw.reply = reply
    client = ImmichClient(http, raw.url, "key")
    with pytest.raises(MalformedAnswerError):
        await client.find_assets("/a/b.jpg")


@pytest.mark.parametrize("said", ["zz", "g" * 40, "f" * 10_000, "²", "", "-1", "0x1"])
async def test_hashes_of_a_submission_that_are_none(raw: RawServer, http: Http, said: str) -> None:
    fields = {"Mutation": {"fields": [{"name": "submitFingerprints"}]}}
    row = {"hash": said, "scene_id": "s", "error": None}
    raw.answers(WinnowStashBoxFeatures=data(fields), WinnowSubmitMany=data({"submitFingerprints": [row]}))
    box = StashBoxClient(http, StashBox(f"{raw.url}/graphql", "Meadow", "k", 60_000))
    assert await box.submit_fingerprints([Submission("s", OSHASH, 1)]) == ("the server did not take it",)


async def test_a_refusal_that_is_nested_without_end(raw: RawServer, stash: StashClient, http: Http) -> None:
    deep = '{"errors":' + "[" * 100_000 + "]" * 100_000 + "}"
    raw.reply = lambda _: answer(deep, 422)
    with pytest.raises(ServerError):
        await stash.status()
    with pytest.raises(ServerError):
        await ImmichClient(http, raw.url, "key").ping()


async def test_a_problem_at_a_boundless_place(raw: RawServer, stash: StashClient) -> None:
    raw.answers(WinnowStatus=data(None, [{"message": "no", "path": ["a", 10**30]}]))
    with pytest.raises((GraphQLError, MalformedAnswerError)):
        await stash.status()
