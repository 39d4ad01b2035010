"""``SentenceTransformerDataset`` loads a text embedding model."""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class SentenceTransformerDataset(ReadOnlyDataset["SentenceTransformer"]):
    """``SentenceTransformerDataset`` loads any model that sentence-transformers knows.

    Examples:
        Using the YAML API:

        ```yaml
        embedder:
          type: lookbook.datasets.sentence_transformer_dataset.SentenceTransformerDataset
          model: BAAI/bge-small-en-v1.5
        ```
    """

    def __init__(
        self,
        *,
        model: str | None = None,
        package: str | None = None,
        credentials: dict[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; the model is read when it is loaded.

        Args:
            model: A folder, or a name on the Hugging Face hub.
            package: Instead of ``model``, an installed package that carries one and tells
                where by ``get_model_path()``.
            credentials: ``token`` for a gated model on the hub.
            metadata: Ignored by Kedro, read by plugins.

        Raises:
            ValueError: If not exactly one of ``model`` and ``package`` is given.
        """
        if (model is None) == (package is None):
            raise ValueError("an embedder needs either 'model' or 'package'")
        self._model = model
        self._package = package
        self._token = (credentials or {}).get("token")
        self.metadata = metadata

    def load(self) -> SentenceTransformer:
        """Loads the model.

        Returns:
            The model; ``model_card_data.base_model`` names it as the catalog does.

        Raises:
            InputError: If the model cannot be had.
        """
        from sentence_transformers import SentenceTransformer

        name = self._model or str(self._package)
        try:
            path = import_module(self._package).get_model_path() if self._package else Path(name)
            source = str(path) if path.exists() else name
            model = SentenceTransformer(source, token=self._token)
        except (ImportError, OSError, ValueError) as error:
            raise InputError(
                f"The embedding model '{name}' cannot be loaded: {str(error).splitlines()[0]} "
                "Check its name in the catalog entry 'embedder', the network and the token."
            ) from error
        model.model_card_data.base_model = name
        return model

    def _describe(self) -> dict[str, Any]:
        return {"model": self._model, "package": self._package}
