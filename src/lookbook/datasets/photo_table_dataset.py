"""``PhotoTableDataset`` reads ``images.csv`` without judging its rows."""

from __future__ import annotations

import csv
import io
import posixpath
from copy import deepcopy
from typing import Any

import pandas as pd
from fsspec.core import url_to_fs
from kedro_datasets._typing import TablePreview

from lookbook.datasets.photo_folder_dataset import TABLE
from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError

COLUMNS = ("image", "sender_id", "label", "kids")


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
        """Reads every row as it stands, broken ones too.

        Returns:
            A row a line, all columns text: ``line`` (in the file, from 1), ``image``,
            ``sender_id``, ``label``, ``kids``; cells that a short line lacks are empty, and
            bytes that are not UTF-8 become U+FFFD. No columns
            at all if there is no ``images.csv``.

        Raises:
            InputError: If the file is empty, is not CSV, or lacks a column.
        """
        if not self._fs.exists(self._path):
            return pd.DataFrame()
        text = self._fs.cat_file(self._path).decode("utf-8-sig", errors="replace")
        reader = csv.DictReader(io.StringIO(text, newline=""), restkey="surplus", restval="")
        try:
            found = [name.strip() for name in reader.fieldnames or []]
            reader.fieldnames = found
            rows = [{**row, "line": reader.line_num} for row in reader]
        except csv.Error as error:
            raise InputError(
                f"{self._path}: line {reader.line_num} is not CSV ({error})."
            ) from error
        if not found:
            raise InputError(
                f"{self._path} is empty. It needs the columns {', '.join(COLUMNS)}; or remove "
                "the file to go on without human labels."
            )
        missing = [name for name in COLUMNS if name not in found]
        if missing:
            raise InputError(
                f"{self._path} has no column {' or '.join(map(repr, missing))} (it has "
                f"{', '.join(map(repr, found))}). Add it; or remove the file to go on without "
                "human labels."
            )
        return pd.DataFrame(rows, columns=["line", *COLUMNS])

    def preview(self, nrows: int = 20) -> TablePreview:
        """Shows the first rows in Kedro-Viz."""
        return TablePreview(self.load().head(nrows).to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"path": self._path}

    def _exists(self) -> bool:
        return bool(self._fs.exists(self._path))
