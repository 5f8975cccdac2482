"""A worker whose memory is broken may say anything: that costs the worker, and the file it was at, and no more."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecodeError
from core.media.checksums import checksums
from core.media.pool import MediaPool
from core.media.worker_messages import (
    LENGTH,
    MAX_MESSAGE,
    Accepted,
    Failed,
    Hashed,
    Measured,
    Working,
    framed,
    read_answer,
)

ACCEPTED = framed(Accepted())


def frame(body: bytes) -> bytes:
    """Any bytes as a message."""
    return LENGTH.pack(len(body)) + body


def field(name: bytes, value: bytes) -> bytes:
    """A result with one field, as MessagePack."""
    return b"\x82\xa4type\xa6hashed" + bytes([0xA0 | len(name)]) + name + value


BROKEN = {
    "nothing of MessagePack": frame(b"\xc1\xc1\xc1"),
    "empty": frame(b""),
    "another type": frame(msgspec.msgpack.encode({"type": "burnt", "value": 1})),
    "a list": frame(msgspec.msgpack.encode([1, 2, 3])),
    "text that is no UTF-8": frame(b"\x83\xa4type\xa6failed\xa4kind\xa1x\xa7message\xa3\xff\xfe\xfd"),
    "a name that is no UTF-8": frame(field(b"\xff\xfe", b"\x01")),
    "nested without end": frame(field(b"other", b"\x91" * 200_000 + b"\x01")),
    "cut": frame(framed(Hashed(5))[LENGTH.size : -1]),
    "longer than any": LENGTH.pack(MAX_MESSAGE + 1) + b"x",
    "a negative hash": framed(Hashed(-5)),
    "a hash beyond 64 bits": frame(field(b"value", b"\xcb" + b"\x7f" * 8)),
    "an answer to another question": framed(Measured(1.5)),
    "no number": framed(Measured(float("nan"))),
    "progress that goes backwards": framed(Working(-5)),
    "two answers to one question": framed(Failed("DecodeError", "x")) * 2,
}


def sick(path: Path, monkeypatch: pytest.MonkeyPatch, said: bytes) -> None:
    """From now on a worker is a program that says this to its first question, then waits to be ended."""
    program = f"import os, sys\nos.read(0, 4)\nos.write(1, {said!r})\nos.read(0, 1 << 20)\nos.read(0, 1)\n"
    script = path / "worker"
    script.write_text(f"#!{sys.executable}\n{program}")
    script.chmod(0o700)
    monkeypatch.setattr(sys, "executable", str(script))


@pytest.mark.parametrize("name", BROKEN)
async def test_it_costs_that_worker_alone(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "a.bin"
    file.write_bytes(b"x" * 100)
    async with MediaPool(workers=1) as pool:
        with monkeypatch.context() as patch:
            sick(tmp_path, patch, ACCEPTED + BROKEN[name])
            with pytest.raises(DecodeError, match=r"ended the process that read it|: x$"):
                async with asyncio.timeout(20):
                    await pool.image_phash(file)
        assert await pool.checksums(file) == checksums(file)
    assert not [record for record in caplog.records if record.levelno >= logging.ERROR]


@given(st.binary(max_size=40) | st.sampled_from(sorted(BROKEN)).map(lambda name: BROKEN[name][LENGTH.size :]))
def test_any_bytes_are_an_answer_or_none(body: bytes) -> None:
    try:
        read_answer(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return
