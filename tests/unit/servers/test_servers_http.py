"""Addresses, channels, credentials, documents and hashes: the parts below the clients."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import ConfigError, ServerError
from core.model.fingerprints import Algorithm, Fingerprint, fingerprint_digest, parse_hash
from core.model.scenes import MediaFile, Scene
from core.servers import stash_box_documents, stash_documents
from core.servers.address import parse_address, shown
from core.servers.call import Call, Credential, Policy
from core.servers.documents import Document, table
from core.servers.graphql import GraphQLClient
from core.servers.hashes import read_hash, write_hash
from core.servers.http import Http
from core.servers.oddities import Oddities

SECRET = "sEcReT"


@pytest.mark.parametrize(
    ("text", "url", "origin"),
    [
        ("http://nas:9999", "http://nas:9999", ("http", "nas", 9999)),
        (" HTTPS://NAS/graphql#x ", "https://nas/graphql", ("https", "nas", 443)),
        ("https://nas:443/a?b=c", "https://nas/a?b=c", ("https", "nas", 443)),
        (f"http://me:{SECRET}@nas/?apikey={SECRET}&x=1&ApiKey={SECRET}", "http://nas/?x=1", ("http", "nas", 80)),
        ("http://[::1]:9999/", "http://[::1]:9999/", ("http", "::1", 9999)),
    ],
)
def test_an_address_keeps_no_secret(text: str, url: str, origin: tuple[str, str, int]) -> None:
    address = parse_address(text)
    assert (address.url, address.origin) == (url, origin)
    assert shown(text) == url
    assert SECRET not in repr(address)


@pytest.mark.parametrize(
    "text",
    ["", "nas", "nas:9999", "ftp://nas", "http://", "http://nas:99999", f"http://[{SECRET}", "http://a\nb", "//nas"],
)
def test_what_is_no_address_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(ConfigError, match="the endpoint is not the address of a server") as caught:
        parse_address(text, "the endpoint")
    assert SECRET not in str(caught.value)
    assert shown(text) == "an address that cannot be read"


@pytest.mark.parametrize("host", ["a..b", "*", "-", "xn--", "a" * 80 + ".example", "%00"])
async def test_odd_hosts_are_an_error_of_ours(host: str) -> None:
    async with Http(Policy(attempts=1)) as http:
        with pytest.raises((ConfigError, ServerError)):
            await http.channel(f"http://{host}/").send(Call(f"http://{host}/", is_write=True))


async def test_a_channel_belongs_to_an_origin() -> None:
    async with Http() as http:
        one = http.channel("http://nas:9999/graphql", requests_per_minute=240)
        assert http.channel("HTTP://user@NAS:9999/other", requests_per_minute=60, concurrency=2) is one
        assert http.channel("https://nas:9999/graphql") is not one
        assert http.channel("http://nas:9998/graphql") is not one
        assert (one.pace.requests_per_minute, one.pace.concurrency) == (60, 2)
        assert len(http.channels) == 3


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALL_PROXY", f"gopher://me:{SECRET}@host"),
        ("HTTPS_PROXY", f"http://:{SECRET}@host:99x"),
        ("SSL_CERT_FILE", "/no/file"),
    ],
)
async def test_an_unusable_environment_is_told_without_its_secrets(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(ConfigError, match=name) as caught:
        async with Http():
            pass
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_channel_needs_open_connections() -> None:
    with pytest.raises(RuntimeError, match="async with"):
        Http().channel("http://nas")


def test_a_credential_shows_nothing() -> None:
    credential = Credential(SECRET, basic=f"Basic {SECRET}")
    assert SECRET not in repr(credential)
    assert SECRET not in repr(Call("http://nas", credential=credential))
    assert credential.hide(f"no key {SECRET}") == "no key ***"
    assert Credential().hide("nothing to hide") == "nothing to hide"


def test_optional_parts_follow_what_the_server_has() -> None:
    document = Document("Q", "query Q { a <<T.b: b { c }>> <<!T.d: e>> <<T.d: d>> }")
    assert document.coordinates == ("T.b", "T.d")
    assert document.build() == "query Q { a e }"
    assert document.build(frozenset({"T.b", "T.d", "T.x"})) == "query Q { a b { c } d }"
    assert len(list(document.variants())) == 4


def test_a_table_refuses_two_of_a_name_and_a_name_not_in_its_text() -> None:
    document = Document("Q", "query Q { a }")
    with pytest.raises(ValueError, match="name of its own"):
        table(document, document)
    with pytest.raises(ValueError, match="name of its own"):
        table(Document("R", "query Q { a }"))


async def test_nothing_is_sent_that_is_not_in_the_table() -> None:
    async with Http() as http:
        address = parse_address("http://nas.invalid/graphql")
        client = GraphQLClient(http.channel(address.url), address, Credential(), stash_documents.DOCUMENTS)
        twin = Document(stash_documents.STATUS.name, stash_documents.STATUS.text)
        for stranger in (twin, stash_box_documents.LOOK_UP):
            with pytest.raises(ValueError, match="not in the table"):
                await client.ask(stranger)
        assert http.channels[0].counters.requests == 0


@given(st.sampled_from(list(Algorithm)), st.text("0123456789abcdefABCDEFxX_ -", max_size=34))
def test_hashes_are_read_as_the_model_reads_them(kind: Algorithm, text: str) -> None:
    oddities = Oddities()
    expected: tuple[Algorithm, int] | None = None
    if text == text.strip():
        try:
            expected = (kind, parse_hash(kind, text))
        except ValueError:
            expected = None
    assert read_hash(kind.lower(), text, oddities) == expected
    assert len(oddities) == (expected is None)


@given(st.sampled_from(list(Algorithm)), st.integers(0, (1 << 64) - 1))
def test_a_hash_survives_the_wire(kind: Algorithm, value: int) -> None:
    text = write_hash(Fingerprint(kind, value))
    assert read_hash(kind.value, text, Oddities()) == (kind, value)
    assert len(text) == kind.hex_digits or kind is Algorithm.PHASH


PAIRS = st.lists(st.lists(st.tuples(st.sampled_from([kind.value for kind in Algorithm]), st.integers(0, 1 << 63))))


@given(PAIRS, st.randoms())
def test_the_digest_ignores_order_repetition_and_files_without_hashes(
    files: list[list[tuple[str, int]]], shuffler: object
) -> None:
    digest = fingerprint_digest(files)
    other = [[*file, *file[:1]] for file in files] + [[]]
    for part in (other, *other):
        shuffler.shuffle(part)  # type: ignore[attr-defined]  # random.Random as hypothesis makes it
    assert fingerprint_digest(other) == digest
    assert len(digest) == 16
    assert fingerprint_digest([*files, [("OSHASH", 1 << 64)]]) != digest


def test_the_digest_of_a_scene_is_that_of_its_files() -> None:
    prints = (Fingerprint(Algorithm.PHASH, 5), Fingerprint(Algorithm.OSHASH, 6))
    scene = Scene(1, "", "", files=(MediaFile(1, "a", 1, None, fingerprints=prints), MediaFile(2, "b", 1, None)))
    assert scene.digest == fingerprint_digest([[("OSHASH", 6), ("PHASH", 5)]])
    assert scene.digest != fingerprint_digest([[("OSHASH", 6)], [("PHASH", 5)]])
