"""What the app holds for its pictures: the terminal's ability, the loader, and what kitty was sent."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from tui.pictures.cache import ThumbnailCache
from tui.pictures.detect import Ability, Drawing, detect, stated_pixels
from tui.pictures.kitty import Uploads
from tui.pictures.loader import PictureLoader

if TYPE_CHECKING:
    from textual.app import App

    from tui.widgets.thumb import Thumb

_PAUSE_SECONDS = 0.3


class Pictures:
    """One a running app: make it before the first screen, `start` it once the app runs, `close` it at the end.

    `wanted` is the setting: auto, off, halfcell, kitty or sixel.
    """

    def __init__(
        self, app: App[Any], *, wanted: str, cache_directory: Path, env: Mapping[str, str] | None = None
    ) -> None:
        self._app = app
        self._wanted = wanted
        self._env = os.environ if env is None else env
        self._cache = ThumbnailCache(cache_directory)
        self._thumbs: WeakSet[Thumb] = WeakSet()
        self._looking: asyncio.Task[None] | None = None
        self.ability = self._detect()
        self.loader = PictureLoader(self._cache)
        self.uploads = self._new_uploads()

    def start(self) -> None:
        """Bring the disk cache within its bound, in the background."""
        self._looking = asyncio.create_task(self._prune())

    async def close(self) -> None:
        """Stop loading and have the terminal forget its pictures."""
        if self._looking is not None:
            self._looking.cancel()
        self.uploads.free()
        await self.loader.close()

    def enter(self, thumb: Thumb) -> None:
        """A thumbnail that wants to know when the terminal turns out to be another one."""
        self._thumbs.add(thumb)

    def look_again(self) -> None:
        """The terminal may be another one now (attached from elsewhere, another font): look, and draw anew.

        Several calls in a short time are one look.
        """
        if self._looking is None or self._looking.done():
            self._looking = asyncio.create_task(self._look())

    async def _prune(self) -> None:
        await self.loader.prune()

    async def _look(self) -> None:
        await asyncio.sleep(_PAUSE_SECONDS)
        before, self.ability = self.ability, await asyncio.to_thread(self._detect)
        if before == self.ability and self.ability.drawing is not Drawing.KITTY:
            return
        self.uploads.free()  # to the terminal that is there now; it may know nothing of them
        self.uploads = self._new_uploads()
        for thumb in list(self._thumbs):
            thumb.draw_anew()

    def _detect(self) -> Ability:
        stdout = sys.__stdout__
        is_tty = bool(stdout is not None and stdout.isatty()) and not self._app.is_headless
        pixels = stated_pixels(stdout.fileno()) if is_tty and stdout is not None else None
        if self._app.is_headless and self._wanted in {"auto", "kitty", "sixel"}:
            return detect("off" if self._wanted == "auto" else "halfcell", {}, is_tty=False)
        return detect(self._wanted, self._env, is_tty=is_tty, colours=self._app.console.color_system, pixels=pixels)

    def _new_uploads(self) -> Uploads:
        return Uploads(self._writer(), is_tmux=self.ability.is_tmux)

    def _writer(self) -> Callable[[str], None]:
        """Writes in order with the frames: the driver's own queue, which has no public door."""

        def write(text: str) -> None:
            driver = self._app._driver
            if driver is not None and not self._app.is_headless:
                driver.write(text)

        return write
