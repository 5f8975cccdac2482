"""What every part of the intake desk speaks; declared in `core.incoming`, which the store and the clients know, too."""

from __future__ import annotations

from core.incoming import (
    Box,
    Category,
    Destination,
    DuplicateOf,
    Faces,
    FoundFace,
    Known,
    Outcome,
    Person,
    Prefix,
)

__all__ = [
    "Box",
    "Category",
    "Destination",
    "DuplicateOf",
    "Faces",
    "FoundFace",
    "Known",
    "Outcome",
    "Person",
    "Prefix",
]
