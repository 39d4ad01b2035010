"""``PhotoFolderDataset`` lists a folder of photos and hands each one's bytes on demand."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from typing import Any

from fsspec.core import url_to_fs

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError

TABLE = "images.csv"
FOLDERS = ("images_compressed", "images")


class PhotoFolderDataset(ReadOnlyDataset[dict[str, Callable[[], bytes]]]):
    """``PhotoFolderDataset`` loads a folder of photos as file names and functions.

    The photos are those of the first of ``images_compressed/``, ``images/`` and the folder
    itself that exists, subfolders included. Every file counts, whatever its extension, so
    that none is passed over in silence; hidden files and ``images.csv`` do not.

    Examples:
        Using the YAML API:

        ```yaml
        photo_files:
          type: lookbook.datasets.photo_folder_dataset.PhotoFolderDataset
          path: s3://my-shop/photos
          credentials: my_s3
        ```
    """

    def __init__(
        self,
        *,
        path: str,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates a dataset over a local or remote folder.

        Args:
            path: The folder, with an fsspec protocol where it is not local.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro, read by plugins.
        """
        arguments = {**deepcopy(credentials or {}), **(fs_args or {})}
        self._fs, self._path = url_to_fs(path, **arguments)
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], bytes]]:
        """Lists the photos.

        Returns:
            File names relative to the photos' folder, sorted, with a function each that reads
            the file's bytes.

        Raises:
            InputError: If the folder does not exist or holds no file.
        """
        if not self._fs.isdir(self._path):
            raise InputError(
                f"The photo folder '{self._path}' does not exist. Name yours with "
                "--params=photos=FOLDER or as 'photos:' in conf/local/globals.yml."
            )
        subfolders = [posixpath.join(self._path, folder) for folder in FOLDERS]
        root = next((folder for folder in subfolders if self._fs.isdir(folder)), self._path)
        root = root.rstrip("/")
        files: dict[str, Callable[[], bytes]] = {
            # A name that is not UTF-8 could be written to no table.
            name.encode("utf-8", "backslashreplace").decode(): partial(self._fs.cat_file, path)
            for path in sorted(self._fs.find(root))
            if not _is_hidden(name := path.removeprefix(root).lstrip("/")) and name != TABLE
        }
        if not files:
            raise InputError(f"The photo folder '{root}' holds no photo. Put some there.")
        return files

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}

    def _exists(self) -> bool:
        return bool(self._fs.isdir(self._path))


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))
