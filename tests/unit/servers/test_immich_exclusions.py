"""Which files a library leaves out, by patterns as people write them into Immich."""

from __future__ import annotations

import pytest

from core.servers.immich_exclusions import excluding

IN = "/mnt/in/7/a.jpg"


@pytest.mark.parametrize(
    ("path", "pattern", "is_out"),
    [
        (IN, "**/@eaDir/**", False),
        ("/mnt/@eaDir/a.jpg", "**/@eaDir/**", True),
        ("/mnt/in/._a.jpg", "**/._*", True),
        (IN, "**/in/**", True),
        (IN, "**/i?/**", True),
        (IN, "**/IN/**", True),
        (IN, "**/n/**", False),
        (IN, "/mnt/in/*", False),
        (IN, "/mnt/in/**", True),
        (IN, "**/*.{png,jpg}", True),
        (IN, "**/*.{png,gif}", False),
        (IN, "**/*.jpg,png", False),
        ("/mnt/a,b/c.jpg", "**/a,b/*", True),
        (IN, "**/(in)/**", False),
        (IN, "**/{in/**", False),
        (IN, "", False),
    ],
)
def test_the_patterns(path: str, pattern: str, is_out: bool) -> None:
    assert excluding(path, ["**/never/**", pattern]) == (pattern if is_out else None)
