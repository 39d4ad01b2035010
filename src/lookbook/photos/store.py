"""A folder of photos that are named by their content."""

from __future__ import annotations

import posixpath
import re
import uuid
from contextlib import suppress
from typing import Any

from fsspec.core import url_to_fs

from lookbook.photos.photo import find_ending, identify
from lookbook.photos.tars import PhotoFile

# The name of a stored photo: "fetched", two digits of its SHA-256, all of it, and an ending.
_NAME = re.compile(r"fetched/(([0-9a-f]{2})/(\2[0-9a-f]{62})\.\w+)")


class PhotoStore:
    """Photos under ``fetched/ab/abcd….jpg``: the same bytes are stored once, and never change."""

    def __init__(self, path: str, storage_options: dict[str, Any] | None = None) -> None:
        """Name the folder, which need not be there.

        Args:
            path: The folder, with an fsspec protocol where it is not local.
            storage_options: Passed to the filesystem.
        """
        self._fs, self._path = url_to_fs(path, **(storage_options or {}))

    def save(self, data: bytes) -> str:
        """Store a photo that can be decoded.

        Returns:
            Its name.
        """
        digest = identify(data)
        name = f"fetched/{digest[:2]}/{digest}.{find_ending(data)}"
        path = self._path_of(name)
        if not self._fs.exists(path):
            self._fs.makedirs(posixpath.dirname(path), exist_ok=True)
            # Workers may store the same photo at the same time.
            unfinished = f"{path}.{uuid.uuid4().hex}.unfinished"
            self._fs.pipe_file(unfinished, data)
            self._fs.mv(unfinished, path)
        return name

    def get(self, name: str) -> PhotoFile | None:
        """Return a stored photo; ``None`` where the name is none of the store's."""
        match = _NAME.fullmatch(name)
        return PhotoFile(self._fs, self._path_of(name), match[3]) if match else None

    def names(self) -> set[str]:
        """List the names of all stored photos."""
        names: set[str] = set()
        # By folder: one listing of everything would hold the details of each file.
        for prefix in range(256):
            folder = f"{self._path}/{prefix:02x}"
            with suppress(FileNotFoundError):
                paths = self._fs.ls(folder, detail=False)
                listed = (f"fetched/{prefix:02x}/{posixpath.basename(path)}" for path in paths)
                names.update(name for name in listed if _NAME.fullmatch(name))
        return names

    def _path_of(self, name: str) -> str:
        return posixpath.join(self._path, name.removeprefix("fetched/"))
