"""`python tests/perf [NAME ...]`: prints the measured figures; NAME is one of the groups below."""

from __future__ import annotations

import importlib
import os
import platform
import sys

from harness import print_whole_table

GROUPS = {
    "scan": "bench_scan",
    "commands": "bench_commands",
    "start": "bench_start",
    "list": "bench_tui_list",
    "pictures": "bench_tui_pictures",
    "downloads": "bench_download",
    "near": "bench_near",
    "hash": "bench_hash",
    "groups": "bench_tui_groups",
    "intake": "bench_intake",
    "review": "bench_tui_review",
}


def main(names: list[str]) -> int:
    """Run the named groups, or all; 2 for an unknown name."""
    unknown = [name for name in names if name not in GROUPS]
    if unknown:
        print(f"no such group: {', '.join(unknown)}; there are {', '.join(GROUPS)}", file=sys.stderr)
        return 2
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}")
    for name in names or GROUPS:
        importlib.import_module(GROUPS[name]).run()
    print_whole_table()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
