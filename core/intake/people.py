"""Who is in a picture: the faces that Immich found, as the rules of the intake see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from core.model.incoming import Box, Faces, FoundFace, Person
from core.servers.immich_faces import Face


class ConfidenceProvider(Protocol):
    """Whoever can tell how sure it is whose a face is; Immich itself tells nobody."""

    async def confidences(self, asset_id: str, face_ids: Sequence[str]) -> Mapping[str, float]:
        """How sure each face of an asset belongs to the person it is given to (0 to 1); unknown ones are left out.

        Raises WinnowError when it cannot be asked.
        """
        ...

    async def close(self) -> None:
        """Let go of what it holds open. Harmless twice."""
        ...


def analysed(found: Sequence[Face], confidences: Mapping[str, float] | None = None) -> Faces:
    """The faces of a picture that was analysed to the end. `confidences` by the id of the face."""
    sure = confidences or {}
    return Faces(is_analysed=True, found=tuple(_found(one, sure.get(one.id)) for one in found))


def _found(face: Face, confidence: float | None) -> FoundFace:
    share = face.share
    # Where the size of the picture is not known, the face is somewhere in it.
    box = Box(0, 0, 1, 1) if share is None else Box(share.x1, share.y1, share.x2 - share.x1, share.y2 - share.y1)
    person = None if face.person is None else Person(face.person.id, face.person.name, face.person.is_hidden)
    return FoundFace(person, box, confidence)
