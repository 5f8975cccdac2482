"""`winnow export`: recommendations for other programs."""

from __future__ import annotations

import argparse
import csv
import io
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from core.errors import WinnowError
from core.model import Recommendation, RecommendationFilter, Status
from tui.commands.listing import recommendations
from tui.commands.opening import opened
from tui.console import JSON_VERSION
from tui.documents import CSV_COLUMNS, recommendation_document, recommendation_row
from tui.interrupts import immediate

if TYPE_CHECKING:
    from tui.console import Console


async def export(args: argparse.Namespace, console: Console) -> int:
    """Write all recommendations, or those of one status; a file appears whole or not at all."""
    statuses = (Status(args.status),) if args.status else tuple(Status)
    async with opened(args, console) as runtime:
        ids = await runtime.matching.ids(RecommendationFilter(statuses=statuses))
        found = recommendations(runtime.matching, ids)
        parts = _csv(found) if args.format == "csv" else _json(found, args.desk)
        if args.output is None:
            async for part in parts:
                console.write(part)
            return 0
        await _write_whole(args.output, parts)
    console.note(f"{len(ids)} recommendations written to {args.output}")
    return 0


async def _csv(found: AsyncIterator[Recommendation]) -> AsyncIterator[str]:
    yield _line(CSV_COLUMNS)
    async for one in found:
        yield _line(recommendation_row(one))


def _line(cells: tuple[str, ...] | list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


async def _json(found: AsyncIterator[Recommendation], desk: str) -> AsyncIterator[str]:
    yield f'{{"version": {JSON_VERSION}, "desk": {json.dumps(desk)}, "recommendations": ['
    separator = "\n"
    async for one in found:
        yield separator + json.dumps(recommendation_document(one), allow_nan=False)
        separator = ",\n"
    yield "\n]}\n"


async def _write_whole(path: Path, parts: AsyncIterator[str]) -> None:
    """Write beside the file, then put it in its place; a device or a pipe is never replaced, only written to."""
    try:
        if path.exists() and not path.is_file():
            with _opened(path) as stream:
                await _write(stream, parts)
            return
        real = Path(os.path.realpath(path))
        handle, name = tempfile.mkstemp(dir=real.parent, prefix=".winnow-export-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as stream:
                await _write(stream, parts)
            if real.exists():
                shutil.copymode(real, name)
            Path(name).replace(real)
        finally:
            with suppress(FileNotFoundError):
                Path(name).unlink()
    except OSError as error:
        raise WinnowError(f"{path}: the export cannot be written there: {error.strerror or error}") from error


def _opened(path: Path) -> TextIO:
    """A device or a pipe; waits until somebody reads a pipe, or for a signal. Raises OSError, for a folder too."""
    with immediate():
        return path.open("w", encoding="utf-8")


async def _write(stream: TextIO, parts: AsyncIterator[str]) -> None:
    async for part in parts:
        stream.write(part)
