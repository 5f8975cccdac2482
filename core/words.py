"""How figures are said in plain words."""

from __future__ import annotations


def span(seconds: float) -> str:
    """A length of time without its sign: "5.04 s", "9 min 2 s", "1 h 9 min"."""
    exact = round(abs(seconds), 2)
    if exact < 60:
        return f"{exact:g} s"
    whole = round(exact)
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if rest else f"{minutes} min"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if minutes else f"{hours} h"


def count(number: int, noun: str) -> str:
    """A number with its noun in the right form: "1 candidate", "2,000 candidates"."""
    return f"{number} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(count: int) -> str:
    """An amount of bytes, at most 8 columns: `0 B`, `812 KiB`, `1.4 GiB`."""
    amount = float(count)
    for unit in ("B", "KiB", "MiB", "GiB", "TiB"):
        if amount < 1000 or unit == "TiB":
            return f"{amount:.1f} {unit}" if unit != "B" and amount < 100 else f"{amount:.0f} {unit}"
        amount /= 1024
    raise AssertionError("unreachable")
