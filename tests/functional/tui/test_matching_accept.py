"""Accepting from the list: one, several, all that is certain, with metadata; more than one is shown first."""

from __future__ import annotations

from pathlib import Path

from matching_app import driven
from test_matching_list import status

from core.demo.cases import Case
from core.demo.world import DemoWorld
from core.model.recommendations import Status
from core.runtime import open_runtime
from tui.dialogs.accept_all import AcceptAllDialog
from tui.dialogs.metadata import MetadataDialog
from tui.dialogs.plan_preview import ResultDialog
from tui.screens.matching import MatchingScreen


def stash_ids(world: DemoWorld, case: Case) -> dict[str, str]:
    """What the scene is linked with, as Stash holds it."""
    return {link.endpoint: link.stash_id for link in world.stash.library.scenes[case].stash_ids}


async def test_accept_links_the_scene_goes_on_to_the_next_and_one_key_undoes_it(
    world: DemoWorld, tmp_path: Path
) -> None:
    async with driven(world, tmp_path / "data") as it:
        wanted = await it.put_cursor("Certain box1")
        following = it.list_screen.rows.ids[it.list_screen.rows.cursor_index + 1]
        await it.press("a")
        await it.until(lambda: stash_ids(world, Case.CERTAIN_BOX1), "linked")
        await it.sees("linked Certain box1 with Certain box1")
        assert stash_ids(world, Case.CERTAIN_BOX1) == {wanted.endpoint: wanted.candidate.id}
        assert it.list_screen.rows.cursor_id == following
        await it.sees("24 pending")
        await it.press("u")
        await it.until(lambda: not isinstance(it.app.screen, MatchingScreen), "a preview of the undo")
        await it.press("y")
        await it.until(lambda: not stash_ids(world, Case.CERTAIN_BOX1), "undone")
        await it.sees("25 pending")


async def test_several_accepts_in_a_row_are_all_carried_out(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.put_cursor("Multi file")
        chosen = [*it.list_screen.rows.ids][it.list_screen.rows.cursor_index :][:3]
        await it.press("a", "a", "a")
        for key in chosen:
            for _ in range(300):
                if await status(it, key) is Status.ACCEPTED:
                    break
                await it.pilot.pause(0.01)
            assert await status(it, key) is Status.ACCEPTED


async def test_a_refused_accept_is_said_in_words_and_the_row_comes_back(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        wanted = await it.put_cursor("Certain box1")
        async with open_runtime(it.app.settings, data_dir=tmp_path / "data") as other:
            await other.matching.dismiss([wanted.id], reason="elsewhere")
        await it.press("a")
        await it.heard("is dismissed meanwhile")
        assert not stash_ids(world, Case.CERTAIN_BOX1)
        await it.until(lambda: wanted.id not in it.list_screen.rows.ids, "gone from the list")


async def test_an_accept_of_a_scene_that_is_gone_is_refused_with_the_reason(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.put_cursor("Certain box1")
        world.stash.library.scenes.pop(Case.CERTAIN_BOX1)
        await it.press("a")
        await it.until(lambda: any(one.severity == "error" for one in it.app.said), "a refusal")
        assert not await it.app.runtime.history.last_undoable()


async def test_accept_all_shows_the_list_enter_never_confirms_and_lines_can_be_taken_out(
    world: DemoWorld, tmp_path: Path
) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.press("A")
        await it.until(lambda: isinstance(it.app.screen, AcceptAllDialog), "the preview")
        await it.sees("Link 15 scenes")
        await it.press("enter")
        await it.pilot.pause()
        assert isinstance(it.app.screen, AcceptAllDialog)
        out = it.app.screen.query_one("#plan").cursor_id  # type: ignore[attr-defined]
        await it.press("space")
        await it.sees("Link 14 scenes")
        await it.sees("taken out")
        await it.press("y")
        await it.sees("linked 14 of 14 scenes")
        assert await status(it, out) is Status.PENDING
        await it.sees("11 pending")


async def test_accept_all_takes_one_stash_box_alone_and_escape_does_nothing(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.press("A")
        await it.until(lambda: isinstance(it.app.screen, AcceptAllDialog), "the preview")
        await it.press("c")
        await it.until(lambda: "is shown and linked" in it.text)
        assert "Link 15 scenes" not in it.text
        await it.press("escape")
        await it.until(lambda: isinstance(it.app.screen, MatchingScreen))
        assert await it.app.runtime.history.batches() == []


async def test_what_accept_all_could_not_link_is_listed_with_its_reason(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        world.stash.library.scenes.pop(Case.MULTI_FILE)
        await it.press("A")
        await it.until(lambda: isinstance(it.app.screen, AcceptAllDialog), "the preview")
        await it.press("y")
        await it.until(lambda: isinstance(it.app.screen, ResultDialog), "the refusals")
        await it.sees("14 scenes linked")
        await it.sees("1 not linked")
        await it.press("escape")
        await it.until(lambda: isinstance(it.app.screen, MatchingScreen))


async def test_a_selection_is_accepted_after_a_look_and_rivals_are_refused(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.put_cursor("Ambiguous")
        await it.press("space", "space", "space", "a")
        await it.until(lambda: isinstance(it.app.screen, AcceptAllDialog), "the preview")
        await it.sees("2 cannot be linked")
        await it.sees("choose one")
        await it.sees("Link 1 scene")


async def test_accept_with_metadata_writes_what_was_chosen(world: DemoWorld, tmp_path: Path) -> None:
    async with driven(world, tmp_path / "data") as it:
        await it.put_cursor("aurora over the sea.mp4")
        await it.press("m")
        await it.until(lambda: isinstance(it.app.screen, MetadataDialog))
        await it.sees("y links the scene and writes")
        await it.press("enter")
        assert isinstance(it.app.screen, MetadataDialog)
        await it.press("j", "c", "c")  # the date: replace, keep
        await it.sees("· keep")
        await it.until(lambda: "Stash is asked" not in it.text)
        await it.press("y")
        await it.sees("24 pending")
        scene = world.stash.library.scenes[Case.METADATA]
        assert scene.title == "Aurora over the Sea"
        assert not scene.date
