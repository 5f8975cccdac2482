"""A request to a demo Immich, read and checked as its version does."""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass, field
from typing import Any

import msgspec
from starlette.requests import Request

from core.demo.immich_world import DemoUser

_PART_NAME = re.compile(rb'name="([^"]*)"')
_FILE_NAME = re.compile(rb'filename="([^"]*)"')
_HAS_ZONE = re.compile(r"(Z|[+-]\d\d:?\d\d)$")


class RefusedError(Exception):
    """The answer is an error. `fields` are (name, what is wrong with it) of a body that does not fit."""

    def __init__(self, status: int, message: str, fields: list[tuple[str, str]] | None = None) -> None:
        self.status = status
        self.message = message
        self.fields = fields or []
        super().__init__(message)


@dataclass(slots=True)
class Asked:
    """What is asked, and by whom."""

    version: tuple[int, ...]
    user: DemoUser
    path: dict[str, str]
    query: list[tuple[str, str]]
    body: Any = None
    form: dict[str, str] = field(default_factory=dict)
    file_name: str | None = None
    content: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)

    def argument(self, name: str, default: str | None = None) -> str | None:
        """A parameter of the query."""
        return next((value for key, value in self.query if key == name), default)

    def wants(self, value: object, name: str, kind: type) -> Any:
        """A value of the body, which must be of that kind. Raises RefusedError."""
        if isinstance(value, bool) is not (kind is bool) or not isinstance(value, kind):
            raise RefusedError(400, "Validation failed", [(name, f"must be a {kind.__name__}")])
        return value

    def wants_id(self, value: object, name: str) -> str:
        """An id; from 3.0 on one of the fourth kind. Raises RefusedError."""
        try:
            found = uuid.UUID(self.wants(value, name, str))
        except ValueError:
            found = None
        if found is None or (self.version >= (3, 0) and found.version != 4):
            raise RefusedError(400, "Validation failed", [(name, "must be a UUID")])
        return str(found)

    def wants_form(self, *names: str) -> None:
        """Fields of the form that must be there. Raises RefusedError."""
        if missing := [name for name in names if name not in self.form]:
            raise RefusedError(400, "Validation failed", [(name, "should not be empty") for name in missing])
        times = [name for name in names if name.endswith("At")]
        if self.version >= (3, 0) and (bad := [name for name in times if not _HAS_ZONE.search(self.form[name])]):
            raise RefusedError(400, "Validation failed", [(name, "must have a time zone") for name in bad])


async def read_request(request: Request, asked: Asked) -> None:
    """Fill in the body. Raises RefusedError when it is none."""
    raw = await request.body()
    kind = request.headers.get("content-type", "")
    if kind.startswith("multipart/form-data"):
        boundary = kind.partition("boundary=")[2].strip('"').encode()
        _read_form(raw, boundary, asked)
    elif raw:
        try:
            asked.body = msgspec.json.decode(raw)
        except msgspec.DecodeError as error:
            raise RefusedError(400, f"Unexpected token in JSON: {error}") from error


def _read_form(raw: bytes, boundary: bytes, asked: Asked) -> None:
    """The parts of a form, in order: text that comes after the file is not looked at, as it comes too late."""
    for part in (b"\r\n" + raw).split(b"\r\n--" + boundary)[1:]:
        head, _, value = part.partition(b"\r\n\r\n")
        name = _PART_NAME.search(head)
        if name is None or asked.file_name is not None:
            continue
        if (file := _FILE_NAME.search(head)) is not None:
            asked.file_name, asked.content = file[1].decode("utf-8", "replace"), value
        else:
            asked.form[name[1].decode()] = value.decode("utf-8", "replace")
