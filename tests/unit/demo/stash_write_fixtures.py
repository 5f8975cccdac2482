"""Demo Stashes with what the tests of its writes need."""

from __future__ import annotations

import pytest
from stash_write_cases import TIME, put

from core.demo.clips import ClipPlan, ImagePlan, make_clip, make_image
from core.demo.stash_objects import (
    DemoEntity,
    DemoGallery,
    DemoGroup,
    DemoGroupPlace,
    DemoImage,
    DemoMarker,
    DemoScene,
    DemoStashId,
    still,
    video,
)
from core.demo.world import DemoWorld


@pytest.fixture
def filled(empty_world: DemoWorld) -> DemoWorld:
    library = empty_world.stash.library
    for number, name in ((1, "Sea"), (2, "Night")):
        library.tags[number] = DemoEntity(number, name)
    library.groups[4] = DemoGroup(4, "Trilogy")
    library.galleries[6] = DemoGallery(6, "Holidays")
    library.add(
        DemoScene(1, "kept", [video(11, "/data/a.mp4"), video(12, "/data/a2.mp4")], tags=[library.tags[1]]),
        DemoScene(
            2,
            "lost",
            [video(21, "/data/b.mp4")],
            [DemoStashId("https://elsewhere.example/graphql", "x")],
            tags=[library.tags[2]],
            groups=(DemoGroupPlace(library.groups[4], 2),),
            markers=(DemoMarker(5, "start", 1.0, library.tags[1]),),
            play_history=(TIME, TIME),
            o_history=(TIME,),
            play_duration=30.0,
        ),
    )
    library.add_images(DemoImage(1, "still", [still(31, "/data/a.jpg", md5="aa"), still(32, "/data/b.jpg", md5="aa")]))
    for path in ("a.mp4", "a.funscript", "a2.mp4", "b.mp4", "a.jpg", "b.jpg"):
        put(empty_world, path)
    return empty_world


@pytest.fixture
def with_media(empty_world: DemoWorld) -> DemoWorld:
    """A clip and an image on the disk; Stash knows nothing of them."""
    make_clip(str(empty_world.directory), ClipPlan("films/hills.mp4", "hills", 1, seconds=2, frame_rate=8))
    make_image(str(empty_world.directory), ImagePlan("stills/sea.jpg", "sea", 2))
    return empty_world
