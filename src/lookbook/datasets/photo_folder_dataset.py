"""``PhotoFolderDataset`` lists a folder of photos and hands each one's bytes on demand."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from fsspec.core import url_to_fs

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.photos.folder import Loaders, list_photos


class PhotoFolderDataset(ReadOnlyDataset[Loaders]):
    """``PhotoFolderDataset`` loads a folder of photos as file names and functions.

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
        """Create a dataset over a local or remote folder.

        Args:
            path: The folder, with an fsspec protocol where it is not local.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro, read by plugins.
        """
        arguments = {**deepcopy(credentials or {}), **(fs_args or {})}
        self._fs, self._path = url_to_fs(str(path), **arguments)
        self.metadata = metadata

    def load(self) -> Loaders:
        """List the photos, see :func:`lookbook.photos.folder.list_photos`."""
        return list_photos(self._fs, self._path)

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}

    def _exists(self) -> bool:
        return bool(self._fs.isdir(self._path))
