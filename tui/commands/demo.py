"""`winnow demo`: a world of its own, to try everything in without touching a real library."""

from __future__ import annotations

import argparse
import asyncio
import shlex
from typing import TYPE_CHECKING

from core.config import load_settings
from core.demonstration import Demonstration, open_demonstration
from core.runtime import ScanOptions
from tui.commands.opening import opened_with
from tui.commands.scan import desks_in_use, scan_with
from tui.launch import open_app, require_terminal
from tui.present import plain

if TYPE_CHECKING:
    from tui.console import Console


async def demo(args: argparse.Namespace, console: Console) -> int:
    """Open the world, then scan it, serve it or show it in the terminal app."""
    if not args.serve and not args.scan_only:
        require_terminal()
    console.progress("making the demo world")
    async with open_demonstration(args.dir, scenes=args.scenes or 0) as world:
        if args.serve:
            return await _serve(world, args, console)
        args.data_dir = args.data_dir or world.data_dir
        if not args.scan_only:
            console.finish()
            return await open_app(
                load_settings(world.config), args.data_dir, images=args.images or "", mouse=args.has_mouse
            )
        async with opened_with(load_settings(world.config), args, console) as runtime:
            return await scan_with(runtime, console, ScanOptions(), desks=desks_in_use(runtime), is_json=args.json)


async def _serve(world: Demonstration, args: argparse.Namespace, console: Console) -> int:
    """Say where the world is and keep it until a signal ends it, which is the usual way."""
    options = f"--config {shlex.quote(str(world.config))}"  # names the data folder too
    if args.json:
        place = {"config": str(world.config), "data_dir": str(world.data_dir)}
        console.json(place | {"stash": world.stash_url, "endpoints": list(world.endpoints)})
    else:
        console.out(f"The demo world runs: Stash at {world.stash_url}, stash-boxes at {', '.join(world.endpoints)}")
        console.out("Try, in another terminal:")
        console.out(f"  winnow --scan-only {plain(options)}")
        console.out(f"  winnow list matching {plain(options)}")
        console.out(f"  winnow intake add {plain(world.picture_url)} {plain(options)}")
        console.out("Ctrl-C ends it.")
    console.flush()
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        console.note("the demo world has ended")
    return 0
