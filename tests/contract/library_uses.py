"""Everything the client of the duplicates desk reads from a Stash, asked once each."""

from __future__ import annotations

from core.demo.stash_objects import DemoImage, still
from core.demo.world import DemoWorld
from core.model.library_records import Media, RecordRef
from core.servers.stash import StashClient
from core.servers.stash_library import StashLibrary


async def use_library(client: StashClient, world: DemoWorld) -> None:
    """Over scenes 1 to 3 with one file each, at `/1` to `/3`."""
    stash = StashLibrary(client)
    world.stash.library.add_images(DemoImage(7, "i", [still(97, "/7.jpg")]))
    for media, number, path in ((Media.VIDEO, 1, "/1"), (Media.IMAGE, 7, "/7.jpg")):
        assert [page async for page in stash.crawl(media, page_size=2)]
        assert await stash.count(media)
        assert await stash.record(RecordRef(media, number))
        assert await stash.refs_at(media, path) == [RecordRef(media, number)]
    assert await stash.files_at("/1")
    assert await stash.history(RecordRef(Media.VIDEO, 1)) is not None
