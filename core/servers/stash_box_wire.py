"""Answers of a stash-box as they come over the wire, and their way into the model."""

from __future__ import annotations

import msgspec

from core.model.stash_boxes import Candidate, RemoteEntity, RemoteFingerprint
from core.servers.hashes import read_hash
from core.servers.numbers import Real, Whole
from core.servers.oddities import Oddities


class WireUrl(msgspec.Struct, gc=False):
    url: str | None = None


class WireEntity(msgspec.Struct):
    id: str
    name: str | None = None
    aliases: list[str | None] | None = None


class WireAppearance(msgspec.Struct):
    performer: WireEntity | None = None


class WireFingerprint(msgspec.Struct, gc=False):
    hash: str | None = None
    algorithm: str | None = None
    duration: Real | None = None
    submissions: Whole | None = None
    reports: Whole | None = None


class WireCandidate(msgspec.Struct):
    id: str
    title: str | None = None
    code: str | None = None
    director: str | None = None
    details: str | None = None
    release_date: str | None = None
    date: str | None = None
    duration: Real | None = None
    deleted: bool | None = None
    urls: list[WireUrl | None] | None = None
    images: list[WireUrl | None] | None = None
    studio: WireEntity | None = None
    performers: list[WireAppearance | None] | None = None
    tags: list[WireEntity | None] | None = None
    fingerprints: list[WireFingerprint | None] | None = None


class LookUp(msgspec.Struct):
    findScenesBySceneFingerprints: list[list[WireCandidate | None] | None]  # noqa: N815  the name stash-box gives it


class RawLookUp(msgspec.Struct):
    findScenesBySceneFingerprints: list[msgspec.Raw]  # noqa: N815  the name stash-box gives it


class OneScene(msgspec.Struct):
    findScene: WireCandidate | None = None  # noqa: N815  the name stash-box gives it


class Me(msgspec.Struct):
    name: str
    roles: list[str | None] | None = None


class Version(msgspec.Struct):
    version: str | None = None


class Check(msgspec.Struct):
    me: Me | None = None
    version: Version | None = None


class Submitted(msgspec.Struct):
    submitFingerprint: bool  # noqa: N815  the name stash-box gives it


class SubmissionResult(msgspec.Struct):
    hash: str = ""
    scene_id: str = ""
    error: str | None = None


class SubmittedMany(msgspec.Struct):
    submitFingerprints: list[SubmissionResult | None]  # noqa: N815  the name stash-box gives it


def candidate_of(wire: WireCandidate, endpoint: str, oddities: Oddities) -> Candidate:
    """A stash-box scene with the fingerprints that can be read."""
    return Candidate(
        endpoint=endpoint,
        id=wire.id,
        title=wire.title or "",
        date=wire.release_date or wire.date or "",
        duration=None if wire.duration is None or wire.duration <= 0 else int(wire.duration),
        code=wire.code or "",
        director=wire.director or "",
        details=wire.details or "",
        urls=_urls(wire.urls),
        cover_url=next(iter(_urls(wire.images)), ""),
        studio=None if wire.studio is None else _entity(wire.studio),
        performers=tuple(
            _entity(one.performer) for one in wire.performers or () if one is not None and one.performer is not None
        ),
        tags=tuple(_entity(tag) for tag in wire.tags or () if tag is not None),
        fingerprints=tuple(
            found for one in wire.fingerprints or () if one is not None and (found := _fingerprint(one, oddities))
        ),
        is_deleted=bool(wire.deleted),
    )


def _fingerprint(wire: WireFingerprint, oddities: Oddities) -> RemoteFingerprint | None:
    found = read_hash(wire.algorithm, wire.hash, oddities)
    if found is None:
        return None
    duration, submissions = max(0, int(wire.duration or 0)), max(0, wire.submissions or 0)
    reports = None if wire.reports is None else max(0, wire.reports)
    return RemoteFingerprint(found[0], found[1], duration, submissions, reports)


def _urls(wires: list[WireUrl | None] | None) -> tuple[str, ...]:
    return tuple(one.url for one in wires or () if one is not None and one.url)


def _entity(wire: WireEntity) -> RemoteEntity:
    return RemoteEntity(wire.id, wire.name or "", tuple(one for one in wire.aliases or () if one))
