"""`winnow history`, `undo` and `jobs`: what was done, the way back, and long work."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from core.errors import UndoRefusedError, UsageError
from core.runtime import BatchRecord, EffectState, JobRecord, JobState
from tui.commands.decide import TITLE_COLUMNS, finish_batch
from tui.commands.opening import opened
from tui.commands.scan import progress_line
from tui.documents import iso_time, local_time
from tui.present import plain

if TYPE_CHECKING:
    from tui.console import Console


async def history(args: argparse.Namespace, console: Console) -> int:
    """Print what was applied, newest first."""
    async with opened(args, console) as runtime:
        batches = await runtime.history.batches(args.limit)
    if args.json:
        console.json({"batches": [_batch_document(batch) for batch in batches]})
        return 0
    rows = [
        (str(batch.id), local_time(batch.created_at), batch.title, _state(batch), _counts(batch)) for batch in batches
    ]
    console.table(("ID", "WHEN", "WHAT", "STATE", "ACTIONS"), rows, empty="Nothing was applied yet.")
    return 0


def _batch_document(batch: BatchRecord) -> dict[str, Any]:
    return {
        "id": batch.id,
        "kind": batch.kind,
        "title": batch.title,
        "state": batch.state.value,
        "created": iso_time(batch.created_at),
        "finished": iso_time(batch.finished_at),
        "actions": {state.value: count for state, count in batch.counts.items() if count},
        "can_undo": bool(batch.counts.get(EffectState.DONE)),
    }


def _state(batch: BatchRecord) -> str:
    return f"{batch.state.value}, can be undone" if batch.counts.get(EffectState.DONE) else batch.state.value


def _counts(batch: BatchRecord) -> str:
    return ", ".join(f"{count} {state.value}" for state, count in batch.counts.items() if count)


async def undo(args: argparse.Namespace, console: Console) -> int:
    """Take a batch back, newest action first; 1 when any action was refused."""
    async with opened(args, console) as runtime:
        batch = await runtime.history.last_undoable() if args.last else await runtime.history.batch(args.id)
        if batch is None:
            if args.last:
                raise UndoRefusedError("there is nothing to undo")
            raise UsageError(f"there is no batch {args.id}; `winnow history` lists them")
        if args.dry_run:
            report = await runtime.history.preview_undo(batch.id)
            if not report.outcomes:
                raise UndoRefusedError(f"batch {batch.id} holds nothing that could be undone")
        else:
            report = await runtime.history.undo_batch(batch.id)
    if not args.json:
        console.out(f"{batch.id}: {plain(batch.title)}")
        if args.dry_run:
            for outcome in report.done:
                console.out(f"  would be undone: {plain(outcome.title, width=TITLE_COLUMNS)}")
    status = finish_batch(report, args, console, verb="Can be undone" if args.dry_run else "Undone", can_undo=False)
    if args.dry_run and not args.json:
        console.out("Nothing was changed: this was a dry run.")
    return status


async def jobs(args: argparse.Namespace, console: Console) -> int:
    """Print jobs, newest first."""
    async with opened(args, console) as runtime:
        found = await runtime.jobs.newest()
    if args.json:
        console.json({"jobs": [_job_document(job) for job in found]})
        return 0
    rows = [
        (str(job.id), local_time(job.created_at), job.title, job.state.value, _how_far(job), job.error) for job in found
    ]
    console.table(("ID", "SINCE", "WHAT", "STATE", "DONE", "ERROR"), rows, empty="There are no jobs.")
    return 0


def _job_document(job: JobRecord) -> dict[str, Any]:
    return {
        "id": job.id,
        "kind": job.kind,
        "title": job.title,
        "state": job.state.value,
        "done": job.done,
        "total": job.total,
        "message": job.message,
        "created": iso_time(job.created_at),
        "finished": iso_time(job.finished_at),
        "error": job.error or None,
        "result": job.result,
    }


def _how_far(job: JobRecord) -> str:
    return str(job.done) if job.total is None else f"{job.done}/{job.total}"


async def show_job(args: argparse.Namespace, console: Console) -> int:
    """Print one job with the lines of its log, oldest first."""
    async with opened(args, console) as runtime:
        job = await runtime.jobs.get(args.id)
        if job is None:
            raise UsageError(f"there is no job {args.id}; `winnow jobs` lists them")
        lines = await runtime.jobs.log_lines(job.id)
    if args.json:
        log = [{"at": iso_time(line.at), "level": line.level, "text": line.text} for line in lines]
        console.json({"job": _job_document(job), "log": log})
        return 0
    console.out(f"Job {job.id} ({plain(job.title)}): {job.state.value}, {_how_far(job)} done")
    for line in lines:
        mark = "" if line.level == "info" else f"{line.level}: "
        console.out(f"  {local_time(line.at)}  {mark}{plain(line.text)}")
    return 0


async def cancel_job(args: argparse.Namespace, console: Console) -> int:
    """Ask a job, of whatever process, to stop."""
    async with opened(args, console) as runtime:
        job = await runtime.jobs.ask(args.id, "cancel")
    if args.json:
        console.json({"ok": True, "job": _job_document(job)})
    elif job.state is JobState.INTERRUPTED:
        console.out(f"Job {job.id} ({plain(job.title)}) had ended already: its process is gone.")
    else:
        console.out(f"Job {job.id} ({plain(job.title)}) was asked to stop.")
    return 0


async def resume_job(args: argparse.Namespace, console: Console) -> int:
    """Go on with a stopped job and wait for its end."""
    async with opened(args, console, needs_stash=True) as runtime:
        unsubscribe = runtime.jobs.subscribe(lambda progress: console.progress(progress_line(progress)))
        try:
            job = await runtime.resume_job(args.id)
        finally:
            unsubscribe()
    if args.json:
        console.json({"ok": job.state is JobState.DONE, "job": _job_document(job)})
    else:
        reason = f": {plain(job.error)}" if job.error else ""
        console.out(f"Job {job.id} ({plain(job.title)}): {job.state.value}{reason}")
    return 0 if job.state is JobState.DONE else 1
