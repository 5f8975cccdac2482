"""How sure it is whose a face is, by the distances in Immich's database.

Immich takes a face for somebody's up to a cosine distance of 0.5 (its default). Here that is the far end of doubt:

| distance to the own person | counts as | | margin to the nearest other person | counts as |
|----------------------------|-----------|-|------------------------------------|-----------|
| 0                          | 1         | | 0.25 and more, or there is none    | 1         |
| 0.35                       | 0.6       | | 0.1                                | 0.6       |
| 0.5                        | 0.3       | | 0                                  | 0.3       |
| 1 and more                 | 0         | | -0.5 and less (the other is nearer) | 0        |

Straight lines lie between. The lower of the two is the confidence: no distance makes up for somebody who is as near.
So the default of `min_confidence`, 0.6, accepts up to 0.35 with a margin of 0.1.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from typing import Final

from core.intake.people import ConfidenceProvider
from core.servers.immich_database import FaceDistances, ImmichDatabase
from core.settings_intake import IntakeSettings

_BY_DISTANCE: Final = ((0.0, 1.0), (0.35, 0.6), (0.5, 0.3), (1.0, 0.0))
_BY_MARGIN: Final = ((-0.5, 0.0), (0.0, 0.3), (0.1, 0.6), (0.25, 1.0))


def confidence(distance: float, margin: float | None) -> float:
    """From 0 to 1, falling with the distance, rising with the margin; what is no number is not sure at all.

    `margin` is the distance to the nearest other person less `distance`; None where there is no other person.
    """
    if math.isnan(distance) or (margin is not None and math.isnan(margin)):
        return 0.0
    by_distance = _between(_BY_DISTANCE, distance)
    return by_distance if margin is None else min(by_distance, _between(_BY_MARGIN, margin))


def _between(points: Sequence[tuple[float, float]], at: float) -> float:
    """The height of the line through these points; level before the first and after the last."""
    if at <= points[0][0]:
        return points[0][1]
    for (left, low), (right, high) in itertools.pairwise(points):
        if at <= right:
            return high if at == right else low + (high - low) * (at - left) / (right - left)
    return points[-1][1]


class DatabaseConfidence:
    """A `ConfidenceProvider` that asks Immich's database."""

    def __init__(self, database: ImmichDatabase) -> None:
        self._database = database

    async def confidences(self, asset_id: str, face_ids: Sequence[str]) -> Mapping[str, float]:
        """See `ConfidenceProvider.confidences`."""
        found = await self._database.distances(asset_id, face_ids)
        return {face: confidence(one.own, _margin(one)) for face, one in found.items()}

    async def close(self) -> None:
        """See `ConfidenceProvider.close`."""
        await self._database.close()


def _margin(distances: FaceDistances) -> float | None:
    return None if distances.other is None else distances.other - distances.own


def confidence_provider(settings: IntakeSettings) -> ConfidenceProvider | None:
    """Whoever the settings name; None where they name nobody. It connects at the first question, not before."""
    if not settings.immich.database:
        return None
    return DatabaseConfidence(ImmichDatabase(settings.immich.database))
