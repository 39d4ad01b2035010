"""``HuggingFaceCaptionerDataset`` opens a vision-language model as a captioner."""

from __future__ import annotations

from typing import Any

from lookbook.captioners.huggingface import HuggingFaceCaptioner
from lookbook.datasets.read_only_dataset import ReadOnlyDataset


class HuggingFaceCaptionerDataset(ReadOnlyDataset[HuggingFaceCaptioner]):
    """``HuggingFaceCaptionerDataset`` loads a captioner that runs on the machine's own GPUs.

    Examples:
        Using the YAML API:

        ```yaml
        captioner:
          type: lookbook.datasets.huggingface_captioner_dataset.HuggingFaceCaptionerDataset
          model: meta-llama/Llama-3.2-11B-Vision-Instruct
          batch_size: 32
          credentials: huggingface
        ```
    """

    def __init__(
        self,
        *,
        model: str,
        revision: str | None = None,
        device: str = "auto",
        dtype: str = "auto",
        batch_size: int = 16,
        max_side: int = 560,
        threads: int = 4,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; weights are read when the first photo is captioned.

        Args:
            model: See :class:`lookbook.captioners.huggingface.HuggingFaceCaptioner`, as for
                all that is not named here.
            revision: See there.
            device: See there.
            dtype: See there.
            batch_size: See there.
            max_side: See there.
            threads: See there.
            credentials: ``token``, the key to gated models.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._options: dict[str, Any] = {
            "model": model,
            "revision": revision,
            "device": device,
            "dtype": dtype,
            "batch_size": batch_size,
            "max_side": max_side,
            "threads": threads,
        }
        self._token = (credentials or {}).get("token")
        self.metadata = metadata

    def load(self) -> HuggingFaceCaptioner:
        """Makes the captioner."""
        return HuggingFaceCaptioner(**self._options, token=self._token)

    def _describe(self) -> dict[str, Any]:
        return self._options
