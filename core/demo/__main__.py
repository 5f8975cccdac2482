"""`python -m core.demo --dir D`: the demo world in a process of its own, for benchmarks and tests.

Prints one line of JSON (urls, keys, the configuration) when ready, and serves until its input ends or it is told to
stop (SIGTERM, SIGINT).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import signal
import sys
import threading
from pathlib import Path

import msgspec

from core.demo.world import DemoWorld
from core.errors import WinnowError


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m core.demo", description=__doc__.split("\n\n")[0])
    parser.add_argument("--dir", type=Path, required=True, help="the folder of this world; made where it is missing")
    parser.add_argument("--scenes", type=int, default=0, help="add that many synthetic scenes")
    parser.add_argument("--no-media", action="store_true", help="draw nothing, invent the hashes")
    parser.add_argument("--duplicates", action="store_true", help="with the files of the duplicates desk")
    parser.add_argument("--stash-version", choices=("0.30", "0.31"), default="0.30")
    parser.add_argument("--latency", type=float, default=0.0, help="seconds added to every answer")
    parser.add_argument("--rate", type=int, help="requests a minute at both stash-boxes; 0: no limit")
    parser.add_argument("--fault", action="append", default=[], help="SERVER:KIND[:key=value,...]; repeatable")
    parser.add_argument("--no-variables", action="store_true", help="keep only counts of what was asked, not variables")
    return parser.parse_args(arguments)


def configure(world: DemoWorld, options: argparse.Namespace) -> None:
    """Latency, rates and faults as the command line states them. Raises UsageError."""
    for server in world.servers:
        server.faults.latency = options.latency
        server.log.keep_variables = not options.no_variables
    if options.rate is not None:
        world.set_rate(options.rate)
    for text in options.fault:
        world.add_faults(text)


def description(world: DemoWorld) -> dict[str, object]:
    """Where the servers are and how to reach them."""
    boxes = [{"name": box.name, "endpoint": box.endpoint, "api_key": box.api_key} for box in world.boxes]
    stash = {"url": world.stash.base_url, "api_key": world.stash.api_key}
    return {"version": 1, "stash": stash, "boxes": boxes, "config": str(world.config_path), "pid": os.getpid()}


async def serve(options: argparse.Namespace) -> None:
    """Open the world, say where it is, and keep it until the end."""
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    opened = DemoWorld.open(
        options.dir,
        scenes=options.scenes,
        media=not options.no_media,
        stash_version=options.stash_version,
        duplicates=options.duplicates,
    )
    async with opened as world:
        configure(world, options)
        gc.collect()
        gc.freeze()  # a large library stays for good: not looked through at every collection
        print(msgspec.json.encode(description(world)).decode(), flush=True)
        # a daemon: asyncio would wait for a thread of its own pool, which waits for input that may never come
        threading.Thread(target=_wait_for_end_of_input, args=(loop, ended), daemon=True).start()
        await ended.wait()
        print_counts(world)


def print_counts(world: DemoWorld) -> None:
    """What every server was asked, one line of JSON on standard error."""
    counts = {server.name: {**server.log.counts, "violations": len(server.log.violations)} for server in world.servers}
    print(msgspec.json.encode(counts).decode(), file=sys.stderr, flush=True)


def _wait_for_end_of_input(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    while os.read(sys.stdin.fileno(), 4096):  # not through Python's buffer, whose lock the interpreter's end needs
        pass
    loop.call_soon_threadsafe(ended.set)


def main() -> None:
    """Run until told to stop; exit status 2 for a wrong command line."""
    options = parse_arguments()
    try:
        asyncio.run(serve(options))
    except WinnowError as error:
        print(f"core.demo: {error}", file=sys.stderr)
        raise SystemExit(2) from error


if __name__ == "__main__":
    main()
