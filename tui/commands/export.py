"""`winnow export`: recommendations for other programs."""

from __future__ import annotations

import argparse
import csv
import io
import json
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from core.errors import UsageError
from core.model.groups import Group, GroupFilter
from core.model.recommendations import Recommendation, RecommendationFilter, Status
from core.runtime import ReviewAction, ReviewFilter, ReviewLine
from tui.commands.duplicates import STATUSES
from tui.commands.intake import REVIEWED
from tui.commands.listing import recommendations
from tui.commands.opening import opened
from tui.commands.output_file import write_whole
from tui.console import JSON_VERSION
from tui.documents import CSV_COLUMNS, recommendation_document, recommendation_row
from tui.group_documents import GROUP_COLUMNS, group_document, group_rows, groups_of
from tui.intake_documents import REVIEW_COLUMNS, lines_of, review_document, review_row

if TYPE_CHECKING:
    from core.runtime import Runtime
    from tui.console import Console


async def export(args: argparse.Namespace, console: Console) -> int:
    """Write all recommendations of a desk, or those of one status; a file appears whole or not at all."""
    async with opened(args, console) as runtime:
        number, parts = await _DESKS[args.desk](runtime, args)
        if args.output is None:
            async for part in parts:
                console.write(part)
            return 0
        await write_whole(args.output, parts)
    what = "pictures" if args.desk == "intake" else "recommendations"
    console.note(f"{number} {what} written to {args.output}")
    return 0


async def _matches(runtime: Runtime, args: argparse.Namespace) -> tuple[int, AsyncIterator[str]]:
    known = [one.value for one in Status]
    if args.status and args.status not in known:
        raise UsageError(f"matches are never {args.status}; there are: {', '.join(known)}")
    statuses = (Status(args.status),) if args.status else tuple(Status)
    ids = await runtime.matching.ids(RecommendationFilter(statuses=statuses))
    found = recommendations(runtime.matching, ids)
    return len(ids), _match_csv(found) if args.format == "csv" else _json(
        (recommendation_document(one) async for one in found), args.desk
    )


async def _groups(runtime: Runtime, args: argparse.Namespace) -> tuple[int, AsyncIterator[str]]:
    if args.status and args.status not in STATUSES:
        raise UsageError(f"groups of duplicates are never {args.status}; there are: {', '.join(STATUSES)}")
    statuses = STATUSES[args.status] if args.status else tuple(one for some in STATUSES.values() for one in some)
    ids = await runtime.duplicates.ids(GroupFilter(statuses=tuple(dict.fromkeys(statuses)), is_weak=None))
    found = groups_of(runtime.duplicates, ids)
    return len(ids), _group_csv(found) if args.format == "csv" else _json(
        (group_document(one) async for one in found), args.desk, name="groups"
    )


async def _review(runtime: Runtime, args: argparse.Namespace) -> tuple[int, AsyncIterator[str]]:
    if args.status and args.status not in REVIEWED:
        raise UsageError(f"pictures of the review are never {args.status}; there are: {', '.join(REVIEWED)}")
    actions = REVIEWED[args.status] if args.status else tuple(ReviewAction)
    ids = await runtime.intake.ids(ReviewFilter(actions=actions))
    found = lines_of(runtime.intake, ids)
    return len(ids), _review_csv(found) if args.format == "csv" else _json(
        (review_document(one) async for one in found), args.desk, name="review"
    )


_DESKS: Final = {"matching": _matches, "duplicates": _groups, "intake": _review}


async def _match_csv(found: AsyncIterator[Recommendation]) -> AsyncIterator[str]:
    yield _line(CSV_COLUMNS)
    async for one in found:
        yield _line(recommendation_row(one))


async def _group_csv(found: AsyncIterator[Group]) -> AsyncIterator[str]:
    yield _line(GROUP_COLUMNS)
    async for one in found:
        for row in group_rows(one):
            yield _line(row)


async def _review_csv(found: AsyncIterator[ReviewLine]) -> AsyncIterator[str]:
    yield _line(REVIEW_COLUMNS)
    async for one in found:
        yield _line(review_row(one))


def _line(cells: tuple[str, ...] | list[str]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue()


async def _json(
    found: AsyncIterator[dict[str, Any]], desk: str, *, name: str = "recommendations"
) -> AsyncIterator[str]:
    yield f'{{"version": {JSON_VERSION}, "desk": {json.dumps(desk)}, "{name}": ['
    separator = "\n"
    async for one in found:
        yield separator + json.dumps(one, allow_nan=False)
        separator = ",\n"
    yield "\n]}\n"
