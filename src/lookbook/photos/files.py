"""All photos of a catalogue by their names: of a folder, beside a table, and fetched."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from typing import Any

from lookbook.photos.folder import (
    FOLDERS,
    Loaders,
    is_left_behind,
    is_table,
    list_photos,
)
from lookbook.photos.matching import FileNames
from lookbook.photos.store import PhotoStore
from lookbook.photos.tars import PhotoFile, etag_of


class PhotoFiles(Mapping[str, Callable[[], bytes]]):
    """Functions that read photos, by name.

    A folder is listed, once. Photos beside a table and fetched ones are found by their names alone:
    a table may lie among anything, and the names of fetched photos are their hashes.
    """

    def __init__(self, files: Any, path: str, store: PhotoStore | None) -> None:
        """List the folder, if it is one.

        Args:
            files: The fsspec filesystem of the photos.
            path: A folder of photos, or a table.
            store: The fetched photos, if any are.

        Raises:
            InputError: See :func:`lookbook.photos.folder.list_photos`.
        """
        self._files = files
        self._store = store
        names_photos = is_table(files, path)
        self._beside = posixpath.dirname(path) if names_photos else None
        self._listed: Loaders = {} if names_photos else list_photos(files, path)

    def __getitem__(self, name: str) -> Callable[[], bytes]:
        """Return the function that reads a photo."""
        if name in self._listed:
            return self._listed[name]
        fetched = self._store.get(name) if self._store else None
        if fetched is not None:
            return fetched
        path = posixpath.join(self._beside or "", name)
        if self._beside is None or leads_out(name) or not self._files.isfile(path):
            raise KeyError(name)
        return PhotoFile(self._files, path, etag_of(self._files.info(path)))

    def __iter__(self) -> Iterator[str]:
        """Iterate over the names in the folder."""
        return iter(self._listed)

    def __len__(self) -> int:
        """Return the number of photos in the folder."""
        return len(self._listed)

    def find_beside(self, images: Iterable[str]) -> Loaders:
        """Find the photos beside the table that it names; none where the photos are in a folder.

        Args:
            images: The names that stand in the table, as people write them.
        """
        if self._beside is None:
            return {}
        images = [image for image in images if not leads_out(image)]
        folders = {posixpath.dirname(image.replace("\\", "/")).strip("/") for image in images}
        listed: dict[str, PhotoFile] = {}
        for folder in {posixpath.join(*pair) for pair in _combine(("", *FOLDERS), folders)}:
            # Folders that the table names, and no others: it may lie among anything.
            with suppress(FileNotFoundError, NotADirectoryError):
                for info in self._files.ls(posixpath.join(self._beside, folder), detail=True):
                    name = posixpath.join(folder, posixpath.basename(info["name"]))
                    if info["type"] == "file" and not is_left_behind(name):
                        listed[name] = PhotoFile(self._files, info["name"], etag_of(info))
        names = FileNames(listed)
        matched = dict.fromkeys(file for image in images if (file := names.find(image)))
        return {file: listed[file] for file in matched}


def leads_out(name: str) -> bool:
    """Whether a name leads out of the folder in which it is looked up."""
    return ".." in name.replace("\\", "/").split("/") or name.startswith(("/", "\\"))


def _combine(first: Iterable[str], second: Iterable[str]) -> Iterator[tuple[str, str]]:
    return ((one, other) for one in first for other in second)
