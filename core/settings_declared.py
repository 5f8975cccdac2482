"""How one setting is declared: its sentence, range, unit and check."""

from __future__ import annotations

import msgspec


def declared(
    description: str, *, unit: str = "", kind: str = "", ge: int | None = None, le: int | None = None
) -> msgspec.Meta:
    """The declaration of one setting. `kind` names a check of `core.config`."""
    return msgspec.Meta(description=description, ge=ge, le=le, extra={"unit": unit, "kind": kind})
