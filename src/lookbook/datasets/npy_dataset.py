"""``NpyDataset`` keeps one array a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from kedro.io.core import AbstractDataset


class NpyDataset(AbstractDataset[np.ndarray, np.ndarray]):
    """``NpyDataset`` loads an array without reading it: rows come from disk as they are used.

    Examples:
        Using the YAML API:

        ```yaml
        activations:
          type: partitions.PartitionedDataset
          path: data/05_model_input/activations
          dataset: lookbook.datasets.npy_dataset.NpyDataset
          filename_suffix: .npy
        ```
    """

    def __init__(self, *, filepath: str, metadata: dict[str, Any] | None = None) -> None:
        """Create a dataset over a local file.

        Args:
            filepath: Where it lies.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._filepath = Path(filepath)
        self.metadata = metadata

    def load(self) -> np.ndarray:
        """Open the array for reading, as a memory map."""
        array: np.ndarray = np.load(self._filepath, mmap_mode="r", allow_pickle=False)
        return array

    def save(self, data: np.ndarray) -> None:
        """Write the array: whole, or not at all."""
        self._filepath.parent.mkdir(parents=True, exist_ok=True)
        partial = self._filepath.with_suffix(".partial")
        with partial.open("wb") as file:
            np.save(file, data, allow_pickle=False)
        partial.replace(self._filepath)

    def _exists(self) -> bool:
        return self._filepath.is_file()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath)}
