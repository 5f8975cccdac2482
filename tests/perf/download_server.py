"""Serves pictures of 1 MB until its input ends: `python download_server.py COUNT`; prints the address above them."""

from __future__ import annotations

import asyncio
import random
import sys

from core.demo.web import DemoWeb, drawn

SIZE = 1_000_000


async def serve(count: int) -> None:
    """The same picture under many names, made up to its size by noise behind its end."""
    picture = drawn()["hills.jpg"]
    content = picture + random.Random(1).randbytes(SIZE - len(picture))
    async with DemoWeb.open(files={f"{number:04}.jpg": content for number in range(count)}) as web:
        print(f"{web.base_url}/files/", flush=True)
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
