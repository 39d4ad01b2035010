"""Searching the index: by meaning, by words, or both."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np

from lookbook.annotations import LanceTable, Reranker
from lookbook.embedder import Embedder
from lookbook.errors import InputError
from lookbook.stylists import Query

Method = Literal["semantic", "full text", "hybrid", "hybrid + reranker"]
# What is searched by words; vectors are of what the index was told to embed.
TEXT = ["Title", "Description"]
METHODS: tuple[Method, ...] = get_args(Method)


def choose_table(
    tables: dict[str, LanceTable], embedders: dict[str, Embedder], name: str | None
) -> tuple[LanceTable, Embedder]:
    """Chooses the table of an embedding model, and makes sure that the model made it.

    Args:
        tables: The index, a table for each embedding model.
        embedders: The embedding models.
        name: The one to choose; ``None`` for the first.

    Raises:
        InputError: If there is no such model, no table of it, or another model made it.
    """
    name = name or next(iter(embedders))
    if name not in embedders:
        raise InputError(
            f"There is no embedding model '{name}'; 'embedders' has {', '.join(embedders)}."
        )
    again = "run 'kedro run --pipelines=index'."
    if name not in tables:
        raise InputError(f"The index has no table for the embedding model '{name}' yet: {again}")
    table, embedder = tables[name], embedders[name]
    (row,) = table.search().select(["model"]).limit(1).to_list()
    if row["model"] != embedder.name:
        raise InputError(
            f"The index '{name}' was made with '{row['model']}', and now '{embedder.name}' is "
            f"configured: {again}"
        )
    return table, embedder


def search(
    table: LanceTable,
    embedder: Embedder,
    queries: list[Query],
    method: Method,
    limit: int,
    reranker: Reranker | None = None,
) -> list[list[dict[str, Any]]]:
    """Finds the items that fit queries best, among those that their values allow.

    Args:
        table: The index.
        embedder: The model that it was made with.
        queries: What to look for.
        method: ``semantic`` compares vectors, ``full text`` words (BM25), ``hybrid`` merges the
            two by reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009), and ``hybrid +
            reranker`` by what the reranker says of both.
        limit: The most items for each query.
        reranker: For the method that has one.

    Returns:
        For each query the items as the index has them, the best first.
    """
    texts = [query.text for query in queries]
    vectors = [None] * len(texts) if method == "full text" else embedder.encode(texts)
    found = []
    for query, vector in zip(queries, vectors, strict=True):
        matching = _match(table, query.text, vector, method, reranker)
        found.append(matching.where(to_filter(query), prefilter=True).limit(limit).to_list())
    return found


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


def _match(table: Any, text: str, vector: Any, method: Method, reranker: Reranker | None) -> Any:
    if method == "full text":
        return table.search(text, query_type="fts", fts_columns=TEXT)
    if method == "semantic":
        return table.search(vector).distance_type("cosine")
    from lancedb.rerankers import RRFReranker

    merge = reranker if method == "hybrid + reranker" else RRFReranker()
    hybrid = table.search(query_type="hybrid", fts_columns=TEXT)
    return hybrid.vector(vector).text(text).rerank(merge)


def _quote(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
