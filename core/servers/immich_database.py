"""Immich's own database, read and never written: how near a face is to the people Immich knows.

Immich compares faces in PostgreSQL and throws the distances away; no call tells them. Here they are asked for again.
Only distances come back, no vector. Needs the extra `immich` (asyncpg).
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar
from urllib.parse import urlsplit

from core.errors import (
    AuthenticationError,
    ConfigError,
    MalformedAnswerError,
    ServerError,
    UnreachableError,
    WinnowError,
)
from core.secret import Secret
from core.servers.immich_database_layout import COLUMNS, SESSION, Column, Layout, layout_of, tables

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")

_CONNECT_SECONDS: Final = 10.0
_STATEMENT_SECONDS: Final = 20
_ANSWER_SECONDS: Final = _STATEMENT_SECONDS + 5.0
# The session can write nothing, whatever its role may do, and no question keeps Immich's server busy for long.
_SESSION: Final = {
    "application_name": "winnow",
    "default_transaction_read_only": "on",
    "statement_timeout": str(1000 * _STATEMENT_SECONDS),
    "lock_timeout": "2000",
    "idle_in_transaction_session_timeout": "60000",
}


@dataclass(frozen=True, slots=True)
class FaceDistances:
    """Cosine distances (0 to 2) of a face: to its own person, and to the nearest other one (None: there is none)."""

    own: float
    other: float | None


@dataclass(frozen=True, slots=True)
class DatabaseState:
    """What a database turned out to be. `can_write`: the role may change Immich's tables, which Winnow never does."""

    layout: Layout
    can_write: bool


class _BusyError(UnreachableError):
    """It is there, but did not answer in time: to ask at once again would only make it worse."""


class ImmichDatabase:
    """One database, over one connection that is made at the first question and again when it broke. Safe to share."""

    def __init__(self, address: Secret) -> None:
        """`address` is a postgresql:// URL, whose password is shown nowhere. Raises ConfigError when it is none."""
        self._address = address
        self.name = shown_database(address)
        self._connection: asyncpg.Connection | None = None
        self._state: DatabaseState | None = None
        self._turn = asyncio.Lock()

    async def look(self) -> DatabaseState:
        """What it is, asked anew.

        Raises UnreachableError, AuthenticationError (password, or a right that is named), MalformedAnswerError
        (no Immich, or laid out in a way that is not known), and ConfigError when asyncpg is not installed.
        """

        async def state(connection: asyncpg.Connection) -> DatabaseState:
            self._state = await _examined(connection, self.name)
            return self._state

        return await self._asked(state)

    async def distances(self, asset_id: str, face_ids: Sequence[str]) -> dict[str, FaceDistances]:
        """By the ids of faces of an asset. Left out: faces that are nobody's, that have no vector (drawn by hand), or
        whose person has no other face to compare with. Raises as `look`.
        """
        asset, faces = _uuid(asset_id), [one for text in face_ids if (one := _uuid(text)) is not None]
        if asset is None or not faces:
            return {}

        async def measured(connection: asyncpg.Connection) -> dict[str, FaceDistances]:
            if self._state is None:
                self._state = await _examined(connection, self.name)
            layout, found = self._state.layout, dict[str, FaceDistances]()
            async with connection.transaction(readonly=True):
                for (face,) in await connection.fetch(layout.faces, asset, faces):
                    row = await connection.fetchrow(layout.distances, asset, face)
                    if row is not None:
                        found[str(face)] = FaceDistances(row["own"], row["other"])
            return found

        found = await self._asked(measured)
        return {text: found[str(_uuid(text))] for text in face_ids if str(_uuid(text)) in found}

    async def close(self) -> None:
        """Close the connection. Harmless twice; the next question makes another."""
        async with self._turn:
            await self._drop()

    async def _asked(self, question: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        """An answer; asked once more where a connection from before was cut or Immich was updated meanwhile."""
        async with self._turn:
            is_kept = self._connection is not None
            try:
                return await self._once(question)
            except _BusyError:
                raise
            except (UnreachableError, MalformedAnswerError):
                if not is_kept:
                    raise
            return await self._once(question)

    async def _once(self, question: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
        failed: WinnowError
        try:
            async with asyncio.timeout(_CONNECT_SECONDS):
                connection = self._connection = self._connection or await self._connected()
            return await question(connection)
        except WinnowError as error:
            failed = error
        except Exception as error:  # noqa: BLE001  asyncpg lets errors of sockets, TLS and its own classes through
            failed = _in_words(error, self.name)
        except BaseException:
            await self._drop()
            raise
        await self._drop()
        # Raised out here, so that the error carries no trace of frames that hold the password.
        failed.__traceback__ = None
        raise failed

    async def _connected(self) -> asyncpg.Connection:
        try:
            import asyncpg
        except ImportError:
            raise ConfigError(
                "[intake.immich] database needs asyncpg, which is not installed: pip install 'winnow[immich]', or leave"
                " the setting empty"
            ) from None
        return await asyncpg.connect(
            self._address.reveal(),
            timeout=_CONNECT_SECONDS,
            command_timeout=_ANSWER_SECONDS,
            statement_cache_size=0,  # nothing to go stale when Immich changes its tables, and poolers have no trouble
            server_settings=_SESSION,
        )

    async def _drop(self) -> None:
        """Without a farewell that could hang: nothing is ever under way that matters."""
        connection, self._connection, self._state = self._connection, None, None
        if connection is not None:
            connection.terminate()


async def _examined(connection: asyncpg.Connection, name: str) -> DatabaseState:
    """Raises AuthenticationError, MalformedAnswerError."""
    rows = await connection.fetch(COLUMNS, tables())
    layout = layout_of([Column(row["table"], row["column"], row["readable"]) for row in rows], name)
    session = await connection.fetchrow(SESSION, tables())
    if not session["measures"]:
        words = "its vectors cannot be compared: pgvector or VectorChord is not where the role finds it (search_path)"
        raise MalformedAnswerError(words, server=name)
    if not session["reads_only"]:
        words = "it does not keep the session from writing: take the options out of [intake.immich] database"
        raise AuthenticationError(words, server=name)
    return DatabaseState(layout, bool(session["writes"]))


def _in_words(error: Exception, name: str) -> ServerError | ConfigError:
    """What asyncpg or the system said, in our words: theirs may repeat what stands in the address."""
    import asyncpg

    if isinstance(error, asyncpg.InvalidAuthorizationSpecificationError):  # a wrong password is one, too
        words = "the role or its password is refused: correct [intake.immich] database"
        return AuthenticationError(words, server=name)
    if isinstance(error, asyncpg.InsufficientPrivilegeError):
        words = "the role may not read what is needed: grant it SELECT on Immich's tables (`winnow doctor` names them)"
        return AuthenticationError(words, server=name)
    if isinstance(error, asyncpg.InvalidCatalogNameError):
        return MalformedAnswerError("there is no such database: correct [intake.immich] database", server=name)
    if isinstance(error, asyncpg.QueryCanceledError):
        return _BusyError("it took too long to compare faces: is it overloaded?", server=name)
    if isinstance(error, asyncpg.LockNotAvailableError):
        return _BusyError("its tables are locked: is Immich being updated?", server=name)
    if isinstance(error, asyncpg.UndefinedColumnError | asyncpg.UndefinedTableError | asyncpg.UndefinedFunctionError):
        return MalformedAnswerError("its tables changed meanwhile: is Immich being updated?", server=name)
    if isinstance(error, asyncpg.ClientConfigurationError | ValueError):
        return ConfigError(
            "[intake.immich] database cannot be used as an address: write postgresql://user:password@host/db"
        )
    if isinstance(error, asyncpg.TooManyConnectionsError | asyncpg.CannotConnectNowError):
        return UnreachableError("it takes no more connections just now: try again later", server=name)
    if isinstance(error, TimeoutError):
        return _BusyError("it took too long to answer: is it running, and is the address right?", server=name)
    if isinstance(error, ConnectionRefusedError | FileNotFoundError):
        words = "nothing listens there: is PostgreSQL running, and is its port open to this machine?"
        return UnreachableError(words, server=name)
    if isinstance(error, OSError):
        return UnreachableError("no connection: is it running, and is the address right?", server=name)
    if isinstance(error, asyncpg.PostgresConnectionError | asyncpg.InterfaceError):
        return UnreachableError("the connection was cut: is it being restarted?", server=name)
    state = getattr(error, "sqlstate", None)
    return ServerError(f"it refused the question ({state or type(error).__name__})", server=name)


def shown_database(address: Secret) -> str:
    """Host, port and database, without user, password and options. Raises ConfigError when it is no such address."""
    named = ""
    try:
        parts = urlsplit(address.reveal())
        if parts.scheme in ("postgresql", "postgres"):
            host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname or "localhost"
            named = f"postgresql://{host}:{parts.port or 5432}{parts.path}"
    except ValueError:
        named = ""
    if not named:
        raise ConfigError(
            "[intake.immich] database is no address of PostgreSQL: write postgresql://user:password@host:5432/immich"
        )
    return named


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None
