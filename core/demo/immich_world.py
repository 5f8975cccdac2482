"""What a demo Immich holds: users, keys, libraries, assets, people and the faces it will find."""

from __future__ import annotations

import base64
import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

ALL = frozenset({"all"})
UPLOADS = "/usr/src/app/upload/library"


@dataclass(slots=True)
class DemoUser:
    """Somebody with an account."""

    id: str
    name: str
    is_admin: bool = False


@dataclass(slots=True)
class DemoKey:
    """An API key, which acts as its user within its scopes."""

    secret: str
    user: DemoUser
    scopes: frozenset[str] = ALL


@dataclass(slots=True)
class DemoPerson:
    """A person; an empty name is one nobody gave."""

    id: str
    owner_id: str
    name: str = ""
    is_hidden: bool = False


@dataclass(frozen=True, slots=True)
class FacePlan:
    """A face that will be found: its box in parts of the picture (left, top, right, bottom) and whose it is."""

    person: DemoPerson | None = None
    box: tuple[float, float, float, float] = (0.25, 0.25, 0.5, 0.75)


@dataclass(slots=True)
class DemoFace:
    """A face that was found; nobody's until it is recognised."""

    id: str
    plan: FacePlan
    person: DemoPerson | None = None


@dataclass(slots=True)
class DemoLibrary:
    """An external library."""

    id: str
    owner_id: str
    name: str
    import_paths: list[str]
    exclusion_patterns: list[str] = field(default_factory=lambda: ["**/@eaDir/**", "**/._*"])
    refreshed_at: datetime | None = None


@dataclass(slots=True)
class DemoAsset:
    """An asset. `content` is kept for uploads only, until they were looked at."""

    id: str
    owner_id: str
    path: str
    file_name: str
    checksum: str
    created_at: datetime
    library_id: str | None = None
    kind: str = "IMAGE"
    visibility: str = "timeline"
    is_trashed: bool = False
    is_offline: bool = False
    thumbhash: str | None = None
    content: bytes | None = None
    faces: list[DemoFace] = field(default_factory=list)


class ImmichWorld:
    """All of it, by id. Ids are of the fourth kind, which Immich 3 insists on, and the same in every run.

    `faces` says which faces will be found: by file name, or by a marker that stands in the file's first MiB. Files
    named in `broken` never get a thumbnail, the search for faces breaks off on those in `undetectable`. `partners` are
    pairs of users (owner, who may see the owner's assets).
    """

    def __init__(self) -> None:
        self._last_id = 0
        self._moment = datetime(2026, 7, 1, 12, tzinfo=UTC)
        self.users: dict[str, DemoUser] = {}
        self.keys: dict[str, DemoKey] = {}
        self.libraries: dict[str, DemoLibrary] = {}
        self.assets: dict[str, DemoAsset] = {}
        self.people: dict[str, DemoPerson] = {}
        self.faces: dict[str, Sequence[FacePlan]] = {}
        self.broken: set[str] = set()
        self.undetectable: set[str] = set()
        self.partners: set[tuple[str, str]] = set()

    def new_id(self) -> str:
        """The next id."""
        self._last_id += 1
        digest = hashlib.blake2b(b"demo immich %d" % self._last_id, digest_size=16).digest()
        return str(uuid.UUID(bytes=digest, version=4))

    def now(self) -> datetime:
        """The world's time: a second later at each look."""
        self._moment += timedelta(seconds=1)
        return self._moment

    def add_user(self, name: str, *, is_admin: bool = False) -> DemoUser:
        """Somebody new."""
        user = DemoUser(self.new_id(), name, is_admin)
        self.users[user.id] = user
        return user

    def add_key(self, secret: str, user: DemoUser, scopes: frozenset[str] = ALL) -> DemoKey:
        """A key for that user."""
        self.keys[secret] = key = DemoKey(secret, user, scopes)
        return key

    def add_library(self, owner: DemoUser, name: str, *import_paths: str) -> DemoLibrary:
        """An external library over folders of the server."""
        library = DemoLibrary(self.new_id(), owner.id, name, list(import_paths))
        self.libraries[library.id] = library
        return library

    def add_person(self, owner: DemoUser, name: str = "", *, is_hidden: bool = False) -> DemoPerson:
        """A person of that user."""
        person = DemoPerson(self.new_id(), owner.id, name, is_hidden)
        self.people[person.id] = person
        return person

    def add_asset(self, owner_id: str, path: str, *, library_id: str | None = None, sha1: bytes = b"") -> DemoAsset:
        """A new row, not looked at yet. The checksum of a file of a library is that of its path."""
        digest = sha1 or hashlib.sha1(f"path:{path}".encode(), usedforsecurity=False).digest()
        asset = DemoAsset(
            id=self.new_id(),
            owner_id=owner_id,
            path=path,
            file_name=path.rsplit("/", 1)[-1],
            checksum=base64.b64encode(digest).decode(),
            created_at=self.now(),
            library_id=library_id,
        )
        self.assets[asset.id] = asset
        return asset

    def add_seen(self, owner: DemoUser, path: str, *plans: FacePlan) -> DemoAsset:
        """An asset that was looked at long ago, with the faces that were found."""
        asset = self.add_asset(owner.id, path)
        asset.thumbhash = "demo"
        asset.faces = [DemoFace(self.new_id(), plan, plan.person) for plan in plans]
        return asset

    def plans_for(self, asset: DemoAsset, content: bytes) -> Sequence[FacePlan]:
        """The faces of the table `faces` for an asset: by its file's name, else by a marker in its content."""
        if asset.file_name in self.faces:
            return self.faces[asset.file_name]
        return next((plans for marker, plans in self.faces.items() if marker.encode() in content), ())

    def uploaded(self, owner_id: str, sha1: bytes) -> DemoAsset | None:
        """The upload of that user with this content, also in the trash; files of libraries are never found so."""
        checksum = base64.b64encode(sha1).decode()
        held = (asset for asset in self.assets.values() if asset.library_id is None)
        return next((asset for asset in held if (asset.owner_id, asset.checksum) == (owner_id, checksum)), None)

    def can_see(self, user: DemoUser, asset: DemoAsset) -> bool:
        """Whether that user may read the asset: a key of an administrator sees no more than any other."""
        return asset.owner_id == user.id or (asset.owner_id, user.id) in self.partners
