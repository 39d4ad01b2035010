"""``ApiCaptionerDataset`` opens a model behind an API as a captioner."""

from __future__ import annotations

from typing import Any

from lookbook.captioners.api import ApiCaptioner, Price
from lookbook.datasets.read_only_dataset import ReadOnlyDataset


class ApiCaptionerDataset(ReadOnlyDataset[ApiCaptioner]):
    """``ApiCaptionerDataset`` loads a captioner that asks Together or a server like it.

    Examples:
        Using the YAML API:

        ```yaml
        captioner:
          type: lookbook.datasets.api_captioner_dataset.ApiCaptionerDataset
          model: meta-llama/Llama-3.2-11B-Vision-Instruct
          base_url: http://localhost:8000/v1
          credentials: together
        ```
    """

    def __init__(
        self,
        *,
        model: str,
        base_url: str | None = None,
        concurrency: int = 32,
        timeout: float = 60,
        retries: int = 6,
        max_side: int = 559,
        max_tokens: int = 512,
        price: dict[str, float] | None = None,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; nothing is sent before the first photo is captioned.

        Args:
            model: See :class:`lookbook.captioners.api.ApiCaptioner`, as for all that is not
                named here.
            base_url: See there.
            concurrency: See there.
            timeout: See there.
            retries: See there.
            max_side: See there.
            max_tokens: See there.
            price: ``input`` and ``output``: what a million tokens cost.
            credentials: ``api_key``.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._options: dict[str, Any] = {
            "model": model,
            "base_url": base_url,
            "concurrency": concurrency,
            "timeout": timeout,
            "retries": retries,
            "max_side": max_side,
            "max_tokens": max_tokens,
        }
        self._price = Price.model_validate(price) if price else None
        self._api_key = (credentials or {}).get("api_key")
        self.metadata = metadata

    def load(self) -> ApiCaptioner:
        """Makes the captioner."""
        return ApiCaptioner(**self._options, price=self._price, api_key=self._api_key)

    def _describe(self) -> dict[str, Any]:
        return self._options
