"""The settings as text: what `winnow init` writes is valid and complete, and the page agrees with the declarations."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import Secret, load_settings
from core.errors import ConfigError
from core.settings import section_of, sections, setting_infos
from core.settings_text import config_text, documentation, toml_value, write_private

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"


def test_the_page_is_what_the_declarations_say() -> None:
    assert PAGE.read_text(encoding="utf-8") == documentation(), (
        "renew it: .venv/bin/python -m core.settings_text > docs/configuration.md"
    )


def test_the_written_file_is_read_back_and_names_every_setting(tmp_path: Path) -> None:
    text = config_text({("stash", "url"): "http://nas:9999", ("stash", "api_key"): "env:KEY"})
    path = tmp_path / "config.toml"
    path.write_text(text, encoding="utf-8")
    settings = load_settings(path, env={"KEY": "secret"})
    assert settings.stash.url == "http://nas:9999"
    assert settings.stash.api_key.reveal() == "secret"
    for section in sections():
        for name in setting_infos(section):
            assert f"{name} = " in text


def test_every_comment_that_is_uncommented_is_a_valid_default(tmp_path: Path) -> None:
    settings_lines = [line.removeprefix("# ") if " = " in line else line for line in config_text({}).splitlines()]
    named = {name for section in sections() for name in setting_infos(section)}
    kept = [line for line in settings_lines if line.startswith("[") or line.split(" = ")[0] in named]
    path = tmp_path / "config.toml"
    path.write_text("\n".join(kept), encoding="utf-8")
    settings = load_settings(path, env={})
    for section in sections():
        for name, info in setting_infos(section).items():
            assert getattr(section_of(settings, section), name) == info.default


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_any_text_survives_being_written(text: str) -> None:
    import tomllib

    assert tomllib.loads(f"a = {toml_value(text)}") == {"a": text}


def test_a_key_is_not_written_by_accident() -> None:
    with pytest.raises(TypeError):
        toml_value(Secret("abc"))


def test_a_private_file_keeps_what_it_replaces(tmp_path: Path) -> None:
    path = tmp_path / "new" / "config.toml"
    assert write_private(path, "one") is None
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.chmod(0o644)
    first = write_private(path, "two")
    second = write_private(path, "three")
    assert (first, second) == (path.with_name("config.toml.bak"), path.with_name("config.toml.bak2"))
    assert [p.read_text() for p in sorted(path.parent.iterdir())] == ["three", "one", "two"]
    assert {stat.S_IMODE(p.stat().st_mode) for p in path.parent.iterdir()} == {0o600}


def test_a_symbolic_link_stays_one(tmp_path: Path) -> None:
    real = tmp_path / "dotfiles.toml"
    real.write_text("old")
    link = tmp_path / "config.toml"
    link.symlink_to(real)
    write_private(link, "new")
    assert link.is_symlink()
    assert real.read_text() == "new"


def test_a_place_that_cannot_be_written_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        write_private(tmp_path / "file" / "config.toml", "x")
    (tmp_path / "config.toml").mkdir()
    with pytest.raises(ConfigError, match="cannot be written"):
        write_private(tmp_path / "config.toml", "x")
    assert {place.name for place in tmp_path.iterdir()} == {"config.toml", "file"}
