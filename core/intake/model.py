"""What every part of the intake desk speaks; declared in `core.incoming`, which the store and the clients know, too."""

from __future__ import annotations

from core.incoming import (
    TO_DO,
    Added,
    Box,
    Category,
    Destination,
    DuplicateOf,
    Faces,
    FoundFace,
    Item,
    ItemState,
    Known,
    NewFile,
    NewItem,
    Outcome,
    Person,
    Prefix,
)

__all__ = [
    "TO_DO",
    "Added",
    "Box",
    "Category",
    "Destination",
    "DuplicateOf",
    "Faces",
    "FoundFace",
    "Item",
    "ItemState",
    "Known",
    "NewFile",
    "NewItem",
    "Outcome",
    "Person",
    "Prefix",
]
