"""What can be set, typed and documented.

Every setting is declared once, here: its type, range, unit and one sentence on what it does. The loader, the file
that `winnow init` writes, the documentation page and the settings screen all read these declarations.
"""

from __future__ import annotations

import operator
import typing
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from core.errors import ConfigError
from core.secret import Secret
from core.settings_declared import declared as _meta
from core.settings_duplicates import DuplicatesSettings, TrashSettings
from core.settings_intake import IntakeSettings
from core.settings_notify import NotifySettings


class PathMapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same folder as Stash sees it and as this machine does."""

    key: ClassVar[str] = "stash"
    stash: Annotated[str, _meta("The folder as Stash writes it.", kind="stash-path")]
    local: Annotated[str, _meta("The same folder on this machine.", kind="path")]


class StashSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Stash whose library Winnow works on."""

    url: Annotated[str, _meta("Address of the Stash server, for example `http://nas:9999`.", kind="stash-url")] = ""
    api_key: Annotated[
        Secret,
        _meta(
            "Its API key (Stash: Settings > Security). `env:NAME` takes it from the environment, `file:PATH` from a"
            " file; empty for a Stash without a password."
        ),
    ] = Secret()
    path_map: Annotated[
        tuple[PathMapping, ...],
        _meta(
            "Folders that Stash sees under another path, for example because it runs in a container:"
            ' `{ stash = "/data", local = "/mnt/media" }`. The longest matching one counts.',
            kind="path-map",
        ),
    ] = ()
    database: Annotated[
        str,
        _meta(
            "Stash's own database file (`stash-go.sqlite`), to read a large library faster than over the network. It is"
            " only ever read, and nothing is left beside it.",
            kind="path",
        ),
    ] = ""


class MatchingSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How scenes are matched with stash-boxes, and what counts as certain."""

    min_matching_fingerprints: Annotated[
        int, _meta("High confidence needs at least this many matching fingerprints of one file.", ge=1, le=100)
    ] = 2
    min_match_percentage: Annotated[
        int,
        _meta("High confidence needs at least this share of the file's fingerprints to match.", unit="%", ge=0, le=100),
    ] = 66
    duration_tolerance_seconds: Annotated[
        int,
        _meta(
            "How far the file's duration may be from the closest matching fingerprint's.", unit="seconds", ge=0, le=3600
        ),
    ] = 5
    max_phash_distance: Annotated[
        int, _meta("Up to this distance a PHASH counts as matching.", unit="bits", ge=0, le=16)
    ] = 8
    high_confidence_phash_distance: Annotated[
        int, _meta("High confidence needs every counted PHASH to be within this distance.", unit="bits", ge=0, le=16)
    ] = 4
    scene_duration_tolerance_percent: Annotated[
        int,
        _meta(
            "How far the file's duration may be from the one the stash-box entry itself states"
            " (a trailer differs more).",
            unit="%",
            ge=0,
            le=100,
        ),
    ] = 10
    exact_hash_is_enough: Annotated[
        bool,
        _meta(
            "Whether one OSHASH or MD5 hit with agreeing duration and two net votes is high confidence,"
            " for libraries that hold no PHASHes."
        ),
    ] = False
    recheck_days: Annotated[
        int,
        _meta(
            "A scene without a match is looked up again after this time, since stash-boxes grow; 0: in every scan.",
            unit="days",
            ge=0,
            le=3650,
        ),
    ] = 30
    interval_hours: Annotated[
        int,
        _meta(
            "Time between scheduled scans: 24, 72, 168 (a week) or 336, or any other; 0 turns the schedule off.",
            unit="hours",
            ge=0,
            le=8760,
        ),
    ] = 168
    disabled_endpoints: Annotated[
        tuple[str, ...],
        _meta("Addresses of stash-boxes that are never contacted, as Stash has them configured.", kind="endpoints"),
    ] = ()
    submit_fingerprints: Annotated[
        bool, _meta("Whether the fingerprints of a match that you accepted are submitted to its stash-box.")
    ] = False

    def is_endpoint_enabled(self, endpoint: str) -> bool:
        """Whether a stash-box may be contacted; letter case and a trailing slash make no difference."""
        return normal_endpoint(endpoint) not in {normal_endpoint(disabled) for disabled in self.disabled_endpoints}

    def unknown_disabled(self, endpoints: Iterable[str]) -> tuple[str, ...]:
        """The turned-off addresses that are none of `endpoints`: probably misspelt, so that nothing is turned off."""
        known = {normal_endpoint(endpoint) for endpoint in endpoints}
        return tuple(disabled for disabled in self.disabled_endpoints if normal_endpoint(disabled) not in known)


class DataSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What Winnow keeps for itself."""

    directory: Annotated[
        str,
        _meta(
            "The folder of Winnow's own database, on a disk of this machine; empty: the platform's data folder."
            " `--data-dir` and `WINNOW_DATA_DIR` come before it.",
            kind="path",
        ),
    ] = ""


class MediaSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How files are read."""

    ffmpeg: Annotated[
        str, _meta("An ffmpeg program to decode videos with; empty: the decoder that came with Winnow.", kind="program")
    ] = ""
    workers: Annotated[
        int, _meta("Files decoded at the same time; 0: one for each processor core.", unit="processes", ge=0, le=256)
    ] = 0


class DisplaySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How the terminal app looks."""

    images: Annotated[
        Literal["auto", "off", "halfcell", "kitty", "sixel"],
        _meta(
            "How pictures are drawn: `auto` goes by the environment and never asks the terminal, `off` draws none,"
            " `halfcell` works in every terminal with colours; try them with `winnow doctor --pictures`."
        ),
    ] = "auto"
    truecolor: Annotated[
        Literal["auto", "on", "off"],
        _meta("Whether 24-bit colours are used; `auto` believes the terminal's own words."),
    ] = "auto"
    theme: Annotated[str, _meta("Name of the colour theme; empty: Winnow's own.")] = ""
    mouse: Annotated[bool, _meta("Whether the mouse is listened to.")] = True


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Everything that was set. `path` is the file it came from (None: defaults), `warnings` what to tell the user."""

    stash: StashSettings = StashSettings()
    matching: MatchingSettings = MatchingSettings()
    duplicates: DuplicatesSettings = DuplicatesSettings()
    trash: TrashSettings = TrashSettings()
    intake: IntakeSettings = IntakeSettings()
    notify: NotifySettings = NotifySettings()
    data: DataSettings = DataSettings()
    media: MediaSettings = MediaSettings()
    display: DisplaySettings = DisplaySettings()
    path: Path | None = None
    warnings: tuple[str, ...] = ()

    def require_stash(self) -> StashSettings:
        """The Stash section of a command that needs the server. Raises ConfigError when no address is set."""
        if not self.stash.url:
            raise ConfigError("[stash] url is not set; set it, or run `winnow init`", path=self.path)
        return self.stash


@dataclass(frozen=True, slots=True)
class SettingInfo:
    """One setting as it is declared. `allowed` says in words what may stand there; `default` is the typed value."""

    section: str
    name: str
    description: str
    unit: str
    default: Any
    allowed: str
    kind: str
    hint: Any


def sections() -> dict[str, type[msgspec.Struct]]:
    """The sections of the file in their order, each with its struct; one inside another as `intake.immich`."""
    return dict(_all_sections())


@cache
def _all_sections() -> tuple[tuple[str, type[msgspec.Struct]], ...]:
    return tuple(_sections_in(Settings, ""))


def _sections_in(struct: type[msgspec.Struct], prefix: str) -> Iterator[tuple[str, type[msgspec.Struct]]]:
    for name, hint in typing.get_type_hints(struct).items():
        if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
            yield prefix + name, hint
            yield from _sections_in(hint, f"{prefix}{name}.")


def section_of(settings: Settings, section: str) -> Any:
    """The values of one section, also of one inside another."""
    return operator.attrgetter(section)(settings)


def setting_infos(section: str) -> dict[str, SettingInfo]:
    """The settings of one section in their order."""
    return infos_of(section, sections()[section])


def infos_of(section: str, struct: type[msgspec.Struct]) -> dict[str, SettingInfo]:
    """What a struct declares about each of its fields; sections inside it are left out."""
    return dict(_infos(section, struct))


@cache
def _infos(section: str, struct: type[msgspec.Struct]) -> dict[str, SettingInfo]:
    hints = typing.get_type_hints(struct, include_extras=True)
    infos = {}
    for declared in msgspec.structs.fields(struct):
        if typing.get_origin(hints[declared.name]) is not Annotated:
            continue
        meta: msgspec.Meta = hints[declared.name].__metadata__[0]
        extra = meta.extra or {}
        infos[declared.name] = SettingInfo(
            section=section,
            name=declared.name,
            description=meta.description or "",
            unit=extra["unit"],
            default=declared.default,
            allowed=_allowed(typing.get_args(hints[declared.name])[0], meta),
            kind=extra["kind"],
            hint=hints[declared.name],
        )
    return infos


def pair_kind(info: SettingInfo) -> Any:
    """The struct of each pair of a path mapping; its `key` names the field that no two pairs share."""
    return typing.get_args(typing.get_args(info.hint)[0])[0]


def _allowed(kind: Any, meta: msgspec.Meta) -> str:
    """In words, what a setting may be."""
    if typing.get_origin(kind) is Literal:
        return "one of " + ", ".join(f'"{choice}"' for choice in typing.get_args(kind))
    if typing.get_origin(kind) is tuple:
        item = typing.get_args(kind)[0]
        if isinstance(item, type) and issubclass(item, msgspec.Struct):
            fields = ", ".join(f'{name} = "..."' for name in item.__struct_fields__)
            return f"a list of {{ {fields} }}"
        if typing.get_origin(item) is Literal:
            return "a list of " + ", ".join(f'"{choice}"' for choice in typing.get_args(item))
        return "a list of texts in quotes"
    if kind is bool:
        return "true or false"
    if kind in (int, float):
        unit = f" ({meta.extra['unit']})" if meta.extra and meta.extra["unit"] else ""
        return f"a {'whole ' if kind is int else ''}number from {meta.ge} to {meta.le}{unit}"
    return "text in quotes"


def normal_endpoint(endpoint: str) -> str:
    """A stash-box address in the form in which two spellings of it are equal."""
    return endpoint.strip().rstrip("/").casefold()
