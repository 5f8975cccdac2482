"""The settings of the duplicates desk and of the trash."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from core.settings_declared import declared as _meta

DEFAULT_KEEP = (
    "protected",
    "complete",
    "stash_id",
    "resolution",
    "quality",
    "frame_rate",
    "audio",
    "metadata",
    "preferred_path",
    "older",
    "stable_id",
)
"""The rules that choose a keeper, in their order; each is named after what it keeps."""


class DuplicatesSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What counts as a duplicate, and which file of a group is to be kept."""

    folders: Annotated[
        tuple[str, ...],
        _meta("Folders that are searched beside the library of Stash, with everything below them.", kind="paths"),
    ] = ()
    include: Annotated[
        tuple[str, ...],
        _meta("Only files of those folders whose path fits one of these patterns, for example `**/*.jpg`; empty: all."),
    ] = ()
    exclude: Annotated[
        tuple[str, ...], _meta("Files and folders that are left out, as patterns, for example `**/@eaDir/**`.")
    ] = ()
    media: Annotated[
        tuple[Literal["video", "image"], ...], _meta("What is searched for duplicates: `video`, `image` or both.")
    ] = ("video", "image")
    distance: Annotated[
        int,
        _meta(
            "Up to this distance two PHASHes are near: 0 (equal ones alone), 4, 8 or 10. Above 4 a pair needs a second"
            " opinion, too.",
            unit="bits",
            ge=0,
            le=16,
        ),
    ] = 4
    duration_tolerance_seconds: Annotated[
        int, _meta("How far the durations of two videos of one group may be apart.", unit="seconds", ge=0, le=3600)
    ] = 1
    max_frame_mse: Annotated[
        int,
        _meta(
            "Before a rule removes anything, frames at equal times are compared: their mean squared error may be at"
            " most this (0: equal, 65025: black against white).",
            ge=0,
            le=65025,
        ),
    ] = 40
    keep: Annotated[
        tuple[str, ...],
        _meta(
            "The rules that choose the file to keep, each named after what it keeps; the first that decides counts.",
            kind="keep-rules",
        ),
    ] = DEFAULT_KEEP
    protected_paths: Annotated[
        tuple[str, ...], _meta("Files that no rule removes, as patterns, for example `/mnt/media/archive/**`.")
    ] = ()
    protected_tags: Annotated[
        tuple[str, ...], _meta("Tags of Stash: no rule removes a file of a scene or image that has one of them.")
    ] = ()
    protect_organized: Annotated[
        bool, _meta("Whether no rule removes a file of a scene or image that is marked as organized.")
    ] = False
    preferred_paths: Annotated[
        tuple[str, ...],
        _meta("Folders whose files are rather kept, the most preferred first, as patterns.", kind=""),
    ] = ()
    hash_quality: Annotated[
        Literal["exact", "fast"],
        _meta(
            "How pictures are hashed: `exact` gives the very bits Stash would, `fast` reads JPEGs several times faster"
            " and may be 2 bits off; such hashes are never written to Stash."
        ),
    ] = "exact"
    interval_hours: Annotated[
        int,
        _meta(
            "Time between scheduled scans for duplicates, as under [matching]; 0 turns the schedule off.",
            unit="hours",
            ge=0,
            le=8760,
        ),
    ] = 168


class TrashSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where removed files go."""

    directory: Annotated[
        str,
        _meta(
            "Winnow's trash folder; empty: a folder `.winnow-trash` at the top of each file system, so that nothing"
            " has to be copied.",
            kind="path",
        ),
    ] = ""
    use_system_trash: Annotated[
        bool, _meta("Whether files go to the desktop's trash instead; only its own tools bring them back everywhere.")
    ] = False
