"""Server addresses: what may be shown of them, and which origin they belong to."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit, urlunsplit

from core.errors import ConfigError

_SECRET_PARAMETERS = frozenset({"apikey", "api_key", "token", "key", "password"})
_DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """An HTTP address without secrets.

    `url` holds neither user info, nor a key in its query, nor a fragment. `origin` is (scheme, host, port): what shares
    it shares one rate limit. `basic` is the Authorization header made of the user info, or empty.
    """

    url: str
    origin: tuple[str, str, int]
    basic: str = field(default="", repr=False)


def parse_address(text: str, what: str = "this") -> Address:
    """The address behind a configured text, called `what` in messages.

    Raises ConfigError when it is none, without repeating the text, which may hold a password.
    """
    address = None
    try:
        parts = urlsplit(text.strip())
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
        if scheme in _DEFAULT_PORTS and host and text.strip().isprintable():
            address = _build(parts.username, parts.password, scheme, host, port, parts.path, parts.query)
    except ValueError:
        address = None
    if address is None:
        raise ConfigError(f"{what} is not the address of a server: write it as http://host:port or https://host")
    return address


def _build(
    user: str | None, password: str | None, scheme: str, host: str, port: int | None, path: str, query: str
) -> Address:
    basic = ""
    if user or password:
        pair = f"{unquote(user or '')}:{unquote(password or '')}"
        basic = "Basic " + base64.b64encode(pair.encode()).decode()
    shown_host = f"[{host}]" if ":" in host else host
    shown_port = "" if port in (None, _DEFAULT_PORTS[scheme]) else f":{port}"
    kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if pair[0].lower() not in _SECRET_PARAMETERS]
    url = urlunsplit((scheme, shown_host + shown_port, path, urlencode(kept) if kept else "", ""))
    return Address(url, (scheme, host, port or _DEFAULT_PORTS[scheme]), basic)


def shown(text: str) -> str:
    """An address as it may be printed: no secrets, and something even when it is malformed."""
    try:
        return parse_address(text).url
    except ConfigError:
        return "an address that cannot be read"
