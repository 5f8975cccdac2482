"""The demo Stash: what a Stash 0.30 or 0.31 answers, over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route

from core.demo.criteria import integer_id
from core.demo.disk import DemoDisk
from core.demo.file_find import find_file, find_files, find_image, find_images
from core.demo.graphql_http import SCHEMAS, Context, DemoServer, Resolver, picture
from core.demo.graphql_projection import Readers
from core.demo.library import StashLibrary, Touched
from core.demo.stash_create import assign_file, create_marker, create_scene, destroy_marker, update_marker
from core.demo.stash_find import find_entities, find_scenes
from core.demo.stash_history import add_times, delete_times, reset_times, save_activity, step_image_o
from core.demo.stash_jobs import DemoJobs
from core.demo.stash_objects import DemoScene
from core.demo.stash_readers import general_configuration, marker_answer, stash_readers, system_status
from core.demo.stash_remove import delete_files, destroy_images, destroy_scenes, merge_scenes
from core.demo.stash_scan import Scan, ScanRequest
from core.demo.stash_write import destroy_files, set_fingerprints, update_image, update_scene
from core.demo.wrong_answers import GRAPHQL_JSON, JSON, LOGIN_PAGE, unauthorized

Answer = TypeVar("Answer")
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
    `on_change` is called with every scene that a mutation wrote (there a test is the plugin that changes it again),
    then `on_written` with all that was written or removed. `fetch_image` gives the picture behind a URL, `disk` are
    the files themselves, `excludes` Stash's patterns of paths that a scan leaves out.
    """

    def __init__(
        self, library: StashLibrary | None = None, *, api_key: str = "demo-stash-key", version: str = "0.30"
    ) -> None:
        self.library = library or StashLibrary()
        self.version = version
        self.boxes: list[ConfiguredBox] = []
        self.library_path = "/data"
        self.excludes: list[str] = []
        self.disk = DemoDisk(self.library_path)
        self.jobs = DemoJobs(self.library.now)
        self.requires_login = True
        self.on_change: Callable[[DemoScene], None] = lambda _: None
        self.on_written: Callable[[list[Touched]], None] = lambda _: None
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
            Route("/image/{image_id}/{which:str}", self._image),
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

    async def _image(self, request: Request) -> Response:
        """The original, also where a thumbnail is asked for, as Stash does where it can make none."""
        if isinstance(refused := self.authenticate(request), Response):
            return refused
        text = request.path_params["image_id"]
        image = self.library.images.get(int(text)) if text.isdecimal() else None
        if image is None or request.path_params["which"] not in ("image", "thumbnail"):
            return PlainTextResponse("Not Found", 404)
        file = image.files[0] if image.files else None
        if file is not None and (content := picture(str(self.disk.local(file.path) or ""))) is not None:
            return Response(content, 200, {"Cache-Control": "no-cache"}, f"image/{file.format}")
        return Response(DEFAULT_PICTURE, 200, {"Cache-Control": "no-cache"}, "image/svg+xml")

    # -- GraphQL -----------------------------------------------------------------------------------------------

    def make_resolvers(self) -> Mapping[str, Resolver]:
        """The root fields of the schema."""
        return {
            "version": lambda _, __: SimpleNamespace(
                version=f"v{self.version}.1", hash="demo", build_time="2026-01-11 00:00:00"
            ),
            "systemStatus": lambda _, __: system_status(self),
            "configuration": lambda _, __: SimpleNamespace(general=general_configuration(self)),
            "jobQueue": lambda _, __: list(self.jobs.waiting.values()) or None,
            "findJob": lambda given, _: self.jobs.find(integer_id(given["input"]["id"], "job")),
            "findScene": lambda given, _: self._find_scene(given),
            "findScenes": lambda given, _: find_scenes(self.library, given),
            "findSceneByHash": lambda given, _: self._find_by_hash(given["input"]),
            "findImage": lambda given, _: find_image(self.library, given),
            "findImages": lambda given, _: find_images(self.library, given),
            "findFile": lambda given, _: find_file(self.library, given),
            "findFiles": lambda given, _: find_files(self.library, given),
            "findPerformers": lambda given, _: self._entities("performer", given),
            "findStudios": lambda given, _: self._entities("studio", given),
            "findTags": lambda given, _: self._entities("tag", given),
            **self._writing(),
        }

    def _writing(self) -> dict[str, Resolver]:
        """The mutations."""
        library, disk = self.library, self.disk

        def write(act: Callable[[dict[str, Any]], Any]) -> Resolver:
            return lambda given, _: self._written(act(given.get("input", given)))

        def done(act: Callable[[dict[str, Any]], Any]) -> Resolver:
            def carried_out(given: dict[str, Any]) -> bool:
                act(given)
                return True

            return write(carried_out)

        def times(act: Callable[[StashLibrary, dict[str, Any], str], tuple[str, ...]], field: str) -> Resolver:
            return write(lambda given: _history(act(library, given, field)))

        return {
            "sceneUpdate": write(lambda given: update_scene(library, given, self.fetch_image)),
            "sceneCreate": write(lambda given: create_scene(library, given, self.fetch_image)),
            "sceneAssignFile": done(lambda given: assign_file(library, given)),
            "sceneMarkerCreate": write(lambda given: marker_answer(*create_marker(library, given))),
            "sceneMarkerUpdate": write(lambda given: marker_answer(*update_marker(library, given))),
            "sceneMarkerDestroy": done(lambda given: destroy_marker(library, given["id"])),
            "sceneMerge": write(lambda given: merge_scenes(library, given, self.fetch_image)),
            "sceneDestroy": done(lambda given: destroy_scenes(library, disk, [given["id"]], given)),
            "scenesDestroy": done(lambda given: destroy_scenes(library, disk, given["ids"], given)),
            "imageUpdate": write(lambda given: update_image(library, given)),
            "imageDestroy": done(lambda given: destroy_images(library, disk, [given["id"]], given)),
            "imagesDestroy": done(lambda given: destroy_images(library, disk, given["ids"], given)),
            "deleteFiles": done(lambda given: delete_files(library, disk, given["ids"])),
            "destroyFiles": done(lambda given: destroy_files(library, given["ids"])),
            "fileSetFingerprints": done(lambda given: set_fingerprints(library, given)),
            "sceneAddPlay": times(add_times, "play_history"),
            "sceneAddO": times(add_times, "o_history"),
            "sceneDeletePlay": times(delete_times, "play_history"),
            "sceneDeleteO": times(delete_times, "o_history"),
            "sceneResetPlayCount": write(lambda given: reset_times(library, given, "play_history")),
            "sceneResetO": write(lambda given: reset_times(library, given, "o_history")),
            "sceneSaveActivity": done(lambda given: save_activity(library, given)),
            "imageIncrementO": write(lambda given: step_image_o(library, given["id"], 1)),
            "imageDecrementO": write(lambda given: step_image_o(library, given["id"], -1)),
            "metadataScan": write(self._start_scan),
        }

    def pretended(self, name: str, arguments: dict[str, Any]) -> Any:
        """The scene or image as it is where a mutation answers one, a job that never was, else true."""
        given = arguments.get("input") or {}
        match name:
            case "sceneMerge":
                return self.library.scenes.get(integer_id(given["destination"], "scene"))
            case "sceneUpdate":
                return self.library.scenes.get(integer_id(given["id"], "scene"))
            case "imageUpdate":
                return self.library.images.get(integer_id(given["id"], "image"))
            case "metadataScan":
                return 0
        return True

    def _start_scan(self, given: dict[str, Any]) -> int:
        request = ScanRequest.of(given, self.library_path)
        scan = Scan(self.library, self.disk, self.excludes, lambda: self._written(None))
        return self.jobs.add("Scanning...", lambda job: scan.run(request, job)).id

    async def stop(self) -> None:
        """Stop serving; jobs are broken off."""
        await self.jobs.stop()
        await super().stop()

    def readers(self) -> Readers:
        """Fields that are computed, or named otherwise in the library."""
        return stash_readers(self)

    def _find_scene(self, given: dict[str, Any]) -> DemoScene | None:
        if given.get("id") is not None:
            return self.library.scenes.get(integer_id(given["id"], "scene"))
        checksum = given.get("checksum")
        scenes = self.library.scenes.values()
        return next(
            (s for s in scenes if checksum and any(f.fingerprints.get("md5") == checksum for f in s.files)), None
        )

    def _find_by_hash(self, given: dict[str, Any]) -> DemoScene | None:
        wanted = [(kind, given[name]) for kind, name in (("md5", "checksum"), ("oshash", "oshash")) if given.get(name)]
        scenes = self.library.scenes.values()
        return next((s for s in scenes for f in s.files if any(f.fingerprints.get(k) == v for k, v in wanted)), None)

    def _entities(self, what: str, given: dict[str, Any]) -> object:
        shelf = getattr(self.library, f"{what}s")
        return find_entities(shelf, what, given.get(f"{what}_filter"), given)

    def _written(self, answer: Answer) -> Answer:
        """Tell who listens of what a mutation changed."""
        touched, self.library.touched = list(self.library.touched), {}
        for kind, number in touched:
            if kind == "scene" and number in self.library.scenes:
                self.on_change(self.library.scenes[number])
        self.on_written(touched)
        return answer


def _history(history: tuple[str, ...]) -> object:
    return SimpleNamespace(count=len(history), history=history)
