"""Rerankers: models that order anew what a search found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pyarrow as pa
from lancedb.rerankers import CrossEncoderReranker, Reranker

from lookbook.chat_models.weights import locate_package
from lookbook.errors import InputError
from lookbook.progress import quiet_libraries

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder

Kind = Literal["colbert", "cross-encoder", "embedder"]

SCORE = "_relevance_score"
# The column of an item's text, whatever the schema calls it.
TEXT = "text"


class LateInteractionReranker(Reranker):
    """Orders what a hybrid search found by late interaction.

    Each token of the query counts as much as the token of the text that is most like it, as in
    ColBERT (Khattab and Zaharia, 2020).
    """

    def __init__(self, encoder: MultiVectorEncoder) -> None:
        """Create a reranker over a model.

        Args:
            encoder: Gives every token of a text a vector.
        """
        super().__init__()
        self._encoder = encoder

    def rerank_hybrid(
        self, query: str, vector_results: pa.Table, fts_results: pa.Table
    ) -> pa.Table:
        """Merge both results and order them."""
        return self.rerank_vector(query, self.merge_results(vector_results, fts_results))

    def rerank_vector(self, query: str, vector_results: pa.Table) -> pa.Table:
        """Order what was found."""
        if not len(vector_results):
            return vector_results.append_column(SCORE, pa.array([], pa.float32()))
        asked = self._encoder.encode_query(
            [query], normalize_embeddings=True, show_progress_bar=False
        )
        texts = self._encoder.encode_document(
            vector_results[TEXT].to_pylist(),
            normalize_embeddings=True,
            show_progress_bar=False,
        )
        scores = self._encoder.similarity(asked, texts)[0].tolist()
        scored = vector_results.append_column(SCORE, pa.array(scores))
        return scored.sort_by([(SCORE, "descending")])


def rank_texts(reranker: Reranker, query: str, texts: list[str]) -> dict[int, int]:
    """Return the rank of each text by its position, 0 for the best."""
    table = pa.table({TEXT: texts, "_rowid": range(len(texts)), "_distance": [0.0] * len(texts)})
    ordered = reranker.rerank_vector(query, table).sort_by([(SCORE, "descending")])
    return {place: rank for rank, place in enumerate(ordered["_rowid"].to_pylist())}


def open_reranker(
    kind: Kind,
    model: str | None = None,
    package: str | None = None,
    token: str | None = None,
) -> Reranker:
    """Load a reranker.

    Args:
        kind: What the model is: ``colbert``, trained for late interaction; ``cross-encoder``,
            which reads query and text together; or ``embedder``, any text embedding model,
            whose tokens are compared as ColBERT's are, though it was not trained for that.
        model: A folder, or a name on the Hugging Face hub.
        package: Instead of ``model``, an installed package that carries one and tells where by
            ``get_model_path()``.
        token: Key to a gated model on the hub.

    Raises:
        InputError: If the kind is none of these, not exactly one of ``model`` and ``package``
            is given, or the model cannot be had.
    """
    if kind not in ("colbert", "cross-encoder", "embedder"):
        raise InputError(
            f"There is no reranker of kind '{kind}'. Choose colbert, cross-encoder or embedder."
        )
    if (model is None) == (package is None):
        raise InputError("A reranker needs either 'model' or 'package'.")
    name = model or str(package)
    try:
        return _open(kind, locate_package(package) if package else name, token)
    except (ImportError, OSError, ValueError) as error:
        raise InputError(
            f"The reranker '{name}' cannot be loaded: {str(error).splitlines()[0]} Check its name "
            "in the catalog, the network and the token."
        ) from error


def _open(kind: Kind, path: str, token: str | None) -> Reranker:
    quiet_libraries()
    if kind == "cross-encoder":
        reranker = CrossEncoderReranker(path, column=TEXT, trust_remote_code=False, token=token)
        # It would otherwise be read in the midst of the first search.
        _ = reranker.model
        return reranker
    from sentence_transformers import MultiVectorEncoder, SentenceTransformer

    if kind == "embedder":
        embedder = SentenceTransformer(path, token=token)
        encoder = MultiVectorEncoder(modules=[embedder[0]])
    else:
        encoder = MultiVectorEncoder(path, token=token)
    return LateInteractionReranker(encoder)
