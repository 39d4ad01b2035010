"""``PhotoTableDataset`` reads the table beside the photos without judging its rows."""

from __future__ import annotations

import logging
from copy import deepcopy
from pathlib import PurePosixPath
from typing import Any

import pandas as pd
from fsspec.core import url_to_fs
from kedro_datasets._typing import TablePreview

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError
from lookbook.photos.folder import PHOTO_TABLES, find_table, list_files, photo_root
from lookbook.photos.headings import Columns
from lookbook.photos.table import (
    BINARY,
    PhotoTable,
    read_any_table,
    read_table,
    take_columns,
)
from lookbook.photos.tars import TAR, PhotoFile, etag_of, read_rows

logger = logging.getLogger(__name__)


class PhotoTableDataset(ReadOnlyDataset[pd.DataFrame]):
    """``PhotoTableDataset`` loads the human labels beside the photos as raw text.

    The table is ``images.csv`` or ``.tsv``, in whatever encoding and separated by whatever, or
    ``images.xlsx``, ``.parquet`` or ``.jsonl``; or, where there is none, what WebDataset's tars
    hold beside each photo.

    Examples:
        Using the YAML API:

        ```yaml
        photo_table:
          type: lookbook.datasets.photo_table_dataset.PhotoTableDataset
          path: data/01_raw/sample
          columns: { image: [filename, sku], label: [product_type] }
        ```
    """

    def __init__(
        self,
        *,
        path: str,
        columns: Columns | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create a dataset over the table in a local or remote folder.

        Args:
            path: The folder, with an fsspec protocol where it is not local.
            columns: Headings under which tables have ``image``, ``more_images``, ``sku``,
                ``sender_id``, ``label`` and ``kids``.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro, read by plugins.
        """
        arguments = {**deepcopy(credentials or {}), **(fs_args or {})}
        self._fs, self._folder = url_to_fs(str(path), **arguments)
        self._columns = columns or {}
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read every row as it stands, and report how.

        Returns:
            See :class:`lookbook.photos.table.PhotoTable`; no columns at all without a table. The
            table's name is in ``attrs``.

        Raises:
            InputError: If the table cannot be read. A shop's file that names no photos in a way
                known here is left to the pipeline `products`.
        """
        path = find_table(self._fs, self._folder)
        if path is None:
            return self._read_tars()
        name = PurePosixPath(path).name
        try:
            table = self._read(path)
        except InputError as error:
            if name.casefold() in PHOTO_TABLES:
                raise
            logger.info("%s It is read as a file of products alone.", error)
            return pd.DataFrame()
        logger.info("%s", table.taken)
        table.rows.attrs["name"] = name
        return table.rows

    def _read_tars(self) -> pd.DataFrame:
        """Collect the rows that tars hold beside their photos, where there is no table."""
        listed = list_files(self._fs, self._folder)
        root = photo_root(self._folder, listed)
        rows = [
            row
            for path in sorted(listed)
            if path.endswith(TAR)
            for row in read_rows(
                PhotoFile(self._fs, path, etag_of(listed[path])),
                path.removeprefix(root).lstrip("/"),
            )
        ]
        if not rows:
            return pd.DataFrame()
        table = take_columns(pd.DataFrame(rows).fillna(""), self._folder, self._columns)
        logger.info("%s", table.taken)
        return table.rows

    def _read(self, place: str) -> PhotoTable:
        data = self._fs.cat_file(place)
        if PurePosixPath(place.casefold()).suffix in BINARY:
            table = read_any_table(data, place, self._columns)
            return take_columns(table, place, self._columns)
        return read_table(data, place, self._columns)

    def preview(self, nrows: int = 20) -> TablePreview:
        """Show the first rows in Kedro-Viz."""
        return TablePreview(self.load().head(nrows).to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"path": self._folder}

    def _exists(self) -> bool:
        return find_table(self._fs, self._folder) is not None
