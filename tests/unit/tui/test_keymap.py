"""Keys come from keybindings.toml alone; mistakes in the user's file are named and harmless."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from textual.keys import _character_to_key

from tui.command_table import COMMANDS, SCOPES, overlapping
from tui.keymap import load_keymap, parse_key, shown_key, user_path
from tui.keys_page import page

ROOT = Path(__file__).parents[3]


def _own(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "keybindings.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_command_has_a_key_a_label_and_a_sentence() -> None:
    keymap = load_keymap()
    assert not keymap.faults
    for command in COMMANDS.values():
        assert keymap.keys[command.id], command.id
        assert 0 < len(command.label) <= 14
        assert command.words.endswith(".")
        assert len(command.words) <= 90


def test_no_shipped_key_serves_two_commands_in_one_place() -> None:
    keys = load_keymap().keys
    for first in COMMANDS.values():
        for second in COMMANDS.values():
            if first.id < second.id and overlapping(first.scope, second.scope):
                assert not set(keys[first.id]) & set(keys[second.id]), (first.id, second.id)


def test_the_page_of_keys_agrees_with_the_shipped_file() -> None:
    assert (ROOT / "docs" / "keys.md").read_text(encoding="utf-8") == page(), (
        "run: python -m tui.keys_page > docs/keys.md"
    )


def test_the_users_file_replaces_adds_and_takes_away(tmp_path: Path) -> None:
    own = _own(tmp_path, '[matching]\naccept = ["f2", "a"]\ndismiss = "X"\nskip = []\n')
    keymap = load_keymap(own)
    assert keymap.keys["matching.accept"] == ("f2", "a")
    assert keymap.shown("matching.dismiss") == "X"
    assert keymap.keys["matching.skip"] == ()
    assert "matching.skip" not in keymap.textual()
    assert keymap.keys["detail.accept"] == ("a",)
    assert not keymap.faults


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ('[matchin]\naccept = "a"\n', 1, "did you mean matching?"),
        ('[matching]\n\nacept = "a"\n', 3, "did you mean accept?"),
        ("[matching]\naccept = 3\n", 2, "takes a key or a list of keys"),
        ('[matching]\naccept = ["a", 3]\n', 2, "takes a key or a list of keys"),
        ('[matching]\naccept = "entr"\n', 2, "did you mean enter?"),
        ('[matching]\naccept = "hyper+a"\n', 2, "hyper+ is none of"),
        ('[matching]\naccept = "ctrl+i"\n', 2, 'write "tab"'),
        ('[matching]\naccept = "ctrl+A"\n', 2, "cannot tell it from ctrl+a"),
        ('[matching]\naccept = "ab"\n', 2, "is not a key"),
        ('[matching]\naccept = ""\n', 2, "is not a key"),
        ('[matching]\naccept = "f9"\ndismiss = "f9"\n', 3, "f9 already means matching.accept"),
        ('[matching]\naccept = "f9"\n[app]\nhelp = "f9"\n', 4, "f9 already means matching.accept"),
        ('matching = "a"\n', 1, "is a group of commands"),
        ('[matching]\naccept = "a\n', 2, "is not valid TOML"),
        ('[matching]\naccept = "u"\n', 2, "app.undo has no key any more"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_the_way_out(tmp_path: Path, text: str, line: int, words: str) -> None:
    own = _own(tmp_path, text)
    (fault,) = load_keymap(own).faults
    assert fault.startswith(f"{own}:{line}: ")
    assert words in fault


def test_the_rest_of_a_file_with_a_mistake_holds(tmp_path: Path) -> None:
    keymap = load_keymap(_own(tmp_path, '[matching]\nnonsense = "a"\naccept = "f2"\ndismiss = "bogus+key!!"\n'))
    assert keymap.keys["matching.accept"] == ("f2",)
    assert keymap.keys["matching.dismiss"] == ("d",)  # what cannot be read leaves the shipped key
    assert len(keymap.faults) == 2


@pytest.mark.parametrize("text", ['[nav]\nlast = ["G", "?"]\n', '[matching]\naccept = ["?"]\n'])
def test_a_key_of_the_user_wins_over_a_shipped_one(tmp_path: Path, text: str) -> None:
    keymap = load_keymap(_own(tmp_path, text))
    assert keymap.keys["app.help"] == ("f1",)
    assert not keymap.faults  # the command still has another key


def test_unreadable_and_binary_files_do_no_harm(tmp_path: Path) -> None:
    own = tmp_path / "keybindings.toml"
    own.write_bytes(b"\xff\xfe[app]")
    assert "not UTF-8" in load_keymap(own).faults[0]
    own.unlink()
    own.mkdir()
    assert "is a folder" in load_keymap(own).faults[0]
    assert load_keymap(tmp_path / "absent.toml").faults == ()


def test_the_users_file_stands_beside_the_configuration(tmp_path: Path) -> None:
    assert user_path(tmp_path / "config.toml") == tmp_path / "keybindings.toml"


def test_a_fault_shows_foreign_text_literally(tmp_path: Path) -> None:
    (fault,) = load_keymap(_own(tmp_path, '["a\\u001b[2J"]\nx = "a"\n')).faults
    assert "\x1b" not in fault


@given(st.characters(min_codepoint=0x21, max_codepoint=0x7E))
def test_characters_are_named_as_textual_names_them(character: str) -> None:
    assert parse_key(character) == _character_to_key(character)
    assert shown_key(parse_key(character)) == character


@given(st.text(max_size=12))
def test_any_text_is_a_key_or_a_fault_in_words(text: str) -> None:
    try:
        key = parse_key(text)
    except ValueError:
        return
    assert shown_key(key)
    assert "," not in key


@pytest.mark.parametrize(
    ("text", "key"),
    [("shift+a", "A"), ("shift+tab", "shift+tab"), ("PgDn", "pagedown"), ("esc", "escape"), ("ctrl++", "ctrl+plus"),
     ("+", "plus"), ("alt+ctrl+x", "alt+ctrl+x"), ("return", "enter"), ("é", "é"), ("€", "euro_sign")],
)  # fmt: skip
def test_spellings_of_keys(text: str, key: str) -> None:
    assert parse_key(text) == key


def test_scopes_name_scopes() -> None:
    assert {inner for scope in SCOPES.values() for inner in scope.within} <= SCOPES.keys()
