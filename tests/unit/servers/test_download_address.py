"""Addresses strangers name: which are fetched, where redirects lead, what is shown, which are refused."""

from __future__ import annotations

import base64
import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.servers.download_address import BadAddressError, parse_target, redirected, shown_address, why_refused

SECRET = "sEcReT"


@pytest.mark.parametrize(
    ("text", "url", "shown"),
    [
        ("https://site.example", "https://site.example/", "https://site.example/"),
        (" HTTP://Site.Example:80/A b?q=x y#z ", "http://site.example/A%20b?q=x%20y", "http://site.example/A%20b?..."),
        ("https://site.example:443/%41%2F", "https://site.example/%41%2F", "https://site.example/%41%2F"),
        ("https://site.example:8443/ü", "https://site.example:8443/%C3%BC", "https://site.example:8443/%C3%BC"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/", "https://xn--bcher-kva.example/"),
        ("http://[::1]:81/a", "http://[::1]:81/a", "http://[::1]:81/a"),
        (
            f"https://me:{SECRET}@h.example/a?token={SECRET}",
            f"https://h.example/a?token={SECRET}",
            "https://h.example/a?...",
        ),
    ],
)
def test_an_address_is_spelt_for_the_wire_and_shown_without_secrets(text: str, url: str, shown: str) -> None:
    target = parse_target(text)
    assert (target.url, target.shown, shown_address(text)) == (url, shown, shown)
    assert SECRET not in repr(target)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "no address of the form"),
        ("hills.jpg", "no address of the form"),
        ("//site.example/a", "no address of the form"),
        ("http:///a", "names no host"),
        ("http://a b/", "names no host"),
        ("http://%00/", "names no host"),
        (f"http://[{SECRET}", "no address of the form"),
        ("http://site.example:99999/", "no address of the form"),
        ("http://site.example/a\nb", "no address of the form"),
        ("http://xn--ü.example/", "names no host"),
        ("file:///etc/passwd", "only http and https are fetched, and this is file"),
        ("ftp://site.example/a", "this is ftp"),
        ("data:image/png;base64,AAAA", "this is data"),
        ("javascript:alert(1)", "this is javascript"),
        ("http://site.example/" + "a" * 9000, "more than 8192 characters"),
    ],
)
def test_what_is_not_fetched_is_refused_without_repeating_it(text: str, words: str) -> None:
    with pytest.raises(BadAddressError, match=words) as caught:
        parse_target(text)
    assert SECRET not in str(caught.value)
    assert shown_address(text) == "an address that cannot be fetched"


@given(st.text(max_size=60) | st.text(max_size=40).map(lambda rest: f"http://{rest}"))
def test_any_text_is_an_address_or_refused(text: str) -> None:
    try:
        target = parse_target(text)
    except BadAddressError:
        return
    assert target.url.isascii()
    assert target.url.isprintable()
    assert parse_target(target.url).url == target.url


def test_credentials_stay_with_their_origin() -> None:
    target = parse_target(f"https://me:{SECRET}%40@site.example/a")
    assert target.basic == "Basic " + base64.b64encode(f"me:{SECRET}@".encode()).decode()
    assert redirected(target, "/b").basic == target.basic
    assert redirected(target, "https://site.example:443/b").basic == target.basic
    for elsewhere in (
        "https://other.example/",
        "http://site.example/",
        "https://site.example:444/",
        "//www.site.example/",
    ):
        assert redirected(target, elsewhere).basic == ""
    assert redirected(target, "https://you:x@other.example/").basic.startswith("Basic ")


@pytest.mark.parametrize(
    ("location", "url"),
    [
        ("b.jpg", "https://site.example/a/b.jpg"),
        ("/b c.jpg", "https://site.example/b%20c.jpg"),
        ("?x=1", "https://site.example/a/x?x=1"),
        ("//other.example/b", "https://other.example/b"),
        ("../../../b", "https://site.example/b"),
    ],
)
def test_redirects_are_followed_relative_to_where_they_stand(location: str, url: str) -> None:
    assert redirected(parse_target("https://site.example/a/x"), location).url == url


def test_redirects_to_elsewhere_than_the_web_are_refused() -> None:
    target = parse_target("https://site.example/a")
    for location in ("file:///etc/passwd", "ftp://x/", "http://[", "http://", "data:,x"):
        with pytest.raises(BadAddressError):
            redirected(target, location)


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("93.184.215.14", None),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", None),
        ("127.0.0.1", "loopback"),
        ("127.255.255.254", "loopback"),
        ("::1", "loopback"),
        ("0.0.0.0", "unspecified"),
        ("::", "unspecified"),
        ("10.1.2.3", "private"),
        ("172.16.0.1", "private"),
        ("192.168.178.1", "private"),
        ("100.64.0.1", "private"),
        ("169.254.169.254", "link-local"),
        ("fe80::1%eth0", "link-local"),
        ("fc00::1", "private"),
        ("fec0::1", "private"),
        ("224.0.0.1", "multicast"),
        ("ff02::1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("240.0.0.1", "reserved"),
        ("::ffff:127.0.0.1", "loopback"),
        ("::ffff:10.0.0.1", "private"),
        ("::ffff:93.184.215.14", None),
        ("::127.0.0.1", "loopback"),
        ("64:ff9b::10.0.0.1", "private"),
        ("64:ff9b::93.184.215.14", None),
        ("2002:7f00:1::", "loopback"),
        ("2002:c0a8:101::1", "private"),
        ("nonsense", "unknown"),
        ("", "unknown"),
    ],
)
def test_which_addresses_are_refused(address: str, kind: str | None) -> None:
    assert why_refused(address) == kind


@given(st.ip_addresses(v=4))
def test_an_address_inside_another_is_seen_through(address: ipaddress.IPv4Address) -> None:
    kind = why_refused(str(address))
    assert (kind is None) == (address.is_global and not address.is_multicast)
    if int(address) > 1:
        for inside in (f"::ffff:{address}", f"::{address}", f"64:ff9b::{address}"):
            assert why_refused(inside) == kind
