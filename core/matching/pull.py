"""The metadata pull: what an accepted entry says, turned into what is written to the local scene."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from core.ledger.effects import Payload
from core.ledger.stash_metadata import MetadataWrite
from core.matching.metadata import Choice, Field, Findings, MetadataChange, compare
from core.model.scenes import LocalEntity, SceneDetails
from core.model.stash_boxes import Candidate, RemoteEntity
from core.servers.stash import StashClient
from core.servers.stash_entities import EntityMatch
from core.settings import MatchingSettings
from core.store import recommendations
from core.store.database import Database


class MetadataPull:
    """Compares field by field, asking Stash which of its performers, tags and studios are meant."""

    def __init__(self, database: Database, stash: StashClient, settings: MatchingSettings) -> None:
        self._database = database
        self._stash = stash
        self._settings = settings

    async def compare(
        self, candidate: Candidate, details: SceneDetails, choices: Mapping[Field, Choice]
    ) -> tuple[MetadataChange, ...]:
        """Every field, with what a choice would write and what could not be found."""
        endpoint = candidate.endpoint
        studios: dict[RemoteEntity, Sequence[LocalEntity]] = {}
        if candidate.studio is not None and _is_wanted(choices, Field.STUDIO):
            studios[candidate.studio] = _found(await self._stash.find_studio(endpoint, candidate.studio))
        performers = {
            one: _found(await self._stash.find_performer(endpoint, one))
            for one in candidate.performers
            if _is_wanted(choices, Field.PERFORMERS)
        }
        tags = {
            one: _found(await self._stash.find_tag(endpoint, one))
            for one in candidate.tags
            if _is_wanted(choices, Field.TAGS)
        }
        changes = compare(details, candidate, Findings(studios, performers, tags), choices)
        if self._settings.is_endpoint_enabled(endpoint):
            return changes
        return tuple(_without_cover(change) for change in changes)

    async def compute(self, payload: Payload, details: SceneDetails) -> MetadataWrite:
        """What to write, from a payload {"recommendation_id", "choices"} and what the scene holds at this moment."""
        async with self._database.read() as reader:
            found = await recommendations.fetch(reader, [int(payload["recommendation_id"])])
        if not found:
            return MetadataWrite({}, ())
        choices = {Field(name): Choice(choice) for name, choice in payload["choices"].items()}
        changes = await self.compare(found[0].candidate, details, choices)
        written: dict[str, Any] = {}
        for change in changes:
            if change.is_change:
                written |= _as_scene_change(change)
        return MetadataWrite(written, unresolved_words(changes))


def unresolved_words(changes: Sequence[MetadataChange]) -> tuple[str, ...]:
    """What could not be found in the local Stash, and notes on what was not taken, by field."""
    return tuple(
        f"{change.field}: {words}"
        for change in changes
        for words in (*(one.text for one in change.unresolved), *change.notes)
    )


def _without_cover(change: MetadataChange) -> MetadataChange:
    """A change, but no cover: Stash would fetch it from a stash-box that is turned off."""
    if change.field is not Field.COVER or not change.is_change:
        return change
    return replace(change, result=change.local, notes=("not taken, since its stash-box is turned off",))


def _is_wanted(choices: Mapping[Field, Choice], name: Field) -> bool:
    return choices.get(name, Choice.KEEP) is not Choice.KEEP


def _found(match: EntityMatch) -> tuple[LocalEntity, ...]:
    return () if match.entity is None else (match.entity,)


def _as_scene_change(change: MetadataChange) -> dict[str, Any]:
    """One change as a field of SceneChanges, as JSON."""
    result = change.result
    if change.field is Field.STUDIO:
        assert isinstance(result, LocalEntity)
        return {"studio_id": result.id}
    if change.field in (Field.PERFORMERS, Field.TAGS):
        assert isinstance(result, tuple)
        name = "performer_ids" if change.field is Field.PERFORMERS else "tag_ids"
        return {name: sorted(one.id for one in result if isinstance(one, LocalEntity))}
    if change.field is Field.URLS:
        assert isinstance(result, tuple)
        return {"urls": list(result)}
    return {"cover_image" if change.field is Field.COVER else change.field.value: result}
