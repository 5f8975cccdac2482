"""From scenes, candidates and dismissals to recommendations: disposable, computed anew by every scan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import msgspec

from core.matching import confidence, evidence
from core.matching.score import score
from core.model.fingerprints import Algorithm
from core.model.recommendations import Evidence, Reason, Status
from core.model.scenes import Scene, StashId
from core.model.stash_boxes import Candidate
from core.settings import MatchingSettings
from core.store import dismissals, facts, recommendation_drafts, scenes
from core.store.database import Reader, Transaction
from core.store.recommendation_drafts import Detail, Draft, Stored

DEFAULT_ALGORITHMS: Final = frozenset({Algorithm.OSHASH, Algorithm.PHASH})

_LINK_LOST: Final = "link_lost"
_UNDECIDED: Final = (Status.PENDING, Status.WITHDRAWN)
_NO_EVIDENCE: Final = Evidence(0, "", (), 0, 0, 0.0, None, None, None)


@dataclass(slots=True)
class Counts:
    """What a recomputation changed among the pending recommendations."""

    new: int = 0
    updated: int = 0
    withdrawn: int = 0

    def add(self, other: Counts) -> None:
        """Sum up."""
        self.new += other.new
        self.updated += other.updated
        self.withdrawn += other.withdrawn


@dataclass(frozen=True, slots=True)
class _Case:
    """One candidate of one scene, with what is stored of it and what speaks for it now."""

    candidate: Candidate
    stored: Stored | None
    detail: Detail | None
    evidence: Evidence | None
    score: float
    is_offered: bool
    is_dismissed: bool

    @property
    def is_live(self) -> bool:
        """Whether it is a rival to others: named by the endpoint, matching, neither turned down nor deleted there."""
        return self.is_offered and not self.is_dismissed and not self.candidate.is_deleted and self.evidence is not None


async def remember_algorithms(tx: Transaction, endpoint: str, accepted: frozenset[Algorithm]) -> None:
    """Remember which hashes an endpoint compares, for recomputations without a network."""
    await facts.put(tx, f"algorithms {endpoint}", msgspec.json.encode(sorted(accepted)).decode())


async def known_algorithms(reader: Reader, endpoint: str) -> frozenset[Algorithm]:
    """Which hashes an endpoint compares, as last seen."""
    raw = await facts.get(reader, f"algorithms {endpoint}")
    return DEFAULT_ALGORITHMS if raw is None else frozenset(msgspec.json.decode(raw, type=list[Algorithm]))


async def recompute(
    tx: Transaction,
    endpoint: str,
    scene_ids: Sequence[int],
    *,
    settings: MatchingSettings,
    now: float,
    offered: Mapping[int, Sequence[Candidate]] | None = None,
) -> Counts:
    """Bring the recommendations of these scenes at one endpoint up to date.

    `offered` holds what a look-up has just answered, by scene; scenes outside it keep their known candidates.
    Decisions stay: an accepted row stays accepted while the link stands, a dismissed one while its dismissal does.
    """
    fresh = offered or {}
    stored = await recommendation_drafts.of_scenes(tx, endpoint, scene_ids)
    concerned = [scene_id for scene_id in scene_ids if stored.get(scene_id) or fresh.get(scene_id)]
    if not concerned:
        return Counts()
    accepted = await known_algorithms(tx, endpoint)
    snapshots = await scenes.snapshots(tx, concerned)
    dismissed = await dismissals.pairs(tx, endpoint, concerned)
    drafts: list[Draft] = []
    counts = Counts()
    for scene_id in concerned:
        scene = snapshots.get(scene_id)
        cases = _cases(scene, stored.get(scene_id, []), fresh.get(scene_id), dismissed, scene_id, accepted, settings)
        linked = "" if scene is None else scene.stash_id_at(endpoint) or ""
        is_decided = any(_is_accepted_link(case, scene, linked) for case in cases)
        best = max((case.score for case in cases if case.is_live), default=0.0)
        live = sum(case.is_live for case in cases)
        for case in cases:
            standing = _status(case, scene, linked, is_decided=is_decided)
            draft = _draft(scene_id, scene, case, live - case.is_live, best, settings, standing)
            if case.stored is None or _differs(draft, case.stored):
                drafts.append(draft)
                _count(counts, case.stored, draft)
    await recommendation_drafts.put(tx, drafts, now=now)
    return counts


def _cases(
    scene: Scene | None,
    stored: Sequence[Stored],
    fresh: Sequence[Candidate] | None,
    dismissed: set[tuple[int, str]],
    scene_id: int,
    accepted: frozenset[Algorithm],
    settings: MatchingSettings,
) -> list[_Case]:
    named = {candidate.id: candidate for candidate in fresh or ()}
    rows: list[tuple[Candidate, Stored | None, Detail | None, bool]] = []
    for row in stored:
        detail = recommendation_drafts.decode(row.detail)
        candidate = named.pop(row.candidate_id, None)
        is_offered = row.is_offered if fresh is None else candidate is not None
        rows.append((candidate or detail.candidate, row, detail, is_offered))
    rows += [(candidate, None, None, True) for candidate in named.values()]
    cases: list[_Case] = []
    for candidate, known, old, is_offered in rows:
        found = None
        if scene is not None:
            found = evidence.measure(
                scene, candidate, accepted=accepted, max_phash_distance=settings.max_phash_distance
            )
        cases.append(
            _Case(
                candidate=candidate,
                stored=known,
                detail=old,
                evidence=found,
                score=0.0 if found is None else score(found, candidate),
                is_offered=is_offered,
                is_dismissed=(scene_id, candidate.id) in dismissed,
            )
        )
    return cases


def _draft(
    scene_id: int,
    scene: Scene | None,
    case: _Case,
    rivals: int,
    best: float,
    settings: MatchingSettings,
    standing: tuple[Status, str],
) -> Draft:
    status, gone = standing
    is_high, reasons = False, tuple[Reason, ...]()
    if case.evidence is not None:
        is_high, reasons = confidence.assess(case.evidence, case.candidate, live_rivals=rivals, rules=settings)
    if gone:
        reasons = (Reason("live", is_met=False, text=gone), *reasons)
    has_lost_its_link = status is Status.PENDING and _has_lost_its_link(case)
    if has_lost_its_link:
        words = "accepted before, but the link is gone from Stash: accept it again only if you meant to keep it"
        reasons = (Reason(_LINK_LOST, is_met=False, text=words), *reasons)
    old = case.detail
    if case.evidence is not None and scene is not None:
        file = next((one for one in scene.files if one.id == case.evidence.file_id), None)
        path = file.path if file is not None else ""
        title = scene.title or (file.name if file is not None else f"scene {scene_id}")
        found = case.evidence
    else:
        path = old.local_path if old else ""
        title = case.stored.local_title if case.stored else (scene.title if scene else "") or f"scene {scene_id}"
        found = old.evidence if old else _NO_EVIDENCE
    return Draft(
        id=case.stored.id if case.stored else None,
        status=status,
        scene_id=scene_id,
        detail=Detail(case.candidate, found, reasons, path),
        score=case.score if case.evidence is not None or case.stored is None else case.stored.score,
        group_score=best if case.is_live else case.score,
        is_high_confidence=is_high and status is Status.PENDING and not has_lost_its_link,
        is_ambiguous=rivals > 0 and case.is_live,
        is_offered=case.is_offered,
        local_title=title,
        decided_at=case.stored.decided_at if case.stored and status not in _UNDECIDED else None,
    )


def _is_accepted_link(case: _Case, scene: Scene | None, linked: str) -> bool:
    """Whether it was accepted, and what the scene holds does not speak against it."""
    if case.stored is None or case.stored.status is not Status.ACCEPTED:
        return False
    return scene is None or linked == case.candidate.id


def _status(case: _Case, scene: Scene | None, linked: str, *, is_decided: bool) -> tuple[Status, str]:
    """Where the recommendation stands now, and why it is withdrawn, if it is.

    `linked`: the id the scene holds at the endpoint. `is_decided`: one of the scene's candidates is accepted there.
    """
    if _is_accepted_link(case, scene, linked):
        return Status.ACCEPTED, ""
    if case.is_dismissed:
        return Status.DISMISSED, ""
    if scene is None:
        return (Status.SUPERSEDED, "") if is_decided else (Status.WITHDRAWN, "the scene has left the library")
    if linked and not is_decided:
        other = "this very entry" if linked == case.candidate.id else "another entry"
        return Status.WITHDRAWN, f"in Stash the scene holds the id of {other} at this endpoint"
    if case.candidate.is_deleted:
        return Status.WITHDRAWN, "the entry was deleted at the stash-box"
    if not case.is_offered:
        return Status.WITHDRAWN, "the stash-box no longer names this entry for the scene's fingerprints"
    if case.evidence is None:
        return Status.WITHDRAWN, "no fingerprint of the scene matches the entry's within the allowed distance"
    return (Status.SUPERSEDED if is_decided else Status.PENDING), ""


def _has_lost_its_link(case: _Case) -> bool:
    """Whether it was accepted, and the link is gone again without Winnow having taken it back."""
    if case.stored is None or case.detail is None:
        return False
    if case.stored.status is Status.PENDING:
        return any(reason.code == _LINK_LOST for reason in case.detail.reasons)
    return case.stored.status is Status.ACCEPTED


def _differs(draft: Draft, stored: Stored) -> bool:
    return (
        draft.status is not stored.status
        or draft.score != stored.score
        or draft.group_score != stored.group_score
        or draft.is_high_confidence != stored.is_high_confidence
        or draft.is_ambiguous != stored.is_ambiguous
        or draft.is_offered != stored.is_offered
        or draft.local_title != stored.local_title
        or recommendation_drafts.encode(draft.detail) != stored.detail
    )


def _count(counts: Counts, before: Stored | None, draft: Draft) -> None:
    was_pending = before is not None and before.status is Status.PENDING
    if draft.status is Status.PENDING:
        if was_pending:
            counts.updated += 1
        else:
            counts.new += 1
    elif was_pending and draft.status is Status.WITHDRAWN:
        counts.withdrawn += 1


async def relink(tx: Transaction, scene_id: int, endpoint: str, stash_id: str | None) -> None:
    """Make the remembered scene hold, or no longer hold, a link, until the next crawl sees it for itself."""
    found = await scenes.snapshots(tx, [scene_id])
    if (scene := found.get(scene_id)) is None:
        return
    links = tuple(link for link in scene.stash_ids if link.endpoint != endpoint)
    if stash_id is not None:
        links += (StashId(endpoint, stash_id),)
    else:  # while it was linked it was not looked up
        await scenes.forget_some_lookups(tx, [(scene_id, endpoint)])
    await scenes.change(tx, replace(scene, stash_ids=links))
