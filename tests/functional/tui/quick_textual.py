"""What makes a test of the terminal app quick, and leaves the app as it is.

The pilot waits until the app is calm, which it can see; Textual's waits until the process is, ten times as long. Every
style sheet is parsed once a process, and not once an app and screen.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from textual._context import active_app
from textual.app import App
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet
from textual.message_pump import MessagePump

_STEP_SECONDS = 0.002
_CALM_STEPS = 2  # one after the other
_WORK_SECONDS = 0.04  # longer, a worker waits for an answer: of a server, or of whoever sits before a dialog


def _is_busy(app: App[Any], *, has_workers: bool) -> bool:
    """Whether a message, a callback or a worker is under way."""
    if has_workers and any(one.is_running for one in app.workers):
        return True
    pumps: list[MessagePump] = [app, *app._registry]
    return any(one.message_queue_size or one._next_callbacks for one in pumps)


async def _calm(min_sleep: float = 0.0, max_sleep: float = 1.0) -> None:
    """Stands where Textual has its `wait_for_idle`."""
    app = active_app.get()
    begun, calm, passed = time.monotonic(), 0, 0.0
    while calm < _CALM_STEPS and passed < max_sleep:
        await asyncio.sleep(_STEP_SECONDS)
        passed = time.monotonic() - begun
        calm = 0 if _is_busy(app, has_workers=passed < _WORK_SECONDS) else calm + 1


_parse_rules = Stylesheet._parse_rules
_rules: dict[Any, list[RuleSet]] = {}


def _parsed_once(sheet: Stylesheet, css: str, *place: Any, **more: Any) -> list[RuleSet]:
    """Stands where Textual has its `Stylesheet._parse_rules`."""
    key = (css, place, tuple(more.items()), tuple(sheet._variables.items()))
    if key not in _rules:
        _rules[key] = _parse_rules(sheet, css, *place, **more)
    return _rules[key]


def make_quick(patch: pytest.MonkeyPatch) -> None:
    """For one test."""
    for place in ("textual.pilot", "textual.app"):
        patch.setattr(f"{place}.wait_for_idle", _calm)
    patch.setattr(Stylesheet, "_parse_rules", _parsed_once)
