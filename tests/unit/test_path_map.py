"""Where a file that Stash names lies on this machine."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.config import PathMapping
from core.path_map import immich_path, local_path, mapping_of
from core.settings_intake import ImmichPathMapping

PAIRS = (
    PathMapping(stash="/data", local="/mnt/media"),
    PathMapping(stash="/data/films/", local="/films"),
    PathMapping(stash="D:\\Films", local="/mnt/d"),
    PathMapping(stash="\\\\nas\\share", local="/mnt/share"),
)


@pytest.mark.parametrize(
    ("path", "local"),
    [
        ("/data/a.mp4", "/mnt/media/a.mp4"),
        ("/data/films/b/c.mp4", "/films/b/c.mp4"),
        ("/data/filmset/a.mp4", "/mnt/media/filmset/a.mp4"),
        ("/database/a.mp4", "/database/a.mp4"),
        ("/Data/a.mp4", "/Data/a.mp4"),
        ("/data/films/back\\slash.mp4", "/films/back\\slash.mp4"),
        ("d:\\films\\Sub\\a.mp4", "/mnt/d/Sub/a.mp4"),
        ("D:/FILMS/a.mp4", "/mnt/d/a.mp4"),
        ("\\\\NAS\\Share\\x\\a.mp4", "/mnt/share/x/a.mp4"),
        ("E:\\a.mp4", None),
        ("/data/../etc/passwd", None),
        ("D:\\Films\\..\\a.mp4", None),
        ("/data/a\0.mp4", None),
    ],
)
def test_examples(path: str, local: str | None) -> None:
    assert local_path(path, PAIRS) == (None if local is None else Path(local))


def test_the_root_maps_everything_but_windows_paths() -> None:
    pairs = (PathMapping(stash="/", local="/host"),)
    assert local_path("/a/b", pairs) == Path("/host/a/b")
    assert local_path("C:\\a", pairs) is None


NAMES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="/\0"), min_size=1).filter(
    lambda name: name not in {".", ".."}
)


@given(st.lists(NAMES, min_size=1, max_size=4), st.integers(0, 4), st.permutations(range(5)))
def test_the_longest_pair_counts_whatever_the_order(parts: list[str], depth: int, order: list[int]) -> None:
    prefixes = ["/" + "/".join(parts[:length]) for length in range(len(parts))]
    pairs = [PathMapping(stash=prefix, local=f"/local{length}") for length, prefix in enumerate(prefixes)]
    shuffled = [pairs[index] for index in order if index < len(pairs)]
    path = "/" + "/".join(parts)
    assert mapping_of(path, shuffled) == pairs[-1]
    assert local_path(path, shuffled) == Path(f"/local{len(pairs) - 1}", parts[-1])


@pytest.mark.parametrize(
    ("path", "there"),
    [
        ("/srv/in/7/a b.jpg", "/mnt/in/7/a b.jpg"),
        ("/srv/in/faces/a.jpg", "/mnt/faces/a.jpg"),
        ("/srv/inner/a.jpg", "/srv/inner/a.jpg"),
        ("/srv/in", "/mnt/in"),
    ],
)
def test_immich_names_a_file_by_the_longest_folder_that_holds_it(path: str, there: str) -> None:
    pairs = (
        ImmichPathMapping(immich="/mnt/in/", local="/srv/in"),
        ImmichPathMapping(immich="/mnt/faces", local="/srv/in/faces"),
    )
    assert immich_path(path, pairs) == there
    assert immich_path(path, ()) == path
