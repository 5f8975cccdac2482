"""The comparison of frames at equal times: the last word before a rule removes anything."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class FrameCheck:
    """How a file's frames differ from the keeper's: the greatest mean squared error, or why it is not known.

    `error` 0..65025 over 8-bit grey; None where it could not be measured, `trouble` says why.
    """

    file_id: int
    error: float | None
    limit: int
    trouble: str = ""

    @property
    def is_alike(self) -> bool:
        """Whether the frames are alike enough for a rule to act."""
        return self.error is not None and self.error <= self.limit

    @property
    def words(self) -> str:
        """In words."""
        if self.error is None:
            return f"not compared: {self.trouble}"
        verdict = "alike" if self.is_alike else "NOT alike"
        return f"{verdict}: error {self.error:.1f} of at most {self.limit}"
