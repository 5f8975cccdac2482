"""Notes: a note that expires while it is drawn does not stop the event loop."""

from __future__ import annotations

import asyncio
import time

from tui.notes import Note, SpeakingApp


async def test_the_timer_of_a_note_that_has_just_expired_comes_to_its_end() -> None:
    note = Note("gone already", timeout=1.0, raised_at=time.time() - 2.0)
    assert note.has_expired
    app = SpeakingApp()
    async with app.run_test():
        called = asyncio.Event()
        app.set_timer(note.time_left, called.set)  # of less than no time it would go round for ever, hearing nothing
        await asyncio.wait_for(called.wait(), 20)


async def test_every_note_is_of_that_kind() -> None:
    app = SpeakingApp()
    async with app.run_test(notifications=True) as pilot:
        app.say("one")
        app.notify("two")
        await pilot.pause()
        assert [(type(one), one.message, one.timeout) for one in app._notifications] == [
            (Note, "one", 4),
            (Note, "two", app.NOTIFICATION_TIMEOUT),
        ]
