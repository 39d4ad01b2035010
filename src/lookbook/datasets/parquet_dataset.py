"""``ParquetDataset`` writes long tables part by part."""

from __future__ import annotations

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from kedro.io.core import get_filepath_str
from kedro_datasets.pandas import ParquetDataset as PandasParquetDataset

from lookbook.datasets.whole_file import open_whole
from lookbook.parts import TableParts, parts_of


class ParquetDataset(PandasParquetDataset):
    """``ParquetDataset`` is pandas' Parquet dataset that takes the parts of a table as well.

    Examples:
        Using the YAML API:

        ```yaml
        probabilities:
          type: lookbook.datasets.parquet_dataset.ParquetDataset
          filepath: data/07_model_output/probabilities.parquet
          versioned: true
        ```
    """

    def save(self, data: pd.DataFrame | TableParts) -> None:
        """Write the table, or its parts as they are made; it appears once it is whole."""
        path = get_filepath_str(self._get_save_path(), self._protocol)
        parts = iter(parts_of(data))
        first = pa.Table.from_pandas(next(parts), preserve_index=False)
        with (
            open_whole(self._fs, path, **self._fs_open_args_save) as file,
            pq.ParquetWriter(file, first.schema, **self._save_args) as writer,
        ):
            writer.write_table(first)
            for part in parts:
                writer.write_table(pa.Table.from_pandas(part, first.schema, preserve_index=False))
        self._invalidate_cache()
