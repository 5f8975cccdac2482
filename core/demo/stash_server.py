"""The demo Stash: what a Stash 0.30 or 0.31 answers, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from core.demo.graphql_http import SCHEMAS, Context, DemoServer, Resolver, picture
from core.demo.library import EPOCH_TEXT, DemoFile, DemoFingerprint, DemoScene, StashLibrary, parse_time
from core.demo.projection import Readers
from core.demo.spoil import GRAPHQL_JSON, JSON, LOGIN_PAGE, unauthorized
from core.demo.stash_find import find_entities, find_scenes, integer_id
from core.demo.stash_write import destroy_files, set_fingerprints, update_scene

DEFAULT_PICTURE = (
    '<svg xmlns="http://www.w3.org/2000/svg" width="320" height="180"><rect width="320" height="180" fill="#394b59"/>'
    '<path d="M140 60l50 30-50 30z" fill="#8a9ba8"/></svg>'
)


@dataclass(frozen=True, slots=True)
class ConfiguredBox:
    """A stash-box as it stands in Stash's settings; `max_requests_per_minute` 0 means Stash's default."""

    endpoint: str
    api_key: str
    name: str
    max_requests_per_minute: int = 240


class DemoStash(DemoServer):
    """A Stash over a `StashLibrary`.

    `version`: "0.30" or "0.31"; the second knows more fields. `boxes`: the configured stash-boxes, changed at will.
    `on_change` is called with every scene that a mutation wrote. `fetch_image` gives the picture behind a URL.
    """

    def __init__(
        self, library: StashLibrary | None = None, *, api_key: str = "demo-stash-key", version: str = "0.30"
    ) -> None:
        self.library = library or StashLibrary()
        self.version = version
        self.boxes: list[ConfiguredBox] = []
        self.library_path = "/data"
        self.requires_login = True
        self.on_change: Callable[[DemoScene], None] = lambda _: None
        self.fetch_image: Callable[[str], bytes | None] = lambda _: None
        sdl = (SCHEMAS / "stash-0.30.graphql").read_text("utf-8")
        if version != "0.30":
            sdl += (SCHEMAS / "stash-0.31.graphql").read_text("utf-8")
        super().__init__("stash", sdl, api_key)

    # -- HTTP --------------------------------------------------------------------------------------------------

    def authenticate(self, request: Request) -> Context | Response:
        """By the ApiKey header or the apikey parameter; a wrong key is turned away even where none is needed."""
        key = request.headers.get("apikey") or request.query_params.get("apikey") or ""
        if key:
            return Context(True) if key == self.api_key else unauthorized()
        if not self.requires_login:
            return Context(True)
        path = request.url.path
        extension = path.rsplit("/", 1)[-1].rpartition(".")[2] if "." in path.rsplit("/", 1)[-1] else ""
        if path == "/graphql" or extension not in ("", "html"):
            return unauthorized()
        return RedirectResponse(f"/login?returnURL={path}", 302)

    def negotiate(self, accept: str) -> tuple[str, int]:
        """422 where plain JSON is asked for or nothing is said, 400 where anything goes."""
        for kind in (part.split(";")[0].strip() for part in accept.split(",")):
            if kind == JSON:
                return JSON, 422
            if kind in ("*/*", "application/*", GRAPHQL_JSON):
                return GRAPHQL_JSON, 400
        return JSON, 422

    def routes(self) -> list[Route]:
        """Beside /graphql: the page to log in, the heartbeat, the covers."""
        return [
            Route("/healthz", self._healthz),
            Route("/login", self._login),
            Route("/scene/{scene_id}/screenshot", self._screenshot),
        ]

    async def _healthz(self, _: Request) -> Response:
        return PlainTextResponse("OK")

    async def _login(self, _: Request) -> Response:
        return HTMLResponse(LOGIN_PAGE)

    async def _screenshot(self, request: Request) -> Response:
        if isinstance(refused := self.authenticate(request), Response):
            return refused
        text = request.path_params["scene_id"]
        if not text.isdecimal():
            return PlainTextResponse("Bad Request", 400)
        scene = self.library.scenes.get(int(text))
        if scene is None:
            return PlainTextResponse("Not Found", 404)
        headers = {"Cache-Control": "no-cache"}
        if (content := picture(scene.cover)) is not None:
            return Response(content, 200, headers, "image/jpeg")
        return Response(DEFAULT_PICTURE, 200, headers, "image/svg+xml")

    # -- GraphQL -----------------------------------------------------------------------------------------------

    def make_resolvers(self) -> Mapping[str, Resolver]:
        """The root fields of the schema."""
        return {
            "version": lambda _, __: SimpleNamespace(
                version=f"v{self.version}.1", hash="demo", build_time="2026-01-11 00:00:00"
            ),
            "systemStatus": lambda _, __: self._system_status(),
            "configuration": lambda _, __: SimpleNamespace(general=self._general()),
            "jobQueue": lambda _, __: None,
            "findScene": lambda given, _: self._find_scene(given),
            "findScenes": lambda given, _: find_scenes(self.library, given),
            "findPerformers": lambda given, _: self._entities("performer", given),
            "findStudios": lambda given, _: self._entities("studio", given),
            "findTags": lambda given, _: self._entities("tag", given),
            "sceneUpdate": lambda given, _: self._scene_update(given["input"]),
            "fileSetFingerprints": lambda given, _: self._set_fingerprints(given["input"]),
            "destroyFiles": lambda given, _: self._destroy_files(given["ids"]),
        }

    def readers(self) -> Readers:
        """Fields that are computed, or named otherwise in the library."""

        def one_print(arguments: dict[str, Any]) -> Callable[[DemoFile], str | None]:
            return lambda file: file.fingerprints.get(arguments["type"])

        def prints(file: DemoFile) -> list[DemoFingerprint]:
            return [DemoFingerprint(kind, value) for kind, value in file.fingerprints.items()]

        def path(suffix: str) -> Callable[[DemoScene], str]:
            return lambda scene: f"{self.base_url}/scene/{scene.id}/{suffix}"

        return {
            "Scene": {
                "paths": lambda scene: scene,
                "o_counter": lambda _: 0,
                "play_count": lambda _: 0,
                "play_duration": lambda _: 0.0,
                "custom_fields": lambda _: {},
            },
            "ScenePathsType": {
                "screenshot": lambda scene: f"{self.base_url}/scene/{scene.id}/screenshot?t={_unix(scene.updated_at)}",
                "stream": lambda scene: f"{self.base_url}/scene/{scene.id}/stream?apikey={self.api_key}",
                "preview": path("preview"),
                "webp": path("webp"),
                "vtt": path("vtt/chapter"),
                "sprite": lambda scene: f"{self.base_url}/scene/{_primary_oshash(scene)}_sprite.jpg",
            },
            "VideoFile": {
                "fingerprint": one_print,
                "fingerprints": prints,
                "parent_folder": lambda file: SimpleNamespace(id=1, path=file.path.rsplit("/", 1)[0]),
            },
            "Performer": {"alias_list": lambda entity: entity.aliases, "disambiguation": lambda _: ""},
            "Studio": {"parent_studio": lambda entity: entity.parent},
        }

    def _system_status(self) -> object:
        return SimpleNamespace(
            databaseSchema=75 if self.version == "0.30" else 85,
            databasePath="/root/.stash/stash-go.sqlite",
            configPath="/root/.stash/config.yml",
            appSchema=75 if self.version == "0.30" else 85,
            status="OK",
            os="linux",
            workingDir="/",
            homeDir="/root",
            ffmpegPath="/usr/bin/ffmpeg",
            ffprobePath="/usr/bin/ffprobe",
        )

    def _general(self) -> object:
        return SimpleNamespace(
            stashes=[SimpleNamespace(path=self.library_path, excludeVideo=False, excludeImage=False)],
            databasePath="/root/.stash/stash-go.sqlite",
            deleteTrashPath="",
            generatedPath="/generated",
            configFilePath="/root/.stash/config.yml",
            calculateMD5=True,
            videoFileNamingAlgorithm="OSHASH",
            parallelTasks=1,
            apiKey=self.api_key,
            username="demo" if self.requires_login else "",
            stashBoxes=self.boxes,
        )

    def _find_scene(self, given: dict[str, Any]) -> DemoScene | None:
        if given.get("id") is not None:
            return self.library.scenes.get(integer_id(given["id"], "scene"))
        checksum = given.get("checksum")
        scenes = self.library.scenes.values()
        return next(
            (s for s in scenes if checksum and any(f.fingerprints.get("md5") == checksum for f in s.files)), None
        )

    def _entities(self, what: str, given: dict[str, Any]) -> object:
        shelf = getattr(self.library, f"{what}s")
        return find_entities(shelf, what, given.get(f"{what}_filter"), given)

    def _scene_update(self, given: dict[str, Any]) -> DemoScene:
        scene = update_scene(self.library, given, self.fetch_image)
        self.on_change(scene)
        return scene

    def _set_fingerprints(self, given: dict[str, Any]) -> bool:
        self.on_change(set_fingerprints(self.library, given))
        return True

    def _destroy_files(self, ids: list[str]) -> bool:
        for scene in destroy_files(self.library, ids):
            self.on_change(scene)
        return True


def _unix(text: str) -> int:
    return int(parse_time(text or EPOCH_TEXT))


def _primary_oshash(scene: DemoScene) -> str:
    return scene.files[0].fingerprints.get("oshash", "") if scene.files else ""
