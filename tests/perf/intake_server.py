"""An Immich that answers at once, in a process of its own; prints where it is, and at its end how often it scanned.

intake_server.py FOLDER MARK...: each MARK is a person, found in the files that hold it.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from core.demo.immich_server import ROOT, DemoImmich
from core.demo.immich_world import FacePlan


async def serve(folder: str, *marks: str) -> None:
    async with DemoImmich.open(Path(folder)) as server:
        for mark in marks:
            server.world.faces[mark] = [FacePlan(server.world.add_person(server.owner, mark))]
        told = {
            "url": server.base_url,
            "api_key": server.api_key,
            "library_id": server.library.id,
            "root": ROOT,
        }
        print(json.dumps(told), flush=True)
        while await asyncio.to_thread(sys.stdin.readline):
            scans = server.log.counts["/libraries/{id}/scan"]
            print(json.dumps({"scans": scans, "requests": sum(server.log.counts.values())}), flush=True)


if __name__ == "__main__":
    asyncio.run(serve(*sys.argv[1:]))
