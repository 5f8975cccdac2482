"""A PostgreSQL with pgvector of its own for a test: Debian's programs, a folder that goes away, loopback alone."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

_PROGRAMS = Path("/usr/lib/postgresql")
_SECONDS = 60.0
_SETTINGS = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=20", "shared_buffers=16MB",
             "listen_addresses=127.0.0.1", "log_min_messages=fatal")  # fmt: skip


def programs() -> Path | None:
    """The folder with `initdb` and `postgres`, of a version that has pgvector; None where there is none."""
    versions = sorted((one for one in _PROGRAMS.glob("*") if one.name.isdecimal()), key=lambda one: -int(one.name))
    for version in versions:
        has_vector = Path("/usr/share/postgresql", version.name, "extension", "vector.control").exists()
        if has_vector and (version / "bin" / "initdb").exists():
            return version / "bin"
    return None


@dataclass(slots=True)
class Postgres:
    """One server. `address` is that of its superuser, over a socket that needs no password."""

    programs: Path
    folder: Path
    port: int
    user: str | None
    process: subprocess.Popen[bytes] | None = field(default=None)

    def admin(self, database: str = "postgres") -> str:
        """The address for whoever may do everything."""
        return f"postgresql://admin@/{database}?host={self.folder}&port={self.port}"

    def address(self, role: str, password: str, database: str) -> str:
        """The address as a user would write it."""
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port}/{database}"

    def run(self, program: str, *arguments: str | Path) -> None:
        """Run one of its programs to its end."""
        command = [str(self.programs / program), *map(str, arguments)]
        done = subprocess.run(
            command, user=self.user, cwd=self.folder, capture_output=True, timeout=_SECONDS, check=False
        )
        assert done.returncode == 0, done.stderr.decode(errors="replace")

    def start(self) -> None:
        """Start it, and wait until it answers."""
        named = [part for one in (*_SETTINGS, f"unix_socket_directories={self.folder}") for part in ("-c", one)]
        command = [str(self.programs / "postgres"), "-D", str(self.folder / "data"), "-p", str(self.port), *named]
        log = (self.folder / "log").open("ab")
        with log:
            self.process = subprocess.Popen(command, user=self.user, cwd=self.folder, stdout=log, stderr=log)
        until = time.monotonic() + _SECONDS
        ready = [str(self.programs / "pg_isready"), "-q", "-h", str(self.folder), "-p", str(self.port)]
        while subprocess.run(ready, check=False, timeout=_SECONDS).returncode:
            text = (self.folder / "log").read_text(errors="replace")
            assert self.process.poll() is None, text
            assert time.monotonic() < until, text
            time.sleep(0.02)

    def stop(self) -> None:
        """Stop it, cutting all connections. Harmless twice."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError):
                self.process.send_signal(signal.SIGINT)
            self.process.wait(timeout=_SECONDS)
            self.process = None


@contextlib.contextmanager
def running(where: Path) -> Iterator[Postgres]:
    """A new, empty server, stopped and removed at the end. `where` holds its programs."""
    # Not where the tests' folders lie: a socket's path has 107 signs at most, and another user must get there.
    folder = Path(tempfile.mkdtemp(prefix="winnow-pg-", dir="/tmp"))
    user = None
    if os.geteuid() == 0:  # which PostgreSQL refuses to run as
        names = {one.pw_name for one in pwd.getpwall()}
        user = "postgres" if "postgres" in names else "nobody"
        shutil.chown(folder, user)
    server = Postgres(where, folder, _free_port(), user)
    try:
        server.run("initdb", "-D", folder / "data", "-U", "admin", "-E", "UTF8", "--no-locale", "--no-sync",
                   "--auth-local=trust", "--auth-host=scram-sha-256")  # fmt: skip
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder, ignore_errors=True)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
