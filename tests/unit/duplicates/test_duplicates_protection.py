"""Which paths a pattern protects."""

from __future__ import annotations

from unicodedata import normalize

import pytest

from core.duplicates.protection import path_fits


@pytest.mark.parametrize(
    ("path", "pattern"),
    [
        ("/m/a\\b.mp4", "/m/*.mp4"),
        ("/m/a\\b.mp4", "/m/a\\b.mp4"),
        (normalize("NFD", "/m/Café/x.mp4"), normalize("NFC", "/m/Café/**")),
        (normalize("NFC", "/m/Café/x.mp4"), normalize("NFD", "/m/Café/**")),
        ("/m/a/b.mp4", "//m//a/**"),
        ("/m/[x] y/z.mp4", "/m/[x] y/**"),
        ("/m/{a,b}+.mp4", "/m/{a,b}+.mp4"),
        ("/m/a\nb.mp4", "/m/a*"),
        ("/m/\udcff/x.mp4", "/m/?/x.mp4"),
        ("/m/a/b.mp4", "/m/a/"),
        ("D:\\films\\a.mp4", "D:/films/**"),
        ("\\\\nas\\films\\a.mp4", "\\\\nas\\films"),
    ],
)
def test_it_fits(path: str, pattern: str) -> None:
    assert path_fits(path, pattern)


@pytest.mark.parametrize(
    ("path", "pattern"),
    [("/m/x y/z.mp4", "/m/[x] y/**"), ("/m/ab/z.mp4", "/m/a"), ("/m/A/z.mp4", "/m/a/**"), ("/m/a/b.mp4", "/m/*.mp4")],
)
def test_it_does_not_fit(path: str, pattern: str) -> None:
    assert not path_fits(path, pattern)
