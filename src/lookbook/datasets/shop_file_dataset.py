"""``ShopFileDataset`` reads the file of products that a shop's system exports."""

from __future__ import annotations

from copy import deepcopy
from pathlib import PurePosixPath
from typing import Any

from fsspec.core import url_to_fs

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError
from lookbook.photos.folder import PHOTO_TABLES, SHOP_TABLES, find_table
from lookbook.products.shop_file import ShopFile


class ShopFileDataset(ReadOnlyDataset[ShopFile]):
    """``ShopFileDataset`` loads a shop's file as it stands.

    It is the file that ``path`` names; else ``photos``, where that is a file; else the table beside
    the photos. Where there is none, the file is empty.

    Examples:
        Using the YAML API:

        ```yaml
        shop_file:
          type: lookbook.datasets.shop_file_dataset.ShopFileDataset
          path: s3://shop/products_export.csv
          photos: data/01_raw/sample
        ```
    """

    def __init__(
        self,
        *,
        photos: str,
        path: str | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create a dataset over a shop's file.

        Args:
            photos: The folder of photos, or a table of them.
            path: The file, with an fsspec protocol where it is not local.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._path, self._photos = path, photos
        self._arguments = {**deepcopy(credentials or {}), **(fs_args or {})}
        self.metadata = metadata

    def load(self) -> ShopFile:
        """Read the file.

        Raises:
            InputError: If there is no file of that name.
        """
        files, path = self._find()
        if path:
            return ShopFile(PurePosixPath(path).name, files.cat_file(path))
        if self._path:
            raise InputError(
                f"There is no file of products '{self._path}'. Name yours with "
                "--params=products=FILE or as 'products:' in conf/local/globals.yml."
            )
        return ShopFile("", b"")

    def _find(self) -> tuple[Any, str | None]:
        """Find the filesystem and the path of the file; ``None`` where there is none."""
        files, path = url_to_fs(str(self._path or self._photos), **self._arguments)
        if self._path:
            return files, path if files.isfile(path) else None
        return files, find_table(files, path, SHOP_TABLES + PHOTO_TABLES)

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path, "photos": self._photos}

    def _exists(self) -> bool:
        return self._find()[1] is not None
