"""Filters of the demo Stash as tests of one thing, with the traps of the real one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from core.demo.graphql_errors import ResolverError
from core.demo.stash_objects import DemoStashId

Predicate = Callable[[Any], bool]


def integer_id(text: str, what: str) -> int:
    """A local id. Raises ResolverError as Go's strconv would."""
    try:
        return int(text)
    except ValueError:
        raise ResolverError(f'converting {what} id: strconv.Atoi: parsing "{text}": invalid syntax') from None


def page_of(rows: list[Any], paging: dict[str, Any]) -> list[Any]:
    """The rows of the page that a FindFilterType asks for."""
    size = paging.get("per_page")
    size = 25 if size is None else size
    if size < 0:
        return rows
    start = (max(paging.get("page") or 1, 1) - 1) * size
    return rows[start : start + size]


def combined(
    tests: list[Predicate], criteria: dict[str, Any], build: Callable[[dict[str, Any]], Predicate]
) -> Predicate:
    """The tests of one level with what AND, OR or NOT adds. Raises ResolverError where two of the three stand."""
    joined = [name for name in ("AND", "OR", "NOT") if criteria.get(name)]
    if len(joined) > 1:
        raise ResolverError(f"cannot have {joined[0]} and {joined[1]} in the same filter")

    def own(thing: Any) -> bool:
        return all(test(thing) for test in tests)

    if not joined:
        return own
    other = build(criteria[joined[0]])
    if joined[0] == "AND":
        return lambda thing: own(thing) and other(thing)
    if joined[0] == "OR":
        return lambda thing: own(thing) or other(thing)
    return lambda thing: own(thing) and not other(thing)


def integer_test(criterion: dict[str, Any]) -> Callable[[int], bool]:
    """An integer criterion as a test of one number. Raises ResolverError."""
    value, modifier = criterion["value"], criterion["modifier"]
    second = criterion.get("value2") or 0
    tests: dict[str, Callable[[int], bool]] = {
        "EQUALS": lambda number: number == value,
        "NOT_EQUALS": lambda number: number != value,
        "GREATER_THAN": lambda number: number > value,
        "LESS_THAN": lambda number: number < value,
        "BETWEEN": lambda number: value <= number <= second,
        "NOT_BETWEEN": lambda number: not value <= number <= second,
        "IS_NULL": lambda _: False,
        "NOT_NULL": lambda _: True,
    }
    if modifier not in tests:
        raise ResolverError(f"invalid modifier {modifier} for an integer")
    return tests[modifier]


def text_order_test(criterion: dict[str, Any]) -> Callable[[str], bool]:
    """Stash compares times as text; so a value in another zone, or with Z, gives nonsense here as it does there."""
    value, modifier = criterion["value"], criterion["modifier"]
    second = criterion.get("value2") or ""
    tests: dict[str, Callable[[str], bool]] = {
        "EQUALS": lambda text: text == value,
        "NOT_EQUALS": lambda text: text != value,
        "GREATER_THAN": lambda text: text > value,
        "LESS_THAN": lambda text: text < value,
        "BETWEEN": lambda text: value <= text <= second,
        "NOT_BETWEEN": lambda text: not value <= text <= second,
        "IS_NULL": lambda text: not text,
        "NOT_NULL": bool,
    }
    if modifier not in tests:
        raise ResolverError(f"invalid modifier {modifier} for a time")
    return tests[modifier]


def string_test(criterion: dict[str, Any]) -> Callable[[list[str]], bool]:
    """A string criterion over the values a thing has; EQUALS is SQL's LIKE, wildcards included."""
    value, modifier = criterion["value"], criterion["modifier"]
    if modifier in ("EQUALS", "NOT_EQUALS"):
        pattern = "".join({"%": ".*", "_": "."}.get(char, re.escape(char)) for char in value)
        match = re.compile(pattern, re.IGNORECASE | re.DOTALL).fullmatch
    elif modifier in ("INCLUDES", "EXCLUDES"):
        match = re.compile("|".join(map(re.escape, value.split())) or "$^", re.IGNORECASE).search
    elif modifier in ("MATCHES_REGEX", "NOT_MATCHES_REGEX"):
        try:
            match = re.compile(value).search
        except re.error as error:
            raise ResolverError(f"error parsing regexp: {error}") from None
    elif modifier in ("IS_NULL", "NOT_NULL"):
        return lambda values: any(values) is (modifier == "NOT_NULL")
    else:
        raise ResolverError(f"unsupported string modifier {modifier}")
    if modifier in ("NOT_EQUALS", "EXCLUDES", "NOT_MATCHES_REGEX"):
        return lambda values: bool(values) and not any(match(text) for text in values)
    return lambda values: any(match(text) for text in values)


def stash_id_test(criterion: dict[str, Any]) -> Predicate:
    """stash_id_endpoint, and stash_ids_endpoint of 0.31, for anything that has `stash_ids`."""
    endpoint, modifier = criterion.get("endpoint"), criterion["modifier"]
    wanted = criterion["stash_ids"] if "stash_ids" in criterion else [criterion.get("stash_id")]
    ids = {text.casefold() for text in wanted or [] if text}

    def links(thing: Any) -> list[DemoStashId]:
        return [link for link in thing.stash_ids if not endpoint or link.endpoint == endpoint]

    if modifier == "IS_NULL":
        return lambda thing: not links(thing)
    if modifier == "NOT_NULL":
        return lambda thing: bool(links(thing))
    if modifier in ("EQUALS", "INCLUDES"):
        return lambda thing: any(link.stash_id.casefold() in ids for link in links(thing))
    if modifier in ("NOT_EQUALS", "EXCLUDES"):
        return lambda thing: any(link.stash_id.casefold() not in ids for link in links(thing))
    raise ResolverError(f"unsupported stash id modifier {modifier}")
