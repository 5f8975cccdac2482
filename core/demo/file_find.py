"""The look-ups of the demo Stash that lead to images and files."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any, NamedTuple

from core.demo.criteria import Predicate, combined, integer_id, integer_test, page_of, string_test, text_order_test
from core.demo.graphql_errors import ResolverError
from core.demo.library import StashLibrary
from core.demo.stash_objects import DemoFile, DemoImage, DemoScene

IMAGE_SORTS: dict[str, Callable[[DemoImage], Any]] = {
    "id": lambda image: image.id,
    "title": lambda image: (image.title.casefold(), image.id),
    "updated_at": lambda image: (image.updated_at, image.id),
    "created_at": lambda image: (image.created_at, image.id),
    "path": lambda image: (image.files[0].path if image.files else "", image.id),
    "file_count": lambda image: (len(image.files), image.id),
}
FILE_SORTS: dict[str, Callable[[DemoFile], Any]] = {
    "id": lambda file: file.id,
    "path": lambda file: file.path,
    "created_at": lambda file: (file.created_at, file.id),
    "updated_at": lambda file: (file.updated_at, file.id),
}


class FoundFile(NamedTuple):
    """A file with what it belongs to."""

    owner: DemoScene | DemoImage | None
    file: DemoFile


class FoundImages:
    """The answer of findImages."""

    def __init__(self, images: list[DemoImage], everything: list[DemoImage]) -> None:
        self.images = images
        self.count = len(everything)
        files = [file for image in everything for file in image.files]
        self.megapixels = sum(file.width * file.height for file in files) / 1_000_000
        self.filesize = float(sum(file.size for file in files))


class FoundFiles:
    """The answer of findFiles."""

    def __init__(self, files: list[DemoFile], everything: list[DemoFile]) -> None:
        self.files = files
        self.count = len(everything)
        self.megapixels = sum(file.width * file.height for file in everything if file.kind == "image") / 1_000_000
        self.duration = sum(file.duration for file in everything if file.kind == "video")
        self.size = sum(file.size for file in everything)


def find_images(library: StashLibrary, arguments: dict[str, Any]) -> FoundImages:
    """Answer findImages. Raises ResolverError."""
    if arguments.get("ids") is not None:
        images = []
        for text in arguments["ids"]:
            image = library.images.get(integer_id(text, "image"))
            if image is None:
                raise ResolverError(f"image with id {text} not found")
            images.append(image)
        return FoundImages(images, images)
    paging = arguments.get("filter") or {}
    fits = image_predicate(arguments.get("image_filter") or {})
    text = (paging.get("q") or "").casefold()
    everything = [
        image
        for image in library.images.values()
        if fits(image) and (not text or text in "\n".join([image.title, *(f.path for f in image.files)]).casefold())
    ]
    return FoundImages(page_of(_sorted(everything, IMAGE_SORTS, paging), paging), everything)


def find_image(library: StashLibrary, arguments: dict[str, Any]) -> DemoImage | None:
    """Answer findImage: by id or by the md5 of one of its files."""
    if arguments.get("id") is not None:
        return library.images.get(integer_id(arguments["id"], "image"))
    wanted = arguments.get("checksum")
    return next(
        (i for i in library.images.values() if wanted and any(f.fingerprints.get("md5") == wanted for f in i.files)),
        None,
    )


def find_files(library: StashLibrary, arguments: dict[str, Any]) -> FoundFiles:
    """Answer findFiles: loose files included. Raises ResolverError."""
    every = {file.id: FoundFile(owner, file) for owner, file in library.files()}
    if arguments.get("ids") is not None:
        files = []
        for text in arguments["ids"]:
            entry = every.get(integer_id(text, "file"))
            if entry is None:
                raise ResolverError(f"file with id {text} not found")
            files.append(entry.file)
        return FoundFiles(files, files)
    paging = arguments.get("filter") or {}
    fits = file_predicate(arguments.get("file_filter") or {})
    text = (paging.get("q") or "").casefold()
    everything = [
        entry.file for entry in every.values() if fits(entry) and (not text or text in entry.file.path.casefold())
    ]
    return FoundFiles(page_of(_sorted(everything, FILE_SORTS, paging), paging), everything)


def find_file(library: StashLibrary, arguments: dict[str, Any]) -> DemoFile:
    """Answer findFile. Raises ResolverError where there is none: Stash has an error for that, and no null."""
    if arguments.get("id") is not None:
        found = library.file_with_id(integer_id(arguments["id"], "file"))
    else:
        path = arguments.get("path")
        found = next(((owner, file) for owner, file in library.files() if file.path == path), None)
    if found is None:
        raise ResolverError("file not found")
    return found[1]


def image_predicate(criteria: dict[str, Any]) -> Predicate:
    """An ImageFilterType as a test of one image. Raises ResolverError."""
    tests = [_image_test(name, value) for name, value in _own(criteria)]
    return combined(tests, criteria, image_predicate)


def file_predicate(criteria: dict[str, Any]) -> Predicate:
    """A FileFilterType as a test of one `FoundFile`. Raises ResolverError."""
    tests = [_file_test(name, value) for name, value in _own(criteria)]
    return combined(tests, criteria, file_predicate)


def _own(criteria: dict[str, Any]) -> list[tuple[str, Any]]:
    return [(name, value) for name, value in criteria.items() if value is not None and name not in ("AND", "OR", "NOT")]


def _image_test(name: str, value: Any) -> Predicate:
    if name in ("id", "file_count"):
        number = integer_test(value)
        return lambda image: number(image.id if name == "id" else len(image.files))
    if name == "organized":
        return lambda image: image.organized is value
    if name in ("created_at", "updated_at"):
        text = text_order_test(value)
        return lambda image: text(getattr(image, name))
    if name == "files_filter":
        fits = file_predicate(value)
        return lambda image: any(fits(FoundFile(image, file)) for file in image.files)
    if name == "is_missing":
        return _missing(value)
    like = string_test(value)
    if name == "title":
        return lambda image: like([image.title] if image.title else [])
    if name == "checksum":
        return lambda image: like([file.fingerprints.get("md5", "") for file in image.files])
    return lambda image: like([file.path for file in image.files])


def _missing(what: str) -> Predicate:
    plain = {"studio": "studio", "performers": "performers", "tags": "tags", "galleries": "galleries", "title": "title"}
    if what not in plain:
        raise ResolverError(f"SQL logic error: no such column: images.{what} (1)")
    return lambda image: not getattr(image, plain[what])


def _file_test(name: str, value: Any) -> Predicate:
    if name in ("scene_count", "image_count"):
        number = integer_test(value)
        kind = DemoScene if name == "scene_count" else DemoImage
        return lambda entry: number(int(isinstance(entry.owner, kind)))
    if name in ("created_at", "updated_at", "mod_time"):
        text = text_order_test(value)
        return lambda entry: text(getattr(entry.file, name))
    like = string_test(value)
    return lambda entry: like([getattr(entry.file, name)])


def _sorted(found: list[Any], sorts: dict[str, Callable[[Any], Any]], paging: dict[str, Any]) -> list[Any]:
    sort = paging.get("sort") or ""
    if not sort:  # no ORDER BY: any order will do, and it shall not look like one
        return random.sample(found, len(found))
    if sort not in sorts:
        raise ResolverError(f"invalid sort: {sort}")
    return sorted(found, key=sorts[sort], reverse=paging.get("direction") == "DESC")
