"""One match in full: both sides, the reasons, rivals, decisions without leaving, pictures."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path

import pytest
from matching_app import Driven, driven
from PIL import Image

from core.demo.cases import Case
from core.demo.world import DemoWorld
from core.model.recommendations import Status
from tui.dialogs.dismiss import DismissDialog
from tui.dialogs.metadata import MetadataDialog
from tui.pictures.decode import Drawn
from tui.screens.match_detail import MatchDetailScreen
from tui.widgets.thumb import Thumb


@asynccontextmanager
async def detail_of(
    world: DemoWorld, data: Path, title: str, *, size: tuple[int, int] = (120, 40), images: str = "off"
) -> AsyncIterator[Driven]:
    """The app with this scene's first proposal in detail, and everything about it read."""
    async with driven(world, data, size=size, images=images) as it:
        await it.put_cursor(title)
        await it.press("enter")
        await shown(it)
        yield it


async def shown(it: Driven) -> None:
    """Wait until the proposal in front is read, also what Stash alone knows."""
    await it.until(
        lambda: (
            isinstance(it.app.screen, MatchDetailScreen)
            and it.detail._row is not None
            and it.detail._row.id == it.detail.current_id
            and it.detail._changes is not None
        ),
        "the detail",
    )


async def test_both_sides_stand_beside_each_other_and_what_differs_is_marked(world: DemoWorld, tmp_path: Path) -> None:
    async with detail_of(world, tmp_path / "data", "Certain box1") as it:
        fields = it.lines("fields")
        assert "In Stash" in fields
        assert "At Meadow" in fields
        title = next(line for line in fields.split("\n") if line.startswith("Title"))
        assert title.count("Certain box1") == 2
        assert " = " in title
        assert "→" in next(line for line in fields.split("\n") if line.startswith("Studio"))
        assert "the ferry.mp4" in fields


@pytest.mark.parametrize(
    ("title", "verdict", "reason"),
    [
        ("Certain box1", "✓ high confidence", "✓ the only candidate at this endpoint"),
        ("Nine minutes", "✗ look at it yourself", "✗ 9 min"),
        ("Ambiguous", "≈ several candidates", "✗ 2 candidates at this endpoint"),
        ("Reported", "✗ look at it yourself", "✗ net votes"),
    ],
)
async def test_the_reasons_are_said_in_words_what_is_not_met_first(
    world: DemoWorld, tmp_path: Path, title: str, verdict: str, reason: str
) -> None:
    async with detail_of(world, tmp_path / "data", title) as it:
        assert it.lines("verdict").startswith(verdict)
        reasons = it.lines("reasons").split("\n")
        assert any(line.startswith(reason) for line in reasons)
        signs = [line[0] for line in reasons if line[:1] in "✓✗" and line]
        assert signs == sorted(signs, key="✗✓".index)
        assert len(signs) == 9


async def test_the_fingerprints_are_a_table_with_distance_and_votes(world: DemoWorld, tmp_path: Path) -> None:
    async with detail_of(world, tmp_path / "data", "Near") as it:
        table = it.lines("fingerprints").split("\n")
        line = next(line for line in table if line.startswith("PHASH"))
        assert "4 bits" in line
        assert any("no such hash there" in line for line in table)


async def test_the_durations_are_compared_on_one_axis(world: DemoWorld, tmp_path: Path) -> None:
    async with detail_of(world, tmp_path / "data", "Nine minutes") as it:
        durations = it.lines("durations")
        assert "shorter here" in durations
        assert "●" in durations
        assert "here ▲" in durations or "▲ here" in durations


async def test_accept_goes_on_to_the_next_without_leaving(world: DemoWorld, tmp_path: Path) -> None:
    async with detail_of(world, tmp_path / "data", "Certain box1") as it:
        first = it.detail.current_id
        await it.press("a")
        await it.until(lambda: world.stash.library.scenes[Case.CERTAIN_BOX1].stash_ids, "linked")
        await it.until(lambda: it.detail.current_id != first, "the next one")
        await it.sees("linked Certain box1")
        await it.press("p")
        await it.until(lambda: it.detail.current_id == first)
        await it.sees("accepted: linked with this entry")
        await it.press("a")
        await it.heard("It is accepted already.")


async def test_dismiss_and_not_now_ask_and_go_on(world: DemoWorld, tmp_path: Path) -> None:
    async with detail_of(world, tmp_path / "data", "Magnet") as it:
        first = it.detail.current_id
        await it.press("d")
        await it.until(lambda: isinstance(it.app.screen, DismissDialog))
        await it.press(*"no", "enter")
        await it.until(lambda: isinstance(it.app.screen, MatchDetailScreen) and it.detail.current_id != first)
        second = it.detail.current_id
        await shown(it)
        await it.press("D")
        await it.until(lambda: isinstance(it.app.screen, DismissDialog))
        await it.press("enter")
        await it.until(lambda: isinstance(it.app.screen, MatchDetailScreen) and it.detail.current_id != second)
        found = await it.app.runtime.matching.dismissals()
        assert [one.is_until_next_scan for one in found] == [True, False]
        row = await it.app.runtime.matching.get(first)
        assert row is not None
        assert row.status is Status.DISMISSED


async def test_rivals_are_a_key_away_and_their_dismissal_ends_the_ambiguity(world: DemoWorld, tmp_path: Path) -> None:
    async with detail_of(world, tmp_path / "data", "Ambiguous") as it:
        first = it.detail.current_id
        await it.press("r")
        await it.until(lambda: it.detail.current_id != first)
        await shown(it)
        second = it.detail.current_id
        assert "Wandering Block" in it.lines("fields")
        await it.press("R")
        await it.until(lambda: it.detail.current_id == first)
        await shown(it)
        await it.app.runtime.matching.dismiss([second])
        it.app.decisions_changed()
        await it.until(lambda: it.lines("verdict").startswith("✓ high confidence"))


async def test_metadata_from_the_detail(world: DemoWorld, tmp_path: Path) -> None:
    async with detail_of(world, tmp_path / "data", "Certain box1") as it:
        await it.press("m")
        await it.until(lambda: isinstance(it.app.screen, MetadataDialog))
        await it.sees("y links the scene and writes")
        await it.press("C", "C", "y")
        await it.until(lambda: world.stash.library.scenes[Case.CERTAIN_BOX1].stash_ids, "linked")
        await it.sees("linked Certain box1")


async def test_copy_names_both_pages(world: DemoWorld, tmp_path: Path) -> None:
    async with detail_of(world, tmp_path / "data", "Certain box1") as it:
        await it.press("y")
        await it.heard(f"/scenes/{Case.CERTAIN_BOX1.value}")


async def test_everything_is_reached_by_scrolling_at_80_by_24(world: DemoWorld, tmp_path: Path) -> None:
    async with detail_of(world, tmp_path / "data", "Certain box1", size=(80, 24)) as it:
        assert "Durations" not in it.text
        await it.press("G")
        await it.sees("Durations")
        await it.sees("▲ here")


async def test_hostile_names_stay_text(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        row = next(
            row
            for row in await it.app.runtime.matching.rows(it.list_screen.rows.ids)
            if row.scene_id == Case.HOSTILE_NAME
        )
        it.list_screen.rows.move_to_id(row.id)
        await it.press("enter")
        await shown(it)
        assert "[/b][red]␛[2J�" in it.text
        assert "\x1b" not in it.text
        await it.press("m")
        await it.until(lambda: isinstance(it.app.screen, MetadataDialog))
        await it.sees("y links the scene and writes")
        assert "[bold]" in it.text


def hang_up(world: DemoWorld, raw: bytes) -> None:
    """Give every scene and every entry this picture."""
    for scene in world.stash.library.scenes.values():
        scene.cover = raw
    for box in world.boxes:
        for entry in box.library.scenes.values():
            for image in entry.images:
                image.source = raw


async def test_pictures_are_drawn_in_half_blocks_and_kept_on_disk(world: DemoWorld, tmp_path: Path) -> None:
    out = BytesIO()
    Image.linear_gradient("L").convert("RGB").save(out, "JPEG")
    hang_up(world, out.getvalue())
    async with detail_of(world, tmp_path / "data", "Certain box1", images="halfcell") as it:
        thumbs = list(it.app.screen.query(Thumb))
        await it.until(lambda: all(isinstance(thumb.outcome, Drawn) for thumb in thumbs), "pictures")
        await it.sees("▀▀▀▀")
        assert len(list((tmp_path / "data" / "thumbnails").glob("*/*.jpg"))) == 2


async def test_a_broken_picture_is_text(world: DemoWorld, tmp_path: Path) -> None:
    hang_up(world, b"rubbish")
    async with detail_of(world, tmp_path / "data", "Certain box1", images="halfcell") as it:
        await it.sees("not a picture")
        assert "▀▀▀▀" not in it.text


async def test_without_pictures_their_names_stand_there_and_nothing_is_loaded(world: DemoWorld, tmp_path: Path) -> None:
    async with detail_of(world, tmp_path / "data", "Certain box1") as it:
        thumbs = list(it.app.screen.query(Thumb))
        assert all(thumb.outcome is None for thumb in thumbs)
        assert not (tmp_path / "data" / "thumbnails").exists()
