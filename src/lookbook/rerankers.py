"""A reranker that compares words one by one, where a vector compares a whole text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow as pa
from lancedb.rerankers import Reranker

if TYPE_CHECKING:
    from sentence_transformers import MultiVectorEncoder

SCORE = "_relevance_score"


class LateInteractionReranker(Reranker):
    """Orders what a hybrid search found by late interaction.

    Each token of the query counts as much as the token of the text that is most like it, as in
    ColBERT (Khattab and Zaharia, 2020).
    """

    def __init__(self, encoder: MultiVectorEncoder, column: str) -> None:
        """Takes a model.

        Args:
            encoder: Gives every token of a text a vector.
            column: The text that is compared with the query.
        """
        super().__init__()
        self._encoder = encoder
        self._column = column

    def rerank_hybrid(
        self, query: str, vector_results: pa.Table, fts_results: pa.Table
    ) -> pa.Table:
        """Merges both results and orders them."""
        merged = self.merge_results(vector_results, fts_results)
        if not len(merged):
            return merged.append_column(SCORE, pa.array([], pa.float32()))
        asked = self._encoder.encode_query(
            [query], normalize_embeddings=True, show_progress_bar=False
        )
        texts = self._encoder.encode_document(
            merged[self._column].to_pylist(), normalize_embeddings=True, show_progress_bar=False
        )
        scores = self._encoder.similarity(asked, texts)[0].tolist()
        scored = self._keep_relevance_score(merged.append_column(SCORE, pa.array(scores)))
        return scored.sort_by([(SCORE, "descending")])
