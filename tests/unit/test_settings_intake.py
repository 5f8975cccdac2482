"""The settings of the intake desk: names, defaults, sections inside a section, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.config import Secret, Settings, load_settings
from core.errors import ConfigError
from core.settings import section_of, sections, setting_infos
from core.settings_edit import change, is_editable, parsed, source
from core.settings_intake import ImmichPathMapping

KEY = "immich-key-of-the-test"
DATABASE = "postgresql://reader:password-of-the-test@nas:5432/immich"

DEFAULTS: dict[str, dict[str, Any]] = {
    "intake": {
        "enabled": False,
        "temp_dir": "",
        "final_base": "",
        "review_base": "",
        "interval_hours": 24,
        "drop_folder": "",
        "whitelist": (),
        "blacklist": (),
        "min_confidence": 0.6,
        "max_faces_per_image": 1,
        "check_hash": True,
        "action_on_duplicate": "move_to_review",
    },
    "intake.immich": {
        "url": "",
        "api_key": Secret(),
        "library_id": "",
        "path_map": (),
        "database": Secret(),
        "wait_time_seconds": 5,
        "trigger_scan": True,
        "retry_if_no_faces": True,
        "max_retries": 2,
        "deadline_seconds": 600,
    },
    "intake.categories": {
        "duplicates": True,
        "unidentified": True,
        "low_confidence": True,
        "multiple_faces": True,
        "unwanted_person": True,
    },
    "intake.download": {"max_bytes": 2 << 30, "max_seconds": 3600, "allow_private": False},
}

OTHERS: dict[tuple[str, str], tuple[str, Any]] = {
    ("intake", "enabled"): ("true", True),
    ("intake", "temp_dir"): ('"/in"', "/in"),
    ("intake", "final_base"): ('"/faces"', "/faces"),
    ("intake", "review_base"): ('"/review"', "/review"),
    ("intake", "interval_hours"): ("0", 0),
    ("intake", "drop_folder"): ('"/drop"', "/drop"),
    ("intake", "whitelist"): ('["Ann"]', ("Ann",)),
    ("intake", "blacklist"): ('["Bob", "Cem"]', ("Bob", "Cem")),
    ("intake", "min_confidence"): ("1", 1.0),
    ("intake", "max_faces_per_image"): ("3", 3),
    ("intake", "check_hash"): ("false", False),
    ("intake", "action_on_duplicate"): ('"trash"', "trash"),
    ("intake.immich", "url"): ('"http://nas:2283/api/"', "http://nas:2283"),
    ("intake.immich", "api_key"): ('"env:IMMICH_KEY"', Secret(KEY)),
    ("intake.immich", "library_id"): ('"0b1c"', "0b1c"),
    ("intake.immich", "path_map"): (
        '[{ immich = "/mnt/in", local = "/srv/in" }]',
        (ImmichPathMapping(immich="/mnt/in", local="/srv/in"),),
    ),
    ("intake.immich", "database"): ('"env:IMMICH_DATABASE"', Secret(DATABASE)),
    ("intake.immich", "wait_time_seconds"): ("1", 1),
    ("intake.immich", "trigger_scan"): ("false", False),
    ("intake.immich", "retry_if_no_faces"): ("false", False),
    ("intake.immich", "max_retries"): ("0", 0),
    ("intake.immich", "deadline_seconds"): ("30", 30),
    ("intake.categories", "duplicates"): ("false", False),
    ("intake.categories", "unidentified"): ("false", False),
    ("intake.categories", "low_confidence"): ("false", False),
    ("intake.categories", "multiple_faces"): ("false", False),
    ("intake.categories", "unwanted_person"): ("false", False),
    ("intake.download", "max_bytes"): ("1000", 1000),
    ("intake.download", "max_seconds"): ("60", 60),
    ("intake.download", "allow_private"): ("true", True),
}


def write(folder: Path, text: str) -> Path:
    path = folder / "config.toml"
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def test_the_names_and_defaults_of_the_product() -> None:
    assert [name for name in sections() if name.startswith("intake")] == list(DEFAULTS)
    for section, values in DEFAULTS.items():
        found = section_of(Settings(), section)
        assert {name: getattr(found, name) for name in setting_infos(section)} == values
    assert {(section, name) for section in DEFAULTS for name in DEFAULTS[section]} == set(OTHERS)


@pytest.mark.parametrize(("section", "name"), OTHERS)
def test_every_setting_can_be_set(tmp_path: Path, section: str, name: str) -> None:
    text, value = OTHERS[section, name]
    env = {"IMMICH_KEY": KEY, "IMMICH_DATABASE": DATABASE}
    settings = load_settings(write(tmp_path, f"[{section}]\n{name} = {text}\n"), env=env)
    assert getattr(section_of(settings, section), name) == value
    for other, values in DEFAULTS.items():
        for one, default in values.items():
            if (other, one) != (section, name):
                assert getattr(section_of(settings, other), one) == default


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[intake]\nmin_confidnce = 1", 2, "unknown setting min_confidnce in [intake]; did you mean min_confidence?"),
        ("[intake.immich]\nurll = 'x'", 2, "unknown setting urll in [intake.immich]; did you mean url?"),
        ("[intake.immch]\nurl = 'x'", 1, "unknown section [intake.immch]; did you mean [intake.immich]?"),
        ("[immich]\nurl = 'x'", 1, "unknown section [immich]; did you mean [intake.immich]?"),
        ("[intake]\nurl = 'x'", 2, "[intake] has no url; it belongs below [intake.immich]"),
        ("[intake.categories]\nnobody = true", 2, "unknown setting nobody in [intake.categories]"),
        ("[intake]\nimmich = 3", 2, "intake.immich must be a section: write [intake.immich]"),
        ("[intake]\nmin_confidence = 1.5", 2, "is 1.5; it must be a number from 0 to 1"),
        ("[intake]\nmin_confidence = nan", 2, "it must be a number from 0 to 1"),
        ("[intake]\nmin_confidence = '0.5'", 2, "it must be a number from 0 to 1"),
        ("[intake]\nmax_faces_per_image = 0", 2, "it must be a whole number from 1 to 1000 (faces)"),
        ("[intake]\naction_on_duplicate = 'delete'", 2, 'it must be one of "move_to_review", "trash"'),
        ("[intake.categories]\nduplicates = 'no'", 2, "it must be true or false"),
        ("[intake.download]\nmax_bytes = 0", 2, "it must be a whole number from 1 to"),
        ("[intake.immich]\nurl = 'nas:2283'", 2, "must start with http:// or https://"),
        ("[intake.immich]\npath_map = [{ immich = 'in', local = '/x' }]", 2, "a whole path as Immich shows it"),
        ("[intake.immich]\npath_map = [{ stash = '/in', local = '/x' }]", 2, "a pair is { immich, local }"),
        (
            "[intake.immich]\npath_map = [{ immich='/a', local='/x' }, { immich='/b', local='/x' }]",
            2,
            'names "/x" twice',
        ),
        ("[intake.immich]\ndatabase = 'nas/immich'", 2, "must be an address like postgresql://user:password@host"),
        ("[intake.immich]\napi_key = 'env:NOT_THERE'", 2, "needs the environment variable NOT_THERE"),
        ("[matching.intake]\nx = 1", 1, "unknown setting intake in [matching]"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = write(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        load_settings(path, env={})
    assert words in str(caught.value)
    assert (caught.value.path, caught.value.line) == (path, line)


def test_a_key_from_a_file_and_one_that_others_can_read(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    (tmp_path / "key").chmod(0o640)
    path = write(tmp_path, '[intake.immich]\napi_key = "file:key"\n')
    settings = load_settings(path, env={})
    assert settings.intake.immich.api_key.reveal() == KEY
    assert "key holds a key and can be read by others" in settings.warnings[0]
    assert KEY not in repr(settings)


def test_folders_are_made_whole(tmp_path: Path) -> None:
    settings = load_settings(write(tmp_path, '[intake]\ntemp_dir = "in"\nfinal_base = "a/../faces"\n'), env={})
    assert settings.intake.temp_dir == str(tmp_path / "in")
    assert settings.intake.final_base == str(tmp_path / "faces")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "[intake] enabled is false; set it to true"),
        ("enabled = true", "temp_dir and final_base and review_base must be set"),
        ("enabled = true\ntemp_dir = '/a'\nfinal_base = '/b'", "[intake] review_base must be set to a folder"),
        (
            "enabled = true\ntemp_dir = '/a'\nfinal_base = '/b'\nreview_base = '/b'",
            "final_base and review_base are the",
        ),
        (
            "enabled = true\ntemp_dir = '/a'\nfinal_base = '/b'\nreview_base = '/c'\ndrop_folder = '/x/../a'",
            "temp_dir and drop_folder are the same folder",
        ),
    ],
)
def test_the_desk_says_what_it_lacks(tmp_path: Path, text: str, words: str) -> None:
    path = write(tmp_path, f"[intake]\n{text}\n")
    with pytest.raises(ConfigError) as caught:
        load_settings(path, env={}).intake.ready(path=path)
    assert words in str(caught.value)
    assert caught.value.path == path


def test_the_desk_that_lacks_nothing_is_ready(tmp_path: Path) -> None:
    text = "[intake]\nenabled = true\ntemp_dir = '/a'\nfinal_base = '/b'\nreview_base = '/c'\n"
    intake = load_settings(write(tmp_path, text), env={}).intake
    assert intake.ready() is intake


def test_a_setting_of_a_section_inside_another_can_be_changed_and_taken_out_again(tmp_path: Path) -> None:
    path = write(tmp_path, "# mine\n[intake]\nmin_confidence = 0.5 # enough\n")
    retries = setting_infos("intake.immich")["max_retries"]
    sure = setting_infos("intake")["min_confidence"]
    assert is_editable(sure)
    assert source(load_settings(path, env={}), retries) == (None, None)
    change(path, retries, parsed(retries, "7"))
    change(path, sure, parsed(sure, "0.75"))
    settings = load_settings(path, env={})
    assert (settings.intake.immich.max_retries, settings.intake.min_confidence) == (7, 0.75)
    line, written = source(settings, retries)
    assert written == 7
    assert line is not None
    assert path.read_text().splitlines()[line - 1] == "max_retries = 7"
    assert path.read_text().startswith("# mine\n")
    change(path, retries, None)
    assert load_settings(path, env={}).intake.immich.max_retries == 2
    for words in ("1.5", "nan", "-0.1", "half"):
        with pytest.raises(ConfigError, match="a number from 0 to 1"):
            parsed(sure, words)
