"""``PhotoTableDataset`` reads ``images.csv`` without judging its rows."""

from __future__ import annotations

import posixpath
from copy import deepcopy
from typing import Any

import pandas as pd
from fsspec.core import url_to_fs
from kedro_datasets._typing import TablePreview

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.photos.folder import TABLE
from lookbook.photos.table import read_table


class PhotoTableDataset(ReadOnlyDataset[pd.DataFrame]):
    """``PhotoTableDataset`` loads the human labels beside the photos as raw text.

    Examples:
        Using the YAML API:

        ```yaml
        photo_table:
          type: lookbook.datasets.photo_table_dataset.PhotoTableDataset
          path: data/01_raw/sample
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
        """Creates a dataset over the ``images.csv`` in a local or remote folder.

        Args:
            path: The folder, with an fsspec protocol where it is not local.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro, read by plugins.
        """
        arguments = {**deepcopy(credentials or {}), **(fs_args or {})}
        self._fs, folder = url_to_fs(path, **arguments)
        self._path = posixpath.join(folder, TABLE)
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Reads every row, see :func:`lookbook.photos.table.read_table`.

        Returns:
            The rows; no columns at all if there is no ``images.csv``.

        Raises:
            InputError: If the file cannot be read.
        """
        if not self._fs.exists(self._path):
            return pd.DataFrame()
        return read_table(self._fs.cat_file(self._path), self._path)

    def preview(self, nrows: int = 20) -> TablePreview:
        """Shows the first rows in Kedro-Viz."""
        return TablePreview(self.load().head(nrows).to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}

    def _exists(self) -> bool:
        return bool(self._fs.exists(self._path))
