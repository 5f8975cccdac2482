"""The demo stash-boxes: one as stash-box v0.10, one as ThePornDB answers, over HTTP."""

from __future__ import annotations

import re
import time
import uuid
from collections import deque
from collections.abc import Callable, Mapping
from enum import StrEnum
from types import SimpleNamespace
from typing import Any

from graphql import DocumentNode, ObjectTypeDefinitionNode, parse, print_ast
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.demo.box_library import BoxFingerprint, BoxImage, BoxLibrary, BoxScene
from core.demo.box_lookup import FingerprintIndex, Lookup
from core.demo.box_votes import hash_value, submit, submit_batch
from core.demo.graphql_errors import ResolverError
from core.demo.graphql_http import SCHEMAS, Context, DemoServer, Resolver, picture
from core.demo.graphql_projection import Readers
from core.demo.wrong_answers import GRAPHQL_JSON, JSON, too_many, unauthorized

MAX_GROUPS = 40
MAX_PHASHES = 64


class Flavour(StrEnum):
    """Which software a demo stash-box imitates."""

    STASH_BOX = "v0.10"
    THEPORNDB = "theporndb"  # hashes as submitted, no reports, deleted scenes answered, its own rate limit


class DemoBox(DemoServer):
    """A stash-box over a `BoxLibrary`.

    `phash_distance`: how far a PHASH may be from the stored one. `stores_md5`: as servers before v0.8, to go with an
    older `version`. `returns_deleted`: deleted scenes are found by fingerprint. `rate_limit`: requests in
    `rate_window` seconds, None for no limit; `retry_after` is sent with a 429 where set. `log.violations` lists what a
    polite client never sends: more than 64 PHASHes at once, MD5s, over-long, degenerate or empty hashes.
    """

    def __init__(
        self,
        name: str,
        library: BoxLibrary | None = None,
        *,
        flavour: Flavour = Flavour.STASH_BOX,
        api_key: str = "demo.box.key",
        title: str = "",
    ) -> None:
        self.library = library or BoxLibrary()
        self.flavour = flavour
        self.title = title or name
        self.version = "v0.10.2"
        self.phash_distance = 8
        self.stores_md5 = False
        self.returns_deleted = flavour is Flavour.THEPORNDB
        self.rate_limit: int | None = 240 if flavour is Flavour.THEPORNDB else None
        self.rate_window = 60.0
        self.retry_after: float | None = None
        self.on_change: Callable[[BoxScene], None] = lambda _: None
        self._arrivals: deque[float] = deque()
        self._lookup = Lookup(self.library)
        super().__init__(name, box_sdl(flavour), api_key)

    # -- HTTP --------------------------------------------------------------------------------------------------

    def authenticate(self, request: Request) -> Context | Response:
        """No key: anonymous, refused field by field. A wrong key: 401 with an empty body."""
        key = request.headers.get("apikey", "")
        if key and key != self.api_key:
            return unauthorized(scheme="")
        return Context(is_authorized=bool(key))

    def negotiate(self, accept: str) -> tuple[str, int]:
        """422 unless the newer media type is asked for by name."""
        is_new = accept.split(",")[0].split(";")[0].strip() == GRAPHQL_JSON
        return (GRAPHQL_JSON, 400) if is_new else (JSON, 422)

    def limit(self) -> Response | None:
        """429 above `rate_limit` requests in the last `rate_window` seconds; those turned away are not counted."""
        if self.rate_limit is None:
            return None
        now = time.monotonic()
        while self._arrivals and now - self._arrivals[0] >= self.rate_window:
            self._arrivals.popleft()
        if len(self._arrivals) >= self.rate_limit:
            self.log.counts["(too many)"] += 1
            return too_many(self.retry_after)
        self._arrivals.append(now)
        return None

    def routes(self) -> list[Route]:
        """Beside /graphql: the pictures."""
        return [Route("/images/{image_id}", self._image)]

    async def _image(self, request: Request) -> Response:
        if isinstance(refused := self.authenticate(request), Response):
            return refused
        size = request.query_params.get("size", "full")
        try:
            image_id = str(uuid.UUID(request.path_params["image_id"]))
        except ValueError:
            return PlainTextResponse("invalid UUID", 400)
        if size != "full" and not size.isdecimal():
            return PlainTextResponse("invalid size", 400)
        image = self.library.image(image_id)
        content = picture(image.source) if image else None
        if content is None:
            return PlainTextResponse("not found", 404)
        return Response(content, 200, {"Cache-Control": "max-age=604800000"}, "image/jpeg")

    def image_url(self, image: BoxImage) -> str:
        """Where a picture is served."""
        return f"{self.base_url}/images/{image.id}"

    # -- GraphQL -----------------------------------------------------------------------------------------------

    def make_resolvers(self) -> Mapping[str, Resolver]:
        """The root fields of the schema, each for those with a key."""
        fields: dict[str, Callable[[dict[str, Any]], Any]] = {
            "version": lambda _: SimpleNamespace(
                hash="demo", build_time="2026-07-02", build_type="OFFICIAL", version=self.version
            ),
            "me": lambda _: SimpleNamespace(
                id=str(uuid.uuid5(uuid.NAMESPACE_URL, self.name)), name="demo", roles=["READ", "VOTE"]
            ),
            "findScene": self._find_scene,
            "findScenesBySceneFingerprints": self._find_scenes,
            "searchScene": lambda given: self._search(given)[: _limit(given.get("limit"))],
            "searchScenes": self._search_scenes,
            "submitFingerprint": self._submit,
            "submitFingerprints": self._submit_batch,
        }

        def guarded(field: Callable[[dict[str, Any]], Any]) -> Resolver:
            def resolve(given: dict[str, Any], context: Context) -> Any:
                if not context.is_authorized:
                    raise ResolverError("not authorized")
                return field(given)

            return resolve

        return {name: guarded(field) for name, field in fields.items()}

    def readers(self) -> Readers:
        """Fields that are computed, or named otherwise in the library."""

        def fingerprints(given: dict[str, Any]) -> Callable[[BoxScene], list[BoxFingerprint]]:
            only_own = given.get("is_submitted")
            return lambda scene: sorted(
                (entry for entry in scene.fingerprints if not only_own or entry.user_vote > 0),
                key=lambda entry: entry.reports - entry.submissions,
            )

        def full_hash(entry: BoxFingerprint) -> str:
            return f"{entry.value:032x}" if entry.algorithm == "MD5" else f"{entry.value:016x}"

        def hash_as_submitted(entry: BoxFingerprint) -> str:
            return f"{entry.value:x}" if entry.algorithm == "PHASH" else full_hash(entry)

        return {
            "Scene": {
                "fingerprints": fingerprints,
                "date": lambda scene: None if scene.date is None else (scene.date + "-01-01")[:10],
                "release_date": lambda scene: scene.date,
                "production_date": lambda _: None,
            },
            "Fingerprint": {"hash": hash_as_submitted if self.flavour is Flavour.THEPORNDB else full_hash},
            "URL": {
                "url": lambda url: url,
                "type": lambda _: "STUDIO",
                "site": lambda _: SimpleNamespace(id=str(uuid.NAMESPACE_URL), name="Studio"),
            },
            "Image": {"url": self.image_url},
            "PerformerAppearance": {"as": lambda appearance: appearance.as_name},
            "Performer": {
                "urls": lambda _: [],
                "images": lambda _: [],
                "merged_ids": lambda _: [],
                "merged_into_id": lambda _: None,
            },
            "Studio": {"urls": lambda _: [], "images": lambda _: []},
            "Tag": {"description": lambda _: None},
        }

    def _find_scene(self, given: dict[str, Any]) -> BoxScene | None:
        try:
            return self.library.scenes.get(str(uuid.UUID(given["id"])))
        except ValueError as error:
            raise ResolverError(f"invalid UUID: {error}") from None

    def _find_scenes(self, given: dict[str, Any]) -> list[list[BoxScene]]:
        groups = given["fingerprints"]
        if len(groups) > MAX_GROUPS:
            raise ResolverError("too many scenes")
        self._judge([entry for group in groups for entry in group])
        index = self._lookup.index()
        answer = []
        for group in groups:
            found: dict[str, BoxScene] = {}
            for entry in group:
                for scene in self._matches(index, entry):
                    if not scene.deleted or self.returns_deleted:
                        found[scene.id] = scene
            answer.append(list(found.values()))
        return answer

    def _matches(self, index: FingerprintIndex, entry: dict[str, str]) -> list[BoxScene]:
        if entry["algorithm"] == "MD5":
            return index.with_md5.get(entry["hash"].lower(), []) if self.stores_md5 else []
        return index.find(entry["algorithm"], hash_value(entry["hash"]), self.phash_distance)

    def _judge(self, entries: list[dict[str, str]]) -> None:
        """Note what a polite client does not send."""
        phashes = sum(entry["algorithm"] == "PHASH" for entry in entries)
        if phashes > MAX_PHASHES:
            self.log.violations.append(f"{phashes} PHASHes in one request")
        for entry in entries:
            text = entry["hash"]
            if entry["algorithm"] == "MD5" and self.stores_md5:
                continue
            if entry["algorithm"] == "MD5":
                self.log.violations.append(f"an MD5: {text!r}")
            elif not isinstance(text, str) or not 0 < len(text) <= 16:
                self.log.violations.append(f"not a hash of 1 to 16 digits: {text!r}")
            elif entry["algorithm"] == "PHASH" and re.fullmatch("0+|80{15}|[fF]{16}", text):
                self.log.violations.append(f"a degenerate PHASH: {text!r}")

    def _search(self, given: dict[str, Any]) -> list[BoxScene]:
        term = given["term"].strip()
        if (scene := self.library.scenes.get(term.lower())) is not None:
            return [scene]
        live = [scene for scene in self.library.scenes.values() if not scene.deleted]
        if term.startswith(("http://", "https://")):
            return [scene for scene in live if any(url.lower() == term.lower() for url in scene.urls)]
        words = set(term.casefold().split())
        scored = [(len(words & _words(scene)), scene) for scene in live]
        return [scene for score, scene in sorted(scored, key=lambda pair: -pair[0]) if score]

    def _search_scenes(self, given: dict[str, Any]) -> object:
        found = self._search(given)
        size = given.get("per_page") or _limit(given.get("limit"))
        start = (max(given.get("page") or 1, 1) - 1) * size
        return SimpleNamespace(count=len(found), scenes=found[start : start + size])

    def _submit(self, given: dict[str, Any]) -> bool:
        scene = submit(self.library, given["input"])
        if scene is not None:
            self.on_change(scene)
        return True

    def _submit_batch(self, given: dict[str, Any]) -> list[object]:
        results, changed = submit_batch(self.library, given["input"])
        for scene in changed:
            self.on_change(scene)
        return results


def box_sdl(flavour: Flavour) -> str:
    """The schema of a flavour: that of ThePornDB lacks reports, votes of one's own, partial dates and searchScenes."""
    sdl = (SCHEMAS / "stash-box.graphql").read_text("utf-8")
    if flavour is Flavour.STASH_BOX:
        return sdl
    lacking = {
        "Fingerprint": {"reports", "user_submitted", "user_reported"},
        "Scene": {"release_date", "production_date"},
        "Query": {"searchScenes"},
        "Mutation": {"submitFingerprints"},
    }
    definitions = []
    for node in parse(sdl.replace("scalar FingerprintHash\n", "").replace("FingerprintHash", "String")).definitions:
        if isinstance(node, ObjectTypeDefinitionNode) and node.name.value in lacking:
            fields = tuple(f for f in node.fields or () if f.name.value not in lacking[node.name.value])
            node = ObjectTypeDefinitionNode(name=node.name, interfaces=(), directives=(), fields=fields)
        definitions.append(node)
    return print_ast(DocumentNode(definitions=tuple(definitions)))


def _limit(limit: int | None) -> int:
    return 10 if limit is None or limit < 1 else limit


def _words(scene: BoxScene) -> set[str]:
    parts = [scene.title or "", scene.code or "", scene.date or "", scene.studio.name if scene.studio else ""]
    parts += [name for cast in scene.performers for name in (cast.performer.name, cast.as_name or "")]
    return set(" ".join(parts).casefold().split())
