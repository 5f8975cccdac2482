"""`winnow list` and `winnow show`: what waits for a decision, and why."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from core.errors import UsageError
from core.model.recommendations import Recommendation, RecommendationFilter, Status
from tui.commands.intake import print_entry
from tui.commands.opening import box_names, known_endpoint, opened
from tui.documents import recommendation_document, recommendation_lines, recommendation_table

if TYPE_CHECKING:
    from core.matching.desk import MatchingDesk
    from tui.console import Console

_TEXT_LIMIT: Final = 100
_CHUNK: Final = 500


async def list_recommendations(args: argparse.Namespace, console: Console) -> int:
    """Print recommendations, best first, rivals of one scene together."""
    async with opened(args, console) as runtime:
        desk = runtime.matching
        known = [one.value for one in Status]
        if args.status not in known:
            raise UsageError(f"matches are never {args.status}; there are: {', '.join(known)}")
        wanted = RecommendationFilter(
            statuses=(Status(args.status),),
            endpoint=await known_endpoint(desk, args.endpoint),
            is_high_confidence=True if args.high_confidence else None,
        )
        total = await desk.count(wanted)
        limit = args.limit if args.limit or args.json else _TEXT_LIMIT
        ids = await desk.ids(wanted, limit=limit)
        if args.json:
            head = {"desk": args.desk, "total": total}
            await console.json_list(head, "recommendations", documents(desk, ids))
            return 0
        rows = await desk.rows(ids)
        if rows:
            for line in recommendation_table(rows, await box_names(desk), columns=console.columns):
                console.out(line)
        if total > len(rows):
            console.out(f"... and {total - len(rows)} more (--limit {total} shows all)")
        elif not rows:
            is_waiting = args.status == "pending"
            console.out(
                "Nothing. A scan looks for more: winnow --scan-only" if is_waiting else f"None is {args.status}."
            )
    return 0


async def documents(desk: MatchingDesk, ids: Sequence[int]) -> AsyncIterator[dict[str, Any]]:
    """Recommendations as documents, a few at a time."""
    async for one in recommendations(desk, ids):
        yield recommendation_document(one)


async def recommendations(desk: MatchingDesk, ids: Sequence[int]) -> AsyncIterator[Recommendation]:
    """Recommendations in the order of their ids, read a few at a time."""
    for start in range(0, len(ids), _CHUNK):
        for one in await desk.rows(ids[start : start + _CHUNK]):
            yield one


async def show(args: argparse.Namespace, console: Console) -> int:
    """Print one recommendation with all its evidence, and its rivals; or a picture of the review that has the id."""
    async with opened(args, console) as runtime:
        desk = runtime.matching
        one = await desk.get(args.id)
        if one is None:
            if (entry := await runtime.intake.get(args.id)) is not None:
                print_entry(entry, args, console)
                return 0
            raise UsageError(f"there is no recommendation {args.id}; `winnow list matching` shows them")
        rivals = await desk.rivals(one)
        names = await box_names(desk)
    if args.json:
        rival_documents = [recommendation_document(rival) for rival in rivals]
        console.json({"recommendation": recommendation_document(one), "rivals": rival_documents})
        return 0
    for line in recommendation_lines(one, names):
        console.out(line)
    if rivals:
        console.out("  Rivals at the same stash-box:")
        width = None if console.columns is None else console.columns - 4
        for line in recommendation_table(rivals, names, columns=width):
            console.out(f"    {line}")
    return 0
