"""Configuration: what a file may say, what is refused, and in which words."""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import Any

import pytest
from config_cases import KEY, refused, write
from hypothesis import given
from hypothesis import strategies as st

from core.config import (
    MatchingSettings,
    PathMapping,
    Secret,
    Settings,
    data_folder,
    default_config_path,
    default_data_dir,
    load_settings,
)
from core.config_file import MAX_BYTES, TomlFile
from core.errors import ConfigError
from core.settings import sections, setting_infos


def test_the_names_and_defaults_of_the_product() -> None:
    settings = Settings()
    assert (settings.stash.url, settings.stash.api_key, settings.stash.path_map) == ("", Secret(), ())
    matching = settings.matching
    assert {name: getattr(matching, name) for name in setting_infos("matching")} == {
        "min_matching_fingerprints": 2,
        "min_match_percentage": 66,
        "duration_tolerance_seconds": 5,
        "max_phash_distance": 8,
        "high_confidence_phash_distance": 4,
        "scene_duration_tolerance_percent": 10,
        "exact_hash_is_enough": False,
        "recheck_days": 30,
        "interval_hours": 168,
        "disabled_endpoints": (),
        "submit_fingerprints": False,
    }


def test_every_setting_is_documented_and_its_default_is_allowed() -> None:
    for section in sections():
        for info in setting_infos(section).values():
            assert info.description.endswith("."), info
            assert info.allowed, info


def test_a_whole_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        [stash]
        url = "https://nas:9999/stash/graphql/"
        api_key = "env:STASH_KEY"
        path_map = [
            { stash = "/data", local = "/mnt/media" },
            { stash = 'D:\\films', local = "films" },
        ]
        [matching]
        recheck_days = 0
        disabled_endpoints = ["https://stashdb.org/graphql"]
        [display]
        images = "sixel"
        """,
    )
    settings = load_settings(path, env={"STASH_KEY": KEY})
    assert settings.path == path
    assert settings.stash.url == "https://nas:9999/stash"
    assert settings.stash.api_key.reveal() == KEY
    assert settings.stash.path_map == (
        PathMapping(stash="/data", local="/mnt/media"),
        PathMapping(stash="D:\\films", local=str(tmp_path / "films")),
    )
    assert settings.matching.recheck_days == 0
    assert settings.matching.max_phash_distance == 8
    assert settings.display.images == "sixel"
    assert settings.warnings == ()


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[matching]\nrecheck_day = 3", 2, "unknown setting recheck_day in [matching]; did you mean recheck_days?"),
        ("[matching]\n\nzzz = 3", 3, "unknown setting zzz in [matching]; the settings are: min_matching_fing"),
        ("\n[maching]\n", 2, "unknown section [maching]; did you mean [matching]?"),
        ("[xyz]\n", 1, "unknown section [xyz]; the sections are: [stash], [matching]"),
        ('url = "http://nas"', 1, "url stands outside a section; it belongs below [stash]"),
        ("recheck_day = 1", 1, "unknown setting recheck_day outside a section; did you mean recheck_days?"),
        ("[display]\nworkers = 2", 2, "[display] has no workers; it belongs below [media]"),
        ("matching = 3", 1, "matching must be a section"),
        ("[[matching]]\nrecheck_days = 3", 1, "matching must be a section"),
        ('[matching]\nrecheck_days = "soon"', 2, 'recheck_days is "soon"; it must be a whole number from 0 to 3650'),
        ("[matching]\nrecheck_days = true", 2, "recheck_days is true; it must be a whole number"),
        ("[matching]\nrecheck_days = 2.5", 2, "recheck_days is 2.5; it must be a whole number"),
        ("[matching]\nmin_match_percentage = 101", 2, "is 101; it must be a whole number from 0 to 100 (%)"),
        ("[matching]\nmax_phash_distance = -1", 2, "is -1; it must be a whole number from 0 to 16 (bits)"),
        (f"[matching]\nrecheck_days = {10**40}", 2, "it must be a whole number from 0 to 3650"),
        ("[matching]\nexact_hash_is_enough = 1", 2, "is 1; it must be true or false"),
        ("[matching]\ndisabled_endpoints = 'https://a'", 2, "it must be a list of texts in quotes"),
        ("[matching]\ndisabled_endpoints = ['stashdb.org']", 2, "must start with http:// or https://"),
        ("[display]\nimages = 'jpeg'", 2, 'it must be one of "auto", "off", "halfcell", "kitty", "sixel"'),
        ("[display]\nmouse = 2026-01-01", 2, "it must be true or false"),
        ("[stash]\nurl = 'nas:9999'", 2, 'is "nas:9999"; it must start with http:// or https://'),
        ("[stash]\nurl = 'http://'", 2, "is not a valid address"),
        ("[stash]\nurl = 'http://nas:99999'", 2, "is not a valid address"),
        ("[stash]\nurl = 'http://[nas'", 2, "is not a valid address"),
        ("[stash]\nurl = 'ftp://me:pw@nas'", 2, 'is "ftp://***@nas"; it must start with http://'),
        ("[stash]\nurl = 'http://nas?apikey=x'", 2, "leave out what follows the ? or #"),
        ("[stash]\nurl = 3", 2, "is 3; it must be text in quotes"),
        ("[stash]\napi_key = 3", 2, "api_key must be text in quotes"),
        ("[stash]\npath_map = {stash='/a'}", 2, "it must be a list of { stash"),
        ("[stash]\npath_map = [\n  {stash='/a'},\n]", 2, "lacks local in pair 1"),
        ("[stash]\npath_map = [{stash='/a', local='/b', x=1}]", 2, 'unknown key "x" in pair 1'),
        ("[stash]\npath_map = [{stash='a', local='/b'}]", 2, "must be a whole path as Stash shows it"),
        ("[stash]\npath_map = [{stash=1, local='/b'}]", 2, "is wrong in pair 1"),
        ("[stash]\npath_map = [{stash='/a', local='/b'}, {stash='/a', local='/c'}]", 2, 'names "/a" twice'),
        ("[[stash.path_map]]\nstash='/a'\n", 1, "lacks local in pair 1"),
        ("[data]\ndirectory = '~nobody-of-this-name/x'", 2, "no home folder is known"),
        ("[stash]\nurl = \n", 2, "is not valid TOML: Invalid value (column 7)"),
        ("[stash]\nurl = 'a'\nurl = 'b'\n", 3, "is not valid TOML: Cannot overwrite a value"),
        ("[stash]\n\nurl = [", 3, "is not valid TOML"),
    ],
)
def test_what_is_wrong_is_named_with_file_and_line(tmp_path: Path, text: str, line: int, words: str) -> None:
    path = write(tmp_path, text)
    message = refused(path)
    assert message.startswith(f"{path}:{line}: "), message
    assert words in message


def test_all_faults_come_in_one_message(tmp_path: Path) -> None:
    path = write(tmp_path, "[matching]\nrecheck_days = -1\ninterval_hours = 'x'\n[display]\nmouse = 0\n")
    assert [line.split(": ")[0] for line in refused(path).splitlines()] == [f"{path}:{n}" for n in (2, 3, 5)]


def test_a_named_file_must_exist_and_the_default_one_only_where_servers_are_needed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    missing = tmp_path / "none.toml"
    assert load_settings(env={}, required=False) == Settings()
    with pytest.raises(ConfigError, match="run `winnow init`"):
        load_settings(env={})
    with pytest.raises(ConfigError, match=r"none\.toml: there is no configuration"):
        load_settings(missing, env={}, required=False)
    with pytest.raises(ConfigError, match=r"none\.toml: there is no configuration"):
        load_settings(env={"WINNOW_CONFIG": str(missing)}, required=False)


def test_a_command_that_needs_stash_says_that_no_address_is_set(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    with pytest.raises(ConfigError, match=r"config\.toml: \[stash\] url is not set"):
        load_settings(path, env={}).require_stash()


def test_places_named_by_the_environment(tmp_path: Path) -> None:
    env = {"WINNOW_CONFIG": str(tmp_path / "a.toml"), "WINNOW_DATA_DIR": str(tmp_path / "data")}
    assert default_config_path(env) == tmp_path / "a.toml"
    assert default_data_dir(env) == tmp_path / "data"
    assert default_config_path({}).parts[-2:] == ("winnow", "config.toml")
    assert default_data_dir({}).name == "winnow"


def test_files_that_cannot_be_a_configuration(tmp_path: Path) -> None:
    assert "is a folder" in refused(tmp_path)
    path = tmp_path / "config.toml"
    path.write_bytes(b"[stash]\nurl = 'caf\xe9'\n")
    assert refused(path) == f"{path}:2: is not UTF-8 text here; save the file as UTF-8"
    path.write_bytes(b"#" * (MAX_BYTES + 1))
    assert "larger than" in refused(path)
    path.write_text("x = " + "[" * 5000 + "]" * 5000)
    assert "nested too deeply" in refused(path)


def test_a_byte_order_mark_and_dos_line_ends_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf[matching]\r\nrecheck_days = 9\r\n")
    assert load_settings(path, env={}).matching.recheck_days == 9


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
def test_an_unreadable_file(tmp_path: Path) -> None:
    assert "may not be read by this user" in refused(write(tmp_path, "", mode=0))


def test_a_disabled_endpoint_is_known_in_any_spelling() -> None:
    matching = MatchingSettings(disabled_endpoints=("https://StashDB.org/graphql/",))
    assert not matching.is_endpoint_enabled("https://stashdb.org/graphql")
    assert matching.is_endpoint_enabled("https://fansdb.cc/graphql")


VALUES = st.recursive(
    st.integers(-9, 9) | st.booleans() | st.sampled_from(["x", "[y]", "a = 1", "# no", '"""', "'"]),
    lambda inner: st.lists(inner, max_size=3),
    max_leaves=6,
)


def toml(value: Any, *, spread: bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, str):
        return '"' + value.replace('"', '\\"') + '"'
    joint = ",\n  " if spread else ", "
    edge = "\n" if spread else ""
    return "[" + edge + joint.join(toml(item, spread=spread) for item in value) + edge + "]"


@given(st.lists(st.tuples(VALUES, st.booleans(), st.integers(0, 2)), max_size=8))
def test_every_key_is_found_on_its_own_line(entries: list[tuple[Any, bool, int]]) -> None:
    text, expected = "# first\n", {}
    for number, (value, spread, gap) in enumerate(entries):
        text += "\n" * gap
        if number % 3 == 2:
            text += f"[table{number}]  # next\n"
        prefix = f"table{number - (number - 2) % 3}" if number >= 2 else ""
        key = (prefix, f"key{number}") if prefix else (f"key{number}",)
        expected[key] = text.count("\n") + 1
        text += f"key{number} = {toml(value, spread=spread)}\n"
    assert tomllib.loads(text) is not None
    file = TomlFile(Path("x.toml"), text)
    assert {key: file.line(key) for key in expected} == expected


def test_lines_inside_tables_of_tables() -> None:
    text = '[[a.b]]\nc = 1\n[[a.b]]\nc = """\n[[a.b]]\n"""\nd.e = 2\n[a.b.f]\ng = {h = 1}\n'
    file = TomlFile(Path("x.toml"), text)
    assert file.line(("a", "b", 0, "c")) == 2
    assert file.line(("a", "b", 1, "c")) == 4
    assert file.line(("a", "b", 1, "d", "e")) == 7
    assert file.line(("a", "b", 1, "f", "g", "h")) == 9
    assert file.line(("a", "b", 1, "nothing")) == 3
    assert file.line(("z",)) is None


def test_the_data_folder_is_named_by_the_command_then_the_environment_then_the_file(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text('[data]\ndirectory = "mine"\n')
    settings = load_settings(file, env={})
    assert data_folder(settings, env={}) == tmp_path / "mine"
    assert data_folder(settings, env={"WINNOW_DATA_DIR": str(tmp_path / "other")}) == tmp_path / "other"
    assert data_folder(settings, tmp_path / "named", env={"WINNOW_DATA_DIR": "/elsewhere"}) == tmp_path / "named"
    assert data_folder(load_settings(required=False, env={"HOME": str(tmp_path)}), env={}) == default_data_dir({})


def test_a_current_folder_that_is_gone_is_told_where_it_matters(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write(tmp_path, "[matching]\nrecheck_days = 7\n")
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert load_settings(path, env={}).matching.recheck_days == 7
    assert default_data_dir({"WINNOW_DATA_DIR": str(tmp_path)}) == tmp_path
    with pytest.raises(ConfigError, match="the current folder is gone"):
        load_settings(Path("config.toml"), env={})
