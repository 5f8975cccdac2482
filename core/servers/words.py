"""What went wrong between us and a server, in words for the person at the keyboard."""

from __future__ import annotations

import re
import ssl
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from core.errors import AuthenticationError, MalformedAnswerError, ServerError, UncertainWriteError
from core.servers.address import shown
from core.servers.call import Answer, Call, Credential

_YEAR_SECONDS = 366 * 86400.0
_MESSAGE = re.compile(r'"message"\s*:\s*"((?:[^"\\]|\\.)*)"')


def retry_after(text: str | None) -> float | None:
    """Seconds to wait, at most a year, from seconds or an HTTP date; None when nothing usable was said."""
    if text is None:
        return None
    try:
        seconds = float(text) if text.strip().replace(".", "", 1).isdecimal() else _until(text)
    except (ValueError, TypeError, OverflowError):
        return None
    return min(max(0.0, seconds), _YEAR_SECONDS)


def _until(text: str) -> float:
    moment = parsedate_to_datetime(text)
    return (moment.replace(tzinfo=moment.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def redirected(call: Call, location: str, status: int) -> ServerError:
    """A redirect in words. Never followed: a key must not travel on, and a login page is no answer."""
    server = call.shown_url
    is_login = "login" in location.lower().partition("?")[0] or "signin" in location.lower().partition("?")[0]
    if is_login:
        named = call.credential.name if call.credential else "the API key"
        return AuthenticationError(
            f"it sent us to its login page ({status}): set {named}", server=server, status=status
        )
    is_whole = location.lower().startswith(("http://", "https://")) and not call.is_private
    target = shown(location) if is_whole else "another address" if call.is_private else "another path"
    if target.startswith("https://") and target.partition("://")[2] == server.partition("://")[2]:
        words = f"it moved to https ({status}): use {target} as its address"
    else:
        words = f"it redirects to {target} ({status}): is the address right?"
    return MalformedAnswerError(words, server=server, status=status)


def why_no_connection(error: Exception) -> tuple[str, bool]:
    """Why there is no connection, and whether that may pass by itself."""
    seen: set[int] = set()
    cause: BaseException | None = error
    while cause is not None and id(cause) not in seen:
        seen.add(id(cause))
        if isinstance(cause, ssl.SSLCertVerificationError):
            words = f"its certificate is not trusted ({cause.verify_message})"
            return f"{words}: correct the address, or name its certificate authority in SSL_CERT_FILE", False
        if isinstance(cause, ssl.SSLError):
            return "it does not speak TLS at this port: try http:// instead of https://, or another port", False
        cause = cause.__cause__ or cause.__context__
    text = str(error).lower()
    if "name or service" in text or "nodename" in text or "resolution" in text or "getaddrinfo" in text:
        return "its name cannot be resolved: check the address and the network", True
    if "refused" in text or "all connection attempts failed" in text:
        return "nothing listens there: is it running, and is the port right?", True
    if isinstance(error, TimeoutError) or "timed out" in text or "timeout" in type(error).__name__.lower():
        return "no connection within the time-out: is it running, and is the address right?", True
    return "no connection: is it running, and is the address right?", True


def uncertain(server: str, words: str, status: int | None = None) -> UncertainWriteError:
    return UncertainWriteError(
        f"{words}; the change may or may not have been made: read it back before trying again",
        server=server,
        status=status,
    )


def own_words(answer: Answer, credential: Credential | None, most: int = 200) -> str:
    """What a server says in an answer that is an error, as ', saying "..."', or nothing when it is a web page."""
    text = answer.body[:4096].decode("utf-8", "replace")
    if answer.content_type == "application/json" or text.lstrip().startswith("{"):
        text = "; ".join(_MESSAGE.findall(text)).replace('\\"', '"')
    elif "<" in text:
        return ""
    text = "".join(sign if sign.isprintable() else " " for sign in " ".join(text.split()))
    if credential is not None:
        text = credential.hide(text)
    return f', saying "{text[:most]}"' if text else ""
