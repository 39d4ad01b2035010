"""Searching the index: by meaning, by words, or both."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from lookbook.annotations import LanceTable, SentenceTransformer
from lookbook.stylists import Query

Method = Literal["semantic", "full text", "hybrid"]


def search(
    table: LanceTable, embedder: SentenceTransformer, query: Query, method: Method, limit: int
) -> list[dict[str, Any]]:
    """Finds the items that fit a query best, among those that its values allow.

    Args:
        table: The index.
        embedder: The model that it was made with.
        query: What to look for.
        method: ``semantic`` compares vectors, ``full text`` words (BM25), ``hybrid`` merges the
            two by reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009).
        limit: The most items.

    Returns:
        The items as the index has them, the best first.
    """
    items: Any = table
    found: Any
    if method == "full text":
        found = items.search(query.text, query_type="fts", fts_columns="Description")
    else:
        vector = embedder.encode(query.text, normalize_embeddings=True, show_progress_bar=False)
        if method == "semantic":
            found = items.search(vector).distance_type("cosine")
        else:
            from lancedb.rerankers import RRFReranker

            hybrid = items.search(query_type="hybrid", fts_columns="Description")
            found = hybrid.vector(vector).text(query.text).rerank(RRFReranker())
    allowed = found.where(to_filter(query), prefilter=True).limit(limit)
    rows: list[dict[str, Any]] = allowed.to_list()
    return rows


def to_filter(query: Query) -> str:
    """Writes the values that a query allows as a condition in SQL."""
    values = {"Category": query.categories, "Gender": query.genders, "Type": query.types}
    return " AND ".join(
        f"{column} IN ({', '.join(map(_quote, allowed))})" if allowed else "FALSE"
        for column, allowed in values.items()
    )


def diversify(vectors: np.ndarray, scores: np.ndarray, count: int, balance: float) -> list[int]:
    """Chooses items that are good and unlike one another.

    Maximal marginal relevance (Carbonell and Goldstein, 1998).

    Args:
        vectors: (items, dimensions) of unit length.
        scores: (items,) from 0 to 1.
        count: How many to choose at most.
        balance: From 0, unlike one another at any price, to 1, the best scores.

    Returns:
        The chosen items' places, the first chosen first.
    """
    alike = vectors @ vectors.T
    chosen: list[int] = []
    left = list(range(len(scores)))
    while left and len(chosen) < count:
        nearest = alike[np.ix_(left, chosen)].max(axis=1) if chosen else np.zeros(len(left))
        best = int(np.argmax(balance * scores[left] - (1 - balance) * nearest))
        chosen.append(left.pop(best))
    return chosen


def _quote(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
