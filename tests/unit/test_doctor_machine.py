"""What `winnow doctor` finds out about this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import NamedTuple

import pytest

from core import doctor_machine, mounts
from core.config import Settings
from core.doctor_machine import State

MOUNTS = """\
22 1 8:1 / / rw,relatime - ext4 /dev/sda1 rw
30 22 0:40 / /mnt/share rw,relatime shared:1 - nfs4 nas:/volume1 rw
31 22 0:41 / /mnt/with\\040space rw - cifs //nas/x rw
32 22 0:42 / /home rw - ext4 /dev/sdb1 rw
33 32 0:43 / /home rw master:2 - fuse.sshfs me@nas: rw
broken line
"""


@pytest.mark.parametrize(
    ("folder", "kind"),
    [
        ("/var/lib", "ext4"),
        ("/mnt/share", "nfs4"),
        ("/mnt/share/winnow", "nfs4"),
        ("/mnt/shared", "ext4"),
        ("/mnt/with space/a", "cifs"),
        ("/home/me", "fuse.sshfs"),
    ],
)
def test_the_file_system_of_a_folder(tmp_path: Path, folder: str, kind: str) -> None:
    list_of_mounts = tmp_path / "mountinfo"
    list_of_mounts.write_text(MOUNTS)
    assert mounts.file_system(Path(folder), list_of_mounts) == kind


def test_a_file_that_is_mounted_alone(tmp_path: Path) -> None:
    list_of_mounts = tmp_path / "mountinfo"
    list_of_mounts.write_text(
        "22 1 8:1 / / rw - ext4 /dev/sda1 rw\n30 22 8:1 /x /data/stash.sqlite rw - ext4 /dev/sda1 rw\n"
    )
    assert mounts.is_mounted_alone(Path("/data/stash.sqlite"), list_of_mounts)
    assert not mounts.is_mounted_alone(Path("/data/other.sqlite"), list_of_mounts)


def test_a_system_that_does_not_list_its_mounts(tmp_path: Path) -> None:
    assert mounts.file_system(tmp_path, tmp_path / "none") == ""


@pytest.mark.parametrize("kind", ["nfs", "nfs4", "cifs", "fuse.sshfs"])
def test_a_network_file_system_is_warned_about(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str) -> None:
    monkeypatch.setattr(doctor_machine, "file_system", lambda folder: kind)
    check = doctor_machine.data_folder(tmp_path / "not" / "yet")
    assert check.state is State.WARNING
    assert kind in check.words
    assert list(tmp_path.iterdir()) == []


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert doctor_machine.data_folder(tmp_path / "file").state is State.FAILED


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes everywhere")
def test_a_data_folder_that_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    assert doctor_machine.data_folder(tmp_path).state is State.FAILED


class Usage(NamedTuple):
    total: int
    used: int
    free: int


@pytest.mark.parametrize(
    ("free", "state"), [(5 << 30, State.OK), (500 << 20, State.WARNING), (5 << 20, State.FAILED), (0, State.FAILED)]
)
def test_disk_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, free: int, state: State) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(1 << 40, 0, free))
    assert doctor_machine.disk_space(tmp_path / "later").state is state


def test_ffmpeg(tmp_path: Path) -> None:
    def program(text: str) -> str:
        path = tmp_path / "ffmpeg"
        path.write_text(f"#!/bin/sh\n{text}\n")
        path.chmod(0o755)
        return str(path)

    assert doctor_machine.ffmpeg("").state is State.SKIPPED
    assert doctor_machine.ffmpeg(str(tmp_path / "none")).state is State.FAILED
    assert doctor_machine.ffmpeg(program("echo ffmpeg version 7.0; exit 0")).state is State.OK
    assert doctor_machine.ffmpeg(program("echo ffmpeg version 7.0; exit 1")).state is State.FAILED
    assert doctor_machine.ffmpeg(program("echo something else")).state is State.FAILED
    (tmp_path / "ffmpeg").write_bytes(b"\x7fELF not really")
    assert doctor_machine.ffmpeg(str(tmp_path / "ffmpeg")).state is State.FAILED


def test_an_ffmpeg_that_hangs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "ffmpeg"
    path.write_text("#!/bin/sh\nexec sleep 60\n")
    path.chmod(0o755)
    monkeypatch.setattr(doctor_machine, "_FFMPEG_SECONDS", 0.05)
    assert doctor_machine.ffmpeg(str(path)).words.endswith("does not answer")


def test_the_decoder_decodes() -> None:
    assert doctor_machine.decoder().state is State.OK


def test_the_clock() -> None:
    assert doctor_machine.clock().state is State.OK
    assert doctor_machine.clock(now=0.0).state is State.WARNING


def test_no_configuration_is_a_warning() -> None:
    assert doctor_machine.configuration(Settings()).state is State.WARNING


def test_the_database(tmp_path: Path) -> None:
    assert doctor_machine.database(tmp_path / "none.db").state is State.OK
