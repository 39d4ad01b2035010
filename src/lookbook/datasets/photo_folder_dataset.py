"""``PhotoFolderDataset`` reads photos of a folder, beside a table, or fetched ones."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from fsspec.core import url_to_fs

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.photos.files import PhotoFiles
from lookbook.photos.store import PhotoStore


class PhotoFolderDataset(ReadOnlyDataset[PhotoFiles]):
    """``PhotoFolderDataset`` loads photos as file names and functions that read their bytes.

    Examples:
        Using the YAML API:

        ```yaml
        photo_files:
          type: lookbook.datasets.photo_folder_dataset.PhotoFolderDataset
          path: s3://my-shop/photos
          fetched: { path: data/02_intermediate/fetched_photos }
          credentials: my_s3
        ```
    """

    def __init__(
        self,
        *,
        path: str,
        fetched: dict[str, Any] | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create a dataset over a local or remote folder.

        Args:
            path: The folder, with an fsspec protocol where it is not local; or a table that names
                photos by their addresses, or by files beside it.
            fetched: ``path``, the folder of the photos that were fetched from their addresses, and
                ``storage_options`` of its filesystem.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro, read by plugins.
        """
        arguments = {**deepcopy(credentials or {}), **(fs_args or {})}
        self._fs, self._path = url_to_fs(str(path), **arguments)
        self._store = PhotoStore(**fetched) if fetched else None
        self.metadata = metadata

    def load(self) -> PhotoFiles:
        """List the photos, see :class:`lookbook.photos.files.PhotoFiles`."""
        return PhotoFiles(self._fs, self._path, self._store)

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}

    def _exists(self) -> bool:
        return bool(self._fs.exists(self._path))
