"""Numbers as they may come over the wire: what SQLite can hold and arithmetic can bear, nothing beyond.

JSON knows no bounds: an integer of thirty digits is a valid one, and a server that writes numbers as text can write
"nan" and "inf". What is out of bounds has another shape than agreed, like a text where a number should be.
"""

from __future__ import annotations

from typing import Annotated, Final

import msgspec

LEAST_WHOLE: Final = -(1 << 63)
MOST_WHOLE: Final = (1 << 63) - 1
MOST_REAL: Final = 1e15

Whole = Annotated[int, msgspec.Meta(ge=LEAST_WHOLE, le=MOST_WHOLE)]
"""An integer that a database can hold: 64 bits with a sign."""
Real = Annotated[float, msgspec.Meta(ge=-MOST_REAL, le=MOST_REAL)]
"""A finite number, up to one whose whole part is exact: seconds, pixels, frames a second."""
