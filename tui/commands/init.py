"""`winnow init`: asks for the Stash, checks it, writes the configuration."""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from pathlib import Path

from core.config import default_config_path, load_settings, resolve_secret, stash_url
from core.doctor import StashProbe, probe_stash
from core.errors import AuthenticationError, ConfigError, ServerError, UsageError
from core.secret import without_password
from core.settings_text import config_text, write_private
from tui.console import Console
from tui.present import plain

_KEY_FILE = "stash-api-key"
_VARIABLE = "STASH_API_KEY"
_KEY_TRIES = 3


async def init(args: argparse.Namespace, console: Console) -> int:
    """Write the configuration; 1 when it was written although the Stash did not answer as it should."""
    path: Path = args.config or default_config_path()
    is_asking = console.can_ask and not args.yes
    if not is_asking and args.stash_url is None:
        raise UsageError("there is no terminal to ask for the address; give --stash-url URL (and --api-key)")
    _refuse_or_confirm_overwriting(path, args, console)
    url = _address(args.stash_url, console)
    key = args.api_key if args.api_key is not None else ""
    if args.api_key is None and is_asking:
        key = console.ask_secret(_KEY_QUESTION, flag="--api-key")
    is_checked, key = await _check(url, key, path, args, console, is_asking=is_asking)
    if is_asking and key and not key.startswith(("env:", "file:")):
        key = _where_to_keep(key, path, console)
    _write(path, url, key, console)
    return 0 if is_checked else 1


_KEY_QUESTION = "API key (Settings > Security; or env:NAME, file:PATH; it is not shown):"


def _refuse_or_confirm_overwriting(path: Path, args: argparse.Namespace, console: Console) -> None:
    if path.is_dir():
        raise ConfigError("is a folder; name the file with --config", path=path)
    if not path.exists() or args.yes:
        return
    question = f"{plain(str(path))} exists. Replace it? The old one is kept beside it."
    if not console.confirm(question, flag="--yes to replace it (a .bak is kept)"):
        raise UsageError(f"{path} was left as it is; use --config FILE to write elsewhere")


def _address(given: str | None, console: Console) -> str:
    """The address of the Stash, asked for until it is one."""
    while True:
        text = (
            given
            if given is not None
            else console.ask("Address of Stash:", flag="--stash-url", default="http://localhost:9999")
        )
        try:
            return stash_url(text)
        except ValueError as error:
            if given is not None:
                raise UsageError(f"--stash-url {error}") from None
            console.note(f"the address {error}")


async def _check(
    url: str, key: str, path: Path, args: argparse.Namespace, console: Console, *, is_asking: bool
) -> tuple[bool, str]:
    """Whether Stash answers, and the key it answered to. Raises UsageError when nothing shall be written then."""
    tries = _KEY_TRIES if is_asking and args.api_key is None else 1
    while True:
        tries -= 1
        try:
            probe = await probe_stash(url, _resolved(key, path, os.environ))
        except AuthenticationError as error:
            console.note(str(error))
            if tries:
                key = console.ask_secret(_KEY_QUESTION, flag="--api-key")
                continue
        except (ServerError, ConfigError) as error:
            console.note(str(error))
        else:
            _tell(url, probe, console)
            return probe.is_ready, key
        if args.yes or (is_asking and console.confirm("Write the configuration all the same?", flag="--yes")):
            return False, key
        raise UsageError("nothing was written; add --yes to write the configuration all the same")


def _resolved(key: str, path: Path, env: Mapping[str, str]) -> str:
    """The key itself. Raises ConfigError."""
    try:
        return resolve_secret(key, folder=path.absolute().parent, env=env).reveal()
    except ValueError as error:
        raise ConfigError(f"the API key {error}") from None


def _tell(url: str, probe: StashProbe, console: Console) -> None:
    console.out(f"Stash {plain(probe.version)} at {plain(without_password(url))} answers.")
    if not probe.is_ready:
        console.out(f"It is not ready yet ({plain(probe.state)}): open it in a browser and finish what it asks for.")
        return
    if not probe.boxes:
        console.out("No stash-box is configured in it: add one (Settings > Metadata Providers) to match scenes.")
    for box in probe.boxes:
        console.out(f"  stash-box {plain(box.name)}  {plain(box.endpoint)}")


def _where_to_keep(key: str, path: Path, console: Console) -> str:
    """Where a typed key goes: the text that stands for it in the file."""
    console.out("Where shall the key be kept?")
    console.out("  1  in the configuration (readable by you alone)")
    console.out("  2  in the environment: you set the variable yourself")
    console.out(f"  3  in a file of its own, {_KEY_FILE}, beside the configuration (readable by you alone)")
    while True:
        answer = console.ask("1, 2 or 3:", flag="--api-key", default="1")
        if answer == "1":
            return key
        if answer == "2":
            name = console.ask("Name of the variable:", flag="--api-key", default=_VARIABLE)
            console.out(f"Set it before you start Winnow: export {plain(name)}=...")
            return f"env:{name}"
        if answer == "3":
            backup = write_private(path.absolute().parent / _KEY_FILE, key + "\n")
            if backup:
                console.out(f"The former key is kept in {plain(str(backup))}")
            return f"file:{_KEY_FILE}"


def _write(path: Path, url: str, key: str, console: Console) -> None:
    """Write the file, and read it back as every command will."""
    chosen = {("stash", "url"): url}
    if key:
        chosen["stash", "api_key"] = key
    backup = write_private(path, config_text(chosen))
    console.out(f"Written: {plain(str(path))}")
    if backup:
        console.out(f"The former one is kept in {plain(str(backup))}")
    try:
        load_settings(path)
    except ConfigError as error:
        console.note(str(error))  # a variable that is not set yet, for example
    console.out("Next: winnow doctor, then winnow --scan-only")
