"""`winnow hash`: the PHASHes that a library lacks, as a file or written into Stash."""

from __future__ import annotations

import argparse
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Final

from core.model.library_records import Media
from core.runtime import BatchReport
from core.words import count
from tui.commands.decide import print_outcomes
from tui.commands.opening import opened
from tui.commands.output_file import write_whole
from tui.commands.scan import progress_line
from tui.present import plain

if TYPE_CHECKING:
    from core.duplicates.fingerprinting import HashOutcome
    from core.runtime import Runtime
    from tui.console import Console

_NAMED: Final = 20  # files with a problem that the text names


async def hash_files(args: argparse.Namespace, console: Console) -> int:
    """Hash what has no PHASH; 1 when a source failed or Stash did not take one. A broken file is named, no failure."""
    exported = 0
    report: BatchReport | None = None
    if args.write_to_stash and not args.yes:
        console.require_person("--yes")
    async with opened(args, console) as runtime:
        if args.write_to_stash:
            runtime.duplicates.hashes.need_server()
        media = {Media(one) for one in args.media or runtime.settings.duplicates.media}
        unsubscribe = runtime.jobs.subscribe(lambda progress: console.progress(progress_line(progress)))
        try:
            outcome = await runtime.duplicates.hash(media, again=args.again)
            if args.export is not None:
                exported = await _export(runtime, media, args)
            if not args.json:
                _print(outcome, exported, args, console)
            if args.write_to_stash:
                report = await _write(runtime, outcome, args, console)
        finally:
            unsubscribe()
    is_ok = outcome.is_ok and not (report and (report.not_done or report.stopped_by))
    if args.json:
        console.json(_document(outcome, exported, report, args, is_ok=is_ok))
    elif report is not None:
        print_outcomes(report, console, verb="Actions done", count=len(report.done))
        if report.done:
            console.out(f"Take it back with: winnow undo {report.batch_id}")
    return 0 if is_ok else 1


async def _export(runtime: Runtime, media: set[Media], args: argparse.Namespace) -> int:
    written = 0

    async def lines() -> AsyncIterator[str]:
        nonlocal written
        yield "file_id,phash\n"
        async for number, phash in runtime.duplicates.hashes.phashes(media):
            written += 1
            yield f"{number},{phash:016x}\n"

    await write_whole(args.export, lines())
    return written


async def _write(
    runtime: Runtime, outcome: HashOutcome, args: argparse.Namespace, console: Console
) -> BatchReport | None:
    if not outcome.lacking:
        console.aside("Stash holds all of them: there is nothing to write.")
        return None
    question = f"Write the PHASH of {count(len(outcome.lacking), 'file')} into Stash?"
    if not args.yes and not console.confirm(question, flag="--yes"):
        console.aside("Nothing was changed.")
        return None
    return await runtime.duplicates.hashes.write(outcome.lacking)


def _print(outcome: HashOutcome, exported: int, args: argparse.Namespace, console: Console) -> None:
    console.out(f"{outcome.files:,} files looked at, {outcome.hashed:,} hashed.")
    for run in outcome.sources:
        failure = f", FAILED: {plain(run.error.removeprefix(f'{run.source}: '))}" if run.error else ""
        console.out(f"  {plain(run.source)}: {count(run.files, 'file')}{failure}")
    for path, words in outcome.problems[:_NAMED]:
        console.out(f"  {plain(path)}: {plain(words)}")
    if len(outcome.problems) > _NAMED:
        console.out(f"  ... and {len(outcome.problems) - _NAMED} more that cannot be hashed (--json names all)")
    if args.export is not None:
        console.out(f"{count(exported, 'line')} written to {args.export}")
    if outcome.lacking:
        further = "" if args.write_to_stash else ": --write-to-stash writes them"
        console.out(f"Stash has no PHASH of {count(len(outcome.lacking), 'file')}{further}.")


def _document(
    outcome: HashOutcome, exported: int, report: BatchReport | None, args: argparse.Namespace, *, is_ok: bool
) -> dict[str, Any]:
    return {
        "ok": is_ok,
        "files": outcome.files,
        "hashed": outcome.hashed,
        "lacking_in_stash": len(outcome.lacking),
        "problems": [{"path": plain(path), "reason": plain(words)} for path, words in outcome.problems],
        "sources": [
            {"source": run.source, "ok": not run.error, "error": run.error or None, "files": run.files}
            for run in outcome.sources
        ],
        "exported": exported if args.export is not None else None,
        "batch": report.batch_id if report else None,
        "done": [one.title for one in report.done] if report else [],
        "refused": [{"title": one.title, "reason": one.words} for one in report.not_done] if report else [],
        "stopped_by": (report.stopped_by or None) if report else None,
    }
