"""``EmbeddedStylistDataset`` opens the stylist that ships with Lookbook."""

from __future__ import annotations

from typing import Any

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.stylists.embedded import EmbeddedStylist
from lookbook.vocabulary import Vocabulary


class EmbeddedStylistDataset(ReadOnlyDataset[EmbeddedStylist]):
    """``EmbeddedStylistDataset`` loads a stylist that needs neither key nor GPU.

    Examples:
        Using the YAML API:

        ```yaml
        stylist:
          type: lookbook.datasets.embedded_stylist_dataset.EmbeddedStylistDataset
          vocabulary: ${globals:vocabulary}
        ```
    """

    def __init__(
        self, *, vocabulary: dict[str, Any], metadata: dict[str, Any] | None = None
    ) -> None:
        """Creates the dataset.

        Args:
            vocabulary: The words of the catalogue, see :class:`lookbook.vocabulary.Vocabulary`.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._vocabulary = vocabulary
        self.metadata = metadata

    def load(self) -> EmbeddedStylist:
        """Makes the stylist."""
        return EmbeddedStylist(Vocabulary.model_validate(self._vocabulary))

    def _describe(self) -> dict[str, Any]:
        return {}
