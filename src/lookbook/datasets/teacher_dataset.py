"""``TeacherDataset`` loads what a network is to be taught."""

from __future__ import annotations

from typing import Any

import pandas as pd
from kedro.io.core import AbstractDataset, Version
from kedro_datasets._typing import TablePreview

from lookbook.datasets.csv_dataset import CSVDataset
from lookbook.datasets.partitioned_table_dataset import PartitionedTableDataset
from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.datasets.table_dataset import TableDataset
from lookbook.errors import InputError

CATALOGUE = "catalogue"
_TOOK = ["seconds", "input_tokens", "output_tokens"]
_TEXTS = {"keep_default_na": False, "na_values": [""]}


class TeacherDataset(ReadOnlyDataset[pd.DataFrame]):
    """``TeacherDataset`` loads the newest catalogue, or any table of what photos show.

    Examples:
        Using the YAML API:

        ```yaml
        teacher_table:
          type: lookbook.datasets.teacher_dataset.TeacherDataset
          teacher: annotations.csv
          catalogue: data/07_model_output/full_catalogue.csv
          captions: data/04_feature/captions.csv
        ```
    """

    def __init__(
        self,
        *,
        teacher: str | None,
        catalogue: str,
        captions: str,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create the dataset.

        Args:
            teacher: ``catalogue``, or a CSV, Excel, Parquet or JSON-lines table on any filesystem
                that fsspec knows; ``None`` for nobody.
            catalogue: The versioned catalogue, a CSV file or, where it ends so, ``.parquet``.
            captions: The versioned captions that it was made of, which tell what they took.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._teacher = teacher
        self._catalogue = catalogue
        self._captions = captions
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read the table.

        Returns:
            Its rows, none for nobody; of the catalogue with ``seconds``, ``input_tokens`` and
            ``output_tokens``.

        Raises:
            InputError: If it cannot be read.
        """
        if self._teacher is None:
            return pd.DataFrame()
        if self._teacher != CATALOGUE:
            return TableDataset(filepath=self._teacher, named="teacher").load()
        newest = _newest_of(self._catalogue, dtype="str")
        if not newest.exists():
            raise InputError(
                "There is no catalogue to learn from yet. Run 'kedro run' first, or name a table "
                "of labels with --params=distil.teacher=TABLE."
            )
        captions = _newest_of(self._captions, dtype={"photo_id": "str"})
        took = captions.load()[["photo_id", *_TOOK]] if captions.exists() else pd.DataFrame()
        catalogue = newest.load()
        return catalogue.merge(took, on="photo_id", how="left") if len(took) else catalogue

    def preview(self, nrows: int = 20) -> TablePreview:
        """Show the first rows in Kedro-Viz."""
        return TablePreview(self.load().head(nrows).to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"teacher": self._teacher}


def _newest_of(filepath: str, dtype: Any) -> AbstractDataset[pd.DataFrame, pd.DataFrame]:
    version = Version(None, None)
    if filepath.endswith(".parquet"):
        return PartitionedTableDataset(filepath=filepath, partitions=1, version=version)
    return CSVDataset(filepath=filepath, version=version, load_args={**_TEXTS, "dtype": dtype})
