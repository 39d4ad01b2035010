"""Runs the label pipeline in a process of its own, which a test may kill."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pandas as pd
from kedro.io import AbstractDataset, DataCatalog, MemoryDataset
from kedro.runner import SequentialRunner

from lookbook.attributes.schema import Schema
from lookbook.captioners.shards import ShardParams
from lookbook.datasets.csv_dataset import CSVDataset
from lookbook.datasets.engine_dataset import EngineDataset
from lookbook.pipelines.label import create_pipeline
from processes import start


@dataclass(frozen=True)
class LabelRun:
    """A run of the label pipeline.

    Attributes:
        captioner: Catalog entry.
        photos: Files by id.
        fields: What is asked, as JSON.
        store: Folder of shards.
        ray: Address of the cluster to work on, if any.
    """

    captioner: dict[str, Any]
    photos: dict[str, Path]
    schema: str
    store: Path
    ray: str | None = None

    def __call__(self) -> None:
        """Runs it, and writes the captions beside the store."""
        if self.ray:
            import ray

            ray.init(address=self.ray, log_to_driver=False)
        shards = {
            "type": "lookbook.datasets.shards_dataset.ShardsDataset",
            "dataset": "text.TextDataset",
            "filename_suffix": ".jsonl",
        }
        rows = [{"photo_id": name, "file": name} for name in sorted(self.photos)]
        given = {
            "system_prompt": "You label clothes.",
            "caption_prompt": "What is it? One of $Category.",
            "params:schema": Schema.model_validate_json(self.schema),
            "params:label": ShardParams(shard_size=4, shard_seconds=0.05),
            "selection": pd.DataFrame(rows),
            "photo_files": {name: partial(path.read_bytes) for name, path in self.photos.items()},
            "captioner": EngineDataset(**self.captioner).load(),
        }
        catalog = DataCatalog(
            {
                **{
                    name: AbstractDataset.from_config(name, {**shards, "path": str(path)})
                    for name, path in [
                        ("caption_shards", self.store), ("existing_caption_shards", self.store),
                        ("existing_trial_shards", self.store.parent / "none"),
                    ]
                },
                **{name: MemoryDataset(data, copy_mode="assign") for name, data in given.items()},
                "captions": CSVDataset(filepath=str(self.table), save_args={"index": False}),
            }
        )  # fmt: skip
        SequentialRunner().run(create_pipeline(), catalog)

    @property
    def table(self) -> Path:
        return self.store.parent / f"{self.store.name}.csv"

    def start(self) -> Any:
        return start(self)

    def finish(self) -> pd.DataFrame:
        """Runs it to the end and gives its captions."""
        process = self.start()
        process.join()
        assert process.exitcode == 0
        return pd.read_csv(self.table)
