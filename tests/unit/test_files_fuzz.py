"""The files a person writes: any bytes, any values at any name, and nothing but a ConfigError that says where."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from core.config import load_settings
from core.errors import ConfigError
from core.settings import sections, setting_infos
from core.settings_text import config_text
from tui.command_table import COMMANDS
from tui.keymap import load_keymap, shown_key

SECRET = "pLanTed-5ecret-0123456789abcdef"
NAMES = [(section, name) for section in sections() for name in (*setting_infos(section), "nonsense", "immich")]
VALUES = [
    *("true", "false", "nan", "inf", "-inf", "1e400", "0x7fffffffffffffffff", "-1", "1_000", "1979-05-27", "07:32:00"),
    *('""', '"x"', "'''\n'''", '"\\u0000"', '"\\u001b]0;x\\u0007"', '"\\u202e"', '"env:"', '"env:NO SUCH"', '"file:"'),
    *('"file:/"', '"file:\\u0000"', '"http://"', '"http://[::1"', '"http://a:99999"', '"http://u:p@h"', '"~nobody/x"'),
    *(
        "[]",
        "[[]]",
        "[1, 'x']",
        "{}",
        "{ a = 1 }",
        "[{}]",
        '[{ stash = "/a", local = 5 }]',
        '[{ stash = "", local = "" }]',
    ),
    *(f'"{"9" * 5000}"', "9" * 400, "[" * 50 + "]" * 50, '"' + "x" * 300 + '"', '["env:X", "file:/dev/null", "y"]'),
]


def loaded(raw: bytes, name: str = "config.toml") -> tuple[Path, Any]:
    """What becomes of a file with these bytes: the settings, or the error."""
    with TemporaryDirectory() as folder:
        path = Path(folder, name)
        path.write_bytes(raw)
        try:
            return path, load_settings(path, env={"HOME": folder})
        except ConfigError as error:
            return path, error


@given(st.binary(max_size=200) | st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")))
def test_any_bytes_as_a_configuration(raw: bytes) -> None:
    path, found = loaded(raw)
    assert not isinstance(found, ConfigError) or str(path) in str(found)


@given(st.lists(st.tuples(st.sampled_from(NAMES), st.sampled_from(VALUES)), max_size=6, unique_by=lambda one: one[0]))
def test_any_value_of_any_setting(entries: list[tuple[tuple[str, str], str]]) -> None:
    text = ""
    for section in dict.fromkeys(section for (section, _), _ in entries):
        text += f"[{section}]\n"
        text += "".join(f"{name} = {value}\n" for (own, name), value in entries if own == section)
    path, found = loaded(text.encode())
    if isinstance(found, ConfigError):
        assert str(path) in str(found)
        assert SECRET not in str(found)


@given(st.data())
def test_a_spoilt_configuration(data: st.DataObject) -> None:
    raw = bytearray(config_text({}).encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at : at + data.draw(st.integers(0, 3))] = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"[", b"="])
        )
    loaded(bytes(raw))


@given(
    st.sampled_from(NAMES),
    st.sampled_from(["{}", "[{}]", "[[{}]]", "{{ x = {} }}", "{{ {} = 1 }}", "[{{ stash = {0}, local = {0} }}]"]),
)
def test_no_error_repeats_a_key_or_a_password(name: tuple[str, str], form: str) -> None:
    section, key = name
    if not any(word in key for word in ("key", "secret", "token", "apprise", "url", "database", "password")):
        return
    bare = (
        [] if key == "url" or section == "stash" else [SECRET]
    )  # an address that is wrong is shown: what else could be said of it
    for text in (*bare, f"http://user:{SECRET}@host:99999/", f"postgresql://u:{SECRET}@[x/db", f"file:/{SECRET}"):
        _, found = loaded(f"[{section}]\n{key} = {form.format(repr(text))}\n".encode())
        if not isinstance(found, ConfigError):
            continue
        words = str(found)
        if text.startswith("file:"):  # where a key was looked for is said
            words = words.replace(f"/{SECRET}", "")
        assert SECRET not in words, (key, form, words)


@given(st.binary(max_size=200))
def test_any_bytes_as_keybindings(raw: bytes) -> None:
    with TemporaryDirectory() as folder:
        own = Path(folder, "keybindings.toml")
        own.write_bytes(raw)
        keymap = load_keymap(own)
        assert set(keymap.keys) == set(COMMANDS)


@given(
    st.lists(
        st.tuples(
            st.sampled_from([*COMMANDS, "nowhere.nothing", "global.nothing"]),
            st.sampled_from(VALUES) | st.text(max_size=6).map(lambda text: repr(text) if text.isprintable() else '""'),
        ),
        max_size=6,
        unique_by=lambda one: one[0],
    )
)
def test_any_value_of_any_key(entries: list[tuple[str, str]]) -> None:
    text = ""
    for scope in dict.fromkeys(command.partition(".")[0] for command, _ in entries):
        text += f"[{scope}]\n"
        text += "".join(
            f'"{command.partition(".")[2]}" = {value}\n'
            for command, value in entries
            if command.startswith(scope + ".")
        )
    with TemporaryDirectory() as folder:
        own = Path(folder, "keybindings.toml")
        own.write_text(text, encoding="utf-8", errors="surrogatepass")
        keymap = load_keymap(own)
    assert all(shown_key(key).isprintable() for keys in keymap.keys.values() for key in keys)
    assert all(sign.isprintable() for fault in keymap.faults for sign in fault)
