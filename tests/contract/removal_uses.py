"""Everything the client of the duplicates desk writes to a Stash, sent once each."""

from __future__ import annotations

from core.demo.stash_objects import DemoGroup, DemoImage, still
from core.demo.world import DemoWorld
from core.model.library_records import GroupMembership, Marker, Media, RecordRef
from core.model.record_changes import RecordChanges
from core.model.scenes import StashId
from core.servers.stash import StashClient
from core.servers.stash_library import StashLibrary
from core.servers.stash_removal import StashRemoval


async def use_removal(stash: StashClient, world: DemoWorld) -> None:
    """Over scenes 1 to 3 with one file each, of the same numbers; nothing is left of them."""
    removal = StashRemoval(stash, StashLibrary(stash))
    library = world.stash.library
    scene, image = RecordRef(Media.VIDEO, 1), RecordRef(Media.IMAGE, 1)
    library.groups[1] = DemoGroup(1, "g")
    library.add_images(DemoImage(1, "i", [still(90, "/i.jpg")]), DemoImage(2, "i", [still(91, "/j.jpg")]))
    everything = RecordChanges(
        title="a",
        code="b",
        details="c",
        director="d",
        photographer="p",
        date="2024",
        urls=("https://u",),
        rating100=20,
        is_organized=True,
        studio_id=0,
        performer_ids=(),
        tag_ids=(1,),
        groups=(GroupMembership(1), GroupMembership(1, 2)),
        gallery_ids=(),
        stash_ids=(StashId("https://f/graphql", "y", "2024-01-01T00:00:00Z"),),
        play_duration=1.5,
    )
    for ref in (scene, image):
        await removal.update_record(ref, everything)
    await removal.merge_scenes([2], 1, everything)
    await removal.assign_file(3, 2)
    new = await removal.create_scene([2])
    await removal.merge_scenes([new], 1, RecordChanges())
    await removal.update_record(scene, RecordChanges(primary_file_id=1))
    for act in (removal.add_plays, removal.add_os, removal.delete_plays, removal.delete_os):
        await act(1, ["2024-01-01T00:00:00Z"])
        await act(1, [])
    await removal.set_resume_time(1, 2.0)
    await removal.change_image_o(1, 2)
    await removal.change_image_o(1, -1)
    await removal.set_fingerprints(1, {"phash": "ff"})
    await removal.set_fingerprints(1, {"phash": None})
    assert set(await removal.files([1, 2, 999])) == {1, 2}
    await removal.create_marker(1, Marker(0, "start", 1.0, 1, 2.0, (1,)))
    history = await removal.library.history(scene)
    assert history is not None
    await removal.move_marker(history.markers[-1].id, 3)
    job = await removal.wait_for_job(await removal.rescan(["/data"]), seconds=10)
    assert job is None or job.status == "FINISHED"
    await removal.delete_file(2)
    await removal.destroy_scene(1)
    await removal.forget_files([1])
    await removal.destroy_image(1)
    await removal.delete_image_with_files(2)
    await removal.delete_scene_with_files(3)
    assert not library.scenes
