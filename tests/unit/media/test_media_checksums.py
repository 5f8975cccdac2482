"""Checksums: one read, the published test vectors, files that move under the reader."""

from __future__ import annotations

import hashlib
import io
import tempfile
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import DecodeError, UnreadableFileError
from core.media.checksums import READ_SIZE, _Lanes, checksums, oshash

# Made with the hash function of Stash: file bytes b[i] = (31 * i + 7) % 256.
VECTORS = {
    9: 0xE0A26425E7A96B36,
    1000: 0xD894500BC783425E,
    65535: 0xD553D250CF4DAA08,
    65536: 0x5F9FE02060A1C000,
    65537: 0x3F7FC0004081A001,
    200000: 0x5F9FE02060A3CD40,
}


@pytest.mark.parametrize(("size", "expected"), VECTORS.items())
def test_oshash_is_that_of_stash(tmp_path: Path, size: int, expected: int) -> None:
    path = tmp_path / "video"
    path.write_bytes(bytes((31 * index + 7) % 256 for index in range(size)))
    assert oshash(path) == expected
    assert checksums(path).oshash == expected


@given(
    pattern=st.binary(min_size=1, max_size=40),
    size=st.one_of(st.integers(0, 40), st.integers(65500, 65600), st.integers(131000, 131100), st.integers(0, 1 << 22)),
)
def test_one_read_gives_what_each_function_gives_alone(pattern: bytes, size: int) -> None:
    data = (pattern * (size // len(pattern) + 1))[:size]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "file"
        path.write_bytes(data)
        result = checksums(path)
        assert result.size == size
        assert result.md5 == hashlib.md5(data).hexdigest()
        assert result.sha1 == hashlib.sha1(data).hexdigest()
        assert result.sha256 == hashlib.sha256(data).hexdigest()
        assert result.oshash == (oshash(path) if size > 8 else None)


class _Listening:
    """A digest that keeps the beginnings of what it is fed; a slow one begins its first piece late."""

    def __init__(self, delay: float) -> None:
        self.delay = delay
        self.fed = b""

    def update(self, piece: memoryview) -> None:
        if not self.fed:
            time.sleep(self.delay)
        self.fed += piece[:4]


def test_a_slow_digest_is_fed_in_the_order_of_the_file() -> None:
    slow, quick = _Listening(0.05), _Listening(0.0)
    file = io.BytesIO(b"".join(f"{number:4}".encode().ljust(READ_SIZE) for number in range(6)))
    with _Lanes([slow, quick]) as lanes:  # type: ignore[list-item]  # only `update` is called
        while lanes.read(file):
            pass
    assert slow.fed == quick.fed == b"   0   1   2   3   4   5"


@pytest.mark.parametrize("size", [0, 1, 8])
def test_a_file_of_eight_bytes_has_no_oshash(tmp_path: Path, size: int) -> None:
    path = tmp_path / "small"
    path.write_bytes(b"x" * size)
    assert checksums(path).oshash is None
    with pytest.raises(DecodeError, match=rf"small: has {size} bytes"):
        oshash(path)


def test_every_byte_is_reported_once(tmp_path: Path) -> None:
    path = tmp_path / "large"
    path.write_bytes(b"ab" * 2_000_000)
    seen: list[int] = []
    checksums(path, on_read=seen.append)
    assert seen == sorted(set(seen))
    assert seen[-1] == 4_000_000


def test_a_file_that_grows_while_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "growing"
    path.write_bytes(b"x" * 3_000_000)

    def grow(done: int) -> None:
        if done < 3_000_000:
            with path.open("ab") as file:
                file.write(b"more")

    with pytest.raises(UnreadableFileError, match=r"growing: changed while it was read; try again"):
        checksums(path, on_read=grow)


def test_a_file_that_shrinks_while_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "shrinking"
    path.write_bytes(b"x" * 3_000_000)

    def shrink(done: int) -> None:
        path.write_bytes(b"short")

    with pytest.raises(UnreadableFileError, match="changed while it was read"):
        checksums(path, on_read=shrink)


@pytest.mark.parametrize("function", [checksums, oshash])
def test_what_cannot_be_read_is_named_with_the_way_out(tmp_path: Path, function: object) -> None:
    assert callable(function)
    with pytest.raises(UnreadableFileError, match=r"gone: is not there; check that its disk or share is mounted"):
        function(tmp_path / "gone")
    with pytest.raises(UnreadableFileError, match=r"is not a file; name a file"):
        function(tmp_path)
    (tmp_path / "file").write_bytes(b"x")
    with pytest.raises(UnreadableFileError, match=r"cannot be read \(Not a directory\)"):
        function(tmp_path / "file" / "below")
    with pytest.raises(UnreadableFileError, match=r"cannot be read"):
        function("null\0byte")
    with pytest.raises(UnreadableFileError, match=r"cannot be read \(Input/output error\); check the disk"):
        function("/proc/self/mem") if function is checksums else checksums("/proc/self/mem")
