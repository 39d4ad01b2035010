"""Searching the catalogue: nothing outside this room knows of LanceDB's queries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np

from lookbook.errors import InputError
from lookbook.loading import loaded_once
from lookbook.search.embedders import Embedder
from lookbook.search.probabilities import AttributeProbabilities, ItemProbabilities
from lookbook.search.ranking import (
    BM25,
    REQUIRED,
    EncodedQuery,
    FusionWeights,
    InMemoryIndex,
    Item,
    fuse_scores,
    fusion_weights,
    matched_by,
    top_k,
)
from lookbook.search.table_searcher import AGAIN, PUBLIC, Query, TableSearcher
from lookbook.search.tables import (
    ATTRIBUTE_LOG_PROBS,
    FINGERPRINT,
    IMAGE_EMBEDDING,
    IMAGE_IN_TEXT_SPACE,
    KEY,
    SYSTEM_COLUMNS,
    TEXT_EMBEDDING,
    IndexedTexts,
    fingerprints_of,
    probability_columns,
    quote,
)

if TYPE_CHECKING:
    from lancedb.rerankers import Reranker
    from lancedb.table import Table
    from PIL.Image import Image

Method = Literal["semantic", "visual", "keyword", "hybrid", "hybrid + reranker"]
METHODS: tuple[Method, ...] = get_args(Method)
# What each method looks at.
_PARTS: dict[Method, tuple[str, ...]] = {
    "semantic": (TEXT_EMBEDDING,),
    "visual": (IMAGE_IN_TEXT_SPACE, IMAGE_EMBEDDING),
    "keyword": (BM25,),
    "hybrid": (
        TEXT_EMBEDDING,
        IMAGE_IN_TEXT_SPACE,
        IMAGE_EMBEDDING,
        BM25,
        ATTRIBUTE_LOG_PROBS,
        REQUIRED,
    ),
    "hybrid + reranker": (
        TEXT_EMBEDDING,
        IMAGE_IN_TEXT_SPACE,
        IMAGE_EMBEDDING,
        BM25,
        ATTRIBUTE_LOG_PROBS,
        REQUIRED,
    ),
}
# So many of the best are ordered by the reranker.
_RERANKED = 20
_SCORE = "_relevance_score"
# What a query's words are compared with.
_SPOKEN = {TEXT_EMBEDDING, IMAGE_IN_TEXT_SPACE, BM25}
# How much the first ranks differ where reciprocal ranks are added up.
_RANK = 10


class CatalogueSearch:
    """Finds the catalogue's items.

    An item is a dictionary: ``photo_id``, ``Filename``, every attribute (lists where it has several
    values), ``duplicate_group`` (the first of its photos), ``vector`` (unit length), ``matched_by``
    (words, picture or both) and ``granted``, the probabilities that it is what each wish is for,
    ``worth``, what they and what is preferred add up to as a logarithm, and ``chances``, the
    probabilities of all values by attribute. Of several photos of one item the best is found.
    """

    def __init__(
        self,
        tables: dict[str, Table],
        embedders: dict[str, Embedder],
        weights: FusionWeights,
        open_reranker: Callable[[], Reranker] | None = None,
    ) -> None:
        """Takes tables and models.

        Args:
            tables: A LanceDB table for each embedding model.
            embedders: The embedding models.
            weights: How much each way of finding counts in a hybrid search.
            open_reranker: Loads the reranker, for the method that has one.
        """
        self._tables = tables
        self._embedders = embedders
        self._weights = weights
        self._open_reranker = open_reranker
        self._opened: dict[str, TableSearcher] = {}
        self._lock = Lock()
        self._only: frozenset[str] | None = None

    @property
    def embedders(self) -> list[str]:
        """Names of the embedding models, the one that is searched by default first."""
        return list(self._embedders)

    def among(self, photo_ids: Iterable[str]) -> CatalogueSearch:
        """Gives a search that finds these photos alone."""
        narrowed = CatalogueSearch(
            self._tables, self._embedders, self._weights, lambda: self._reranker
        )
        narrowed._opened, narrowed._lock = self._opened, self._lock
        narrowed._only = frozenset(photo_ids)
        return narrowed

    def search(
        self, queries: list[Query], method: Method, limit: int, embedder: str | None = None
    ) -> list[list[Item]]:
        """Finds the items that fit queries best, among those that they allow.

        Args:
            queries: What to look for.
            method: ``semantic`` compares the meaning of texts, ``visual`` the text, or the query's
                picture, with pictures, ``keyword`` words (BM25), ``hybrid`` adds all of it up
                by weights, and ``hybrid + reranker`` lets a reranker have a say in the order of the
                best.
            limit: The most items for each query.
            embedder: The embedding model whose table is searched; the first by default.

        Returns:
            For each query its items, the best first.

        Raises:
            InputError: If there is no such model, no table of it, or other weights made it.
        """
        opened = self._open(embedder)
        for query in queries:
            opened.check(query)
        looked_at = _PARTS[method]
        asked = self._ask(queries, looked_at, opened)
        answers: list[list[Item]] = []
        for query, rows, scored in self._score(queries, asked, opened, limit):
            mask = self._mask(rows, query, by_filter=opened.rows is not None)
            zeros = np.zeros(len(rows), np.float32)
            counts = set(looked_at) - (_SPOKEN if _is_hinted(query, looked_at) else set())
            components = {name: part for name, part in scored.items() if name in counts}
            if method == "keyword":
                mask &= components.get(BM25, zeros) > 0
            if not components or not mask.any():
                answers.append([])
                continue
            used = fusion_weights(self._weights, components, mask, query.is_descriptive)
            preference_score = components.get(ATTRIBUTE_LOG_PROBS, zeros) + components.get(
                REQUIRED, zeros
            )
            reranks = method == "hybrid + reranker" and bool(query.text)
            most = max(limit, _RERANKED) if reranks else limit
            chosen = top_k(fuse_scores(components, used), mask, rows.groups, most)
            reasons = matched_by(components, used, mask, chosen)
            items = [
                rows.item(row)
                | {
                    "matched_by": by,
                    "match_probabilities": match_probabilities,
                    "probabilities": rows.probabilities(row),
                    "preference_score": float(preference_score[row]),
                }
                for row, by, match_probabilities in zip(
                    chosen,
                    reasons,
                    rows.match_probabilities(chosen, query.preferences),
                    strict=True,
                )
            ]
            answers.append(self._rerank(query.text, items, opened)[:limit] if reranks else items)
        return answers

    def _score(
        self, queries: list[Query], asked: list[EncodedQuery], opened: TableSearcher, limit: int
    ) -> Iterator[tuple[Query, InMemoryIndex, dict[str, np.ndarray]]]:
        """Gives with each query the rows to choose from, and their scores by each part."""
        if opened.rows is not None:
            for query, scores in zip(queries, opened.rows.score_components(asked), strict=True):
                yield query, opened.rows, scores
            return
        with ThreadPoolExecutor(max_workers=max(len(queries), 1)) as executor:
            fetched = executor.map(
                lambda query, one: opened.candidates(query, one, limit, self._only), queries, asked
            )
            for query, one, (rows, words) in zip(queries, asked, fetched, strict=True):
                yield query, rows, rows.score_components([replace(one, words=words)])[0]

    def _ask(
        self, queries: list[Query], looked_at: tuple[str, ...], opened: TableSearcher
    ) -> list[EncodedQuery]:
        """Turns queries into numbers; texts are embedded all at once."""
        vectors: list[dict[str, np.ndarray]] = [{} for _ in queries]
        # Where all items are scored, a hint helps nothing that is ranked by wishes.
        said = [
            query.text
            if query.text.strip() or (opened.rows is not None and _is_hinted(query, looked_at))
            else query.fallback_text
            for query in queries
        ]
        spoken = [number for number, text in enumerate(said) if text.strip()]
        if spoken and {TEXT_EMBEDDING, IMAGE_IN_TEXT_SPACE} & set(looked_at):
            texts = [said[number] for number in spoken]
            embedded = opened.encode(texts)
            placed = (
                opened.embedder.project_to_image_space(texts, embedded)
                if IMAGE_IN_TEXT_SPACE in looked_at and opened.has(IMAGE_IN_TEXT_SPACE)
                else None
            )
            for place, number in enumerate(spoken):
                vectors[number][TEXT_EMBEDDING] = embedded[place]
                if placed is not None:
                    vectors[number][IMAGE_IN_TEXT_SPACE] = placed[place]
        for query, own in zip(queries, vectors, strict=True):
            if query.image_embedding is not None:
                own[IMAGE_EMBEDDING] = np.asarray(query.image_embedding, np.float32)
        return [
            EncodedQuery(
                {name: one for name, one in own.items() if name in looked_at},
                query.preferences,
                query.attribute_boosts,
                (query.seed, query.temperature),
                text if BM25 in looked_at else "",
            )
            for query, text, own in zip(queries, said, vectors, strict=True)
        ]

    def _mask(self, rows: InMemoryIndex, query: Query, by_filter: bool) -> np.ndarray:
        """Says which rows may be found; what the database has filtered needs no filter here."""
        mask = rows.filter_mask(query.filters) if by_filter else np.ones(len(rows), bool)
        if self._only is not None:
            mask &= np.array([photo_id in self._only for photo_id in rows.ids], bool)
        mask[[rows.index[one] for one in query.exclude if one in rows.index]] = False
        return mask

    def _rerank(self, text: str, items: list[Item], opened: TableSearcher) -> list[Item]:
        """Orders the best items by what the search and the reranker say together.

        Reciprocal ranks are added up (Cormack, Clarke and Büttcher, 2009): the reranker reads a
        text, and knows nothing of the picture that an item may have been found by.
        """
        import pyarrow as pa

        from lookbook.search.rerankers import TEXT as RERANKED_TEXT

        head, tail = items[:_RERANKED], items[_RERANKED:]
        table = pa.table(
            {
                RERANKED_TEXT: [opened.describe(item) for item in head],
                "_rowid": range(len(head)),
                "_distance": [0.0] * len(head),
            }
        )
        ordered = self._reranker.rerank_vector(text, table).sort_by([(_SCORE, "descending")])
        ranks = {place: rank for rank, place in enumerate(ordered["_rowid"].to_pylist())}
        both = sorted(
            range(len(head)), key=lambda own: -1 / (_RANK + own) - 1 / (_RANK + ranks[own])
        )
        return [head[place] for place in both] + tail

    def browse(self, filter_mask: dict[str, list[str]], limit: int) -> list[Item]:
        """Lists items with certain values, in no order.

        Raises:
            InputError: If there is no index.
        """
        opened = self._open(None)
        opened.check(Query(filters=filter_mask))
        every, condition = opened.table.search(), opened.condition(filter_mask)
        matching = every.where(condition) if condition else every
        columns = [
            one for one in opened.table.schema.names if one not in SYSTEM_COLUMNS or one in PUBLIC
        ]
        items: list[Item] = matching.select(columns).limit(limit).to_list()
        return items

    def values_of(self, names: list[str], embedder: str | None = None) -> dict[str, set[str]]:
        """Return the values that items have, by attribute.

        Args:
            names: Schema with values.
            embedder: The embedding model whose table is read; the first by default.

        Raises:
            InputError: If there is no index.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        table = self._open(embedder).table
        columns = table.search().select([n for n in names if n in table.schema.names]).to_arrow()
        values = {}
        for name in columns.column_names:
            cells = columns[name]
            flat = pc.list_flatten(cells) if pa.types.is_list(cells.type) else cells
            values[name] = set(flat.unique().to_pylist())
        return values

    def image_embedding(self, photo_id: str, embedder: str | None = None) -> np.ndarray | None:
        """Gives the look of an item's picture; ``None`` where it has none."""
        return self._vector_of(photo_id, IMAGE_EMBEDDING, embedder)

    def attribute_probabilities(
        self, photo_id: str, embedder: str | None = None
    ) -> AttributeProbabilities:
        """Gives the probabilities of an item's values by attribute; none where it is not there."""
        vector = self._vector_of(photo_id, ATTRIBUTE_LOG_PROBS, embedder)
        if vector is None:
            return {}
        return ItemProbabilities(
            np.exp(vector), probability_columns(self._open(embedder).table.schema)
        )

    def _vector_of(self, photo_id: str, column: str, embedder: str | None) -> np.ndarray | None:
        opened = self._open(embedder)
        if opened.rows is not None:
            return opened.rows.vector(column, photo_id)
        if not opened.has(column):
            return None
        where = f"{KEY} IN ({quote([photo_id])})"
        found = opened.table.search().where(where).select([column]).limit(1).to_list()
        return np.array(found[0][column], np.float32) if found else None

    def max_similarity(self, text: str, embedder: str | None = None) -> float:
        """Gives the cosine of a text and the item whose text is nearest; 0 without items."""
        opened = self._open(embedder)
        (vector,) = opened.encode([text])
        if opened.rows is not None:
            return opened.rows.max_similarity(TEXT_EMBEDDING, vector)
        nearest: Any = opened.table.search(vector, vector_column_name=TEXT_EMBEDDING)
        nearest = nearest.distance_type("cosine").select([KEY, "_distance"])
        found = nearest.limit(1).to_list()
        return 1 - float(found[0]["_distance"]) if found else 0.0

    def image_embedding_size(self, embedder: str | None = None) -> int:
        """Gives how many numbers a look has; 0 without pictures."""
        opened = self._open(embedder)
        return (
            int(opened.table.schema.field(IMAGE_EMBEDDING).type.list_size)
            if opened.has(IMAGE_EMBEDDING)
            else 0
        )

    def embed_image(self, image: Image, embedder: str | None = None) -> np.ndarray | None:
        """Gives the look of a picture that is not in the catalogue; ``None`` without pictures.

        Args:
            image: Upright, RGB.
            embedder: The embedding model; the first by default.
        """
        opened = self._open(embedder)
        return (
            opened.embedder.embed_images([image]).looks[0] if opened.has(IMAGE_EMBEDDING) else None
        )

    def warm_up(self, embedder: str | None = None) -> None:
        """Reads models and items before the first search."""
        from PIL import Image

        self._open(embedder).embedder.speed_up()
        self.search([Query(text="warm")], "hybrid", 1, embedder)
        self.embed_image(Image.new("RGB", (64, 64)), embedder)

    def photo_ids(self, embedder: str | None = None) -> list[str]:
        """Lists the photos of the items."""
        name = embedder or self.embedders[0]
        if name not in self._tables:
            return []
        listed: list[str] = self._tables[name].search().select([KEY]).to_arrow()[KEY].to_pylist()
        return listed

    def fingerprints(self, embedder: str) -> dict[str, str]:
        """Gives the items' fingerprints by photo; none where there is no such table yet."""
        if embedder not in self._tables or FINGERPRINT not in self._tables[embedder].schema.names:
            return {}
        return fingerprints_of(self._tables[embedder])

    def texts(self, embedder: str) -> IndexedTexts | None:
        """Gives the items' texts as they are embedded; ``None`` where there is no such table."""
        if (
            embedder not in self._tables
            or TEXT_EMBEDDING not in self._tables[embedder].schema.names
        ):
            return None
        return IndexedTexts(self._tables[embedder])

    def _open(self, name: str | None) -> TableSearcher:
        """Opens a table, once, and makes sure that the models of today made it."""
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
        with self._lock:
            if name not in self._opened:
                self._opened[name] = TableSearcher(name, self._tables[name], self._embedders[name])
        return self._opened[name]

    @loaded_once
    def _reranker(self) -> Reranker:
        if self._open_reranker is None:
            raise InputError("There is no reranker: name one in the catalog entry 'search_index'.")
        return self._open_reranker()


def _is_hinted(query: Query, looked_at: tuple[str, ...]) -> bool:
    """Says whether a query's hint leads to items without counting in their order."""
    ranked = ATTRIBUTE_LOG_PROBS in looked_at and bool(query.preferences or query.attribute_boosts)
    return ranked and not query.text.strip()
