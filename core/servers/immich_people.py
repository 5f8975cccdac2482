"""Faces and people of an Immich: who it sees in an asset, and corrections of that."""

from __future__ import annotations

from urllib.parse import quote

from core.errors import MalformedAnswerError, NotFoundError, OtherOwnerError
from core.servers import immich_wire as wire
from core.servers.immich_assets import Asset
from core.servers.immich_faces import Face, Person
from core.servers.immich_http import ImmichHttp

_PAGE = 500
_MOST_PAGES = 10_000


class ImmichPeople:
    """The part of `ImmichClient` that is about people."""

    def __init__(self, http: ImmichHttp) -> None:
        self._http = http

    async def faces(self, asset: Asset) -> tuple[Face, ...] | None:
        """The faces found in an asset, from left to right; None when it is gone, empty when there are none so far.

        Raises OtherOwnerError for an asset of somebody else, whose faces would all be nobody's.
        """
        if not asset.is_own:
            raise OtherOwnerError(
                f"asset {asset.id} belongs to another user, and who is in it is told to its owner alone:"
                " use a key of the library's owner",
                server=self._http.url,
            )
        try:
            answer = await self._http.read("/faces", list[wire.WireFace], query=(("id", asset.id),))
        except NotFoundError:
            return None
        return tuple(wire.face_of(one) for one in answer)

    async def all(self, *, with_hidden: bool = True) -> tuple[Person, ...]:
        """Everybody Immich lists, unnamed people included.

        Immich leaves out who has no face in a picture of the timeline, and unnamed people with few faces: `person`
        finds those. Somebody who moves from page to page meanwhile is there once.
        """
        found: dict[str, Person] = {}
        for page in range(1, _MOST_PAGES + 1):
            query = (("page", str(page)), ("size", str(_PAGE)), ("withHidden", "true" if with_hidden else "false"))
            answer = await self._http.read("/people", wire.People, query=query)
            found |= {one.id: wire.person_of(one) for one in answer.people}
            if not answer.people or not _goes_on(answer):
                return tuple(found.values())
        raise MalformedAnswerError(f"its list of people does not end after {_MOST_PAGES} pages", server=self._http.url)

    async def person(self, person_id: str) -> Person | None:
        """One person; None when there is none (two were made one, for example) or it is another user's."""
        try:
            answer = await self._http.read(f"/people/{quote(person_id, safe='')}", wire.WirePerson)
        except NotFoundError:
            return None
        return wire.person_of(answer)

    async def create(self, name: str) -> Person:
        """A new person. Immich removes one without faces in the night: assign a face at once."""
        return wire.person_of(await self._http.write("POST", "/people", wire.WirePerson, {"name": name}))

    async def reassign(self, face_id: str, person_id: str) -> Person:
        """Let a face be that of another person, who is returned. Raises NotFoundError, UncertainWriteError."""
        # The path names the person and the body the face, whatever the address looks like.
        path = f"/faces/{quote(person_id, safe='')}"
        return wire.person_of(await self._http.write("PUT", path, wire.WirePerson, {"id": face_id}))


def _goes_on(answer: wire.People) -> bool:
    """Whether there is another page; a server that does not say so is asked as long as its pages are full."""
    return answer.has_next_page if answer.has_next_page is not None else len(answer.people) >= _PAGE
