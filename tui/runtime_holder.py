"""Keeps the runtime open while the app runs: one task opens and closes it, as it must be left where it was entered."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.errors import WinnowError

if TYPE_CHECKING:
    from core.runtime import Runtime
    from tui.app import WinnowApp


class RuntimeHolder:
    """Opens the runtime over the app's settings, and anew when these change.

    `failure`: why it could not be opened; the app is told to end then. A screen exists only while it is open.
    """

    def __init__(self, app: WinnowApp) -> None:
        self._app = app
        self._runtime: Runtime | None = None
        self._task: asyncio.Task[None] | None = None
        self._leaving = asyncio.Event()
        self._is_ending = False
        self._opened = 0
        self._is_changing = False
        self.failure: WinnowError | None = None

    @property
    def runtime(self) -> Runtime:
        """Everything below the terminal."""
        assert self._runtime is not None
        return self._runtime

    @property
    def is_open(self) -> bool:
        """Whether it was opened."""
        return self._runtime is not None

    @property
    def standing(self) -> int:
        """Which runtime is open, by number; 0 while it is exchanged, when work may fail for that alone."""
        return 0 if self._is_changing else self._opened

    def start(self) -> None:
        """Begin to open it."""
        self._task = asyncio.create_task(self._hold(), name="runtime")

    def reopen(self) -> None:
        """Close it and open it over the settings that the app has now."""
        self._is_changing = True
        self._leaving.set()

    async def close(self) -> None:
        """Running jobs save their state; what went wrong while closing is raised."""
        self._is_ending = True
        self._leaving.set()
        if self._task is not None:
            await asyncio.wait({self._task})
            if not self._task.cancelled() and (error := self._task.exception()) is not None:
                raise error

    async def _hold(self) -> None:
        from core.runtime import open_runtime

        app = self._app
        try:
            while not self._is_ending:
                self._leaving.clear()
                async with open_runtime(app.settings, data_dir=app.data_dir, clock=app.clock) as runtime:
                    is_first, self._runtime = self._runtime is None, runtime
                    self._opened, self._is_changing = self._opened + 1, False
                    unsubscribe = runtime.jobs.subscribe(app.jobs.hear)
                    for words in runtime.recovered:
                        app.say(words)
                    app.call_later(app.runtime_opened if is_first else app.decisions_changed)
                    await self._leaving.wait()
                    unsubscribe()
        except WinnowError as error:
            self.failure = error
            app.exit(return_code=1)
