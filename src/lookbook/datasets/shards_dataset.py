"""``ShardsDataset`` keeps captions as small files, of which there may be none yet."""

from __future__ import annotations

from collections.abc import Callable

from kedro_datasets.partitions import PartitionedDataset


class ShardsDataset(PartitionedDataset):
    """``ShardsDataset`` is a ``PartitionedDataset`` that may be empty.

    Examples:
        Using the YAML API:

        ```yaml
        caption_shards:
          type: lookbook.datasets.shards_dataset.ShardsDataset
          path: data/04_feature/caption_shards
          dataset: text.TextDataset
          filename_suffix: .jsonl
        ```
    """

    def load(self) -> dict[str, Callable[[], str]]:
        """Lists the files, and how each is read; none where there is no folder yet."""
        return super().load() if self.exists() else {}
