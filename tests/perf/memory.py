"""The most memory that this process ever held, in MiB."""

from __future__ import annotations

import resource
from pathlib import Path


def peak_mib() -> float:
    """By the kernel's high-water mark of this program; the usual figure is inherited from the parent process."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
