"""A small judge of values by an OpenAPI document: what does not fit is said in words.

It knows what the contract of Immich uses: $ref, anyOf, type, enum, format (uuid, date-time, date), properties,
required, items, and bounds. Fields a schema does not name are differences too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

JSON = "application/json"
FORM = "multipart/form-data"
_KINDS: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
}


@dataclass(frozen=True, slots=True)
class Sent:
    """One request: `query` as pairs, `body` decoded, `form` the names and texts of a form's parts."""

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: Any = None
    form: Mapping[str, str] | None = None


class Contract:
    """An OpenAPI document."""

    def __init__(self, document: dict[str, Any]) -> None:
        self._paths: dict[str, Any] = document["paths"]
        self._schemas: dict[str, Any] = document["components"]["schemas"]

    def route(self, method: str, path: str) -> str | None:
        """The template behind a path: that with the fewest parameters."""
        fitting = [
            template
            for template, verbs in self._paths.items()
            if method.lower() in verbs and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), path)
        ]
        return min(fitting, key=lambda template: template.count("{"), default=None)

    def scope(self, method: str, route: str) -> str | None:
        """The permission a call takes, as far as the document says."""
        found = self._paths[route][method.lower()].get("x-immich-permission")
        return None if found is None else str(found)

    def is_admin_only(self, method: str, route: str) -> bool:
        """Whether only administrators may make a call."""
        return bool(self._paths[route][method.lower()].get("x-immich-admin-only"))

    def request(self, sent: Sent) -> list[str]:
        """What is wrong with a request."""
        route = self.route(sent.method, sent.path)
        if route is None:
            return [f"{sent.method} {sent.path}: no such call"]
        operation = self._paths[route][sent.method.lower()]
        parameters = {(one["in"], one["name"]): one for one in operation.get("parameters", ())}
        found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", route), sent.path)
        assert found is not None
        given = [("path", name, value) for name, value in found.groupdict().items()]
        given += [("query", name, value) for name, value in sent.query]
        out = []
        for place, name, value in given:
            if (place, name) not in parameters:
                out.append(f"{place} {name}: unknown")
            else:
                out += self._text(value, parameters[place, name]["schema"], f"{place} {name}")
        have = {(place, name) for place, name, _ in given}
        needed = {key for key, one in parameters.items() if one.get("required") and key[0] != "header"}
        out += [f"{place} {name}: missing" for place, name in sorted(needed - have)]
        return [f"{sent.method} {route}: {words}" for words in [*out, *self._body(sent, operation)]]

    def _body(self, sent: Sent, operation: dict[str, Any]) -> Iterator[str]:
        content = operation.get("requestBody", {}).get("content", {})
        if sent.form is not None:
            if FORM not in content:
                yield "takes no form"
                return
            yield from self.value(dict(sent.form), content[FORM]["schema"], "form")
        elif sent.body is not None:
            if JSON not in content:
                yield "takes no JSON"
                return
            yield from self.value(sent.body, content[JSON]["schema"], "body")
        elif content:
            yield "needs a body"

    def _text(self, value: str, schema: dict[str, Any], where: str) -> Iterator[str]:
        """A parameter, which is text whatever it means."""
        schema = self._resolved(schema)
        if schema.get("type") == "array":
            schema = self._resolved(schema["items"])
        kind = schema.get("type")
        if kind == "boolean":
            yield from () if value in ("true", "false") else [f"{where}: {value} is no boolean"]
        elif kind == "integer":
            is_number = value.removeprefix("-").isdecimal()
            yield from self.value(int(value), schema, where) if is_number else [f"{where}: {value} is no integer"]
        else:
            yield from self.value(value, schema, where)

    def response(self, method: str, route: str, status: int, body: Any) -> list[str]:
        """What is wrong with an answer."""
        responses = self._paths[route][method.lower()]["responses"]
        if str(status) not in responses:
            return [f"{method} {route}: no answer with status {status}"]
        content = responses[str(status)].get("content", {})
        if not content:
            return [] if body is None else [f"{method} {route}: no body is expected"]
        return [f"{method} {route}: {words}" for words in self.value(body, content[JSON]["schema"], "answer")]

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            schema = self._schemas[schema["$ref"].rsplit("/", 1)[-1]]
        return schema

    def value(self, value: Any, schema: dict[str, Any], where: str) -> Iterator[str]:
        """What is wrong with a value, each with its place."""
        schema = self._resolved(schema)
        if "anyOf" in schema:
            choices = [one for one in schema["anyOf"] if (one.get("type") == "null") is (value is None)]
            attempts = [list(self.value(value, one, where)) for one in choices]
            yield from min(attempts, key=len, default=[f"{where}: {value!r} is none of its kinds"])
            return
        kind = schema.get("type")
        if kind is not None and not _is_a(value, kind):
            yield f"{where}: {value!r} is no {kind}"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{where}: {value!r} is none of its values"
        if isinstance(value, str):
            yield from _format(value, schema, where)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            if value < schema.get("minimum", value) or value > schema.get("maximum", value):
                yield f"{where}: {value} is out of bounds"
        elif isinstance(value, list):
            if len(value) < schema.get("minItems", 0):
                yield f"{where}: too few"
            for place, one in enumerate(value):
                yield from self.value(one, schema.get("items", {}), f"{where}[{place}]")
        elif isinstance(value, dict) and "properties" in schema:
            yield from self._object(value, schema, where)

    def _object(self, value: dict[str, Any], schema: dict[str, Any], where: str) -> Iterator[str]:
        known = schema["properties"]
        yield from (f"{where}.{name}: missing" for name in schema.get("required", ()) if name not in value)
        yield from (f"{where}.{name}: unknown" for name in value if name not in known)
        for name, one in value.items():
            if name in known:
                yield from self.value(one, known[name], f"{where}.{name}")


def _is_a(value: Any, kind: str) -> bool:
    if isinstance(value, bool) and kind != "boolean":
        return False
    return isinstance(value, _KINDS[kind])


def _format(value: str, schema: dict[str, Any], where: str) -> Iterator[str]:
    if len(value) < schema.get("minLength", 0):
        yield f"{where}: too short"
    form = schema.get("format")
    try:
        if form == "uuid" and UUID(value).version != 4:  # since 3.0 no others are taken
            yield f"{where}: {value} is no UUID of the fourth kind"
        elif form == "date-time" and datetime.fromisoformat(value).tzinfo is None:
            yield f"{where}: {value} has no time zone"
        elif form == "date":
            date.fromisoformat(value)
    except ValueError:
        yield f"{where}: {value} is no {form}"
