"""Decides where a picture belongs; pure. The first condition that holds decides, in this order:

known already > not analysed > no faces > too many faces > unwanted person > nobody known > not sure > the person.

Of several faces within `max_faces_per_image` all must be of one person: faces of two people are too many, a face that
belongs to nobody is nobody known. The order of the faces never counts.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Final

from core.file_names import folded, safe_file_name
from core.model.incoming import Category, Destination, DuplicateOf, Faces, FoundFace, Known, Outcome, Person, Prefix
from core.path_text import shown
from core.settings_intake import CategorySettings, IntakeSettings
from core.words import count

_WHERE: Final = {
    Known.LIBRARY: "the same content is in the library",
    Known.QUEUE: "the same content is being looked at, or waits in the review",
    Known.DOWNLOADS: "the same content came in before",
    Known.DELETED: "the same content was deliberately deleted before",
}


def route(
    name: str,
    *,
    rules: IntakeSettings,
    duplicate: DuplicateOf | None = None,
    faces: Faces | None = None,
    retries: int = 0,
) -> Outcome:
    """What becomes of the picture called `name`.

    `faces` is None where no Immich is set up. `retries` counts the looks after the first one that found no face.
    A category that is turned off gives way to `unidentified`; where that is off, too, the picture waits.
    """
    if duplicate is not None and rules.check_hash:
        return _duplicate(name, duplicate, rules)
    if faces is None:
        return _review(name, Category.UNIDENTIFIED, Prefix.UNKNOWN, "no Immich is set up to recognise faces", rules)
    if not faces.is_analysed:
        return wait(name, "it is not analysed yet; it is looked at again later")
    if not faces.found:
        return _no_face(name, rules, retries)
    outcome = _first_doubt(name, faces.found, rules)
    people = _people(faces.found)
    if outcome is not None:
        named = [one for one in people if _is_named(one)]
        return replace(outcome, suggested=named[0] if len(named) == 1 else None)
    (person,) = people
    return Outcome(
        Destination.PERSON,
        safe_file_name(name),
        f"{shown(person.name)} was recognised",
        person=person,
    )


def never_analysed(name: str, words: str, *, rules: IntakeSettings) -> Outcome:
    """What becomes of a picture that Immich will never analyse; `words` say why. That is not "no face"."""
    return _review(name, Category.UNIDENTIFIED, Prefix.UNKNOWN, f"not analysed: {words}", rules)


def _duplicate(name: str, duplicate: DuplicateOf, rules: IntakeSettings) -> Outcome:
    reason = _WHERE[duplicate.where]
    if duplicate.path:
        reason += f" ({shown(duplicate.path)})"
    if duplicate.when is not None:
        reason += f", since {datetime.fromtimestamp(duplicate.when, UTC).astimezone():%Y-%m-%d}"
    if rules.action_on_duplicate == "trash" and duplicate.where is not Known.DELETED and duplicate.path:
        return Outcome(Destination.TRASH, safe_file_name(name), reason, duplicate=duplicate)
    outcome = _review(name, Category.DUPLICATES, Prefix.DUPLICATE, reason, rules)
    return replace(outcome, duplicate=duplicate)


def _no_face(name: str, rules: IntakeSettings, retries: int) -> Outcome:
    immich = rules.immich
    if immich.retry_if_no_faces and retries < immich.max_retries:
        again = f"it is looked at again ({retries + 1} of {immich.max_retries})"
        return wait(name, f"no face was found; {again}")
    return _review(name, Category.UNIDENTIFIED, Prefix.NO_FACE, "no face was found", rules)


def _first_doubt(name: str, found: tuple[FoundFace, ...], rules: IntakeSettings) -> Outcome | None:
    """The first reason why these faces do not simply belong to one person; None where they do."""
    people = _people(found)
    if len(found) > rules.max_faces_per_image:
        reason = f"{count(len(found), 'face')}; at most {rules.max_faces_per_image} is sorted without being asked"
        return _review(name, Category.MULTIPLE_FACES, Prefix.MULTIPLE_FACES, reason, rules)
    if len(people) > 1:
        reason = f"faces of {len(people)} people: {_names(people)}"
        return _review(name, Category.MULTIPLE_FACES, Prefix.MULTIPLE_FACES, reason, rules)
    blacklist, whitelist = _listed(rules.blacklist), _listed(rules.whitelist)
    if unwanted := [one for one in people if _is_named(one) and folded(one.name.strip()) in blacklist]:
        reason = f"{_names(unwanted)} is on the blacklist"
        return _review(name, Category.UNWANTED_PERSON, Prefix.UNWANTED_PERSON, reason, rules)
    if unknown := _why_unknown(found, people):
        return _review(name, Category.UNIDENTIFIED, Prefix.UNKNOWN, unknown, rules)
    if whitelist and folded(people[0].name.strip()) not in whitelist:
        reason = f"{_names(people)} is not on the whitelist"
        return _review(name, Category.UNIDENTIFIED, Prefix.NOT_WHITELISTED, reason, rules)
    sure = [one.confidence for one in found if one.confidence is not None]
    if any(not one >= rules.min_confidence for one in sure):  # what is no number is not sure, either
        reason = f"{_names(people)} is recognised with {min(sure):.0%} only, less than {rules.min_confidence:.0%}"
        return _review(name, Category.LOW_CONFIDENCE, Prefix.LOW_CONFIDENCE, reason, rules)
    return None


def _why_unknown(found: tuple[FoundFace, ...], people: list[Person]) -> str:
    """Why the faces are of nobody known; empty where they are of one."""
    if any(one.person is None for one in found):
        return "a face belongs to nobody whom Immich knows"
    if not _is_named(people[0]):
        return "the person has no name in Immich"
    return f"{_names(people)} is hidden in Immich" if people[0].is_hidden else ""


def _review(name: str, category: Category, prefix: Prefix, reason: str, rules: IntakeSettings) -> Outcome:
    """Into the review, as far as its category has a folder; the prefix tells the reason there, too."""
    if not is_on(category, rules.categories):
        reason += f" (the category {category} is turned off)"
        category = Category.UNIDENTIFIED
        if not is_on(category, rules.categories):
            return wait(name, reason)
    return Outcome(Destination.REVIEW, safe_file_name(prefix + name), reason, category=category)


def wait(name: str, reason: str) -> Outcome:
    """It stays where it is, and is looked at again later."""
    return Outcome(Destination.WAIT, shown(name), reason)


def is_on(category: Category, categories: CategorySettings) -> bool:
    """Whether a category has a folder."""
    return bool(getattr(categories, category.value))


def _people(found: Iterable[FoundFace]) -> list[Person]:
    """Whom the faces belong to, each once, by name."""
    people = {one.person.id: one.person for one in found if one.person is not None}
    return sorted(people.values(), key=lambda one: (one.name, one.id))


def _is_named(person: Person) -> bool:
    return bool(person.name.strip())


def _listed(names: Iterable[str]) -> set[str]:
    return {folded(one.strip()) for one in names if one.strip()}


def _names(people: Iterable[Person]) -> str:
    return ", ".join(shown(one.name) if _is_named(one) else "somebody without a name" for one in people)
