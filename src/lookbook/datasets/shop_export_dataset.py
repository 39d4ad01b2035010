"""``ShopExportDataset`` writes a shop's file under its own name."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from fsspec.core import url_to_fs
from kedro.io.core import AbstractDataset

from lookbook.datasets.whole_file import open_whole
from lookbook.products.shop_file import ShopFile


class ShopExportDataset(AbstractDataset[ShopFile, ShopFile]):
    """``ShopExportDataset`` keeps a shop's file in a folder; an empty one is not written.

    Examples:
        Using the YAML API:

        ```yaml
        shop_export:
          type: lookbook.datasets.shop_export_dataset.ShopExportDataset
          path: data/08_reporting/shop_export
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
        """Create a dataset over a folder.

        Args:
            path: The folder, with an fsspec protocol where it is not local.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro, read by plugins.
        """
        arguments = {**deepcopy(credentials or {}), **(fs_args or {})}
        self._fs, self._folder = url_to_fs(str(path), **arguments)
        self.metadata = metadata

    def save(self, data: ShopFile) -> None:
        """Write the file under its own name; it appears once it is whole."""
        if data.data:
            self._fs.makedirs(self._folder, exist_ok=True)
            with open_whole(self._fs, f"{self._folder}/{data.name}", mode="wb") as file:
                file.write(data.data)

    def load(self) -> ShopFile:
        """Read the file that was written last; an empty one where none was."""
        if not self._exists():
            return ShopFile("", b"")
        files = self._fs.ls(self._folder, detail=True)
        path = max(files, key=lambda info: info.get("mtime") or 0)["name"]
        return ShopFile(path.rsplit("/", 1)[-1], self._fs.cat_file(path))

    def _exists(self) -> bool:
        return bool(self._fs.isdir(self._folder) and self._fs.ls(self._folder))

    def _describe(self) -> dict[str, Any]:
        return {"path": self._folder}
