"""Addresses that strangers name: which are fetched at all, where they may lead, and what is shown of them."""

from __future__ import annotations

import base64
import ipaddress
import socket
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote, unquote, urljoin, urlsplit

import idna

PORTS: Final = {"http": 80, "https": 443}
LONGEST: Final = 8192  # characters of an address; servers refuse longer ones
LONGEST_SHOWN: Final = 200
_KEPT_IN_PATH: Final = "/%:@!$&'()*+,;=~"
_KEPT_IN_QUERY: Final = _KEPT_IN_PATH + "?[]"
_NAT64: Final = ipaddress.IPv6Network("64:ff9b::/96")

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address


class BadAddressError(ValueError):
    """It is not fetched; `str(error)` says why and never repeats it."""


class RefusedAddressError(Exception):
    """The name leads to an address that is not to be reached. `kind` is the word for it."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Target:
    """An address to fetch. `host` is ASCII and without brackets, `path` quoted, with the query.

    `basic` is the Authorization header made of the user info, or empty; it is for this origin and nobody else.
    """

    scheme: str
    host: str
    port: int
    path: str = field(repr=False)
    basic: str = field(default="", repr=False)

    @property
    def origin(self) -> tuple[str, str, int]:
        """What a credential is bound to."""
        return self.scheme, self.host, self.port

    @property
    def authority(self) -> str:
        """Host and port as a Host header has them."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def url(self) -> str:
        """The whole address without user info and fragment. Its query may hold secrets: not for messages."""
        return f"{self.scheme}://{self.authority}{self.path}"

    @property
    def shown(self) -> str:
        """What messages show: no user info, no query, not too long."""
        path, mark, _ = self.path.partition("?")
        text = f"{self.scheme}://{self.authority}{path}"
        return (text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "...") + (mark and "?...")


def parse_target(text: str) -> Target:
    """The target an address names. Raises BadAddressError."""
    text = text.strip()
    if len(text) > LONGEST:
        raise BadAddressError(f"it has more than {LONGEST} characters")
    try:
        parts = urlsplit(text)
        scheme, host, port = parts.scheme.lower(), parts.hostname or "", parts.port
        if scheme and scheme not in PORTS:
            raise BadAddressError(f"only http and https are fetched, and this is {scheme}")
        if not scheme or not text.isprintable():
            raise BadAddressError("it is no address of the form https://host/path")
        path = quote(parts.path, safe=_KEPT_IN_PATH) or "/"
        if parts.query:
            path += "?" + quote(parts.query, safe=_KEPT_IN_QUERY)
        return Target(scheme, _ascii_host(host), port or PORTS[scheme], path, _basic(parts.username, parts.password))
    except BadAddressError:
        raise
    except ValueError:  # its words repeat parts of the address
        raise BadAddressError("it is no address of the form https://host/path") from None


def redirected(target: Target, location: str) -> Target:
    """Where a redirect leads; credentials stay with their origin. Raises BadAddressError."""
    try:
        joined = urljoin(target.url, location.strip())
    except ValueError:
        raise BadAddressError("it is no address of the form https://host/path") from None
    found = parse_target(joined)
    if not found.basic and found.origin == target.origin:
        return Target(found.scheme, found.host, found.port, found.path, target.basic)
    return found


def shown_address(text: str) -> str:
    """Any text as it may stand in a message about an address."""
    try:
        return parse_target(text).shown
    except BadAddressError:
        return "an address that cannot be fetched"


def why_refused(address: str) -> str | None:
    """What kind of address is refused, in a word; None for one of the public internet.

    Looks through IPv4 inside IPv6: mapped, 6to4, Teredo, NAT64. What is no address at all is refused.
    """
    try:
        found: IpAddress = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(found, ipaddress.IPv6Address):
        inner = _inside(found)
        if inner is not None:
            return why_refused(str(inner))
        if found.is_site_local:
            return "private"
    kinds = ("unspecified", "loopback", "link_local", "multicast", "reserved", "private")
    word = next((kind.replace("_", "-") for kind in kinds if getattr(found, f"is_{kind}")), None)
    return word or (None if found.is_global else "private")


def why_refused_unresolved(host: str) -> str | None:
    """As `why_refused`, of a host that somebody else looks up: a name, or a number in any of the ways resolvers take.

    None also where nothing can be told.
    """
    host = host.rstrip(".").lower()
    if host == "localhost" or host.endswith(".localhost"):
        return "loopback"
    with suppress(OSError, UnicodeError):
        host = socket.inet_ntoa(socket.inet_aton(host))  # 127.1, 0x7f.1 and 2130706433 are addresses, too
    found = why_refused(host)
    return None if found == "unknown" else found


def _inside(address: ipaddress.IPv6Address) -> ipaddress.IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    number = int(address)
    # The old "compatible" form ::a.b.c.d; ::0 and ::1 are IPv6's own
    return ipaddress.IPv4Address(number) if 1 < number <= 0xFFFFFFFF else None


def _ascii_host(host: str) -> str:
    """Raises ValueError for what no resolver takes."""
    if not host or any(sign in host for sign in ' %\\^|<>"`{}'):
        raise BadAddressError("it names no host that can be looked up")
    if host.isascii():
        return host.lower()
    try:
        return idna.encode(host, uts46=True).decode("ascii")
    except idna.IDNAError:
        raise BadAddressError("it names no host that can be looked up") from None


def _basic(user: str | None, password: str | None) -> str:
    if not user and not password:
        return ""
    pair = f"{unquote(user or '')}:{unquote(password or '')}"
    return "Basic " + base64.b64encode(pair.encode("utf-8", "surrogatepass")).decode()
