"""``HuggingFaceStylistDataset`` opens a language model on this machine as a stylist."""

from __future__ import annotations

from typing import Any

from lookbook.checkpoint import Checkpoint
from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.stylists.huggingface import HuggingFaceChat
from lookbook.stylists.language_model import LanguageModelStylist, StylistPrompts
from lookbook.vocabulary import Vocabulary


class HuggingFaceStylistDataset(ReadOnlyDataset[LanguageModelStylist]):
    """``HuggingFaceStylistDataset`` loads a stylist that shares the captioner's weights.

    Examples:
        Using the YAML API:

        ```yaml
        stylist:
          type: lookbook.datasets.huggingface_stylist_dataset.HuggingFaceStylistDataset
          model: meta-llama/Llama-3.2-11B-Vision-Instruct
          vocabulary: ${globals:vocabulary}
          prompts: ${globals:stylist_prompts}
          credentials: huggingface
        ```
    """

    def __init__(
        self,
        *,
        model: str,
        vocabulary: dict[str, Any],
        prompts: dict[str, str],
        revision: str | None = None,
        device: str = "auto",
        dtype: str = "auto",
        max_tokens: int = 512,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; weights are read with the first question.

        Args:
            model: See :class:`lookbook.checkpoint.Checkpoint`, as for all that is not named
                here. With the captioner's values, the weights are in memory once.
            vocabulary: The words of the catalogue.
            prompts: See :class:`lookbook.stylists.language_model.StylistPrompts`.
            revision: See there.
            device: See there.
            dtype: See there.
            max_tokens: Tokens an answer may take.
            credentials: ``token``, the key to gated models.
            metadata: Ignored by Kedro, read by plugins.
        """
        token = (credentials or {}).get("token")
        self._checkpoint = Checkpoint(model, revision, token, device, dtype)
        self._vocabulary = vocabulary
        self._prompts = prompts
        self._max_tokens = max_tokens
        self.metadata = metadata

    def load(self) -> LanguageModelStylist:
        """Makes the stylist."""
        return LanguageModelStylist(
            HuggingFaceChat(self._checkpoint, self._max_tokens),
            Vocabulary.model_validate(self._vocabulary),
            StylistPrompts.model_validate(self._prompts),
        )

    def _describe(self) -> dict[str, Any]:
        return {"model": self._checkpoint.model, "device": self._checkpoint.device}
