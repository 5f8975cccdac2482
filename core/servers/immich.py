"""The client of an Immich server, 1.133 to 3.3: libraries, assets, queues, uploads."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from core.errors import EffectRefusedError, MalformedAnswerError, NotFoundError, ServerError
from core.servers import immich_wire as wire
from core.servers.http import Http
from core.servers.immich_assets import Asset, Library, UploadCheck, Uploaded
from core.servers.immich_http import ImmichHttp
from core.servers.immich_people import ImmichPeople
from core.servers.immich_progress import ImmichProgress
from core.servers.immich_queues import AssetProgress, QueuedJobs, Queues
from core.servers.immich_upload import FileUpload, file_facts, server_time
from core.servers.immich_version import ImmichFeatures, ImmichUser, ImmichVersion, KeyRights, MediaTypes

DEVICE = "winnow"
_PAGE = 250
_PAGE_NUMBER = re.compile(r"[0-9]{1,9}")
_LARGE = 1000  # the most that Immich gives at once
_MOST_PAGES = 1000
_CHECKS_A_REQUEST = 500


class ImmichClient:
    """One Immich. Safe to share between tasks. Nothing here deletes for good, or lets Immich do so."""

    def __init__(self, http: Http, url: str, api_key: str, *, concurrency: int = 4) -> None:
        """Raises ConfigError for an address that is none, AuthenticationError for a key no header can carry."""
        self._http = ImmichHttp(http, url, api_key, concurrency=concurrency)
        self.url = self._http.url
        self.channel = self._http.channel
        self.people = ImmichPeople(self._http)
        self._progress = ImmichProgress(self._http, self.people, self.version, self.asset)
        self._asking = asyncio.Lock()
        self._version: ImmichVersion | None = None
        self._user: ImmichUser | None = None

    # -- what it is --------------------------------------------------------------------------------------------------

    async def ping(self) -> None:
        """Whether an Immich answers there; needs no key. Raises ServerError where none does."""
        answer = await self._http.read("/server/ping", wire.Ping, is_public=True)
        if answer.res != "pong":
            raise MalformedAnswerError("what answers there is no Immich: is the address right?", server=self.url)

    async def version(self, *, is_fresh: bool = False) -> ImmichVersion:
        """The version, asked once, or again when it must be `is_fresh`. Raises ServerError for one before 1.133."""
        async with self._asking:
            if self._version is None or is_fresh:
                answer = await self._http.read("/server/version", wire.Version, is_public=True)
                version = ImmichVersion(answer.major, answer.minor, answer.patch)
                if not version.is_supported:
                    raise ServerError(f"Immich {version.text} is too old: update it to 1.133 or newer", server=self.url)
                self._version = version
            return self._version

    async def features(self) -> ImmichFeatures:
        """What is switched on; needs no key."""
        answer = await self._http.read("/server/features", wire.Features, is_public=True)
        return ImmichFeatures(answer.facial_recognition, answer.trash)

    async def media_types(self) -> MediaTypes:
        """Which files are imported; needs no key."""
        answer = await self._http.read("/server/media-types", wire.Extensions, is_public=True)
        images, videos = ({one.lower() for one in kinds} for kinds in (answer.image, answer.video))
        return MediaTypes(frozenset(images), frozenset(videos))

    async def key_rights(self) -> KeyRights:
        """What the key may do, as far as the server tells."""
        if not (await self.version()).has_key_rights:
            return KeyRights(None)
        answer = await self._http.read("/api-keys/me", wire.ApiKey)
        return KeyRights(frozenset(answer.permissions))

    async def user(self) -> ImmichUser:
        """Who the key acts as; asked once."""
        async with self._asking:
            if self._user is None:
                answer = await self._http.read("/users/me", wire.User)
                self._user = ImmichUser(answer.id, answer.name, answer.is_admin)
            return self._user

    # -- libraries ---------------------------------------------------------------------------------------------------

    async def libraries(self) -> tuple[Library, ...]:
        """All external libraries, of every owner. Takes an administrator's key, as all calls about libraries do."""
        answer = await self._http.read("/libraries", list[wire.WireLibrary])
        return tuple(wire.library_of(one) for one in answer)

    async def library(self, library_id: str) -> Library | None:
        """One library, None when there is none."""
        try:
            answer = await self._http.read(f"/libraries/{_part(library_id)}", wire.WireLibrary)
        except NotFoundError:
            return None
        return wire.library_of(answer)

    async def scan_library(self, library_id: str) -> None:
        """Let the library look at its folders; returns at once. Raises NotFoundError.

        `Library.refreshed_at` moves when all files were seen.
        """
        await self._http.order("POST", f"/libraries/{_part(library_id)}/scan", is_repeatable=True)

    # -- assets ------------------------------------------------------------------------------------------------------

    async def asset(self, asset_id: str) -> Asset | None:
        """One asset, also from the trash; None when it is gone or hidden from this key."""
        user = await self.user()
        try:
            answer = await self._http.read(f"/assets/{_part(asset_id)}", wire.WireAsset)
        except NotFoundError:
            return None
        return wire.asset_of(answer, user.id)

    async def find_assets(
        self, path: str, *, library_id: str | None = None, with_trashed: bool = False
    ) -> tuple[Asset, ...]:
        """The assets with exactly this path on the server, letter by letter; archived ones included.

        Only what the key's user can see: a partner's may be among them (`Asset.is_own`), other users' never are.
        """
        version, user = await self.version(), await self.user()
        if version.has_search_filter:
            found = await self._found(_filtered({"eq": path}, library_id, with_trashed=with_trashed))
        else:
            body = _flat(path, library_id, with_trashed=with_trashed)
            found = await self._found(body)
            if version.hides_archived:
                found += await self._found(body | {"visibility": "archive"})
        exact = {one.id: one for one in found if one.original_path == path}
        kept = (wire.asset_of(one, user.id) for one in exact.values())
        return tuple(one for one in kept if with_trashed or not one.is_trashed)

    async def assets_below(self, folder: str, *, library_id: str | None = None) -> tuple[Asset, ...]:
        """All assets of files somewhere below a folder of the server, trashed ones left out; seen as by `find_assets`.

        A few questions for very many assets.
        """
        version, user = await self.version(), await self.user()
        inside = folder.rstrip("/") + "/"
        if version.has_search_filter:
            found = await self._found(_filtered({"startsWith": inside}, library_id, with_trashed=False, size=_LARGE))
        else:
            body = _flat(inside, library_id, with_trashed=False) | {"size": _LARGE}
            body.pop("originalFileName", None)
            found = await self._found(body)
            if version.hides_archived:
                found += await self._found(body | {"visibility": "archive"})
        held = {one.id: one for one in found if one.original_path.startswith(inside)}
        kept = (wire.asset_of(one, user.id) for one in held.values())
        return tuple(one for one in kept if not one.is_trashed)

    async def _found(self, body: dict[str, Any]) -> list[wire.WireAsset]:
        """All pages of a search."""
        found: list[wire.WireAsset] = []
        for _ in range(_MOST_PAGES):
            page = (await self._http.read("/search/metadata", wire.Search, body=body)).assets
            found += page.items
            if "filter" in body and page.next_cursor:
                body = body | {"cursor": page.next_cursor}
            elif "filter" not in body and page.next_page:
                if _PAGE_NUMBER.fullmatch(page.next_page) is None:
                    raise MalformedAnswerError("its search names a next page that is none", server=self.url)
                body = body | {"page": int(page.next_page)}
            else:
                return found
        raise MalformedAnswerError(f"its search does not end after {_MOST_PAGES} pages", server=self.url)

    async def trash_upload(self, asset_id: str, sha1: str) -> None:
        """Move Immich's own copy of an uploaded file into Immich's trash, where it can be brought back.

        Never done to a file of a library: Immich would remove the original from the disk when its trash is emptied,
        and a scan takes the asset away by itself once the file has moved. Raises EffectRefusedError when the asset is
        gone, is one of a library, of somebody else or of another content (`sha1`, hexadecimal), or when this Immich
        has no trash; UncertainWriteError.
        """
        asset = await self.asset(asset_id)
        reason = ""
        if asset is None:
            reason = "it is not there any more"
        elif asset.is_of_library:
            reason = "it is a file of a library, which Immich would remove from the disk"
        elif not asset.is_own:
            reason = "it belongs to another user"
        elif not asset.has_content(sha1):
            reason = "it holds another content than the file that was uploaded"
        elif not (await self.features()).has_trash:
            reason = "its trash is switched off, so it would be deleted for good"
        if reason:
            raise EffectRefusedError(f"{self.url}: asset {asset_id} stays out of the trash of Immich: {reason}")
        await self._http.order("DELETE", "/assets", {"ids": [asset_id], "force": False})

    # -- queues ------------------------------------------------------------------------------------------------------

    async def queues(self) -> Queues:
        """All queues; see `Queues.state`. Takes an administrator's key, as all calls about queues do."""
        return await self._progress.queues()

    async def queued_jobs(self, queue: str, *statuses: str) -> QueuedJobs | None:
        """What the jobs of one queue are about, None before 2.4; by default those still to be done."""
        return await self._progress.queued_jobs(queue, *statuses)

    async def progress(self, asset_ids: Iterable[str]) -> dict[str, AssetProgress]:
        """How far each of these got; asking for many costs little more than for one. See `ImmichProgress.of`."""
        return await self._progress.of(asset_ids)

    async def progress_of(self, assets: Iterable[Asset]) -> dict[str, AssetProgress]:
        """As `progress`, of assets that were read a moment ago. See `ImmichProgress.of_assets`."""
        return await self._progress.of_assets(assets)

    # -- uploads -----------------------------------------------------------------------------------------------------

    async def check_uploads(self, checksums: Iterable[str]) -> dict[str, UploadCheck]:
        """What would become of contents with these SHA-1s (hexadecimal). Files of libraries are never found so."""
        wanted, checks = list(dict.fromkeys(checksums)), dict[str, UploadCheck]()
        for start in range(0, len(wanted), _CHECKS_A_REQUEST):
            batch = wanted[start : start + _CHECKS_A_REQUEST]
            body = {"assets": [{"id": one, "checksum": one} for one in batch]}
            answer = await self._http.read("/assets/bulk-upload-check", wire.Checked, body=body)
            checks |= {one.id: wire.check_of(one) for one in answer.results}
            if missing := [one for one in batch if one not in checks]:
                words = f"it checked {len(batch) - len(missing)} of {len(batch)} uploads: results is too short"
                raise MalformedAnswerError(words, server=f"{self.url}/api/assets/bulk-upload-check")
        return checks

    async def upload(
        self,
        path: Path,
        *,
        sha1: str,
        name: str = "",
        created_at: datetime | None = None,
        visibility: str | None = None,
    ) -> Uploaded:
        """Store a copy of a file, unless Immich has this content already, maybe in its trash.

        `sha1` (hexadecimal) must be that of the content. `name` decides whether Immich takes it, `created_at` is when
        it was taken; both are those of the file by default. Raises UnreadableFileError, also when the content is not
        that of `sha1`; nothing is stored then. UncertainWriteError: ask `check_uploads` whether it was.
        """
        version, facts = await self.version(), await file_facts(path)
        modified = datetime.fromtimestamp(facts.st_mtime, UTC)
        shown_name = name or path.name
        fields = [
            ("fileCreatedAt", server_time(created_at or modified)),
            ("fileModifiedAt", server_time(modified)),
            ("filename", shown_name),
        ]
        if version.wants_device_ids:
            fields += [("deviceAssetId", f"{DEVICE}-{sha1.lower()}"), ("deviceId", DEVICE)]
        if visibility is not None:
            fields.append(("visibility", visibility))
        body = FileUpload(path, sha1=sha1, size=facts.st_size, name=shown_name, fields=fields)
        stored = await self._http.upload("/assets", wire.Stored, body, (("x-immich-checksum", sha1.lower()),))
        if stored.status == "created":
            return Uploaded(stored.id, is_new=True)
        known = await self.asset(stored.id)
        return Uploaded(stored.id, is_new=False, is_trashed=known is not None and known.is_trashed)


def _part(text: str) -> str:
    """An id as one part of a path, whatever is in it."""
    return quote(text, safe="")


def _filtered(path: dict[str, str], library_id: str | None, *, with_trashed: bool, size: int = _PAGE) -> dict[str, Any]:
    """The search since 3.2: a filter, which is exact, and finds trashed assets unless told otherwise."""
    conditions: dict[str, Any] = {"originalPath": path}
    if library_id is not None:
        conditions["libraryId"] = {"eq": library_id}
    if not with_trashed:
        conditions["trashedAt"] = {"eq": None}
    return {"filter": conditions, "size": size}


def _flat(path: str, library_id: str | None, *, with_trashed: bool) -> dict[str, Any]:
    """The search before 3.2: a part of the path, in which a backslash makes the next sign a literal one."""
    literal = path.replace("\\", "\\\\")
    body: dict[str, Any] = {"originalPath": literal, "size": _PAGE}
    if library_id is not None:  # only there is the asset named like its file, and the search for a name is fast
        body |= {"libraryId": library_id, "originalFileName": literal.rsplit("/", 1)[-1]}
    return body | ({"withDeleted": True} if with_trashed else {})
