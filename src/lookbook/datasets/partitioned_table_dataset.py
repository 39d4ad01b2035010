"""``PartitionedTableDataset`` keeps a table as Parquet files, each of some photos."""

from __future__ import annotations

import zlib
from contextlib import ExitStack
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io.core import get_filepath_str
from kedro_datasets._typing import TablePreview
from kedro_datasets.pandas import ParquetDataset

from lookbook.parts import TableParts, parts_of

# Where a row stands in the table.
_ROW = "__row__"


class PartitionedTableDataset(ParquetDataset):
    """``PartitionedTableDataset`` is a folder of Parquet files, keyed by photo.

    A photo's row is in the file of the same number in every table, so that a worker that has a part
    of the photos opens a part of each. Rows and types are those that a CSV file of the table would
    give back, in the same order. The folder appears once it is whole.

    Examples:
        Using the YAML API:

        ```yaml
        manifest:
          type: lookbook.datasets.partitioned_table_dataset.PartitionedTableDataset
          filepath: s3://bucket/manifest.parquet
          versioned: true
          partitions: 64
          dtype: { file: str, photo_id: str }
        ```
    """

    def __init__(
        self,
        *,
        filepath: str,
        partitions: int,
        dtype: str | dict[str, str] | None = None,
        **arguments: Any,
    ) -> None:
        """Create the dataset.

        Args:
            filepath: The folder, on any filesystem that fsspec knows.
            partitions: How many files.
            dtype: Of all columns, or by name; others stay as they are.
            **arguments: Those of ``pandas.ParquetDataset``.
        """
        super().__init__(filepath=filepath, **arguments)
        self._partitions = partitions
        self._dtype = dtype

    def load(self) -> pd.DataFrame:
        """Read all parts."""
        table = super().load().sort_values(_ROW, ignore_index=True)
        return table.drop(columns=_ROW)

    def save(self, data: pd.DataFrame | TableParts) -> None:
        """Write a table that has a column ``photo_id``, or its parts as they are made."""
        path = get_filepath_str(self._get_save_path(), self._protocol)
        unfinished = f"{path}.unfinished"
        if self._fs.exists(unfinished):
            self._fs.rm(unfinished, recursive=True)
        self._fs.makedirs(unfinished, exist_ok=True)
        writers: dict[int, pq.ParquetWriter] = {}
        written = 0
        with ExitStack() as opened:
            for some in parts_of(data):
                rows = np.arange(written, written + len(some))
                table = self._typed(some).assign(**{_ROW: rows})
                part_of = some["photo_id"].fillna("").map(self._part_of).to_numpy(int)
                # Of a table without rows there is one, which tells its columns.
                for part in sorted(set(part_of)) or ([] if writers else [0]):
                    own = pa.Table.from_pandas(table[part_of == part], preserve_index=False)
                    if part not in writers:
                        file = self._fs.open(f"{unfinished}/{part:05d}.parquet", "wb")
                        writer = pq.ParquetWriter(opened.enter_context(file), own.schema)
                        writers[part] = opened.enter_context(writer)
                    writers[part].write_table(own.cast(writers[part].schema))
                written += len(some)
        self._fs.mv(unfinished, path, recursive=True)
        self._invalidate_cache()

    def preview(self, nrows: int = 20) -> TablePreview:
        """Show the first rows in Kedro-Viz."""
        return TablePreview(self.load().head(nrows).astype(str).to_dict(orient="split"))

    def _part_of(self, photo_id: str) -> int:
        return zlib.crc32(photo_id.encode()) % self._partitions

    def _typed(self, data: pd.DataFrame) -> pd.DataFrame:
        """Give columns the types that they have in a CSV file."""
        dtype = self._dtype or {}
        if isinstance(dtype, dict):
            dtype = {name: one for name, one in dtype.items() if name in data}
        table = data.astype(dtype)
        texts = table.select_dtypes("str").columns
        # An empty cell is a missing one.
        return table.assign(**{name: table[name].mask(table[name].eq("")) for name in texts})
