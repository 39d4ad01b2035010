"""Searching the catalogue: nothing outside this room knows of LanceDB's queries."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
from pydantic import BaseModel

from lookbook.errors import InputError
from lookbook.search.embedders import Embedder

if TYPE_CHECKING:
    from lancedb.rerankers import Reranker
    from lancedb.table import Table

Method = Literal["semantic", "full text", "hybrid", "hybrid + reranker"]
METHODS: tuple[Method, ...] = get_args(Method)
MADE_BY = "embedder"
AGAIN = "run 'kedro run --pipelines=index'."

Item = dict[str, Any]


class Query(BaseModel):
    """One thing to look for.

    Attributes:
        text: What to look for, in words.
        allowed: Values that may be found, by field; of a field with several values an item has
            to have one of them. An empty list allows nothing.
    """

    text: str
    allowed: dict[str, list[str]] = {}


class CatalogueSearch:
    """Finds the catalogue's items.

    An item is a dictionary: ``photo_id``, ``Filename``, every field (lists where it has several
    values) and ``vector`` (unit length).
    """

    def __init__(
        self,
        tables: dict[str, Table],
        embedders: dict[str, Embedder],
        open_reranker: Callable[[], Reranker] | None = None,
    ) -> None:
        """Takes tables and models.

        Args:
            tables: A LanceDB table for each embedding model.
            embedders: The embedding models.
            open_reranker: Loads the reranker, for the method that has one.
        """
        self._tables = tables
        self._embedders = embedders
        self._open_reranker = open_reranker
        self._checked: dict[str, list[str]] = {}

    @property
    def embedders(self) -> list[str]:
        """Names of the embedding models, the one that is searched by default first."""
        return list(self._embedders)

    def search(
        self, queries: list[Query], method: Method, limit: int, embedder: str | None = None
    ) -> list[list[Item]]:
        """Finds the items that fit queries best, among those that they allow.

        Args:
            queries: What to look for.
            method: ``semantic`` compares vectors, ``full text`` words (BM25), ``hybrid`` merges
                the two by reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009), and
                ``hybrid + reranker`` by what the reranker says of both.
            limit: The most items for each query.
            embedder: The embedding model whose table is searched; the first by default.

        Returns:
            For each query its items, the best first.

        Raises:
            InputError: If there is no such model, no table of it, or other weights made it.
        """
        table, model, columns = self._choose(embedder)
        texts = [query.text for query in queries]
        vectors = [None] * len(texts) if method == "full text" else model.encode(texts)
        found = []
        for query, vector in zip(queries, vectors, strict=True):
            matching = self._match(table, query.text, vector, method, columns)
            condition = _condition(query.allowed, table)
            if condition:
                matching = matching.where(condition, prefilter=True)
            found.append(matching.limit(limit).to_list())
        return found

    def browse(self, allowed: dict[str, list[str]], limit: int) -> list[Item]:
        """Lists items with certain values, in no order.

        Raises:
            InputError: If there is no index.
        """
        table, *_ = self._choose(None)
        every, condition = table.search(), _condition(allowed, table)
        matching = every.where(condition) if condition else every
        return matching.limit(limit).to_list()

    def warm_up(self, embedder: str | None = None) -> None:
        """Reads the embedding model before the first search."""
        self._choose(embedder)[1].encode(["warm"])

    def vectors(self, embedder: str) -> dict[str, np.ndarray]:
        """Gives the items' vectors by photo; none where there is no table yet."""
        return dict(zip(*self._columns(embedder, "photo_id"), strict=True))

    def known_vectors(self, embedder: str) -> dict[str, np.ndarray]:
        """Gives the items' vectors by fingerprint; none where there is no table yet."""
        return dict(zip(*self._columns(embedder, "fingerprint"), strict=True))

    def _columns(self, embedder: str, key: str) -> tuple[list[str], np.ndarray]:
        if embedder not in self._tables:
            return [], np.empty((0, 0))
        rows = self._tables[embedder].search().select([key, "vector"]).to_arrow()
        flat = rows["vector"].combine_chunks().flatten().to_numpy()
        return rows[key].to_pylist(), flat.reshape(len(rows), -1)

    def _choose(self, name: str | None) -> tuple[Table, Embedder, list[str]]:
        """Chooses a table, with the columns that are searched by words.

        Makes sure, once, that the model of today made it.
        """
        name = name or self.embedders[0]
        if name not in self._embedders:
            raise InputError(
                f"There is no embedding model '{name}'; 'embedders' has "
                f"{', '.join(self._embedders)}."
            )
        if name not in self._tables:
            raise InputError(
                f"The index has no table for the embedding model '{name}' yet: {AGAIN}"
            )
        table, embedder = self._tables[name], self._embedders[name]
        if name in self._checked:
            return table, embedder, self._checked[name]
        (row,) = table.search().select([MADE_BY]).limit(1).to_list()
        if row[MADE_BY] != embedder.fingerprint:
            raise InputError(
                f"The index '{name}' was made with other weights than those of '{embedder.name}', "
                f"which is configured now: {AGAIN}"
            )
        self._checked[name] = full_text_columns(table)
        return table, embedder, self._checked[name]

    @cached_property
    def _reranker(self) -> Reranker:
        if self._open_reranker is None:
            raise InputError("There is no reranker: name one in the catalog entry 'search_index'.")
        return self._open_reranker()

    def _match(self, table: Any, text: str, vector: Any, method: Method, columns: list[str]) -> Any:
        if method == "full text":
            return table.search(text, query_type="fts", fts_columns=columns)
        if method == "semantic":
            return table.search(vector).distance_type("cosine")
        from lancedb.rerankers import RRFReranker

        merge = self._reranker if method == "hybrid + reranker" else RRFReranker()
        hybrid = table.search(query_type="hybrid", fts_columns=columns)
        return hybrid.vector(vector).text(text).rerank(merge)


def full_text_columns(table: Table) -> list[str]:
    """Lists the columns of a table that are searched by words."""
    return [
        column
        for index in table.list_indices()
        if index.index_type == "FTS"
        for column in index.columns
    ]


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


def _condition(allowed: dict[str, list[str]], table: Table) -> str:
    """Writes the values that are allowed as a condition in SQL.

    Raises:
        InputError: If the index lacks a field.
    """
    import pyarrow as pa

    parts = []
    for column, values in allowed.items():
        if column not in table.schema.names:
            raise InputError(f"The index lacks the field '{column}': {AGAIN}")
        several = pa.types.is_list(table.schema.field(column).type)
        listed = ", ".join("'" + value.replace("'", "''") + "'" for value in values)
        if not values:
            parts.append("FALSE")
        elif several:
            parts.append(f"array_has_any(`{column}`, [{listed}])")
        else:
            parts.append(f"`{column}` IN ({listed})")
    return " AND ".join(parts)
