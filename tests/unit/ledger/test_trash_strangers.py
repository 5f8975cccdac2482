"""A folder that everybody may write to: nobody else's link says where removed files go."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from core.errors import EffectRefusedError
from core.ledger.trash_place import FOLDER, trash_root


@pytest.fixture
def stranger(monkeypatch: pytest.MonkeyPatch) -> int:
    """Who asks from now on: somebody who made nothing of what stands there."""
    number = os.getuid() + 1
    monkeypatch.setattr(os, "getuid", lambda: number)
    return number


@pytest.fixture
def top(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The uppermost folder that may be written."""
    allowed = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path).is_relative_to(tmp_path) and allowed(path, mode))
    return tmp_path


def test_a_folder_of_somebody_else_is_not_used(top: Path, stranger: int) -> None:
    assert trash_root(top / "a.jpg", "") == top / FOLDER
    (top / FOLDER).mkdir()
    assert trash_root(top / "a.jpg", "") == top / f"{FOLDER}-{stranger}"
    (top / f"{FOLDER}-{stranger}").mkdir()  # a share that makes all files one user's
    assert trash_root(top / "a.jpg", "") == top / f"{FOLDER}-{stranger}"


def test_a_link_of_somebody_else_is_not_followed(top: Path, stranger: int) -> None:
    elsewhere = top / "elsewhere"
    elsewhere.mkdir()
    (top / FOLDER).symlink_to(elsewhere)
    assert trash_root(top / "a.jpg", "") == top / f"{FOLDER}-{stranger}"
    (top / f"{FOLDER}-{stranger}").symlink_to(elsewhere)
    with pytest.raises(EffectRefusedError, match=r"a link of somebody else.*set \[trash\] directory"):
        trash_root(top / "a.jpg", "")


def test_ones_own_link_is_followed(top: Path) -> None:
    (top / "disk").mkdir()
    (top / FOLDER).symlink_to(top / "disk")
    assert trash_root(top / "a.jpg", "") == top / FOLDER
