"""``EmbeddedCaptionerDataset`` loads the captioner that ships with Lookbook."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

from lookbook.captioners.embedded import EmbeddedCaptioner
from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError
from lookbook.vocabulary import Vocabulary


class EmbeddedCaptionerDataset(ReadOnlyDataset[EmbeddedCaptioner]):
    """``EmbeddedCaptionerDataset`` loads a captioner that needs neither key nor GPU.

    Examples:
        Using the YAML API:

        ```yaml
        captioner:
          type: lookbook.datasets.embedded_captioner_dataset.EmbeddedCaptionerDataset
          vocabulary: ${vocabulary}
        ```
    """

    def __init__(
        self,
        *,
        vocabulary: dict[str, Any],
        filepath: str | None = None,
        batch_size: int = 16,
        threads: int = 2,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; the network is read when it is loaded.

        Args:
            vocabulary: The words of the catalogue, see :class:`lookbook.vocabulary.Vocabulary`.
            filepath: An ONNX file made by the ``train`` pipeline; the one in the package by
                default.
            batch_size: Photos a run of the network.
            threads: Threads that decode photos, and threads of the network.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._filepath = filepath
        self._vocabulary = vocabulary
        self._batch_size = batch_size
        self._threads = threads
        self.metadata = metadata

    def load(self) -> EmbeddedCaptioner:
        """Loads the network.

        Raises:
            InputError: If the file does not exist.
        """
        source = (
            Path(self._filepath)
            if self._filepath
            else resources.files("lookbook.models") / "garment_network.onnx"
        )
        if not source.is_file():
            raise InputError(f"The captioner's network '{source}' does not exist.")
        return EmbeddedCaptioner(
            source.read_bytes(),
            Vocabulary.model_validate(self._vocabulary),
            batch_size=self._batch_size,
            threads=self._threads,
        )

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "batch_size": self._batch_size}
