"""`winnow init`, as a user meets it: with a terminal, and from a script."""

from __future__ import annotations

import stat
from pathlib import Path

from cli_runner import Terminal, command

from core.config import load_settings
from core.demo.world import DemoWorld

UNREACHABLE = "http://127.0.0.1:9"  # the discard port; nothing of ours listens there


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


async def test_from_a_script(empty_world: DemoWorld, tmp_path: Path) -> None:
    config = tmp_path / "new folder" / "config.toml"
    words = ("init", "--config", config, "--stash-url", empty_world.stash.base_url + "/graphql", "--api-key", "env:KEY")
    ran = await command(tmp_path, *words, KEY=empty_world.stash.api_key)
    assert (ran.status, ran.err) == (0, "")
    assert all(box.endpoint in ran.out for box in empty_world.boxes)
    settings = load_settings(config, env={"KEY": "x"})
    assert settings.stash.url == empty_world.stash.base_url
    assert 'api_key = "env:KEY"' in config.read_text()
    assert empty_world.stash.api_key not in config.read_text() + ran.out
    assert mode(config) == 0o600

    again = await command(tmp_path, *words, KEY=empty_world.stash.api_key)
    assert again.status == 2
    assert "--yes to replace it (a .bak is kept)" in again.err
    config.write_text("# mine\n")
    forced = await command(tmp_path, *words, "--yes", KEY=empty_world.stash.api_key)
    assert forced.status == 0
    assert config.with_name("config.toml.bak").read_text() == "# mine\n"


async def test_what_a_script_must_give(tmp_path: Path) -> None:
    ran = await command(tmp_path, "init")
    assert (ran.status, ran.out) == (2, "")
    assert "give --stash-url URL" in ran.err
    ran = await command(tmp_path, "init", "--stash-url", "nas:9999")
    assert ran.status == 2
    assert "must start with http:// or https://" in ran.err
    ran = await command(tmp_path, "init", "--config", tmp_path, "--stash-url", "http://nas:9999")
    assert ran.status == 2
    assert "is a folder" in ran.err


async def test_a_stash_that_does_not_answer_or_refuses(empty_world: DemoWorld, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    ran = await command(tmp_path, "init", "--config", config, "--stash-url", UNREACHABLE)
    assert ran.status == 2
    assert "nothing listens there" in ran.err
    assert "add --yes to write the configuration all the same" in ran.err
    assert not config.exists()
    ran = await command(tmp_path, "init", "--config", config, "--stash-url", UNREACHABLE, "--yes")
    assert ran.status == 1
    assert load_settings(config, env={}).stash.url == UNREACHABLE
    url = empty_world.stash.base_url
    ran = await command(tmp_path, "init", "--config", tmp_path / "b", "--stash-url", url, "--api-key", "wrong-key")
    assert ran.status == 2
    assert "refuses the key" in ran.err
    assert "wrong-key" not in ran.err
    ran = await command(tmp_path, "init", "--config", tmp_path / "c", "--stash-url", url, "--api-key", "env:NOT_SET")
    assert ran.status == 2
    assert "needs the environment variable NOT_SET" in ran.err


async def test_with_a_terminal_and_the_key_in_a_file(empty_world: DemoWorld, tmp_path: Path) -> None:
    key = empty_world.stash.api_key
    config = tmp_path / "config.toml"
    with Terminal(tmp_path, "init", WINNOW_CONFIG=str(config)) as terminal:
        await terminal.expect("Address of Stash: (http://localhost:9999)")
        terminal.type("nas")
        await terminal.expect("must start with http://")
        await terminal.expect("Address of Stash:")
        terminal.type(empty_world.stash.base_url)
        await terminal.expect("it is not shown):")
        terminal.type("wrong")
        await terminal.expect("refuses the key")
        await terminal.expect("it is not shown):")
        terminal.type(key)
        await terminal.expect("Meadow")
        await terminal.expect("1, 2 or 3:")
        terminal.type("4")
        await terminal.expect("1, 2 or 3:")
        terminal.type("3")
        await terminal.expect("Written:")
        assert await terminal.end() == 0
        assert key not in terminal.shown
    assert 'api_key = "file:stash-api-key"' in config.read_text()
    assert mode(tmp_path / "stash-api-key") == 0o600
    settings = load_settings(config, env={})
    assert settings.stash.api_key.reveal() == key
    assert settings.warnings == ()


async def test_enter_does_not_overwrite(empty_world: DemoWorld, tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("# mine\n")
    with Terminal(tmp_path, "init", "--config", config) as terminal:
        await terminal.expect("Replace it? The old one is kept beside it. [y/N]")
        terminal.type("")
        await terminal.expect("was left as it is")
        assert await terminal.end() == 2
    assert config.read_text() == "# mine\n"


async def test_interrupted_at_a_question_writes_nothing(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    for question, key in (("Address of Stash", b"\x03"), ("Address of Stash", b"\x04")):
        with Terminal(tmp_path, "init", "--config", config) as terminal:
            await terminal.expect(question)
            terminal.press(key)
            assert await terminal.end() == 130
        assert not config.exists()


async def test_a_password_in_the_address_is_not_repeated(empty_world: DemoWorld, tmp_path: Path) -> None:
    password = "P4ssword-of-the-proxy"
    for base, status in ((empty_world.stash.base_url, 0), (UNREACHABLE, 2), ("http://host:99999", 2)):
        url = base.replace("http://", f"http://me:{password}@")
        words = ("init", "--config", tmp_path / "c.toml", "--stash-url", url, "--api-key", "env:KEY")
        ran = await command(tmp_path, *words, KEY=empty_world.stash.api_key)
        assert ran.status == status, ran
        assert password not in ran.out + ran.err
