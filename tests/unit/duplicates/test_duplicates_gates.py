"""The gates, one by one and in their order; patterns of protected paths; what a removal frees."""

from __future__ import annotations

from typing import Any

import pytest
from duplicates_builders import file, record, tags

from core.duplicates.gates import Observed, first_gate, reclaimable_bytes
from core.duplicates.protection import path_fits, protected
from core.model.groups import GateCode, GroupKind
from core.model.library_files import FileIdentity
from core.settings_duplicates import DuplicatesSettings

OPEN = Observed(1.0)
TWO = (file(1), file(2))


@pytest.mark.parametrize(
    ("files", "observed", "locks", "code"),
    [
        ((file(1), file(2, inode=1)), OPEN, {}, GateCode.ONE_FILE),
        ((file(1, links=2), file(2, inode=1, links=2)), OPEN, {}, GateCode.ONE_FILE),
        ((file(1), file(2, identity=None, problem="is missing")), OPEN, {}, GateCode.MISSING),
        (TWO, Observed(1.0, {2: None}), {}, GateCode.MISSING),
        ((file(1), file(2, duration=62.0)), OPEN, {}, GateCode.DURATIONS),
        (TWO, OPEN, {2: "it is organized"}, GateCode.PROTECTED),
        ((file(1, problem="is broken"), file(2)), OPEN, {}, GateCode.NO_SURVIVOR),
        (TWO, Observed(1.0, unverified=lambda _: "wrong pair"), {}, GateCode.UNVERIFIED_MAPPING),
        (TWO, Observed(1.0, {2: FileIdentity(1, 2, 5, 9)}), {}, GateCode.STALE),
        (TWO, OPEN, {}, None),
        ((file(1), file(2, duration=61.0)), OPEN, {}, None),
    ],
)
def test_the_first_gate_that_fails_is_the_reason(
    files: Any, observed: Observed, locks: dict[int, str], code: GateCode | None
) -> None:
    gate = first_gate(GroupKind.NEAR, files, [1], locks, observed)
    assert (gate.code if gate else None) == code
    assert gate is None or gate.words


def test_hard_links_free_nothing() -> None:
    assert reclaimable_bytes([file(1, size=10), file(2, size=10, inode=1, links=2)], 0) == 0
    assert reclaimable_bytes([file(1, size=10), file(2, size=8)], 0) == 8
    # Two names of another inode: freed once, when both go; not at all while a third name is left elsewhere.
    twins = [file(1, size=10), file(2, size=8, inode=7, links=2), file(3, size=8, inode=7, links=2)]
    assert reclaimable_bytes(twins, 0) == 8
    assert reclaimable_bytes(twins[:2], 0) == 0


@pytest.mark.parametrize(
    ("path", "pattern", "fits"),
    [
        ("/mnt/archive/a/b.mp4", "/mnt/archive/**", True),
        ("/mnt/archive/a/b.mp4", "/mnt/archive", True),
        ("/mnt/archive/a/b.mp4", "/mnt/archive/", True),
        ("/mnt/archive2/b.mp4", "/mnt/archive", False),
        ("/mnt/a/keep/b.mp4", "**/keep/**", True),
        ("/mnt/a/b.JPG", "**/*.jpg", False),
        ("/mnt/a/b.jpg", "*.jpg", True),
        ("/mnt/a/b.jpg", "/mnt/*.jpg", False),
        ("/mnt/a/[b].jpg", "/mnt/a/[b].jpg", True),
        ("C:\\media\\a.mp4", "C:/media/**", True),
    ],
)
def test_patterns(path: str, pattern: str, fits: bool) -> None:
    assert path_fits(path, pattern) is fits


def test_what_protects_a_file_is_said() -> None:
    wanted = DuplicatesSettings(protected_paths=("/safe/**",), protected_tags=("Keep",), protect_organized=True)
    assert "protected_paths" in protected(file(path="/safe/a.mp4"), None, wanted)
    assert "protected_paths" in protected(file(path="/x.mp4", stash_path="/safe/a.mp4"), None, wanted)
    assert "tag Keep" in protected(file(), record(tags=tags("keep", "Keep")), wanted) or "keep" in protected(
        file(), record(tags=tags("keep")), wanted
    )
    assert protected(file(), record(is_organized=True), wanted) == "it is organized"
    assert protected(file(), record(is_organized=True), DuplicatesSettings()) == ""
