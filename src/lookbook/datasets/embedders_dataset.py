"""``EmbeddersDataset`` opens text embedding models."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.embedder import Embedder
from lookbook.errors import InputError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer


class EmbeddersDataset(ReadOnlyDataset[dict[str, Embedder]]):
    """``EmbeddersDataset`` loads any models that sentence-transformers knows, by name.

    Examples:
        Using the YAML API:

        ```yaml
        embedders:
          type: lookbook.datasets.embedders_dataset.EmbeddersDataset
          models:
            bge: { model: BAAI/bge-small-en-v1.5 }
        ```
    """

    def __init__(
        self,
        *,
        models: dict[str, dict[str, str]],
        credentials: dict[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; a model is read when it is first asked.

        Args:
            models: A name for each, and where it is: ``model``, a folder or a name on the
                Hugging Face hub, or ``package``, an installed package that carries one and
                tells where by ``get_model_path()``.
            credentials: ``token`` for gated models on the hub.
            metadata: Ignored by Kedro, read by plugins.

        Raises:
            ValueError: If a model is not given as exactly one of the two.
        """
        for name, source in models.items():
            if len(source) != 1 or not source.keys() <= {"model", "package"}:
                raise ValueError(f"the embedder '{name}' needs either 'model' or 'package'")
        self._models = models
        self._token = (credentials or {}).get("token")
        self.metadata = metadata

    def load(self) -> dict[str, Embedder]:
        """Names the models, in the configuration's order; none is read yet."""
        return {
            name: Embedder(
                next(iter(source.values())), partial(self._read, **source, token=self._token)
            )
            for name, source in self._models.items()
        }

    @staticmethod
    def _read(
        model: str | None = None, package: str | None = None, token: str | None = None
    ) -> SentenceTransformer:
        from sentence_transformers import SentenceTransformer

        try:
            path = import_module(package).get_model_path() if package else Path(str(model))
            return SentenceTransformer(str(path) if path.exists() else model, token=token)
        except (ImportError, OSError, ValueError) as error:
            raise InputError(
                f"The embedding model '{model or package}' cannot be loaded: "
                f"{str(error).splitlines()[0]} Check its name under 'embedders', the network and "
                "the token."
            ) from error

    def _describe(self) -> dict[str, Any]:
        return {"models": self._models}
