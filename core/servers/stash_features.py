"""What a Stash is and can do."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StashStatus:
    """What a Stash says of itself. `is_ready` is false while it waits for its set-up or a migration."""

    version: str
    database_schema: int | None
    os: str
    is_ready: bool
    state: str


@dataclass(frozen=True, slots=True)
class StashFeatures:
    """What this Stash can do, found by introspection; `known` holds the schema coordinates behind it."""

    known: frozenset[str]

    @property
    def has_link_times(self) -> bool:
        """Whether a stash id has an updated_at, which must be passed back to survive a write."""
        return {"StashID.updated_at", "StashIDInput.updated_at"} <= self.known

    @property
    def has_request_limits(self) -> bool:
        """Whether stash-boxes state their requests per minute."""
        return "StashBox.max_requests_per_minute" in self.known

    @property
    def has_tag_stash_ids(self) -> bool:
        """Whether tags can be linked to a stash-box."""
        return {"Tag.stash_ids", "TagFilterType.stash_id_endpoint"} <= self.known
