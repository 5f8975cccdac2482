"""The stash-boxes that Stash names, as clients to be asked between scans: for covers and submissions."""

from __future__ import annotations

from core.model.stash_boxes import StashBox
from core.servers.http import Http
from core.servers.stash import StashClient
from core.servers.stash_box import StashBoxClient
from core.settings import MatchingSettings


class BoxClients:
    """Finds the client of an endpoint. What Stash names is asked once, and again after `forget`."""

    def __init__(self, http: Http, stash: StashClient | None, settings: MatchingSettings) -> None:
        self._http = http
        self._stash = stash
        self._settings = settings
        self._boxes: dict[str, StashBox] | None = None

    async def client(self, endpoint: str) -> StashBoxClient | None:
        """The client of an endpoint; None when Stash no longer names it or it is turned off."""
        if self._stash is None or not self._settings.is_endpoint_enabled(endpoint):
            return None
        if self._boxes is None:
            self._boxes = {box.endpoint: box for box in await self._stash.stash_boxes()}
        box = self._boxes.get(endpoint)
        return None if box is None else StashBoxClient(self._http, box)

    def forget(self) -> None:
        """Ask Stash again at the next occasion."""
        self._boxes = None
