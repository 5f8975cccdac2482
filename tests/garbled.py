"""Values as no server should send them, for hypothesis: a sample with some of its parts replaced, gone or twice."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from hypothesis import strategies as st

LEAST, MOST = -(1 << 63), (1 << 63) - 1
DEEP = 100_000

NUMBERS = [0, -1, 1 << 62, 1 << 63, -(1 << 63) - 1, 1 << 64, 10**30, -(10**30), 1e15, 1e16, -1e300, 1e300, 5e-324]
TEXTS = ["", "0", "nan", "NaN", "-inf", "Infinity", "1e308", "9" * 400, "9" * 5000, "-" + "9" * 20, "null", "true"]
TIMES = [
    "0001-01-01T00:00:00+14:00",
    "9999-12-31T23:59:59-14:00",
    "2024-02-30",
    "2024-01-01T00:00:00+99:99",
    "0000-00-00",
    "10000-01-01T00:00:00Z",
    "2024-01-01T00:00:00.999999999999Z",
    "2024-W01-1",
]
HASHES = ["0x12", "zz", "f" * 17, "f" * 65, "-1", " 1", "1_0", "١٢", "0" * 4000]
OTHERS: list[Any] = [None, True, [], {}, [None], [[]], {"id": None}, "\x00\x1b]0;x\x07", "\u202e", "..", "/", "a\nb"]


def values() -> st.SearchStrategy[Any]:
    """What stands where something else was agreed."""
    return st.one_of(
        st.sampled_from([*NUMBERS, *TEXTS, *TIMES, *HASHES, *OTHERS]),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(max_size=20),
    )


def garbled(sample: Any) -> st.SearchStrategy[Any]:
    """The sample, some of whose parts are others."""
    places = [place for place, _ in _places(sample) if place]

    @st.composite
    def built(draw: st.DrawFn) -> Any:
        found = json.loads(json.dumps(sample))
        for _ in range(draw(st.integers(1, 4))):
            _replace(found, draw(st.sampled_from(places)), deepcopy(draw(values())), draw(st.sampled_from("rrrrrgt")))
        return found

    return built()


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield at, value
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from _places(one, (*at, key))


def _replace(root: Any, place: tuple[Any, ...], by: Any, how: str) -> None:
    *way, last = place
    for key in way:
        try:
            root = root[key]
        except (KeyError, IndexError, TypeError):
            return  # replaced before
    if isinstance(root, dict):
        if how == "g":
            root.pop(last, None)
        else:
            root[last] = by
    elif isinstance(root, list) and isinstance(last, int) and last < len(root):
        root[last : last + 1] = {"g": [], "t": [root[last]] * 2}.get(how, [by])


def unfit(value: Any, at: str = "") -> Iterator[str]:
    """Where something stands that a database cannot hold, or arithmetic not bear. Hashes have bounds of their own."""
    if isinstance(value, bool | None | Enum | bytes | datetime | date):
        return
    if isinstance(value, int):
        if not LEAST <= value <= MOST and not at.endswith(("hash", "md5", "value", "second")):
            yield f"{at}: {value}"
    elif isinstance(value, float):
        if not math.isfinite(value) or abs(value) > 1e15:
            yield f"{at}: {value}"
    elif isinstance(value, str):
        try:
            value.encode()
        except UnicodeEncodeError:
            yield f"{at}: {value!r}"
    elif is_dataclass(value):
        for one in fields(value):
            yield from unfit(getattr(value, one.name), f"{at}.{one.name}")
    elif isinstance(value, dict):
        for key, one in value.items():
            yield from unfit(one, f"{at}.{key}")
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from unfit(one, f"{at}[]")
