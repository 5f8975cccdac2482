"""What was skipped in answers that were otherwise fine, counted in words for the run's record."""

from __future__ import annotations

from collections import Counter


class Oddities:
    """Counts things by what they are called."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()

    def note(self, what: str, count: int = 1) -> None:
        """One more of these, named in the singular."""
        self._counts[what] += count

    def add(self, others: Oddities) -> None:
        """Count what was counted elsewhere, too."""
        self._counts.update(others._counts)

    def clear(self) -> None:
        """Begin a new count."""
        self._counts.clear()

    @property
    def words(self) -> tuple[str, ...]:
        """Each kind once, most frequent first, as "3 x a hash that is not hexadecimal: skipped"."""
        return tuple(f"{count} x {what}" for what, count in self._counts.most_common())

    def __len__(self) -> int:
        return self._counts.total()
