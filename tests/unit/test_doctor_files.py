"""What `winnow doctor` says of the trash where files cannot leave their place."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import msgspec
import pytest

from core.doctor_files import trash
from core.doctor_machine import State
from core.settings import PathMapping, Settings


def _over(folder: Path, directory: str = "") -> Settings:
    settings = Settings()
    return msgspec.structs.replace(
        settings,
        stash=msgspec.structs.replace(settings.stash, path_map=(PathMapping(stash="/data", local=str(folder)),)),
        trash=msgspec.structs.replace(settings.trash, directory=directory),
    )


@pytest.mark.parametrize("directory", ["", "trash"])
def test_a_read_only_source_is_enough_to_look_and_no_trash_helps_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, directory: str
) -> None:
    """A media folder that is mounted read-only, as many hand it to a container."""
    (tmp_path / "media").mkdir()
    (tmp_path / "trash").mkdir()
    monkeypatch.setattr(os, "statvfs", lambda path: SimpleNamespace(f_flag=os.ST_RDONLY if "media" in str(path) else 0))
    (check,) = trash(_over(tmp_path / "media", directory and str(tmp_path / directory)))
    assert check.state is State.WARNING
    assert check.words == f"{tmp_path}/media is mounted read-only: nothing can be moved out of it"
    assert "writable" in check.advice
    assert "[trash]" not in check.advice


def test_a_source_that_can_be_written_is_asked_for_its_trash(tmp_path: Path) -> None:
    (tmp_path / "media").mkdir()
    (check,) = trash(_over(tmp_path / "media", str(tmp_path / "trash")))
    assert check.state is State.OK
