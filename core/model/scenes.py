"""Local scenes, as the matching desk crawls them, shows them and writes to them."""

from __future__ import annotations

from dataclasses import dataclass, field

from core.model.fingerprints import Fingerprint, fingerprint_digest


@dataclass(frozen=True, slots=True)
class MediaFile:
    """One video file of a scene, as Stash knows it. `size` in bytes, `duration` in seconds (None: unknown)."""

    id: int
    path: str
    size: int
    duration: float | None
    width: int = 0
    height: int = 0
    fingerprints: tuple[Fingerprint, ...] = ()

    @property
    def name(self) -> str:
        """The last part of the path, whichever separator the server uses."""
        return self.path.replace("\\", "/").rsplit("/", 1)[-1]


@dataclass(frozen=True, slots=True)
class StashId:
    """The link of a scene to an entry of one stash-box. `updated_at` is the server's own text, if it has the field."""

    endpoint: str
    stash_id: str
    updated_at: str | None = None


@dataclass(frozen=True, slots=True)
class Scene:
    """A local scene: what a crawl fetches. `updated_at` is the server's literal text (its local time)."""

    id: int
    title: str
    updated_at: str
    stash_ids: tuple[StashId, ...] = ()
    files: tuple[MediaFile, ...] = ()
    is_organized: bool = False

    def stash_id_at(self, endpoint: str) -> str | None:
        """The id this scene holds at an endpoint, compared exactly as Stash stores it."""
        return next((link.stash_id for link in self.stash_ids if link.endpoint == endpoint), None)

    @property
    def digest(self) -> str:
        """Of the hashes of all its files; equals that of its `SceneOutline`."""
        return fingerprint_digest(((item.algorithm.value, item.value) for item in f.fingerprints) for f in self.files)


@dataclass(frozen=True, slots=True)
class SceneOutline:
    """What tells whether a scene changed: `digest` is that of its hashes, `updated_at` the server's literal text."""

    id: int
    updated_at: str
    digest: str


@dataclass(frozen=True, slots=True)
class LocalEntity:
    """A studio, performer or tag of the local Stash."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class SceneDetails:
    """A local scene with the fields a metadata pull may touch; empty text means the scene states nothing there.

    `date` is YYYY, YYYY-MM or YYYY-MM-DD. `updated_at` is the server's literal text.
    """

    id: int
    title: str = ""
    code: str = ""
    details: str = ""
    director: str = ""
    date: str = ""
    urls: tuple[str, ...] = ()
    studio: LocalEntity | None = None
    performers: tuple[LocalEntity, ...] = ()
    tags: tuple[LocalEntity, ...] = ()
    has_cover: bool = False
    stash_ids: tuple[StashId, ...] = ()
    is_organized: bool = False
    updated_at: str = ""


@dataclass(frozen=True, slots=True)
class SceneChanges:
    """The fields of a scene to write; None leaves a field as it is, empty text or an empty tuple empties it.

    Lists replace what was there. `studio_id` 0 takes the studio away. `cover_image` is an address or a data URL; Stash
    has no way to take a cover away.
    """

    title: str | None = None
    code: str | None = None
    details: str | None = None
    director: str | None = None
    date: str | None = None
    urls: tuple[str, ...] | None = None
    studio_id: int | None = None
    performer_ids: tuple[int, ...] | None = None
    tag_ids: tuple[int, ...] | None = None
    stash_ids: tuple[StashId, ...] | None = None
    cover_image: str | None = field(default=None, repr=False)
    is_organized: bool | None = None
