"""What the demo Stash knows of the files of `duplicate_cases`, and what makes one record worth more than another.

Almost all of these scenes are linked at both stash-boxes, and no stash-box knows the others: the matching desk has
nothing to look up, or finds nothing.
"""

from __future__ import annotations

import uuid

from core.demo.cases import NAMESPACE, STASH_ROOT, nearby
from core.demo.cast import WorldParts
from core.demo.clips import ClipPlan, ImageFacts, ImagePlan, Media, MediaFacts
from core.demo.duplicate_cases import KNOWN, OFFLINE_PATH, DuplicateCase, KnownFile, path_of
from core.demo.stash_objects import (
    DemoFile,
    DemoGallery,
    DemoGroup,
    DemoGroupPlace,
    DemoImage,
    DemoMarker,
    DemoScene,
    DemoStashId,
    local_time,
    phash_text,
)

UNLINKED = {(DuplicateCase.EXACT_VIDEO, 1), (DuplicateCase.RE_ENCODED, 1), (DuplicateCase.SIDECARS, 0)}
PLAYS = ("2024-02-03T20:15:00Z", "2024-03-09T21:40:00Z", "2024-04-01T19:05:00Z")


def scene_id(case: DuplicateCase, record: int = 0) -> int:
    """The id of a scene of a case."""
    return 100 + 10 * case + record


def image_id(case: DuplicateCase, record: int = 0) -> int:
    """The id of an image of a case."""
    return 10 * case + record


class DuplicateWorld:
    """Fills the Stash. `made`: facts of the clips and images of `PLANS`. `has_image_phash`: Stash keeps them, too."""

    def __init__(self, parts: WorldParts, made: Media, *, has_image_phash: bool) -> None:
        self.parts = parts
        self.stash = parts.stash
        self.has_image_phash = has_image_phash
        self.facts: dict[str, MediaFacts | ImageFacts] = {}
        for known in KNOWN:
            if isinstance(known.plan, ClipPlan | ImagePlan):
                self.facts[path_of(known)] = _facts_of(made, known.plan)

    def fill(self) -> None:
        """Scenes and images with their files, then what tells them apart."""
        counts: dict[DuplicateCase, int] = {}
        for known in KNOWN:
            counts[known.case] = counts.get(known.case, 0) + 1
            self._add(known, 500 + 10 * known.case + counts[known.case] - 1)
        self._add_offline()
        self._link()
        self._enrich()

    # -- files ---------------------------------------------------------------------------------------------------------

    def _add(self, known: KnownFile, file_id: int) -> None:
        plan = known.plan
        source = path_of(known) if isinstance(plan, ClipPlan | ImagePlan) else plan.source
        facts = self.facts[source]
        modified = plan.modified or facts.mtime_ns // 1_000_000_000
        path = STASH_ROOT + path_of(known).removeprefix("library")
        if isinstance(facts, ImageFacts):
            file = self._picture(facts, file_id, path, modified)
            number = image_id(known.case, known.record)
            image = self.stash.images.get(number) or self.stash.add_images(DemoImage(number, _title(path)))
            image.files.append(file)
            return
        number = scene_id(known.case, known.record)
        scene = self.stash.scenes.get(number) or self.stash.add(DemoScene(number, _title(path)))
        scene.files.append(_video(facts, file_id, path, modified))
        scene.cover = scene.cover or self.parts.cover(facts)

    def _picture(self, facts: ImageFacts, file_id: int, path: str, modified: int) -> DemoFile:
        prints = {"md5": facts.md5}
        if self.has_image_phash:
            prints["phash"] = phash_text(facts.phash)
        return DemoFile(
            file_id,
            path,
            facts.size,
            0.0,
            prints,
            facts.width,
            facts.height,
            facts.format,
            "",
            "",
            0.0,
            0,
            local_time(modified),
            kind="image",
        )

    def _add_offline(self) -> None:
        """A file that was hashed when its volume was still there: larger, and near to the one that can be reached."""
        case = DuplicateCase.OFFLINE
        here = self.stash.scenes[scene_id(case)].files[0]
        phash = nearby(int(here.fingerprints["phash"], 16), 2, int(case))
        there = DemoFile(
            500 + 10 * case + 1,
            f"{STASH_ROOT}/{OFFLINE_PATH}",
            9 * here.size,
            here.duration,
            {"oshash": "6f1d2c3b4a596877", "phash": phash_text(phash)},
            1280,
            720,
            bit_rate=9 * here.bit_rate,
            frame_rate=here.frame_rate,
            mod_time=here.mod_time,
        )
        self.stash.add(DemoScene(scene_id(case, 1), _title(there.path), [there]))

    # -- records -------------------------------------------------------------------------------------------------------

    def _link(self) -> None:
        for known in KNOWN:
            scene = self.stash.scenes.get(scene_id(known.case, known.record))
            if scene is not None and (known.case, known.record) not in UNLINKED:
                self._link_scene(scene, 0 if known.case is DuplicateCase.SAME_STASH_ID else known.record, known.case)
        case = DuplicateCase.OFFLINE
        self._link_scene(self.stash.scenes[scene_id(case, 1)], 1, case)

    def _link_scene(self, scene: DemoScene, entry: int, case: DuplicateCase) -> None:
        scene.stash_ids = [
            DemoStashId(endpoint, str(uuid.uuid5(NAMESPACE, f"duplicates/{box}/{int(case)}/{entry}")))
            for box, endpoint in enumerate(self.parts.endpoints)
        ]

    def _enrich(self) -> None:
        """Ratings, plays, markers, tags: some on the record that would go, so that a merge has something to save."""
        stash = self.stash
        stash.groups[1] = DemoGroup(1, "Tales of the Coast")
        stash.galleries[1] = DemoGallery(1, "Summer at the Pier")
        scenes, tags, people = stash.scenes, list(stash.tags.values()), list(stash.performers.values())
        kept, copy = (scenes[scene_id(DuplicateCase.EXACT_VIDEO, record)] for record in (0, 1))
        kept.tags, kept.studio, kept.date, kept.rating100 = tags[:1], stash.studios.get(1), "2023-11-14", 60
        copy.tags, copy.performers, copy.rating100 = tags[1:3], people[:2], 80
        copy.urls = ["https://meadow.example/lighthouse"]
        copy.play_history, copy.o_history, copy.play_duration = PLAYS, PLAYS[:1], 11.5
        lamp = DemoMarker(1, "The lamp is lit", 1.5, tags[0])
        copy.markers = (lamp, DemoMarker(2, "Fog", 3.0, tags[2], 4.5, tags=tuple(tags[:1])))
        copy.groups = (DemoGroupPlace(stash.groups[1], 2),)
        web = scenes[scene_id(DuplicateCase.RE_ENCODED, 1)]
        web.play_history, web.play_duration, web.resume_time = PLAYS[1:], 7.0, 2.5
        scenes[scene_id(DuplicateCase.RE_ENCODED)].tags = tags[2:3]
        scenes[scene_id(DuplicateCase.PROTECTED)].organized = True
        small = stash.images[image_id(DuplicateCase.SCALED_IMAGE, 1)]
        small.tags, small.rating100, small.o_counter = tags[1:2], 90, 3
        stash.images[image_id(DuplicateCase.EXACT_IMAGE)].galleries = (stash.galleries[1],)


def _facts_of(made: Media, plan: ClipPlan | ImagePlan) -> MediaFacts | ImageFacts:
    every: list[MediaFacts | ImageFacts] = [*made.films, *made.images]
    return next(facts for facts in every if facts.plan == plan)


def _video(facts: MediaFacts, file_id: int, path: str, modified: int) -> DemoFile:
    return DemoFile(
        file_id,
        path,
        facts.size,
        facts.duration,
        {"oshash": f"{facts.oshash:016x}", "md5": facts.md5, "phash": phash_text(facts.phash)},
        facts.width,
        facts.height,
        "matroska" if path.endswith(".mkv") else "mp4",
        facts.video_codec,
        facts.audio_codec,
        facts.frame_rate,
        facts.bit_rate,
        local_time(modified),
    )


def _title(path: str) -> str:
    return path.rsplit("/", 1)[-1].rpartition(".")[0].capitalize()
