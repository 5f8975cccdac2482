"""Keys: from the file, the environment or a file of their own; never shown, warned about where others can read them."""

from __future__ import annotations

import pickle
import traceback
from pathlib import Path

import pytest
from config_cases import KEY, refused, write

from core.config import (
    Secret,
    load_settings,
)


def test_a_key_from_the_environment(tmp_path: Path) -> None:
    path = write(tmp_path, '[stash]\napi_key = "env:STASH_KEY"\n')
    assert load_settings(path, env={"STASH_KEY": KEY}).stash.api_key.reveal() == KEY
    assert refused(path) == (f"{path}:2: [stash] api_key needs the environment variable STASH_KEY, which is not set")
    assert "the environment variable STASH_KEY holds nothing" in refused(path, STASH_KEY="")
    assert "names no variable" in refused(write(tmp_path, '[stash]\napi_key = "env:"\n'))


def test_a_key_from_a_file_beside_the_configuration(tmp_path: Path) -> None:
    path = write(tmp_path, '[stash]\napi_key = "file:keys/stash"\n')
    assert f"{tmp_path / 'keys' / 'stash'}: does not exist" in refused(path)
    key_file = tmp_path / "keys" / "stash"
    key_file.parent.mkdir()
    key_file.write_text(KEY + "\n")
    key_file.chmod(0o600)
    settings = load_settings(path, env={})
    assert settings.stash.api_key.reveal() == KEY
    assert settings.warnings == ()
    key_file.write_text("\n")
    assert "is empty" in refused(path)
    key_file.write_bytes(b"\xff\xfe")
    assert "is not text" in refused(path)
    key_file.unlink()
    key_file.mkdir()
    assert "is a folder" in refused(path)


@pytest.mark.parametrize("bad", ["two words", "line\nbreak", "clé", "tab\t"])
def test_a_key_that_cannot_be_one_is_refused_without_being_shown(tmp_path: Path, bad: str) -> None:
    message = refused(write(tmp_path, '[stash]\napi_key = "env:KEY"\n'), KEY=bad)
    assert "signs that no key has" in message
    assert bad not in message


@pytest.mark.parametrize(("mode", "is_warned"), [(0o600, False), (0o400, False), (0o640, True), (0o644, True)])
def test_a_file_with_a_key_that_others_can_read_is_warned_about(tmp_path: Path, mode: int, is_warned: bool) -> None:
    path = write(tmp_path, f'[stash]\napi_key = "{KEY}"\n', mode=mode)
    warnings = load_settings(path, env={}).warnings
    assert bool(warnings) == is_warned
    assert all(f"chmod 600 {path}" in warning and KEY not in warning for warning in warnings)


def test_a_readable_file_without_a_key_in_it_is_not_warned_about(tmp_path: Path) -> None:
    path = write(tmp_path, '[stash]\napi_key = "env:KEY"\n', mode=0o644)
    assert load_settings(path, env={"KEY": KEY}).warnings == ()


def test_a_readable_key_file_is_warned_about(tmp_path: Path) -> None:
    path = write(tmp_path, '[stash]\napi_key = "file:key"\n')
    (tmp_path / "key").write_text(KEY)
    (tmp_path / "key").chmod(0o644)
    assert str(tmp_path / "key") in load_settings(path, env={}).warnings[0]


def test_a_password_in_an_address_counts_as_a_key(tmp_path: Path) -> None:
    text = '[stash]\nurl = "http://me:pw@nas:9999"\napi_key = "key"\n'
    settings = load_settings(write(tmp_path, text, mode=0o644), env={})
    assert settings.stash.url == "http://me:pw@nas:9999"
    assert len(settings.warnings) == 1


def test_a_key_is_never_shown(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, f'[stash]\napi_key = "{KEY}"\n'), env={})
    shown = [repr(settings), str(settings), f"{settings.stash.api_key}", repr(settings.stash), repr(vars)]
    try:
        raise RuntimeError(settings)
    except RuntimeError:
        shown.append(traceback.format_exc())
    assert not any(KEY in text for text in shown)
    with pytest.raises(TypeError):
        pickle.dumps(settings.stash.api_key)
    assert bool(settings.stash.api_key)
    assert not Secret()
