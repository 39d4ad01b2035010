"""``RerankerDataset`` opens a reranker."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError

if TYPE_CHECKING:
    from lancedb.rerankers import Reranker


class RerankerDataset(ReadOnlyDataset["Reranker"]):
    """``RerankerDataset`` loads a model that orders anew what a search found.

    Examples:
        Using the YAML API:

        ```yaml
        reranker:
          type: lookbook.datasets.reranker_dataset.RerankerDataset
          kind: colbert
          model: colbert-ir/colbertv2.0
          column: Description
        ```
    """

    def __init__(
        self,
        *,
        kind: Literal["colbert", "cross-encoder", "embedder"],
        model: str | None = None,
        package: str | None = None,
        column: str = "Description",
        credentials: dict[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; the model is read when it is loaded.

        Args:
            kind: What the model is: ``colbert``, trained for late interaction;
                ``cross-encoder``, which reads query and text together; or ``embedder``, any
                text embedding model, whose tokens are compared as ColBERT's are, though it was
                not trained for that.
            model: A folder, or a name on the Hugging Face hub.
            package: Instead of ``model``, an installed package that carries one and tells
                where by ``get_model_path()``.
            column: The text that is compared with the query.
            credentials: ``token`` for a gated model on the hub.
            metadata: Ignored by Kedro, read by plugins.

        Raises:
            ValueError: If the kind is none of these, or not exactly one of ``model`` and
                ``package`` is given.
        """
        if kind not in ("colbert", "cross-encoder", "embedder"):
            raise ValueError(f"a reranker is no '{kind}': colbert, cross-encoder or embedder")
        if (model is None) == (package is None):
            raise ValueError("a reranker needs either 'model' or 'package'")
        self._kind = kind
        self._model = model
        self._package = package
        self._column = column
        self._token = (credentials or {}).get("token")
        self.metadata = metadata

    def load(self) -> Reranker:
        """Loads the model.

        Raises:
            InputError: If the model cannot be had.
        """
        name = self._model or str(self._package)
        try:
            path = str(import_module(self._package).get_model_path()) if self._package else name
            return self._open(path)
        except (ImportError, OSError, ValueError) as error:
            raise InputError(
                f"The reranker '{name}' cannot be loaded: {str(error).splitlines()[0]} Check "
                "its name in the catalog entry 'reranker', the network and the token."
            ) from error

    def _open(self, path: str) -> Reranker:
        if self._kind == "cross-encoder":
            from lancedb.rerankers import CrossEncoderReranker

            reranker = CrossEncoderReranker(
                path, column=self._column, trust_remote_code=False, token=self._token
            )
            # It would otherwise be read in the midst of the first search.
            _ = reranker.model
            return reranker
        from sentence_transformers import MultiVectorEncoder, SentenceTransformer

        from lookbook.rerankers import LateInteractionReranker

        if self._kind == "embedder":
            embedder = SentenceTransformer(path, token=self._token)
            encoder = MultiVectorEncoder(modules=[embedder[0]])
        else:
            encoder = MultiVectorEncoder(path, token=self._token)
        return LateInteractionReranker(encoder, self._column)

    def _describe(self) -> dict[str, Any]:
        return {"kind": self._kind, "model": self._model, "package": self._package}
