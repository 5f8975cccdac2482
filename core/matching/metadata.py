"""The optional metadata pull: local and remote side by side, field by field, and what each choice would write.

A field is never blanked: where the local scene has something, so has the result. What could not be found in the local
Stash is listed with the field, never invented.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from core.model.scenes import LocalEntity, SceneDetails
from core.model.stash_boxes import Candidate, RemoteEntity


class Choice(StrEnum):
    """What to do with one field."""

    KEEP = "keep"  # leave it alone
    FILL = "fill"  # write where nothing stands; add to lists
    REPLACE = "replace"  # the remote value wins where it has one


class Field(StrEnum):
    """The fields a pull may touch, in the order they are shown."""

    TITLE = "title"
    DATE = "date"
    DETAILS = "details"
    DIRECTOR = "director"
    CODE = "code"
    STUDIO = "studio"
    PERFORMERS = "performers"
    TAGS = "tags"
    URLS = "urls"
    COVER = "cover"


Value = str | LocalEntity | tuple[str, ...] | tuple[LocalEntity, ...] | None
"""A text, a studio, URLs, performers or tags; None or empty where there is nothing."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Which local entities answer to a remote one: none (or no key) is not found, several are ambiguous."""

    studios: Mapping[RemoteEntity, Sequence[LocalEntity]] = field(default_factory=dict)
    performers: Mapping[RemoteEntity, Sequence[LocalEntity]] = field(default_factory=dict)
    tags: Mapping[RemoteEntity, Sequence[LocalEntity]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Unresolved:
    """A remote entity without exactly one local counterpart; `options` are the several it could be."""

    remote: RemoteEntity
    options: tuple[LocalEntity, ...] = ()

    @property
    def text(self) -> str:
        """In words: not found, or which ones it could be."""
        if not self.options:
            return f"{self.remote.name}: not found"
        return f"{self.remote.name}: ambiguous, " + " or ".join(f"{each.name} ({each.id})" for each in self.options)


@dataclass(frozen=True, slots=True)
class MetadataChange:
    """One field: what is there, what the stash-box says, what would stand there afterwards.

    `result` is `local` itself where nothing is to be written. `remote` holds names for studio, performers and tags.
    The local `cover` is "" or "present", its remote value and result the address of a picture. `notes` say why a
    remote value was not taken, or not whole.
    """

    field: Field
    choice: Choice
    local: Value
    remote: Value
    result: Value
    unresolved: tuple[Unresolved, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def is_change(self) -> bool:
        """Whether this field is to be written."""
        return self.result != self.local


def uniform_choices(choice: Choice, *, cover: Choice = Choice.KEEP) -> dict[Field, Choice]:
    """The same choice for every field but the cover, which is taken on request only."""
    return {each: cover if each is Field.COVER else choice for each in Field}


def prefer(by_stash_id: Iterable[LocalEntity], by_name: Iterable[LocalEntity]) -> tuple[LocalEntity, ...]:
    """The local entities that answer to a remote one: those linked to it, else those of its name; each once."""
    linked = _unique(by_stash_id)
    return linked or _unique(by_name)


def compare(
    scene: SceneDetails, candidate: Candidate, findings: Findings, choices: Mapping[Field, Choice]
) -> tuple[MetadataChange, ...]:
    """Every field once, in the order of `Field`, changed or not; a field without a choice is kept."""
    texts = {
        Field.TITLE: (scene.title, candidate.title),
        Field.DETAILS: (scene.details, candidate.details),
        Field.DIRECTOR: (scene.director, candidate.director),
        Field.CODE: (scene.code, candidate.code),
    }
    entities = {
        Field.PERFORMERS: (scene.performers, candidate.performers, findings.performers),
        Field.TAGS: (scene.tags, candidate.tags, findings.tags),
    }
    changes: list[MetadataChange] = []
    for each in Field:
        choice = choices.get(each, Choice.KEEP)
        if each in texts:
            changes.append(_text(each, choice, *texts[each]))
        elif each in entities:
            changes.append(_entities(each, choice, *entities[each]))
        elif each is Field.DATE:
            changes.append(_date(choice, scene.date, candidate.date))
        elif each is Field.STUDIO:
            changes.append(_studio(choice, scene.studio, candidate.studio, findings.studios))
        elif each is Field.URLS:
            changes.append(_urls(choice, scene.urls, candidate.urls))
        else:
            changes.append(_cover(choice, scene, candidate))
    return tuple(changes)


def _text(name: Field, choice: Choice, local: str, remote: str) -> MetadataChange:
    """Text differs only beyond surrounding white space and the kind of line ends."""
    theirs, ours = _normal(remote), _normal(local)
    takes = theirs and theirs != ours and (choice is Choice.REPLACE or (choice is Choice.FILL and not ours))
    return MetadataChange(name, choice, local, theirs, theirs if takes else local)


def _normal(text: str) -> str:
    return text.replace("\r\n", "\n").replace("\r", "\n").strip()


def _date(choice: Choice, local: str, remote: str) -> MetadataChange:
    """A date may lack day and month. A shorter remote date never replaces a longer local one that it agrees with."""
    theirs, ours = remote.strip(), local.strip()
    if theirs and not is_date(theirs):
        return MetadataChange(Field.DATE, choice, local, theirs, local, notes=(f"{theirs} is not a date",))
    if choice is Choice.REPLACE and theirs and theirs != ours and ours.startswith(f"{theirs}-"):
        note = f"{theirs} agrees with {ours}, which says more"
        return MetadataChange(Field.DATE, choice, local, theirs, local, notes=(note,))
    return _text(Field.DATE, choice, local, theirs)


def is_date(text: str) -> bool:
    """Whether the text is YYYY, YYYY-MM or YYYY-MM-DD and such a day exists."""
    parts = re.fullmatch(r"([0-9]{4})(?:-([0-9]{2})(?:-([0-9]{2}))?)?", text)
    if parts is None:
        return False
    try:
        date(int(parts[1]), int(parts[2] or 1), int(parts[3] or 1))
    except ValueError:
        return False
    return True


def _studio(
    choice: Choice,
    local: LocalEntity | None,
    remote: RemoteEntity | None,
    found: Mapping[RemoteEntity, Sequence[LocalEntity]],
) -> MetadataChange:
    name = remote.name if remote else ""
    if remote is None or choice is Choice.KEEP or (choice is Choice.FILL and local is not None):
        return MetadataChange(Field.STUDIO, choice, local, name, local)
    options = _unique(found.get(remote, ()))
    if len(options) != 1:
        return MetadataChange(Field.STUDIO, choice, local, name, local, unresolved=(Unresolved(remote, options),))
    result = local if local is not None and local.id == options[0].id else options[0]
    return MetadataChange(Field.STUDIO, choice, local, name, result)


def _entities(
    name: Field,
    choice: Choice,
    local: tuple[LocalEntity, ...],
    remote: tuple[RemoteEntity, ...],
    found: Mapping[RemoteEntity, Sequence[LocalEntity]],
) -> MetadataChange:
    """Fill unites. Replace takes the remote list, but unites too while any remote entity is unresolved: an
    incomplete list is no reason to drop a local one.
    """
    names = tuple(entity.name for entity in remote)
    if choice is Choice.KEEP:
        return MetadataChange(name, choice, local, names, local)
    options = {entity: _unique(found.get(entity, ())) for entity in remote}
    unresolved = tuple(Unresolved(entity, several) for entity, several in options.items() if len(several) != 1)
    resolved = _unique(several[0] for several in options.values() if len(several) == 1)
    notes: tuple[str, ...] = ()
    if choice is Choice.REPLACE and resolved and not unresolved:
        result = resolved
    else:
        result = _unique((*local, *resolved))
        if choice is Choice.REPLACE and unresolved and local:
            notes = (f"local {name} stay, since {len(unresolved)} of {len(remote)} remote ones are not known here",)
    is_same = {entity.id for entity in result} == {entity.id for entity in local}
    return MetadataChange(name, choice, local, names, local if is_same else result, unresolved, notes)


def _unique(entities: Iterable[LocalEntity]) -> tuple[LocalEntity, ...]:
    first: dict[int, LocalEntity] = {}
    for entity in entities:
        first.setdefault(entity.id, entity)
    return tuple(first.values())


def _urls(choice: Choice, local: tuple[str, ...], remote: tuple[str, ...]) -> MetadataChange:
    """URLs are united by fill and by replace alike; local ones keep their place and spelling."""
    theirs = tuple(dict.fromkeys(url.strip() for url in remote if url.strip()))
    if choice is Choice.KEEP:
        return MetadataChange(Field.URLS, choice, local, theirs, local)
    known = {url_key(url) for url in local}
    added: dict[str, str] = {}
    for url in theirs:
        if url_key(url) not in known:
            added.setdefault(url_key(url), url)
    return MetadataChange(Field.URLS, choice, local, theirs, (*local, *added.values()))


def url_key(url: str) -> str:
    """What makes two URLs the same: scheme and host in any case, a trailing slash or none."""
    trimmed = url.strip().rstrip("/")
    scheme, separator, rest = trimmed.partition("://")
    if not separator:
        return trimmed
    host, slash, path = rest.partition("/")
    return f"{scheme.lower()}://{host.lower()}{slash}{path}"


def _cover(choice: Choice, scene: SceneDetails, candidate: Candidate) -> MetadataChange:
    local = "present" if scene.has_cover else ""
    theirs = candidate.cover_url.strip()
    takes = theirs and (choice is Choice.REPLACE or (choice is Choice.FILL and not scene.has_cover))
    return MetadataChange(Field.COVER, choice, local, theirs, theirs if takes else local)
