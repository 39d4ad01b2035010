"""``ShardsDataset`` keeps what is made bit by bit as small files, none ever half written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from kedro_datasets.partitions import PartitionedDataset


class ShardsDataset(PartitionedDataset):
    """``ShardsDataset`` is a ``PartitionedDataset`` that may be empty.

    A file appears under its name once it is whole: a run that is killed while it writes leaves
    at most a ``.unfinished`` one, which is never listed and is overwritten by the next run.

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

    def load(self) -> dict[str, Callable[[], Any]]:
        """List the files, and how each is read; none where there is no folder yet."""
        return super().load() if self.exists() else {}

    def save(self, data: dict[str, Any]) -> None:
        """Write each file beside its place, then move it there."""
        for name, content in sorted(data.items()):
            path = self._partition_to_path(name)
            unfinished = f"{path}.unfinished"
            written = {**self._dataset_config, self._filepath_arg: self._join_protocol(unfinished)}
            self._dataset_type(**written).save(content() if callable(content) else content)
            self._filesystem.mv(unfinished, path)
        self._invalidate_caches()
