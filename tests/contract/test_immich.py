"""Every call Winnow makes to Immich, in the form for every version, suits the contract; so do the demo's answers."""

from __future__ import annotations

import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from immich_cases import VERSIONS, setting
from immich_uses import Exchange, RecordingHttp, use_immich
from openapi_check import Contract, Sent

from core.demo.immich_calls import CALLS
from core.servers import immich, immich_http, immich_people, immich_progress
from core.servers.immich_version import CORRECTION, LIBRARY, READING, TRASH, UPLOAD, ImmichVersion

CONTRACT = Path(__file__).resolve().parents[3] / "shared" / "contracts" / "immich-3.3.openapi.json"
pytestmark = pytest.mark.skipif(not CONTRACT.is_file(), reason=f"the contract of Immich, {CONTRACT}, is absent")

# What an upload up to 2.x must name and 3.x does not know.
OLD_PARTS = ["POST /assets: form.deviceAssetId: unknown", "POST /assets: form.deviceId: unknown"]
PERSON = {"otherPeople: missing", "sharedBy: missing", "sharedWith: missing"}
OLD_ASSET = {
    "deviceId: unknown",
    "deviceAssetId: unknown",
    "unassignedFaces: unknown",
    "faces: unknown",
    "duration: '0:00:00.00000' is no integer",
}
OLD_SIZE = {"width: missing", "height: missing", "isEdited: missing"}
FEATURES = {"realtimeTranscoding: missing"}
# The ends of all that is different in the answers of each version, and why (see `older`).
SINCE_3_3 = PERSON
SINCE_3_2 = {"nextCursor: missing", "clusterGroupId: missing"}
SINCE_3_0 = OLD_ASSET | FEATURES | {"prerelease: missing"}
SINCE_2_5 = OLD_SIZE
SINCE_2_4 = {"workflow: missing", "editor: missing", "integrityCheck: missing"}  # queues, which are keys only there
SINCE_2_2 = {"ocr: missing"}


def older(version: tuple[int, ...]) -> set[str]:
    """All that may differ from 3.3 in the answers of a version."""
    ages = [
        ((3, 3), SINCE_3_3),
        ((3, 2), SINCE_3_2),
        ((3, 0), SINCE_3_0),
        ((2, 5), SINCE_2_5),
        ((2, 4), SINCE_2_4),
        ((2, 2), SINCE_2_2),
    ]
    return {words for since, differences in ages if version < since for words in differences}


def ending(words: str) -> str:
    """The last field in words about a difference, and what is wrong with it."""
    place, _, fault = words.removeprefix("GET ").removeprefix("POST ").rpartition(": ")
    return f"{place.rpartition('.')[2]}: {fault}"


@pytest.fixture(scope="module")
def contract() -> Contract:
    return Contract(json.loads(CONTRACT.read_text("utf-8")))


async def exchanges(folder: Path, version: str) -> list[Exchange]:
    """All that goes to and fro when everything is used once."""
    async with setting(folder / "library", version) as one, RecordingHttp() as http:
        await use_immich(one, http, folder)
        return http.record


@pytest.mark.parametrize("version", VERSIONS)
async def test_every_request_suits_the_contract(contract: Contract, tmp_path: Path, version: str) -> None:
    used = set()
    is_old = tuple(map(int, version.split("."))) < (3, 0)
    for exchange in await exchanges(tmp_path, version):
        route = contract.route(exchange.sent.method, exchange.sent.path)
        used.add(f"{exchange.sent.method} {route}")
        expected = OLD_PARTS if is_old and exchange.sent.form is not None else []
        assert sorted(contract.request(exchange.sent)) == expected
        assert "key=" not in exchange.call.url.lower()
        if exchange.sent.form is not None:
            assert list(exchange.sent.form)[-1] == "assetData"
            assert len(exchange.headers["x-immich-checksum"]) == 40
    numbers = tuple(map(int, version.split(".")))
    may = {call.name for call in CALLS if numbers >= call.since} - {"PUT /jobs/{name}"}
    assert used == may - ({"GET /jobs"} if numbers >= (2, 4) else set())


async def test_a_search_never_mixes_its_two_kinds(tmp_path: Path) -> None:
    """A filter beside the fields it replaces is refused."""
    for version in VERSIONS:
        for exchange in await exchanges(tmp_path / version, version):
            if exchange.sent.path == "/search/metadata":
                names = set(exchange.sent.body)
                assert names <= {"filter", "size", "cursor"} or not names & {"filter", "cursor", "orderBy"}
                assert ("filter" in names) is (version == "3.3")


async def test_nothing_is_ever_forced(tmp_path: Path) -> None:
    for version in VERSIONS:
        for exchange in await exchanges(tmp_path / version, version):
            assert '"force":true' not in json.dumps(exchange.sent.body, separators=(",", ":"))
            assert not exchange.sent.path.startswith("/jobs/")


@pytest.mark.parametrize("version", VERSIONS)
async def test_the_demo_answers_as_the_contract_says(contract: Contract, tmp_path: Path, version: str) -> None:
    numbers = tuple(map(int, version.split(".")))
    found: dict[str, list[str]] = defaultdict(list)
    for exchange in await exchanges(tmp_path, version):
        route = contract.route(exchange.sent.method, exchange.sent.path)
        assert route is not None
        for words in contract.response(exchange.sent.method, route, exchange.answer.status, exchange.body):
            found[ending(words)].append(words)
    assert found.keys() == older(numbers), {end: places[:2] for end, places in found.items()}


def test_the_demo_asks_for_the_scopes_the_contract_names(contract: Contract) -> None:
    for call in CALLS:
        if not call.is_public:
            assert (call.scope or None) == contract.scope(call.method, call.route), call.name
            assert call.is_admin == contract.is_admin_only(call.method, call.route), call.name


def test_the_scopes_winnow_asks_for_exist() -> None:
    document: dict[str, Any] = json.loads(CONTRACT.read_text("utf-8"))
    known = set(document["components"]["schemas"]["Permission"]["enum"])
    queues = {scope for version in (ImmichVersion(1, 133), ImmichVersion(3, 3)) for scope in version.queue_scopes}
    assert {*READING, *LIBRARY, *UPLOAD, *CORRECTION, *TRASH} | queues <= known
    needed = {call.scope for call in CALLS if (call.scope and call.method != "PUT") or call.route == "/faces/{id}"}
    assert needed == {*READING, *LIBRARY, *UPLOAD, *CORRECTION, *TRASH} | queues


def test_no_path_hides_outside_the_calls_of_the_demo() -> None:
    """What the client may send is all answered by the demo, and so all seen by the tests above."""
    routes = {call.route.partition("{")[0].rstrip("/") for call in CALLS}
    for module in (immich, immich_http, immich_people, immich_progress):
        text = Path(module.__file__ or "").read_text("utf-8")
        for line in text.splitlines():
            for quoted in line.split('"')[1::2]:
                if quoted.startswith("/") and quoted not in ("/", "/api"):
                    assert quoted.partition("{")[0].rstrip("/") in routes, quoted


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (Sent("GET", "/nothing"), "no such call"),
        (Sent("GET", "/faces"), "query id: missing"),
        (Sent("GET", "/faces", (("id", "1"),)), "is no uuid"),
        (Sent("GET", "/people", (("page", "0"), ("size", "9999"))), "out of bounds"),
        (Sent("GET", "/people", (("withHidden", "True"),)), "is no boolean"),
        (Sent("GET", "/people", (("order", "x"),)), "query order: unknown"),
        (Sent("GET", "/queues/nothing/jobs"), "none of its values"),
        (Sent("POST", "/search/metadata", body={"size": "5"}), "is no integer"),
        (Sent("POST", "/search/metadata", body={"filter": {"originalPath": {"is": "x"}}}), "is: unknown"),
        (Sent("POST", "/search/metadata"), "needs a body"),
        (Sent("POST", "/assets", form={"fileCreatedAt": ""}), "assetData: missing"),
        (Sent("POST", "/libraries/6a0e1b0e-6a0e-1b0e-8a0e-6a0e1b0e6a0e/scan"), "fourth kind"),
        (Sent("POST", "/libraries/6a0e1b0e-6a0e-4b0e-8a0e-6a0e1b0e6a0e/scan", body={}), "takes no JSON"),
    ],
)
def test_the_judge_sees_what_is_wrong(contract: Contract, sent: Sent, words: str) -> None:
    assert any(words in difference for difference in contract.request(sent)), contract.request(sent)
