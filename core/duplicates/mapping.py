"""Whether the path mapping leads to the very files that Stash means: samples are compared by size and hash.

No effect trusts a mapping that was not verified: two servers may well have a file of the same name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

from core.errors import MediaError
from core.model.library_records import StashFile
from core.settings import PathMapping

Samples = Mapping[PathMapping | None, Sequence[tuple[StashFile, str]]]


async def unverified(samples: Samples) -> dict[PathMapping | None, str]:
    """The pairs (None: paths without one) whose samples do not lead to the same file here, each with the reason."""
    return await asyncio.to_thread(_unverified, samples)


def _unverified(samples: Samples) -> dict[PathMapping | None, str]:
    found: dict[PathMapping | None, str] = {}
    for pair, files in samples.items():
        reasons = [reason for file, path in files if (reason := difference(file, path))]
        if reasons:
            what = f"{pair.stash} -> {pair.local}" if pair else "paths without a pair"
            found[pair] = f"path mapping {what}: {reasons[0]}"
    return found


def difference(file: StashFile, path: str) -> str:
    """Why the file at a local path is not the one that Stash means; empty when it is, or cannot be told apart."""
    from core.media.checksums import checksums, oshash

    try:
        if file.oshash is not None:
            if oshash(path) != file.oshash:
                return f"{file.path} has another OSHASH than {path}"
        elif file.md5 is not None and int(checksums(path).md5, 16) != file.md5:
            return f"{file.path} has another MD5 than {path}"
    except MediaError as error:
        return str(error)
    return ""
