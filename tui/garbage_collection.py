"""Python's search for unreachable objects, kept from stopping the app in the middle of a key.

A full search looks at every object there is: with all modules and screens loaded that takes a tenth of a second, and a
command over a library that did not change would spend a fifth of its time on it.
"""

from __future__ import annotations

import gc
from functools import cache
from typing import Final

_THRESHOLDS: Final = (2000, 10, 20)  # a full search after some 400,000 new objects: about 40 MB
_usual = gc.get_threshold()


def set_apart() -> None:
    """Search once, now, and let later searches be rarer and pass over everything that lives."""
    gc.collect()
    _pass_over()


@cache
def pass_over_once() -> None:
    """Let later searches be rarer and pass over everything that lives now: at the start of a command."""
    _pass_over()


def _pass_over() -> None:
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)


def take_back() -> None:
    """Let searches be as usual again."""
    gc.unfreeze()
    gc.set_threshold(*_usual)
