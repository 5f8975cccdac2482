"""The libraries and assets of an Immich, and what becomes of a file that is sent to it."""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Library:
    """An external library. Paths are those of the server's own machine or container.

    `refreshed_at` moves when a scan has seen all files; the assets may come a little later.
    """

    id: str
    owner_id: str
    name: str
    import_paths: tuple[str, ...]
    exclusion_patterns: tuple[str, ...]
    asset_count: int
    refreshed_at: datetime | None

    def holds(self, path: str) -> bool:
        """Whether a path of the server lies below one of the import paths."""
        folders = (folder.rstrip("/") + "/" for folder in self.import_paths)
        return any(path.startswith(folder) for folder in folders)


@dataclass(frozen=True, slots=True)
class Asset:
    """One picture or film. `path` is the server's; `is_own`: it belongs to the user of the key.

    `has_thumbnail` says that the file could be read and that the search for faces has been queued. `checksum` is
    SHA-1 in Base64: of the content for an upload, of "path:" and the path for a file of a library.
    """

    id: str
    owner_id: str
    library_id: str | None
    path: str
    file_name: str
    checksum: str
    kind: str
    visibility: str
    is_trashed: bool
    is_offline: bool
    has_thumbnail: bool
    is_own: bool

    @property
    def is_of_library(self) -> bool:
        """Whether its file is one that Immich did not put there itself; else it is Immich's own copy."""
        of_path = hashlib.sha1(f"path:{self.path}".encode(errors="replace"), usedforsecurity=False).digest()
        return self.library_id is not None or self.checksum == base64.b64encode(of_path).decode()

    def has_content(self, sha1: str) -> bool:
        """Whether it holds the content with this SHA-1 (hexadecimal); never known of a file of a library."""
        return self.checksum in (sha1.lower(), base64.b64encode(bytes.fromhex(sha1)).decode())


@dataclass(frozen=True, slots=True)
class UploadCheck:
    """What would become of an upload: stored, or turned away with a `reason` ("duplicate", "unsupported-format").

    `asset_id` is the asset with the same content, which may lie in the trash.
    """

    is_accepted: bool
    reason: str = ""
    asset_id: str | None = None
    is_trashed: bool = False


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What became of an upload. `is_new` is false when the same content was there already, maybe in the trash."""

    asset_id: str
    is_new: bool
    is_trashed: bool = False
