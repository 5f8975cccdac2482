"""The settings of the intake desk."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, ClassVar, Literal

import msgspec

from core.errors import ConfigError
from core.secret import Secret
from core.settings_declared import declared as _meta


class ImmichPathMapping(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The same folder as Immich sees it and as this machine does."""

    key: ClassVar[str] = "local"
    immich: Annotated[str, _meta("The folder as Immich writes it.", kind="immich-path")]
    local: Annotated[str, _meta("The same folder on this machine.", kind="path")]


class ImmichSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The Immich that finds the faces in incoming pictures."""

    url: Annotated[
        str,
        _meta(
            "Address of the Immich server, for example `http://nas:2283`; empty: everything goes to review.",
            kind="immich-url",
        ),
    ] = ""
    api_key: Annotated[
        Secret,
        _meta(
            "Its API key (Immich: Account Settings > API Keys). `env:NAME` takes it from the environment, `file:PATH`"
            " from a file."
        ),
    ] = Secret()
    library_id: Annotated[
        str,
        _meta(
            "The external library of Immich that holds `[intake] temp_dir`; empty: pictures are uploaded to Immich"
            " instead."
        ),
    ] = ""
    path_map: Annotated[
        tuple[ImmichPathMapping, ...],
        _meta(
            "Folders that Immich sees under another path, for example because it runs in a container:"
            ' `{ immich = "/mnt/intake", local = "/srv/intake" }`. The longest matching one counts; needed for'
            " `library_id` only.",
            kind="path-map",
        ),
    ] = ()
    database: Annotated[
        Secret,
        _meta(
            "Immich's own database, as `postgresql://user:password@host:5432/immich`, to know how sure a face is"
            " (`[intake] min_confidence`), which Immich does not tell: 0.6 is a cosine distance of 0.35 to the person's"
            " other faces, and 0.1 less than to anybody else's. A role that may read is enough; nothing is ever"
            " written. Needs `pip install 'winnow[immich]'`; empty: it is not asked.",
            kind="database-url",
        ),
    ] = Secret()
    wait_time_seconds: Annotated[
        int, _meta("Time between two looks whether a picture is analysed.", unit="seconds", ge=1, le=3600)
    ] = 5
    trigger_scan: Annotated[
        bool, _meta("Whether Immich is asked to scan its library when pictures arrive; else it finds them itself.")
    ] = True
    retry_if_no_faces: Annotated[
        bool, _meta("Whether a picture in which no face was found is looked at again before it goes to review.")
    ] = True
    max_retries: Annotated[
        int, _meta("How often a picture without a face is looked at again.", unit="times", ge=0, le=100)
    ] = 2
    deadline_seconds: Annotated[
        int,
        _meta(
            "How long one run waits for a picture to be analysed; afterwards it stays pending and is looked at again"
            " in a later run.",
            unit="seconds",
            ge=1,
            le=86400,
        ),
    ] = 600


class CategorySettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which folders the review has; what would go to one that is turned off goes to `unidentified`."""

    duplicates: Annotated[bool, _meta("Whether there is a folder for pictures that are known already.")] = True
    unidentified: Annotated[
        bool,
        _meta(
            "Whether there is a folder for pictures in which nobody was recognised; without it they stay pending and"
            " are looked at again."
        ),
    ] = True
    low_confidence: Annotated[bool, _meta("Whether there is a folder for people who are not recognised surely.")] = True
    multiple_faces: Annotated[bool, _meta("Whether there is a folder for pictures with several faces.")] = True
    unwanted_person: Annotated[bool, _meta("Whether there is a folder for people on the blacklist.")] = True


class DownloadSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be downloaded."""

    max_bytes: Annotated[int, _meta("A download that is larger is given up.", unit="bytes", ge=1, le=1 << 50)] = 2 << 30
    max_seconds: Annotated[int, _meta("A download that takes longer is given up.", unit="seconds", ge=1, le=86400)] = (
        3600
    )
    allow_private: Annotated[
        bool,
        _meta("Whether addresses in this machine's own network may be downloaded from; else only public ones are."),
    ] = False


class IntakeSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where incoming pictures go."""

    enabled: Annotated[bool, _meta("Whether the intake desk is in use.")] = False
    temp_dir: Annotated[
        str, _meta("The folder in which incoming pictures wait while they are looked at.", kind="path")
    ] = ""
    final_base: Annotated[
        str, _meta("The folder of the sorted pictures: each person has a folder of their own below it.", kind="path")
    ] = ""
    review_base: Annotated[
        str, _meta("The folder of the pictures that wait for a person's decision, a folder a category.", kind="path")
    ] = ""
    interval_hours: Annotated[
        int,
        _meta(
            "Time between two scheduled runs: while the app is open, and with `winnow --scan-only --due`; 0: no"
            " schedule. `winnow intake watch` needs none.",
            unit="hours",
            ge=0,
            le=8760,
        ),
    ] = 24
    drop_folder: Annotated[
        str, _meta("A folder that `winnow intake watch` takes new files from; empty: none.", kind="path")
    ] = ""
    whitelist: Annotated[
        tuple[str, ...], _meta("The only people whose pictures are sorted, by their names in Immich; empty: all.")
    ] = ()
    blacklist: Annotated[
        tuple[str, ...], _meta("People whose pictures are never sorted, by their names in Immich.")
    ] = ()
    min_confidence: Annotated[
        float, _meta("Where it is known how sure a face is, it must be at least this sure.", ge=0, le=1)
    ] = 0.6
    max_faces_per_image: Annotated[
        int, _meta("A picture with more faces goes to review.", unit="faces", ge=1, le=1000)
    ] = 1
    check_hash: Annotated[
        bool, _meta("Whether a picture is compared, by its SHA-256, with everything that is known already.")
    ] = True
    action_on_duplicate: Annotated[
        Literal["move_to_review", "trash"],
        _meta(
            "What is done with a picture that is known already; `trash` counts only where the other copy still stands,"
            " else it goes to review."
        ),
    ] = "move_to_review"
    immich: ImmichSettings = ImmichSettings()
    categories: CategorySettings = CategorySettings()
    download: DownloadSettings = DownloadSettings()

    def ready(self, *, path: Path | None = None) -> IntakeSettings:
        """Itself, for a command that works on incoming files. `path` is the configuration file, for the message.

        Raises ConfigError while the desk is turned off, a folder it needs is not set, or two of them are one.
        """
        if not self.enabled:
            raise ConfigError("[intake] enabled is false; set it to true to use the intake desk", path=path)
        folders = {name: getattr(self, name) for name in ("temp_dir", "final_base", "review_base")}
        if missing := [name for name, folder in folders.items() if not folder]:
            raise ConfigError(f"[intake] {' and '.join(missing)} must be set to a folder", path=path)
        seen: dict[str, str] = {}
        for name, folder in {**folders, "drop_folder": self.drop_folder}.items():
            if folder and folder in seen:
                raise ConfigError(f"[intake] {seen[folder]} and {name} are the same folder; give two", path=path)
            seen[folder] = name
        return self
