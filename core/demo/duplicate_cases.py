"""The files of the duplicates desk: for every case that it must get right, what lies on the disk and what is expected.

`DuplicateCase` names the groups; its numbers never change. Scenes have the ids 100 + 10 x case and up, images
10 x case and up, files 500 + 10 x case and up. What Stash knows of them is filled in by `duplicate_world`.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from functools import partial

from core.demo.clips import ClipPlan, ImagePlan
from core.demo.media import CopyPlan, MediaPlans
from core.model.groups import GateCode, GroupKind
from core.model.library_records import Media

OUTSIDE = "camera"  # a folder of the world that Stash does not know
PROTECTED = "archive"  # a folder of the library that no rule touches
OFFLINE = "offline"  # a folder of the library that is not mounted
BIRTH = 1_700_000_000  # Unix seconds; the files' times of modification count up from here, so that they never change
DAY = 86_400


class DuplicateCase(IntEnum):
    """Groups of files by what they are there for."""

    EXACT_VIDEO = 1  # the same bytes in two scenes; the copy's scene has the plays, markers and more tags
    EXACT_IMAGE = 2  # the same bytes twice in one image
    RE_ENCODED = 3  # one film in three encodings, sizes and codecs
    SCALED_IMAGE = 4  # a picture, scaled, and compressed harder
    CHAIN = 5  # A is 4 bits from B, B 4 bits from C, A 8 bits from C; B is the largest
    BLACK = 6  # two black clips: no hash to go by
    MULTI_FILE = 7  # two encodings in one scene
    HARD_LINK = 8  # two names of one inode, in two scenes
    PROTECTED = 9  # the worse encoding lies in the protected folder
    OFFLINE = 10  # the better encoding lies on a volume that is not mounted
    SAME_STASH_ID = 11  # two cuts of one film, unlike by their pictures, linked to one entry
    OTHER_LENGTH = 12  # the same PHASH, another duration
    SIDECARS = 13  # a funscript and captions lie beside the worse encoding
    OUTSIDE = 14  # the same bytes in a folder that Stash does not know
    LOOK_ALIKE = 15  # one subject, farther apart than any distance that is asked for


@dataclass(frozen=True, slots=True)
class ExpectedGroup:
    """A group that a scan of the world with the default settings must find.

    `paths` relative to the world's folder. `keeper`: the one the default rules keep, empty where none is told.
    """

    case: DuplicateCase
    kind: GroupKind
    media: Media
    paths: tuple[str, ...]
    keeper: str = ""
    gate: GateCode | None = None


@dataclass(frozen=True, slots=True)
class KnownFile:
    """A made file that Stash knows: in the `record`-th scene or image of its case."""

    case: DuplicateCase
    record: int
    plan: ClipPlan | ImagePlan | CopyPlan


def _film(path: str, subject: str, seed: int, days: int, **options: object) -> ClipPlan:
    values: dict[str, object] = {"seconds": 4, "frame_rate": 8, "drawn": (640, 360), "modified": BIRTH + days * DAY}
    return partial(ClipPlan, path, subject, seed)(**(values | options))  # type: ignore[arg-type]  # checked by use


def _image(path: str, subject: str, seed: int, days: int, **options: object) -> ImagePlan:
    return partial(ImagePlan, path, subject, seed)(**({"modified": BIRTH + days * DAY} | options))  # type: ignore[arg-type]  # checked by use


C = DuplicateCase
LARGE = {"width": 640, "height": 360, "quality": 20}
POOR = {"quality": 38}
KNOWN: tuple[KnownFile, ...] = (
    KnownFile(C.EXACT_VIDEO, 0, _film("films/lighthouse.mp4", "sea", 930, 0)),
    KnownFile(
        C.EXACT_VIDEO,
        1,
        CopyPlan("library/films/lighthouse.mp4", "library/films/incoming/lighthouse (1).mp4", False, BIRTH + 90 * DAY),
    ),
    KnownFile(C.EXACT_IMAGE, 0, _image("pictures/pier.jpg", "sea", 931, 1)),
    KnownFile(
        C.EXACT_IMAGE, 0, CopyPlan("library/pictures/pier.jpg", "library/pictures/backup/pier.jpg", False, BIRTH)
    ),
    KnownFile(C.RE_ENCODED, 0, _film("films/storm at sea.mp4", "sea", 950, 2, **LARGE)),
    KnownFile(C.RE_ENCODED, 1, _film("films/storm at sea (web).mp4", "sea", 950, 3, **POOR)),
    KnownFile(C.RE_ENCODED, 2, _film("films/storm at sea.mkv", "sea", 950, 4, codec="libx265", width=480, height=270)),
    KnownFile(C.SCALED_IMAGE, 0, _image("pictures/valley.jpg", "hills", 933, 5, width=960, height=640, quality=92)),
    KnownFile(
        C.SCALED_IMAGE,
        1,
        _image("pictures/valley (small).jpg", "hills", 933, 6, width=960, height=640, scale=0.5, quality=85),
    ),
    KnownFile(
        C.SCALED_IMAGE, 2, _image("pictures/valley (chat).jpg", "hills", 933, 7, width=960, height=640, quality=12)
    ),
    KnownFile(C.CHAIN, 0, _image("pictures/dusk a.png", "hills", 901, 8)),
    KnownFile(C.CHAIN, 1, _image("pictures/dusk b.png", "hills", 901, 9, mix=0.24, scale=1.5)),
    KnownFile(C.CHAIN, 2, _image("pictures/dusk c.png", "hills", 901, 10, mix=0.46)),
    KnownFile(C.BLACK, 0, _film("films/black (left).mp4", "black", 934, 11)),
    KnownFile(C.BLACK, 1, _film("films/black (right).mp4", "black", 935, 12, width=480, height=270)),
    KnownFile(C.MULTI_FILE, 0, _film("films/regatta (full).mp4", "sea", 936, 13, **LARGE)),
    KnownFile(C.MULTI_FILE, 0, _film("films/regatta (phone).mp4", "sea", 936, 14, **POOR)),
    KnownFile(C.HARD_LINK, 0, _film("films/clock tower.mp4", "clock", 937, 15)),
    KnownFile(
        C.HARD_LINK, 1, CopyPlan("library/films/clock tower.mp4", "library/films/by year/2023/clock tower.mp4", True)
    ),
    KnownFile(C.PROTECTED, 0, _film("archive/juggling.mp4", "balls", 953, 16, **POOR)),
    KnownFile(C.PROTECTED, 1, _film("films/juggling.mp4", "balls", 953, 17, **LARGE)),
    KnownFile(C.OFFLINE, 0, _film("films/ferry.mp4", "sea", 939, 18)),
    KnownFile(C.SAME_STASH_ID, 0, _film("films/skyline (day cut).mp4", "skyline", 940, 19)),
    KnownFile(C.SAME_STASH_ID, 1, _film("films/skyline (night cut).mp4", "skyline", 941, 20)),
    KnownFile(C.OTHER_LENGTH, 0, _film("films/calm sea.mp4", "sea", 958, 21)),
    KnownFile(C.OTHER_LENGTH, 1, _film("films/calm sea (half speed).mp4", "sea", 958, 22, seconds=8, frame_rate=4)),
    KnownFile(C.SIDECARS, 0, _film("films/marbles.mp4", "balls", 943, 23, **POOR)),
    KnownFile(C.SIDECARS, 1, _film("films/marbles (remaster).mp4", "balls", 943, 24, **LARGE)),
    KnownFile(C.OUTSIDE, 0, _image("pictures/harbour.jpg", "skyline", 944, 25)),
    KnownFile(C.LOOK_ALIKE, 0, _film("films/pond one.mp4", "rings", 945, 26)),
    KnownFile(C.LOOK_ALIKE, 1, _film("films/pond two.mp4", "rings", 946, 27)),
    KnownFile(C.LOOK_ALIKE, 0, _image("pictures/night one.jpg", "stars", 947, 28)),
    KnownFile(C.LOOK_ALIKE, 1, _image("pictures/night two.jpg", "stars", 948, 29)),
)
UNKNOWN = (CopyPlan("library/pictures/harbour.jpg", f"{OUTSIDE}/IMG_0001.jpg", False, BIRTH + 60 * DAY),)
OFFLINE_PATH = f"{OFFLINE}/ferry (original).mp4"
SIDECARS = {
    "library/films/marbles.funscript": '{"version": "1.0", "actions": [{"at": 0, "pos": 0}, {"at": 900, "pos": 99}]}\n',
    "library/films/marbles.en.srt": "1\n00:00:00,000 --> 00:00:02,000\nMarbles roll.\n",
    "library/films/marbles.de.vtt": "WEBVTT\n\n00:00.000 --> 00:02.000\nMurmeln rollen.\n",
}
PLANS = MediaPlans(
    clips=tuple(known.plan for known in KNOWN if isinstance(known.plan, ClipPlan)),
    images=tuple(known.plan for known in KNOWN if isinstance(known.plan, ImagePlan)),
    copies=(*(known.plan for known in KNOWN if isinstance(known.plan, CopyPlan)), *UNKNOWN),
    texts=SIDECARS,
)


def path_of(known: KnownFile) -> str:
    """Where a file lies, relative to the world's folder."""
    return known.plan.path if isinstance(known.plan, CopyPlan) else f"library/{known.plan.path}"


def _expected(
    case: DuplicateCase, kind: GroupKind, media: Media, *more: str, keeper: str = "", gate: GateCode | None = None
) -> ExpectedGroup:
    own = tuple(path_of(known) for known in KNOWN if known.case is case)
    return ExpectedGroup(case, kind, media, (*own, *more), f"library/{keeper}" if keeper else "", gate)


EXPECTED: tuple[ExpectedGroup, ...] = (
    _expected(C.EXACT_VIDEO, GroupKind.EXACT, Media.VIDEO),
    _expected(C.EXACT_IMAGE, GroupKind.EXACT, Media.IMAGE),
    _expected(C.RE_ENCODED, GroupKind.NEAR, Media.VIDEO, keeper="films/storm at sea.mp4"),
    _expected(C.SCALED_IMAGE, GroupKind.NEAR, Media.IMAGE, keeper="pictures/valley.jpg"),
    _expected(C.CHAIN, GroupKind.NEAR, Media.IMAGE, keeper="pictures/dusk b.png"),
    _expected(C.MULTI_FILE, GroupKind.SAME_SCENE, Media.VIDEO, keeper="films/regatta (full).mp4"),
    _expected(C.HARD_LINK, GroupKind.EXACT, Media.VIDEO, gate=GateCode.ONE_FILE),
    _expected(C.PROTECTED, GroupKind.NEAR, Media.VIDEO, keeper="archive/juggling.mp4"),
    _expected(C.OFFLINE, GroupKind.NEAR, Media.VIDEO, f"library/{OFFLINE_PATH}", gate=GateCode.MISSING),
    _expected(C.SAME_STASH_ID, GroupKind.SAME_STASH_ID, Media.VIDEO),
    _expected(C.SIDECARS, GroupKind.NEAR, Media.VIDEO, keeper="films/marbles (remaster).mp4"),
    _expected(C.OUTSIDE, GroupKind.EXACT, Media.IMAGE, f"{OUTSIDE}/IMG_0001.jpg"),
)
