"""``ApiStylistDataset`` opens a language model behind an API as a stylist."""

from __future__ import annotations

from typing import Any

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.stylists.api import ApiChat
from lookbook.stylists.language_model import LanguageModelStylist, StylistPrompts
from lookbook.vocabulary import Vocabulary


class ApiStylistDataset(ReadOnlyDataset[LanguageModelStylist]):
    """``ApiStylistDataset`` loads a stylist that asks Together or a server like it.

    Examples:
        Using the YAML API:

        ```yaml
        stylist:
          type: lookbook.datasets.api_stylist_dataset.ApiStylistDataset
          model: meta-llama/Llama-3.3-70B-Instruct-Turbo
          vocabulary: ${globals:vocabulary}
          prompts: ${globals:stylist_prompts}
          credentials: together
        ```
    """

    def __init__(
        self,
        *,
        model: str,
        vocabulary: dict[str, Any],
        prompts: dict[str, str],
        base_url: str | None = None,
        timeout: float = 60,
        retries: int = 2,
        max_tokens: int = 1024,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; nothing is sent before the first question.

        Args:
            model: See :class:`lookbook.stylists.api.ApiChat`, as for all that is not named
                here.
            vocabulary: The words of the catalogue.
            prompts: See :class:`lookbook.stylists.language_model.StylistPrompts`.
            base_url: See there.
            timeout: See there.
            retries: See there.
            max_tokens: See there.
            credentials: ``api_key``.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._options: dict[str, Any] = {
            "model": model,
            "base_url": base_url,
            "timeout": timeout,
            "retries": retries,
            "max_tokens": max_tokens,
        }
        self._vocabulary = vocabulary
        self._prompts = prompts
        self._api_key = (credentials or {}).get("api_key")
        self.metadata = metadata

    def load(self) -> LanguageModelStylist:
        """Makes the stylist."""
        return LanguageModelStylist(
            ApiChat(**self._options, api_key=self._api_key),
            Vocabulary.model_validate(self._vocabulary),
            StylistPrompts.model_validate(self._prompts),
        )

    def _describe(self) -> dict[str, Any]:
        return self._options
