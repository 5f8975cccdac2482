"""The list of matches, driven by keys alone over real servers."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import pytest
from matching_app import Driven, driven
from matching_desk import IMPATIENT

from core.demo.world import DemoWorld
from core.model.recommendations import RecommendationFilter, Sort, Status
from core.servers.http import Http
from tui.dialogs.dismiss import DismissDialog
from tui.screens.match_detail import MatchDetailScreen
from tui.screens.matching import MatchingScreen


async def status(it: Driven, key: int) -> Status:
    """Where a recommendation stands in the database."""
    row = await it.app.runtime.matching.get(key)
    assert row is not None
    return row.status


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 50)], ids=str)
async def test_the_columns_stand_below_each_other_at_every_width(
    world: DemoWorld, tmp_path: Path, size: tuple[int, int]
) -> None:
    async with driven(world, tmp_path / "data", size=size) as it:
        lines = it.text.split("\n")
        head = next(line for line in lines if "Proposed entry" in line)
        row = next(line for line in lines if "Certain box1" in line)
        assert head.index("Proposed entry") == row.rindex("Certain box1")
        assert head.index("Hashes") == row.index("● 2/2")
        assert row.index("✓") == head.index("?")
        assert ("Performers" in head) == (size[0] >= 112)
        assert ("Studio" in head) == (size[0] >= 96)
        assert "25 pending   ✓ 15 high confidence   ≈ 2 ambiguous" in it.text


async def test_names_that_are_markup_or_escapes_are_shown_literally(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        assert "[/b][red]␛[2J�" in it.text
        assert "\x1b" not in it.text
        assert "\u202e" not in it.text


async def test_rivals_of_a_scene_are_held_by_a_bracket_and_marked_as_several(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        first, second = (line for line in it.text.split("\n") if "Wandering Block" in line)
        assert "╭ Ambiguous" in first
        assert "╰ Ambiguous" in second
        assert "≈" in first


async def test_dismiss_asks_for_a_reason_and_escape_changes_nothing(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        wanted = await it.put_cursor("Trailer")
        await it.press("d")
        await it.until(lambda: isinstance(it.app.screen, DismissDialog))
        await it.press("escape")
        await it.until(lambda: isinstance(it.app.screen, MatchingScreen))
        assert await status(it, wanted.id) is Status.PENDING
        await it.press("d")
        await it.until(lambda: isinstance(it.app.screen, DismissDialog))
        await it.press(*"a trailer", "enter")
        await it.sees("24 pending")
        (dismissal,) = await it.app.runtime.matching.dismissals()
        assert (dismissal.reason, dismissal.is_until_next_scan) == ("a trailer", False)
        assert await status(it, wanted.id) is Status.DISMISSED


async def test_not_now_dismisses_until_the_next_scan(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.put_cursor("Magnet")
        await it.press("D")
        await it.until(lambda: isinstance(it.app.screen, DismissDialog))
        await it.press("enter")
        await it.sees("until the next scan")
        (dismissal,) = await it.app.runtime.matching.dismissals()
        assert dismissal.is_until_next_scan


async def test_skip_leaves_it_undecided_and_goes_on(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.press("s", "s")
        assert it.list_screen.rows.cursor_index == 2
        assert "25 pending" in it.text


async def test_a_selection_is_dismissed_as_one_batch(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.press("space", "space")
        await it.sees("◆ 2 selected")
        await it.press("d")
        await it.until(lambda: isinstance(it.app.screen, DismissDialog))
        assert "2 selected proposals" in it.text
        await it.press("enter")
        await it.sees("23 pending")
        assert len(await it.app.runtime.matching.dismissals()) == 2
        assert len(await it.app.runtime.history.batches()) == 1


async def test_select_all_and_none(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.press("ctrl+a")
        await it.sees("◆ 25 selected")
        await it.press("ctrl+n")
        await it.until(lambda: "selected" not in it.text)


async def test_filters_narrow_the_list_and_say_so(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.press("c")
        await it.sees("15 of 25 pending")
        await it.sees("only high confidence   x shows all")
        await it.press("c")
        await it.sees("10 of 25 pending")
        await it.press("c", "b")
        await it.sees("2 of 25 pending")
        await it.sees("only several candidates")
        await it.press("x")
        await it.until(lambda: "only" not in it.text.split("\n")[2], "no filter")
        await it.press("e")
        await it.until(lambda: it.list_screen.view.wanted.endpoint is not None)
        await it.sees("only at ")


async def test_find_narrows_while_one_types_and_escape_empties_it(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.press("/", *"aurora")
        await it.sees("1 of 25 pending")
        await it.press("enter")
        assert it.list_screen.rows.has_focus
        assert it.row.local_title == "aurora over the sea.mp4"
        await it.press("escape")
        await it.until(lambda: len(it.list_screen.rows.ids) == 25, "all again")


async def test_the_order_changes_and_the_cursor_keeps_its_row(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        wanted = await it.put_cursor("Reported")
        desk = it.app.runtime.matching
        for sort in [*list(Sort)[1:], Sort.SCORE]:
            await it.press("o")
            expected = await desk.ids(RecommendationFilter(), sort=sort)
            await it.until(lambda expected=expected: it.list_screen.rows.ids == expected, sort)  # type: ignore[misc]
            assert it.list_screen.rows.cursor_id == wanted.id
        await it.press("O")
        expected = await desk.ids(RecommendationFilter(), is_reversed=True)
        await it.until(lambda: it.list_screen.rows.ids == expected, "reversed")
        await it.sees("by score, reversed")


async def test_copy_shows_and_copies_both_addresses(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        row = it.row
        await it.press("y")
        await it.heard(f"{world.stash.base_url}/scenes/{row.scene_id}")
        assert it.app.clipboard.endswith(f"/scenes/{row.candidate.id}")


async def test_enter_opens_the_detail_and_the_cursor_follows_it_back(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.press("enter")
        await it.until(lambda: isinstance(it.app.screen, MatchDetailScreen) and it.detail._row is not None)
        await it.press("n", "n")
        third = it.list_screen.rows.ids[2]
        await it.until(lambda: it.detail._row is not None and it.detail._row.id == third)
        await it.press("escape")
        await it.until(lambda: isinstance(it.app.screen, MatchingScreen))
        await it.until(lambda: it.list_screen.rows.cursor_id == third)


async def test_an_empty_list_says_why_and_what_to_do(empty_world: DemoWorld, tmp_path: Path) -> None:
    async with driven(empty_world, tmp_path / "data", is_scanned=False) as it:
        await it.sees("No scan has been made yet.")
        await it.press("S")
        await it.heard("A scan has started")
        await it.sees("The library holds no scenes.")


async def test_a_filter_that_leaves_nothing_says_so(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.press("/", *"zzz")
        await it.sees("Nothing pending matches the filter.")
        await it.press("escape")
        await it.sees("Certain both")


async def test_the_server_may_be_away_while_one_reads(
    world: DemoWorld, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("core.runtime.Http", partial(Http, IMPATIENT))
    async with driven(world, tmp_path / "data") as it:
        await world.stash.stop()
        await it.press("G")
        await it.until(lambda: it.list_screen.rows.cursor_row is not None)
        await it.press("enter")
        await it.until(lambda: isinstance(it.app.screen, MatchDetailScreen) and it.detail._trouble, "words")
        assert "could not be read" in it.lines("fields")
        assert "Near far" in it.lines("fields")


async def test_it_survives_every_size(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        for size in ((20, 5), (80, 24), (61, 15), (250, 70), (120, 40)):
            await it.pilot.resize_terminal(*size)
            await it.pilot.pause()
        await it.press("enter")
        await it.until(lambda: isinstance(it.app.screen, MatchDetailScreen) and it.detail._row is not None)
        for size in ((20, 5), (80, 24), (61, 15), (250, 70), (120, 40)):
            await it.pilot.resize_terminal(*size)
            await it.pilot.pause()
        await it.sees("high confidence")
