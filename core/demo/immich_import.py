"""How a demo Immich comes by its assets: scans of libraries, uploads, and the jobs each asset goes through."""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path

from core.demo.disk import DemoDisk
from core.demo.immich_jobs import DemoJobError, DemoQueues
from core.demo.immich_world import DemoAsset, DemoFace, DemoLibrary, ImmichWorld

MEDIA_TYPES = {
    "image": [".avif", ".gif", ".heic", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"],
    "video": [".avi", ".m4v", ".mkv", ".mov", ".mp4", ".webm"],
    "sidecar": [".xmp"],
}
_MARKED = 1 << 20  # a content marker stands in the first MiB


class DemoImport:
    """The jobs. Each one puts the next in line, as Immich does, before it ends."""

    def __init__(self, world: ImmichWorld, disk: DemoDisk, queues: DemoQueues) -> None:
        self._world = world
        self._disk = disk
        self._queues = queues

    def scan(self, library: DemoLibrary) -> None:
        """Look at a library's folders: new files come in, missing ones go offline and into the trash."""
        data = {"id": library.id}
        self._queues.add("library", "LibrarySyncFilesQueueAll", data, lambda: self._crawl(library))

    def look_at(self, asset: DemoAsset) -> None:
        """Send an asset through the queues."""
        self._queues.add("sidecar", "SidecarCheck", {"id": asset.id}, lambda: self._after_sidecar(asset))

    # -- a library -----------------------------------------------------------------------------------------------

    def _crawl(self, library: DemoLibrary) -> None:
        folders = [path for path in library.import_paths if self._is_folder(path)]
        if not folders:
            return  # Immich leaves the time of the last scan as it is
        found = {path for folder in folders for path, _ in self._disk.walk(folder) if _is_taken(library, path)}
        known = {asset.path: asset for asset in self._world.assets.values() if asset.library_id == library.id}
        for path in sorted(found - known.keys()):
            self._queues.add("library", "LibrarySyncFiles", {"libraryId": library.id}, self._insertion(library, path))
        for path, asset in known.items():
            if path not in found:
                asset.is_offline = asset.is_trashed = True
            elif asset.is_offline:
                asset.is_offline = asset.is_trashed = False
        library.refreshed_at = self._world.now()

    def _insertion(self, library: DemoLibrary, path: str) -> _Insertion:
        return _Insertion(self, self._world, library, path)

    def _is_folder(self, path: str) -> bool:
        place = self._disk.folder if path == self._disk.root else self._disk.local(path)
        return place is not None and place.is_dir()

    # -- an asset ------------------------------------------------------------------------------------------------

    def _after_sidecar(self, asset: DemoAsset) -> None:
        self._queues.add(
            "metadataExtraction", "AssetExtractMetadata", {"id": asset.id}, lambda: self._after_metadata(asset)
        )

    def _after_metadata(self, asset: DemoAsset) -> None:
        self._queues.add(
            "storageTemplateMigration",
            "StorageTemplateMigrationSingle",
            {"id": asset.id},
            lambda: self._after_migration(asset),
        )

    def _after_migration(self, asset: DemoAsset) -> None:
        self._queues.add(
            "thumbnailGeneration", "AssetGenerateThumbnails", {"id": asset.id}, lambda: self._make_thumbnail(asset)
        )

    def _make_thumbnail(self, asset: DemoAsset) -> None:
        if asset.file_name in self._world.broken or not self._content(asset):
            return  # Immich writes a line into its log, and the chain ends
        asset.thumbhash = "3OcRJYB4d3h/iIeHeEh3eIhw+j2w"
        if asset.visibility != "hidden":
            self._queues.add("faceDetection", "AssetDetectFaces", {"id": asset.id}, lambda: self._detect(asset))

    def _detect(self, asset: DemoAsset) -> None:
        if asset.file_name in self._world.undetectable:
            raise DemoJobError
        plans = self._world.plans_for(asset, self._content(asset))
        asset.content = None
        asset.faces = [DemoFace(self._world.new_id(), plan) for plan in sorted(plans, key=lambda plan: plan.box[0])]
        for face in asset.faces:
            data = {"id": face.id, "deferred": False}
            self._queues.add("facialRecognition", "FacialRecognition", data, _Recognition(face))

    def _content(self, asset: DemoAsset) -> bytes:
        """The beginning of the file."""
        if asset.content is not None:
            return asset.content[:_MARKED]
        place = self._disk.local(asset.path)
        try:
            return b"" if place is None else _head(place)
        except OSError:
            return b""


class _Insertion:
    """The job that makes an asset of one file."""

    def __init__(self, jobs: DemoImport, world: ImmichWorld, library: DemoLibrary, path: str) -> None:
        self._jobs, self._world, self._library, self._path = jobs, world, library, path

    def __call__(self) -> None:
        known = (asset for asset in self._world.assets.values() if asset.library_id == self._library.id)
        if any(asset.path == self._path for asset in known):
            return
        asset = self._world.add_asset(self._library.owner_id, self._path, library_id=self._library.id)
        asset.kind = kind_of(self._path)
        self._jobs.look_at(asset)


class _Recognition:
    """The job that says whose a face is."""

    def __init__(self, face: DemoFace) -> None:
        self._face = face

    def __call__(self) -> None:
        self._face.person = self._face.plan.person


def kind_of(name: str) -> str:
    """IMAGE, VIDEO, or empty for what is not imported."""
    dot = name.rfind(".")
    extension = name[dot:].lower() if dot >= 0 else ""
    return "IMAGE" if extension in MEDIA_TYPES["image"] else "VIDEO" if extension in MEDIA_TYPES["video"] else ""


def _is_taken(library: DemoLibrary, path: str) -> bool:
    """Whether a scan takes a file: a known extension, no part that begins with a dot, not excluded."""
    is_hidden = any(part.startswith(".") for part in path.split("/"))
    is_excluded = any(fnmatch(path, pattern) for pattern in library.exclusion_patterns)
    return bool(kind_of(path)) and not is_hidden and not is_excluded


def _head(place: Path) -> bytes:
    with place.open("rb") as file:
        return file.read(_MARKED)
