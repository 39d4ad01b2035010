"""``TableDataset`` loads a table of any kind that somebody has."""

from __future__ import annotations

from typing import Any

import fsspec
import pandas as pd
from kedro_datasets._typing import TablePreview

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError
from lookbook.photos.table import read_any_table


class TableDataset(ReadOnlyDataset[pd.DataFrame]):
    """``TableDataset`` loads a CSV, Excel, Parquet or JSON-lines table as text.

    Examples:
        Using the YAML API:

        ```yaml
        outfits_table:
          type: lookbook.datasets.table_dataset.TableDataset
          filepath: outfits.csv
          named: outfits
        ```
    """

    def __init__(
        self,
        *,
        filepath: str | None,
        named: str,
        optional: bool = False,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create the dataset.

        Args:
            filepath: On any filesystem that fsspec knows; ``None`` for none.
            named: The parameter that names it, for whoever gave none.
            optional: Whether no table loads as an empty one.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._filepath = filepath
        self._named = named
        self._optional = optional
        self.metadata = metadata

    def load(self) -> pd.DataFrame:
        """Read the table.

        Raises:
            InputError: If there is none and one is needed, or it cannot be read.
        """
        if self._filepath is None and self._optional:
            return pd.DataFrame()
        if self._filepath is None:
            raise InputError(
                f"There is no table of {self._named}. Name one with --params={self._named}=TABLE, "
                f"or as '{self._named}' in conf/local/globals.yml."
            )
        try:
            with fsspec.open(self._filepath, "rb") as file:
                return read_any_table(file.read(), self._filepath)
        except OSError as error:
            raise InputError(f"The table '{self._filepath}' cannot be read: {error}") from error

    def preview(self, nrows: int = 20) -> TablePreview:
        """Show the first rows in Kedro-Viz; none where there is no table."""
        table = self.load() if self._filepath else pd.DataFrame()
        return TablePreview(table.head(nrows).to_dict(orient="split"))

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
