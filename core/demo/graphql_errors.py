"""What a demo server says to a request that it refuses."""

from __future__ import annotations

from typing import Any

from graphql import GraphQLError

from core.demo.graphql_inputs import InputError


class ResolverError(Exception):
    """A root field refuses; the message reaches the client in `errors`, with HTTP 200."""


class RequestError(Exception):
    """The document itself is refused before anything is executed."""

    def __init__(self, errors: list[dict[str, Any]]) -> None:
        self.errors = errors
        super().__init__(errors[0]["message"])


def text_list(error: GraphQLError | InputError, code: str) -> dict[str, Any]:
    """One entry of `errors` for a refused request."""
    out: dict[str, Any] = {"message": str(getattr(error, "message", error)), "extensions": {"code": code}}
    if isinstance(error, InputError):
        out["path"] = error.path
    elif error.locations:
        out["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    return out
