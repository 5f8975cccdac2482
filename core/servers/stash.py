"""The client of a Stash server: what it is, its scenes, and the few things Winnow writes to it."""

from __future__ import annotations

import asyncio
import base64
import re
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import aclosing
from typing import Any

from core.errors import AuthenticationError, GraphQLError, MalformedAnswerError, ServerError
from core.model.scenes import Scene, SceneChanges, SceneDetails, SceneOutline, StashId
from core.model.stash_boxes import RemoteEntity, StashBox
from core.servers import stash_documents as documents
from core.servers.address import parse_address
from core.servers.call import MEBIBYTE, Call, Credential
from core.servers.graphql import GraphQLClient
from core.servers.http import Http
from core.servers.oddities import Oddities
from core.servers.stash_entities import EntityMatch, EntitySearch
from core.servers.stash_features import StashFeatures, StashStatus
from core.servers.stash_inputs import changes_input, links_input
from core.servers.stash_pages import OUTLINES, SCENES, Crawl, read_items
from core.servers.stash_wire import (
    Boxes,
    Counted,
    OneDetails,
    OneScene,
    Status,
    Update,
    details_of,
    links_of,
    outline_of,
    scene_of,
    stash_box_of,
    unknown_lists,
)
from core.servers.words import own_words, uncertain

_KEY_NAME = "api_key under [stash] in the configuration"
_IDS_A_REQUEST = 200
_NOT_FOUND = re.compile(r"scene with id (\d{1,19}) not found", re.IGNORECASE | re.ASCII)


class StashClient:
    """One Stash. Safe to share between tasks; writes are not ordered here, the ledger does that."""

    def __init__(self, http: Http, url: str, api_key: str = "", *, concurrency: int = 4) -> None:
        """Raises ConfigError for an address that is none, AuthenticationError for a key no header can carry."""
        address = parse_address(url, "url under [stash] in the configuration")
        path = address.url.partition("?")[0].rstrip("/").removesuffix("/graphql")
        self.url = path
        self.oddities = Oddities()
        self._credential = Credential(api_key, basic=address.basic, name=_KEY_NAME)
        self.channel = http.channel(path, concurrency=concurrency)
        endpoint = parse_address(f"{path}/graphql")
        self._graphql = GraphQLClient(self.channel, endpoint, self._credential, documents.DOCUMENTS)
        self._asking = asyncio.Lock()
        self._features: StashFeatures | None = None

    @property
    def graphql(self) -> GraphQLClient:
        """What sends the documents: the parts of this package that do more with a Stash share it."""
        return self._graphql

    # -- what it is --------------------------------------------------------------------------------------------------

    async def status(self) -> StashStatus:
        """Version and state; the cheapest way to tell whether address and key are right."""
        answer = await self._graphql.execute(documents.STATUS, shape=Status)
        system = answer.systemStatus
        version = answer.version.version or answer.version.hash or "unknown"
        return StashStatus(version, system.databaseSchema, system.os, system.status == "OK", system.status)

    async def features(self) -> StashFeatures:
        """What this Stash can do; asked once. A Stash that hides its schema counts as the oldest one."""
        async with self._asking:
            if self._features is None:
                known = await self._graphql.known_coordinates(documents.FEATURES, documents.COORDINATES)
                self._features = StashFeatures(known or frozenset())
            return self._features

    async def stash_boxes(self) -> list[StashBox]:
        """The stash-boxes configured in Stash, in its order. Needs the rights of its owner, like everything here."""
        known = (await self.features()).known
        answer = await self._graphql.execute(documents.STASH_BOXES, shape=Boxes, known=known)
        return [stash_box_of(box) for box in answer.configuration.general.stashBoxes if box is not None]

    # -- reading scenes ----------------------------------------------------------------------------------------------

    async def crawl(
        self, *, updated_after: str | None = None, after_id: int = 0, page_size: int = 1000
    ) -> AsyncGenerator[list[Scene], None]:
        """Every scene with an id above `after_id`, in pages, by rising id; the next page is under way meanwhile.

        `updated_after` is a text this server gave as `updated_at`: Stash compares texts, in its local time. Close the
        iterator (`aclosing`) when leaving early. Scenes that cannot be read are left out and noted in `oddities`.
        """
        known = (await self.features()).known
        walk = Crawl(
            self._graphql,
            documents.CRAWL,
            SCENES,
            known,
            self.oddities,
            page_size,
            _updated_after(updated_after),
        )
        async with aclosing(walk.pages(after_id)) as pages:
            async for page in pages:
                yield [scene_of(wire, self.oddities) for wire in page]

    async def outlines(
        self,
        *,
        updated_after: str | None = None,
        after_id: int = 0,
        page_size: int = 2000,
        is_unlinked_only: bool = False,
    ) -> AsyncGenerator[list[SceneOutline], None]:
        """As `crawl`, with no more than it takes to tell whether a scene changed; or only scenes without any id."""
        walk = Crawl(
            self._graphql,
            documents.OUTLINES,
            OUTLINES,
            frozenset(),
            self.oddities,
            page_size,
            _updated_after(updated_after) | ({"is_missing": "stash_id"} if is_unlinked_only else {}),
        )
        async with aclosing(walk.pages(after_id)) as pages:
            async for page in pages:
                yield [outline_of(wire, self.oddities) for wire in page]

    async def count_scenes(self, *, lacking: str | None = None) -> int:
        """How many scenes there are, or how many lack an id at an endpoint."""
        criterion = {"endpoint": lacking, "modifier": "IS_NULL"}
        criteria = {} if lacking is None else {"stash_id_endpoint": criterion}
        answer = await self._graphql.execute(documents.COUNT, {"scenes": criteria}, shape=Counted)
        return answer.findScenes.count

    async def scene(self, scene_id: int) -> Scene | None:
        """One scene as it is now, None when there is none.

        Raises MalformedAnswerError when its links are null: what is written next replaces the whole list, so it must
        be known.
        """
        known = (await self.features()).known
        answer = await self._graphql.execute(documents.SCENE, {"id": str(scene_id)}, shape=OneScene, known=known)
        if answer.findScene is None:
            return None
        if answer.findScene.stash_ids is None:
            raise MalformedAnswerError(f"scene {scene_id} has null instead of its stash ids", server=self.url)
        return scene_of(answer.findScene, self.oddities)

    async def scenes(self, ids: Iterable[int]) -> list[Scene]:
        """The scenes with these ids, in this order; ids the Stash does not know are left out."""
        wanted = list(dict.fromkeys(ids))
        found: list[Scene] = []
        for start in range(0, len(wanted), _IDS_A_REQUEST):
            found += await self._existing(wanted[start : start + _IDS_A_REQUEST])
        order = {scene_id: place for place, scene_id in enumerate(wanted)}
        return sorted((scene for scene in found if scene.id in order), key=lambda scene: order[scene.id])

    async def _existing(self, ids: list[int]) -> list[Scene]:
        """One unknown id makes Stash refuse all: leave out the one it names, or halve until only those are left."""
        known = (await self.features()).known
        while ids:
            reply = await self._graphql.ask(documents.SCENES, {"ids": [str(one) for one in ids]}, known=known)
            if not reply.problems:
                wires, _, _ = read_items(reply, SCENES, self.oddities)
                return [scene_of(wire, self.oddities) for wire in wires]
            error = reply.error()
            if not any("not found" in words.lower() for words in error.messages):
                raise error
            named = {int(number) for words in error.messages for number in _NOT_FOUND.findall(words)}
            if named & set(ids):
                ids = [one for one in ids if one not in named]
            elif len(ids) == 1:
                return []
            else:
                middle = len(ids) // 2
                return await self._existing(ids[:middle]) + await self._existing(ids[middle:])
        return []

    async def scene_details(self, scene_id: int) -> SceneDetails | None:
        """One scene with what a metadata pull may touch, None when there is none.

        Raises MalformedAnswerError when one of its lists is null or holds a null: lists are compared, and written back
        whole.
        """
        known = (await self.features()).known
        coverless = {"id": {"value": scene_id, "modifier": "EQUALS"}, "is_missing": "cover"}
        variables = {"id": str(scene_id), "coverless": coverless}
        answer = await self._graphql.execute(documents.DETAILS, variables, shape=OneDetails, known=known)
        if answer.findScene is None:
            return None
        if unknown := unknown_lists(answer.findScene):
            raise MalformedAnswerError(f"scene {scene_id} has null in its {', '.join(unknown)}", server=self.url)
        return details_of(answer.findScene, self.oddities, has_cover=answer.coverless.count == 0)

    # -- writing -----------------------------------------------------------------------------------------------------

    async def write_stash_ids(self, scene_id: int, links: Sequence[StashId]) -> tuple[StashId, ...]:
        """Replace the whole list of a scene's links; returns what the server says it holds now, hooks included.

        Nothing else of the scene is sent. Raises GraphQLError when nothing was written and UncertainWriteError when
        that is not known.
        """
        features = await self.features()
        answer = await self._graphql.execute(
            documents.WRITE_STASH_IDS,
            {"input": {"id": str(scene_id), "stash_ids": links_input(links, features)}},
            shape=Update,
            known=features.known,
        )
        if answer.sceneUpdate.stash_ids is None:
            raise uncertain(self.url, f"scene {scene_id} came back without its stash ids")
        return links_of(answer.sceneUpdate.stash_ids, self.oddities)

    async def update_scene(self, scene_id: int, changes: SceneChanges) -> SceneDetails:
        """Write the fields that are present in `changes`, and nothing else; returns the scene as it is afterwards.

        Errors as `write_stash_ids`.
        """
        features = await self.features()
        written_input = changes_input(changes, features)
        if written_input:
            await self._graphql.execute(
                documents.UPDATE_SCENE,
                {"input": {"id": str(scene_id)} | written_input},
                shape=Update,
                known=features.known,
            )
        failure = ""
        try:
            written = await self.scene_details(scene_id)
        except ServerError as error:
            failure = str(error).removeprefix(f"{self.url}/graphql: ")
        if failure:
            raise uncertain(self.url, f"the scene was written, but reading it back failed ({failure})")
        if written is None:
            raise GraphQLError([f"scene with id {scene_id} not found"], server=self.url)
        return written

    # -- finding what a stash-box means ------------------------------------------------------------------------------

    async def find_performer(self, endpoint: str, entity: RemoteEntity) -> EntityMatch:
        """The local performer behind a stash-box's; see `EntitySearch.find`."""
        return await EntitySearch(self._graphql, documents.FIND_PERFORMERS, frozenset()).find(endpoint, entity)

    async def find_studio(self, endpoint: str, entity: RemoteEntity) -> EntityMatch:
        """The local studio behind a stash-box's."""
        return await EntitySearch(self._graphql, documents.FIND_STUDIOS, frozenset()).find(endpoint, entity)

    async def find_tag(self, endpoint: str, entity: RemoteEntity) -> EntityMatch:
        """The local tag behind a stash-box's."""
        features = await self.features()
        search = EntitySearch(self._graphql, documents.FIND_TAGS, features.known, features.has_tag_stash_ids)
        return await search.find(endpoint, entity)

    # -- pictures ----------------------------------------------------------------------------------------------------

    async def screenshot(self, scene_id: int) -> bytes | None:
        """The picture of a scene (JPEG, PNG or WebP), None when there is none: Stash then sends a drawing (SVG)."""
        picture = await self._picture(scene_id)
        return None if picture is None else picture[1]

    async def cover_image(self, scene_id: int) -> str | None:
        """The cover as a data URL, fit to be written back by `SceneChanges.cover_image`; None when there is none."""
        picture = await self._picture(scene_id)
        if picture is None:
            return None
        return f"data:{picture[0]};base64,{base64.b64encode(picture[1]).decode()}"

    async def _picture(self, scene_id: int) -> tuple[str, bytes] | None:
        url = f"{self.url}/scene/{scene_id}/screenshot"
        call = Call(url, accept="image/*", credential=self._credential, max_bytes=32 * MEBIBYTE)
        answer = await self.channel.send(call)
        if answer.status in (401, 403):
            raise AuthenticationError(f"it refuses the key: check {_KEY_NAME}", server=self.url, status=answer.status)
        if answer.status == 404 or answer.content_type == "image/svg+xml":
            return None
        if answer.status != 200 or not answer.content_type.startswith("image/"):
            words = f"instead of a picture it sent {answer.content_type or 'nothing'} ({answer.status})"
            raise MalformedAnswerError(
                words + own_words(answer, self._credential), server=self.url, status=answer.status
            )
        return answer.content_type, answer.body


def _updated_after(moment: str | None) -> dict[str, Any]:
    return {"updated_at": {"value": moment, "modifier": "GREATER_THAN"}} if moment else {}
