"""The client of one stash-box: look-ups by fingerprint, entries, covers, and submissions for accepted matches."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from core.errors import AuthenticationError, MalformedAnswerError, UsageError
from core.model.fingerprints import Algorithm, Fingerprint, is_degenerate_phash
from core.model.stash_boxes import Candidate, StashBox
from core.servers import stash_box_documents as documents
from core.servers.address import parse_address
from core.servers.call import MEBIBYTE, Call, Credential
from core.servers.graphql import GraphQLClient, Problem, Reply, decode
from core.servers.hashes import is_hex, write_hash
from core.servers.http import Http
from core.servers.network import why_inside
from core.servers.oddities import Oddities
from core.servers.packing import MAX_GROUPS, MAX_PHASHES
from core.servers.stash_box_wire import (
    Check,
    LookUp,
    OneScene,
    RawLookUp,
    Submitted,
    SubmittedMany,
    WireCandidate,
    candidate_of,
)

_SUBMISSIONS_A_REQUEST = 100


@dataclass(frozen=True, slots=True)
class BoxStatus:
    """Who the key belongs to, and what the server says of itself ("" and () where it does not)."""

    user: str
    version: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Submission:
    """A hash of a file that a person matched to a scene. `duration` of the file in whole seconds, above 0."""

    scene_id: str
    fingerprint: Fingerprint
    duration: int


class StashBoxClient:
    """One stash-box. Everything sent to its host, covers too, shares one limit of requests per minute."""

    def __init__(self, http: Http, box: StashBox, *, concurrency: int = 4) -> None:
        """Raises ConfigError for an address that is none, AuthenticationError for a key no header can carry."""
        self.box = box
        self.endpoint = box.endpoint
        self.oddities = Oddities()
        name = f"the API key of the stash-box {box.name} in the settings of Stash (Metadata Providers)"
        address = parse_address(box.endpoint, f"the endpoint of the stash-box {box.name}")
        self._host = address.origin[1]
        credential = Credential(box.api_key, basic=address.basic, name=name)
        self._http = http
        self._concurrency = concurrency
        channel = http.channel(box.endpoint, requests_per_minute=box.max_requests_per_minute, concurrency=concurrency)
        self._graphql = GraphQLClient(channel, address, credential, documents.DOCUMENTS)
        self.channel = channel
        self._asking = asyncio.Lock()
        self._is_asked = False
        self._known: frozenset[str] | None = None

    async def check(self) -> BoxStatus:
        """Whether address and key are right. Raises AuthenticationError when the key is none of a user's."""
        answer = await self._graphql.execute(documents.CHECK, shape=Check, known=await self._coordinates())
        if answer.me is None:
            raise AuthenticationError(
                f"it knows no user for the key: check {self._graphql.credential.name}", server=self._graphql.server
            )
        version = answer.version.version if answer.version else None
        return BoxStatus(answer.me.name, version or "", tuple(role for role in answer.me.roles or () if role))

    async def accepted_algorithms(self) -> frozenset[Algorithm]:
        """The algorithms whose hashes this server compares at all.

        OSHASH and PHASH, and MD5 where it is still stored: stash-box dropped its MD5s in 0.8.0, and the same version
        brought the scalar FingerprintHash, so a server without that scalar (older, or no stash-box at all) is asked
        for MD5 too. An algorithm missing from the server's own enum is never sent. What a server does not tell,
        since it hides its schema, is taken as the current stash-box.
        """
        known = await self._known_or_none()
        if known is None:
            return frozenset({Algorithm.OSHASH, Algorithm.PHASH})
        stored = {Algorithm.OSHASH, Algorithm.PHASH}
        if "FingerprintHash" not in known:
            stored.add(Algorithm.MD5)
        if "FingerprintAlgorithm" not in known:
            return frozenset(stored)
        return frozenset(kind for kind in stored if f"FingerprintAlgorithm.{kind}" in known)

    async def has_reports(self) -> bool:
        """Whether this server states how often a fingerprint was reported as wrong."""
        return "Fingerprint.reports" in await self._coordinates()

    async def look_up(self, groups: Sequence[Sequence[Fingerprint]]) -> list[tuple[Candidate, ...] | None]:
        """The candidates of each group, in the order of the groups; () for none, None where the server failed.

        At most 40 groups and 64 PHASHes (UsageError): `core.servers.packing` makes them so. A group with an entry that
        came as null counts as failed; failed ones are told in `oddities`, with the server's words. Raises GraphQLError
        when it refused the request as a whole and MalformedAnswerError when the answer is not one list a group.
        """
        phashes = sum(item.algorithm is Algorithm.PHASH for group in groups for item in group)
        if len(groups) > MAX_GROUPS or phashes > MAX_PHASHES:
            raise UsageError(f"{len(groups)} scenes with {phashes} PHASHes are more than one request may hold")
        asked = [index for index, group in enumerate(groups) if group]
        found: list[tuple[Candidate, ...] | None] = [() for _ in groups]
        if not asked:
            return found
        variables = {
            "fingerprints": [
                [{"hash": write_hash(item), "algorithm": item.algorithm.value} for item in groups[index]]
                for index in asked
            ]
        }
        reply = await self._graphql.ask(documents.LOOK_UP, variables, known=await self._coordinates())
        for index, answer in zip(asked, self._read_groups(reply, len(asked)), strict=True):
            found[index] = answer
        return found

    async def scene(self, scene_id: str) -> Candidate | None:
        """One entry, None when there is none; a deleted one may come with `is_deleted`."""
        answer = await self._graphql.execute(
            documents.SCENE, {"id": scene_id}, shape=OneScene, known=await self._coordinates()
        )
        return None if answer.findScene is None else candidate_of(answer.findScene, self.endpoint, self.oddities)

    async def cover(self, url: str) -> bytes:
        """The picture at an address this stash-box named, at the pace of its host. No key is sent for it.

        Raises MalformedAnswerError when it is no picture (JPEG, PNG, WebP), or stands in the own network while the
        stash-box does not; ConfigError when `url` is no address.
        """
        address = parse_address(url, "the address of a cover")
        _, host, port = address.origin
        if host != self._host and (kind := await why_inside(host, port)) and not await why_inside(self._host, port):
            words = f"it names a cover inside your own network ({kind}), which is not fetched"
            raise MalformedAnswerError(words, server=self.endpoint)
        channel = self._http.channel(address.url, concurrency=self._concurrency)
        answer = await channel.send(Call(address.url, accept="image/*", max_bytes=32 * MEBIBYTE))
        is_picture = answer.content_type.startswith("image/") and answer.content_type != "image/svg+xml"
        if answer.status != 200 or not is_picture:
            words = f"instead of a picture it sent {answer.content_type or 'nothing'} ({answer.status})"
            raise MalformedAnswerError(words, server=address.url, status=answer.status)
        return answer.body

    async def submit_fingerprints(self, submissions: Sequence[Submission]) -> tuple[str | None, ...]:
        """Tell the stash-box which hashes belong to which of its scenes; cannot be undone by Winnow.

        Only for matches a person accepted. Returns per submission None, or why it was not taken, in the server's
        words or ours: what a server would swallow in silence (MD5, no duration, a degenerate hash) is not sent.
        Where the server can, 100 go in one request. Raises what a write raises: see `GraphQLClient.execute`.
        """
        known = await self._coordinates()
        outcomes: list[str | None] = [_why_not(item) for item in submissions]
        good = [index for index, why in enumerate(outcomes) if why is None]
        if "Mutation.submitFingerprints" not in known:
            for index in good:
                variables = {"input": _single_input(submissions[index])}
                answer = await self._graphql.execute(documents.SUBMIT, variables, shape=Submitted)
                outcomes[index] = None if answer.submitFingerprint else "the server did not take it"
            return tuple(outcomes)
        for start in range(0, len(good), _SUBMISSIONS_A_REQUEST):
            part = good[start : start + _SUBMISSIONS_A_REQUEST]
            inputs = [_batch_input(submissions[index]) for index in part]
            many = await self._graphql.execute(documents.SUBMIT_MANY, {"input": inputs}, shape=SubmittedMany)
            # Paired by scene and hash: what a server drops has no row of its own.
            errors = {
                (row.scene_id, int(row.hash, 16)): row.error
                for row in many.submitFingerprints
                if row is not None and is_hex(row.hash)
            }
            for index in part:
                item = submissions[index]
                outcomes[index] = errors.get((item.scene_id, item.fingerprint.value), "the server did not take it")
        return tuple(outcomes)

    # -- inside ------------------------------------------------------------------------------------------------------

    async def _coordinates(self) -> frozenset[str]:
        return await self._known_or_none() or frozenset()

    async def _known_or_none(self) -> frozenset[str] | None:
        """What the server's schema has of what Winnow would like to ask; asked once, needs no key."""
        async with self._asking:
            if not self._is_asked:
                self._known = await self._graphql.known_coordinates(documents.FEATURES, documents.COORDINATES)
                self._is_asked = True
        return self._known

    def _read_groups(self, reply: Reply, count: int) -> list[tuple[Candidate, ...] | None]:
        if not reply.has_data:
            if reply.problems:
                raise reply.error()
            raise MalformedAnswerError("the look-up came back empty", server=self._graphql.server)
        failed = _failed_groups(reply.problems)
        for problem in reply.problems:
            self.oddities.note(f"scene the server failed for: {problem.message or 'without words'}")
        groups = self._decode_groups(reply)
        if len(groups) != count:
            raise MalformedAnswerError(
                f"it answered {len(groups)} lists for {count} scenes: answers cannot be told apart",
                server=self._graphql.server,
            )
        answers: list[tuple[Candidate, ...] | None] = []
        for index, group in enumerate(groups):
            if group is None or index in failed:
                answers.append(None)
                continue
            present = [wire for wire in group if wire is not None]
            if len(present) < len(group):
                # Half a list is none: what is missing might be the rival that makes the rest ambiguous.
                self.oddities.note("entry that came as null: its scene is not answered", len(group) - len(present))
                answers.append(None)
                continue
            # By id, since one entry that came twice would look like two rivals.
            once = {wire.id: wire for wire in present}
            answers.append(tuple(candidate_of(wire, self.endpoint, self.oddities) for wire in once.values()))
        return answers

    def _decode_groups(self, reply: Reply) -> list[list[WireCandidate | None] | None]:
        """The groups; one of another shape than agreed is None and told, and costs the others nothing."""
        try:
            return reply.decode(LookUp).findScenesBySceneFingerprints
        except MalformedAnswerError as error:
            failure = error
        groups: list[list[WireCandidate | None] | None] = []
        try:
            raws = reply.decode(RawLookUp).findScenesBySceneFingerprints
        except MalformedAnswerError:
            raise failure from None
        for raw in raws:
            try:
                groups.append(decode(raw, list[WireCandidate | None], reply.server))
            except MalformedAnswerError as error:
                self.oddities.note(f"scene whose answer cannot be read ({str(error).rpartition('agreed: ')[2]})")
                groups.append(None)
        return groups


def _failed_groups(problems: Sequence[Problem]) -> frozenset[int]:
    """Which groups the problems name."""
    places = [(problem.path or [])[1:2] for problem in problems]
    return frozenset(place[0] for place in places if place and isinstance(place[0], int))


def _why_not(item: Submission) -> str | None:
    if item.duration <= 0:
        return "the file states no duration"
    if item.fingerprint.algorithm is Algorithm.MD5:
        return "stash-boxes no longer keep MD5"
    if not item.fingerprint.value or (
        item.fingerprint.algorithm is Algorithm.PHASH and is_degenerate_phash(item.fingerprint.value)
    ):
        return "the hash says nothing: it would match strangers"
    return None


def _batch_input(item: Submission) -> dict[str, Any]:
    kind = item.fingerprint.algorithm
    return {"scene_id": item.scene_id, "hash": item.fingerprint.hex, "algorithm": kind.value, "duration": item.duration}


def _single_input(item: Submission) -> dict[str, Any]:
    kind = item.fingerprint.algorithm
    inner = {"hash": write_hash(item.fingerprint), "algorithm": kind.value, "duration": item.duration}
    return {"scene_id": item.scene_id, "fingerprint": inner}
