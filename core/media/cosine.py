"""The cosine of the Go language, to the last bit.

Where frequencies of a picture tie (test patterns, mirrored pictures), rounding decides the bits of its PHASH, and the
system's cosine rounds otherwise in a third of the cases needed. Source of the polynomials: the Cephes library.
"""

from __future__ import annotations

import math

# A quarter of pi in three parts, each short enough to be multiplied without rounding.
QUARTERS = (7.85398125648498535156e-1, 3.77489470793079817668e-8, 2.69515142907905952645e-15)
SINE = (
    *(1.58962301576546568060e-10, -2.50507477628578072866e-8, 2.75573136213857245213e-6),
    *(-1.98412698295895385996e-4, 8.33333333332211858878e-3, -1.66666666666666307295e-1),
)
COSINE = (
    *(-1.13585365213876817300e-11, 2.08757008419747316778e-9, -2.75573141792967388112e-7),
    *(2.48015872888517045348e-5, -1.38888888888730564116e-3, 4.16666666666665929218e-2),
)


def cosine(angle: float) -> float:
    """The cosine of an angle from 0 to half of pi."""
    if angle * (4 / math.pi) < 1:
        square = angle * angle
        return 1.0 - 0.5 * square + square * square * _polynomial(COSINE, square)
    rest = ((angle - 2 * QUARTERS[0]) - 2 * QUARTERS[1]) - 2 * QUARTERS[2]
    square = rest * rest
    return -(rest + rest * square * _polynomial(SINE, square))


def _polynomial(coefficients: tuple[float, ...], value: float) -> float:
    """Highest power first."""
    result = 0.0
    for coefficient in coefficients:
        result = result * value + coefficient
    return result
