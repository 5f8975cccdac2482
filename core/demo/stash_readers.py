"""How the demo Stash reads the fields of its types, and what it says of itself."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from core.demo.graphql_projection import Readers
from core.demo.stash_objects import EPOCH_TEXT, DemoFile, DemoFingerprint, DemoMarker, DemoScene, parse_time

if TYPE_CHECKING:
    from core.demo.stash_server import DemoStash

VIDEO_EXTENSIONS = ("m4v", "mp4", "mov", "wmv", "avi", "mpg", "mpeg", "rmvb", "rm", "flv", "asf", "mkv", "webm")
IMAGE_EXTENSIONS = ("png", "jpg", "jpeg", "gif", "webp", "avif")


def stash_readers(stash: DemoStash) -> Readers:
    """Fields that are computed, or named otherwise in the library."""

    def path(kind: str, suffix: str) -> Callable[[Any], str]:
        return lambda thing: f"{stash.base_url}/{kind}/{thing.id}/{suffix}"

    return {
        "Scene": _scene_fields(),
        "ScenePathsType": {
            "screenshot": lambda scene: f"{stash.base_url}/scene/{scene.id}/screenshot?t={_unix(scene.updated_at)}",
            "stream": lambda scene: f"{stash.base_url}/scene/{scene.id}/stream?apikey={stash.api_key}",
            "preview": path("scene", "preview"),
            "webp": path("scene", "webp"),
            "vtt": path("scene", "vtt/chapter"),
            "sprite": lambda scene: f"{stash.base_url}/scene/{_primary_oshash(scene)}_sprite.jpg",
            "funscript": path("scene", "funscript"),
            "caption": path("scene", "caption"),
        },
        "Image": {
            "paths": lambda image: image,
            "files": lambda image: [file for file in image.files if file.kind == "image"],
            "visual_files": lambda image: image.files,
        },
        "ImagePathsType": {
            "thumbnail": path("image", "thumbnail"),
            "preview": path("image", "preview"),
            "image": path("image", "image"),
        },
        **dict.fromkeys(("VideoFile", "ImageFile", "BasicFile"), _file_fields()),
        "Performer": {"alias_list": lambda entity: entity.aliases, "disambiguation": lambda _: ""},
        "Studio": {"parent_studio": lambda entity: entity.parent},
    }


def marker_answer(scene: DemoScene, marker: DemoMarker) -> object:
    """A marker as the schema has it: it knows its scene."""
    return SimpleNamespace(
        id=marker.id,
        scene=scene,
        title=marker.title,
        seconds=marker.seconds,
        end_seconds=marker.end_seconds,
        primary_tag=marker.primary_tag,
        tags=list(marker.tags),
        created_at=marker.created_at,
        updated_at=marker.updated_at,
    )


def _scene_fields() -> dict[str, Any]:
    return {
        "paths": lambda scene: scene,
        "o_counter": lambda scene: len(scene.o_history),
        "play_count": lambda scene: len(scene.play_history),
        "last_played_at": lambda scene: max(scene.play_history, key=parse_time, default=None),
        "scene_markers": lambda scene: [marker_answer(scene, marker) for marker in scene.markers],
        "custom_fields": lambda _: {},
    }


def _file_fields() -> dict[str, Any]:
    def one_print(arguments: dict[str, Any]) -> Callable[[DemoFile], str | None]:
        return lambda file: file.fingerprints.get(arguments["type"])

    def prints(file: DemoFile) -> list[DemoFingerprint]:
        return [DemoFingerprint(kind, value) for kind, value in file.fingerprints.items()]

    return {
        "fingerprint": one_print,
        "fingerprints": prints,
        "parent_folder_id": lambda _: 1,
        "parent_folder": lambda file: SimpleNamespace(id=1, path=file.path.rsplit("/", 1)[0]),
        "zip_file_id": lambda _: None,
        "zip_file": lambda _: None,
    }


def system_status(stash: DemoStash) -> object:
    """What systemStatus answers."""
    schema = 75 if stash.version == "0.30" else 85
    return SimpleNamespace(
        databaseSchema=schema,
        databasePath="/root/.stash/stash-go.sqlite",
        configPath="/root/.stash/config.yml",
        appSchema=schema,
        status="OK",
        os="linux",
        workingDir="/",
        homeDir="/root",
        ffmpegPath="/usr/bin/ffmpeg",
        ffprobePath="/usr/bin/ffprobe",
    )


def general_configuration(stash: DemoStash) -> object:
    """What configuration.general answers."""
    return SimpleNamespace(
        stashes=[SimpleNamespace(path=stash.library_path, excludeVideo=False, excludeImage=False)],
        databasePath="/root/.stash/stash-go.sqlite",
        deleteTrashPath=stash.disk.trash,
        generatedPath="/generated",
        configFilePath="/root/.stash/config.yml",
        calculateMD5=True,
        videoFileNamingAlgorithm="OSHASH",
        parallelTasks=1,
        apiKey=stash.api_key,
        username="demo" if stash.requires_login else "",
        stashBoxes=stash.boxes,
        videoExtensions=VIDEO_EXTENSIONS,
        imageExtensions=IMAGE_EXTENSIONS,
        galleryExtensions=["zip", "cbz"],
        excludes=stash.excludes,
        imageExcludes=[],
        createGalleriesFromFolders=False,
    )


def _unix(text: str) -> int:
    return int(parse_time(text or EPOCH_TEXT))


def _primary_oshash(scene: DemoScene) -> str:
    return scene.files[0].fingerprints.get("oshash", "") if scene.files else ""
