"""``CaptionersDataset`` holds several captioners, to try them side by side."""

from __future__ import annotations

from typing import Any

from kedro.io import AbstractDataset

from lookbook.captioners import Captioner
from lookbook.datasets.read_only_dataset import ReadOnlyDataset


class CaptionersDataset(ReadOnlyDataset[dict[str, Captioner]]):
    """``CaptionersDataset`` loads captioners of any kind, by name.

    Examples:
        Using the YAML API:

        ```yaml
        trial_captioners:
          type: lookbook.datasets.captioners_dataset.CaptionersDataset
          captioners:
            small:
              type: lookbook.datasets.api_captioner_dataset.ApiCaptionerDataset
              model: Qwen/Qwen2.5-VL-7B-Instruct
              credentials: together
        ```
    """

    def __init__(
        self,
        *,
        captioners: dict[str, dict[str, Any]],
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; weights are read when a captioner is first asked.

        Args:
            captioners: A name for each, and its dataset as it would stand in the catalog.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._datasets = {
            name: AbstractDataset.from_config(name, dict(config))
            for name, config in captioners.items()
        }
        self.metadata = metadata

    def load(self) -> dict[str, Captioner]:
        """Makes the captioners, in the configuration's order."""
        return {name: dataset.load() for name, dataset in self._datasets.items()}

    def _describe(self) -> dict[str, Any]:
        return {"captioners": {name: str(one) for name, one in self._datasets.items()}}
