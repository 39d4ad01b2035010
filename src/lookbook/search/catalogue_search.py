"""Searching the catalogue by text, image, keywords, preferences and filters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from copy import copy
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from lookbook.errors import InputError
from lookbook.loading import loaded_once
from lookbook.products.product import codes_in
from lookbook.search.embedders import Embedder
from lookbook.search.in_memory_index import EncodedQuery, InMemoryIndex
from lookbook.search.items import Hit, Item
from lookbook.search.methods import Method
from lookbook.search.probabilities import (
    PROBABILITY_FLOOR,
    AttributeProbabilities,
    ItemProbabilities,
)
from lookbook.search.product_columns import CODES, EFFECTIVE_PRICE, TITLE
from lookbook.search.product_filter import ProductFacets, ProductFilter, Sort
from lookbook.search.ranking import (
    BM25,
    CODE,
    PAIRS,
    REQUIRED,
    FusionWeights,
    fuse_scores,
    matched_by,
    text_confidence,
    top_k,
)
from lookbook.search.table_searcher import REINDEX, Query, TableSearcher
from lookbook.search.tables import (
    ATTRIBUTE_LOG_PROBS,
    FINGERPRINT,
    IMAGE_EMBEDDING,
    IMAGE_IN_TEXT_SPACE,
    KEY,
    TEXT_EMBEDDING,
    IndexedTexts,
    SimilarityThresholds,
    fingerprints_of,
    probability_columns,
    quote,
)

if TYPE_CHECKING:
    from lancedb.rerankers import Reranker
    from lancedb.table import Table
    from PIL.Image import Image

_HYBRID = (
    TEXT_EMBEDDING, IMAGE_IN_TEXT_SPACE, IMAGE_EMBEDDING, BM25, CODE, ATTRIBUTE_LOG_PROBS,
    REQUIRED, PAIRS,
)  # fmt: skip
_COMPONENTS: dict[Method, tuple[str, ...]] = {
    "semantic": (TEXT_EMBEDDING,),
    "visual": (IMAGE_IN_TEXT_SPACE, IMAGE_EMBEDDING),
    "keyword": (BM25, CODE),
    "hybrid": _HYBRID,
    "hybrid + reranker": _HYBRID,
}
# Components that compare a query's text.
_TEXT_COMPONENTS = {TEXT_EMBEDDING, IMAGE_IN_TEXT_SPACE, BM25, CODE}
# Hits that the reranker orders, and the constant of reciprocal rank fusion.
_RERANKED = 20
_RRF_K = 10
# Characters by which a title is recognised.
_MIN_TITLE = 3
# Hits by price are chosen from this many of the most relevant, if a text describes them.
_SORTED = 50
# Hits by price match the preferences at least this well, compared with the best.
_MIN_RELATIVE_MATCH = 0.5


class CatalogueSearch:
    """Searches the catalogue; of several photos of one product the best is returned."""

    def __init__(
        self,
        tables: dict[str, Table],
        embedders: dict[str, Embedder],
        weights: FusionWeights,
        open_reranker: Callable[[], Reranker] | None = None,
    ) -> None:
        """Wrap tables and models.

        Args:
            tables: A LanceDB table for each embedding model.
            embedders: The embedding models, the default first.
            weights: Weights of a hybrid search.
            open_reranker: Load the reranker.
        """
        self._tables = tables
        self._embedders = embedders
        self._weights = weights
        self._open_reranker = open_reranker
        self._searchers: dict[str, TableSearcher] = {}
        self._lock = Lock()
        self._subset: frozenset[str] | None = None

    @property
    def embedders(self) -> list[str]:
        """Names of the embedding models, the default first."""
        return list(self._embedders)

    def among(self, photo_ids: Iterable[str]) -> CatalogueSearch:
        """Return a search that returns these photos only."""
        narrowed = CatalogueSearch(
            self._tables, self._embedders, self._weights, lambda: self._reranker
        )
        narrowed._searchers, narrowed._lock = self._searchers, self._lock
        narrowed._subset = frozenset(photo_ids)
        return narrowed

    def with_weights(self, weights: FusionWeights) -> CatalogueSearch:
        """Return a search of the same tables by other weights."""
        other = copy(self)
        other._weights = weights
        # It is loaded once for all.
        other._open_reranker = lambda: self._reranker
        return other

    def search(
        self, queries: list[Query], method: Method, limit: int, embedder: str | None = None
    ) -> list[list[Hit]]:
        """Search with several queries at once.

        Args:
            queries: The queries.
            method: ``semantic`` compares the meaning of texts; ``visual`` the query's text or
                image with images; ``keyword`` words (BM25); ``hybrid`` adds up all of them by
                weights, with preferences; ``hybrid + reranker`` reorders the best of those.
            limit: Number of hits per query at most.
            embedder: Embedding model whose table is searched; the first by default.

        Returns:
            Hits of each query, the best first.

        Raises:
            InputError: If there is no such model, no table of it, or other weights made it.
        """
        searcher = self._open(embedder)
        for query in queries:
            searcher.check(query)
        names = _COMPONENTS[method]
        encoded = self._encode(queries, names, searcher)
        results: list[list[Hit]] = []
        for query, rows, scores in self._score(queries, encoded, searcher, limit):
            mask = self._mask(rows, query, is_filtered=searcher.rows is None)
            used = set(names) - (_TEXT_COMPONENTS if _uses_fallback(query, names) else set())
            components = {name: scores[name] for name in scores if name in used}
            if method == "keyword":
                mask &= components.get(BM25, np.zeros(len(rows))) > 0
            if not components or not mask.any():
                results.append([])
                continue
            is_reranked = method == "hybrid + reranker" and bool(query.text)
            # The reranker knows no codes and no prices.
            is_reranked &= CODE not in components and query.sort == "relevance"
            count = max(limit, _RERANKED) if is_reranked else limit
            hits = self._rank(rows, query, components, mask, count, searcher.thresholds)
            results.append(
                self._rerank(query.text, hits, searcher)[:limit] if is_reranked else hits
            )
        return results

    def _rank(
        self, rows: InMemoryIndex, query: Query, components: dict[str, np.ndarray],
        mask: np.ndarray, count: int, thresholds: SimilarityThresholds,
    ) -> list[Hit]:  # fmt: skip
        confidence = text_confidence(components, mask, query.is_descriptive, thresholds)
        weights = self._weights.by_component(confidence)
        if len(components) == 1:
            weights = dict.fromkeys(components, 1.0)
        is_sorted = query.sort != "relevance"
        is_described = query.is_descriptive and bool(query.text.strip())
        depth = (max(count, _SORTED) if is_described else len(rows)) if is_sorted else count
        best = top_k(fuse_scores(components, weights), mask, rows.groups, depth)
        if is_sorted:
            best = _sort_by_price(rows, best, query)[:count]
        zeros = np.zeros(len(rows), np.float32)
        preference_scores = sum(
            (components.get(name, zeros) for name in (ATTRIBUTE_LOG_PROBS, REQUIRED, PAIRS)), zeros
        )
        sides = matched_by(components, weights, mask, best)
        matches = rows.match_probabilities(best, query.preferences)
        scores = np.array([column[best] for column in components.values()]).T.tolist()
        return [
            Hit(
                rows.item(row), side, match, float(preference_scores[row]),
                dict(zip(components, own, strict=True)), confidence,
            )
            for row, side, match, own in zip(best, sides, matches, scores, strict=True)
        ]  # fmt: skip

    def _score(
        self, queries: list[Query], encoded: list[EncodedQuery], searcher: TableSearcher, limit: int
    ) -> Iterator[tuple[Query, InMemoryIndex, dict[str, np.ndarray]]]:
        """Yield for each query the rows to choose from and their scores by component."""
        if searcher.rows is not None:
            for query, scores in zip(queries, searcher.rows.score_components(encoded), strict=True):
                yield query, searcher.rows, scores
            return
        with ThreadPoolExecutor(max_workers=max(len(queries), 1)) as executor:
            fetched = executor.map(
                lambda query, one: searcher.candidates(query, one, limit, self._subset),
                queries, encoded,
            )  # fmt: skip
            for query, one, (rows, bm25) in zip(queries, encoded, fetched, strict=True):
                yield query, rows, rows.score_components([replace(one, bm25=bm25)])[0]

    def _encode(
        self, queries: list[Query], names: tuple[str, ...], searcher: TableSearcher
    ) -> list[EncodedQuery]:
        """Encode queries, all texts in one batch."""
        # An exact search scores every item, so preferences need no fallback text.
        texts = [
            query.text
            if query.text.strip() or (searcher.rows is not None and _uses_fallback(query, names))
            else query.fallback_text
            for query in queries
        ]
        vectors: list[dict[str, np.ndarray]] = [{} for _ in queries]
        numbers = [number for number, text in enumerate(texts) if text.strip()]
        if numbers and {TEXT_EMBEDDING, IMAGE_IN_TEXT_SPACE} & set(names):
            said = [texts[number] for number in numbers]
            embedded = searcher.encode(said)
            projected = (
                searcher.embedder.project_to_image_space(said, embedded)
                if IMAGE_IN_TEXT_SPACE in names and searcher.has(IMAGE_IN_TEXT_SPACE)
                else None
            )
            for place, number in enumerate(numbers):
                vectors[number][TEXT_EMBEDDING] = embedded[place]
                if projected is not None:
                    vectors[number][IMAGE_IN_TEXT_SPACE] = projected[place]
        for query, own in zip(queries, vectors, strict=True):
            if query.image_embedding is not None:
                own[IMAGE_EMBEDDING] = np.asarray(query.image_embedding, np.float32)
        return [
            EncodedQuery(
                {name: vector for name, vector in own.items() if name in names},
                query.preferences,
                query.attribute_boosts,
                query.pair_boosts,
                query.seed,
                query.temperature,
                text if BM25 in names else "",
            )
            for query, text, own in zip(queries, texts, vectors, strict=True)
        ]

    def _mask(self, rows: InMemoryIndex, query: Query, is_filtered: bool) -> np.ndarray:
        """Return (items,) whether each item may be returned."""
        mask = (
            np.ones(len(rows), bool)
            if is_filtered
            else rows.filter_mask(query.filters, query.products)
        )
        if self._subset is not None:
            mask &= np.array([photo_id in self._subset for photo_id in rows.ids], bool)
        mask[[rows.index[one] for one in query.exclude if one in rows.index]] = False
        return mask

    def _rerank(self, text: str, hits: list[Hit], searcher: TableSearcher) -> list[Hit]:
        """Fuse the order of the search with the reranker's.

        Reciprocal rank fusion (Cormack, Clarke and Büttcher, 2009): the reranker reads texts and
        does not see the images that an item may have matched by.
        """
        from lookbook.search.rerankers import rank_texts

        head = hits[:_RERANKED]
        ranks = rank_texts(self._reranker, text, [searcher.describe(hit.item) for hit in head])
        order = sorted(
            range(len(head)), key=lambda rank: -1 / (_RRF_K + rank) - 1 / (_RRF_K + ranks[rank])
        )
        return [head[rank] for rank in order] + hits[_RERANKED:]

    def browse(
        self,
        filters: dict[str, list[str]],
        limit: int,
        products: ProductFilter = ProductFilter(),  # noqa: B008
        sort: Sort = "relevance",
        offset: int = 0,
    ) -> list[Item]:
        """List items without a query.

        Args:
            filters: Allowed values by attribute.
            limit: Items at most.
            products: Conditions on the shop's own data.
            sort: Their order; by ``relevance`` that of the catalogue.
            offset: Items to leave out first.

        Raises:
            InputError: If there is no index.
        """
        searcher = self._open(None)
        searcher.check(Query(filters=filters))
        builder = searcher.table.search()
        condition = searcher.condition(filters, products, self._subset)
        builder = builder.where(condition) if condition else builder
        found = builder.select([KEY, EFFECTIVE_PRICE]).to_arrow()
        if sort != "relevance":
            order: Any = "ascending" if sort == "price_ascending" else "descending"
            found = found.sort_by([(EFFECTIVE_PRICE, order)])
        return searcher.items(found[KEY].slice(offset, limit).to_pylist())

    def value_counts(self) -> dict[str, dict[str, int]]:
        """Count the items with each value, by attribute with values; values of none are absent.

        Raises:
            InputError: If there is no index.
        """
        return self._open(None).value_counts

    def __len__(self) -> int:
        """Return the number of items."""
        count: int = self._open(None).table.count_rows()
        return count

    def photo_id(self, item_id: str) -> str | None:
        """Return the main photo of a product by the shop's own id, or the photo's id itself.

        Raises:
            InputError: If there is no index.
        """
        return self._open(None).photo_ids.get(item_id)

    def product_facets(self, embedder: str | None = None) -> ProductFacets:
        """Return what the products have, to choose from.

        Raises:
            InputError: If there is no index.
        """
        return self._open(embedder).facets

    def item(self, photo_id: str, embedder: str | None = None) -> Item | None:
        """Return the item of a main photo; ``None`` if there is no such item."""
        return self._open(embedder).item(photo_id)

    def items(self, photo_ids: Sequence[str]) -> list[Item]:
        """Return the items of main photos, in their order, without those that there are not."""
        return self._open(None).items(photo_ids)

    def named_products(self, text: str, limit: int, embedder: str | None = None) -> list[str]:
        """List the items that a text names by id, SKU, barcode or a part of the shop's title."""
        searcher, codes = self._open(embedder), codes_in(text)
        if not codes:
            return []
        parts = [f"array_has_any({CODES}, [{quote(sorted(codes))}])"]
        if len(text.strip()) >= _MIN_TITLE:
            parts.append(f"strpos(lower({TITLE}), {quote([text.strip().lower()])}) > 0")
        builder = searcher.table.search().where(" OR ".join(parts)).select([KEY])
        photo_ids: list[str] = builder.limit(limit).to_arrow()[KEY].to_pylist()
        return photo_ids

    def image_embedding(self, photo_id: str, embedder: str | None = None) -> np.ndarray | None:
        """Return the embedding of an item's image; ``None`` if it has none."""
        return self._vector(photo_id, IMAGE_EMBEDDING, embedder)

    def attribute_probabilities(
        self, photo_id: str, embedder: str | None = None
    ) -> AttributeProbabilities:
        """Return the probabilities of an item's values; empty if there is no such item."""
        vector = self._vector(photo_id, ATTRIBUTE_LOG_PROBS, embedder)
        if vector is None:
            return {}
        columns = probability_columns(self._open(embedder).table.schema)
        return ItemProbabilities(np.exp(vector), columns)

    def _vector(self, photo_id: str, column: str, embedder: str | None) -> np.ndarray | None:
        searcher = self._open(embedder)
        if searcher.rows is not None:
            return searcher.rows.vector(column, photo_id)
        if not searcher.has(column):
            return None
        where = f"{KEY} IN ({quote([photo_id])})"
        rows = searcher.table.search().where(where).select([column]).limit(1).to_list()
        return np.array(rows[0][column], np.float32) if rows else None

    def thresholds(self, embedder: str | None = None) -> SimilarityThresholds:
        """Return the thresholds that ``index`` measured."""
        return self._open(embedder).thresholds

    def is_on_topic(self, text: str, embedder: str | None = None) -> bool:
        """Whether any item's text is close enough to a text."""
        return self.max_similarity(text, embedder) > self.thresholds(embedder).on_topic

    def max_similarity(self, text: str, embedder: str | None = None) -> float:
        """Return the cosine of a text and the nearest item's text; 0 without items."""
        searcher = self._open(embedder)
        (vector,) = searcher.encode([text])
        if searcher.rows is not None:
            return searcher.rows.max_similarity(TEXT_EMBEDDING, vector)
        builder: Any = searcher.table.search(vector, vector_column_name=TEXT_EMBEDDING)
        builder = builder.distance_type("cosine").select([KEY, "_distance"])
        rows = builder.limit(1).to_list()
        return 1 - float(rows[0]["_distance"]) if rows else 0.0

    def image_embedding_size(self, embedder: str | None = None) -> int:
        """Return the dimensions of image embeddings; 0 without images."""
        searcher = self._open(embedder)
        if not searcher.has(IMAGE_EMBEDDING):
            return 0
        return int(searcher.table.schema.field(IMAGE_EMBEDDING).type.list_size)

    def image_model(self, embedder: str | None = None) -> str:
        """Return the identity of the model that embeds images."""
        return self._open(embedder).embedder.image_model

    def embed_image(self, image: Image, embedder: str | None = None) -> np.ndarray | None:
        """Embed an image that is not in the catalogue; ``None`` if the index has no images.

        Args:
            image: Upright, RGB.
            embedder: Embedding model; the first by default.
        """
        searcher = self._open(embedder)
        if not searcher.has(IMAGE_EMBEDDING):
            return None
        return searcher.embedder.embed_images([image]).embeddings[0]

    def warm_up(self, embedder: str | None = None) -> None:
        """Load models and items before the first search."""
        from PIL import Image

        self._open(embedder).embedder.speed_up()
        self.search([Query(text="warm")], "hybrid", 1, embedder)
        self.embed_image(Image.new("RGB", (64, 64)), embedder)

    def photo_ids(self, embedder: str | None = None) -> list[str]:
        """List the photos of all items."""
        name = embedder or self.embedders[0]
        if name not in self._tables:
            return []
        ids: list[str] = self._tables[name].search().select([KEY]).to_arrow()[KEY].to_pylist()
        return ids

    def fingerprints(self, embedder: str) -> dict[str, str]:
        """Return the rows' fingerprints by photo; empty if there is no such table."""
        if embedder not in self._tables or FINGERPRINT not in self._tables[embedder].schema.names:
            return {}
        return fingerprints_of(self._tables[embedder])

    def texts(self, embedder: str) -> IndexedTexts | None:
        """Return the items' text embeddings; ``None`` if there is no such table."""
        table = self._tables.get(embedder)
        if table is None or TEXT_EMBEDDING not in table.schema.names:
            return None
        return IndexedTexts(table)

    def _open(self, name: str | None) -> TableSearcher:
        """Open a table once, and check that today's models wrote it."""
        name = name or self.embedders[0]
        if name not in self._embedders:
            raise InputError(
                f"There is no embedding model '{name}'; 'embedders' has "
                f"{', '.join(self._embedders)}."
            )
        if name not in self._tables:
            raise InputError(
                f"The index has no table for the embedding model '{name}' yet: {REINDEX}"
            )
        with self._lock:
            if name not in self._searchers:
                self._searchers[name] = TableSearcher(
                    name, self._tables[name], self._embedders[name]
                )
        return self._searchers[name]

    @loaded_once
    def _reranker(self) -> Reranker:
        if self._open_reranker is None:
            raise InputError("There is no reranker. Name one in the catalog entry 'search_index'.")
        return self._open_reranker()


def _sort_by_price(rows: InMemoryIndex, best: list[int], query: Query) -> list[int]:
    """Order the hits that match the preferences by price; unknown prices come last."""
    matches = np.array(rows.match_probabilities(best, query.preferences)).reshape(len(best), -1)
    # Geometric means: an item that fails one preference is no match.
    logs = np.log(np.maximum(matches, PROBABILITY_FLOOR))
    means = np.exp(logs.mean(axis=1)) if query.preferences else np.ones(len(best))
    prices = rows.prices[best] * (-1 if query.sort == "price_descending" else 1)
    # NaN is sorted last.
    order = np.argsort(prices, kind="stable")
    return [best[row] for row in order if means[row] >= _MIN_RELATIVE_MATCH * means.max()]


def _uses_fallback(query: Query, names: tuple[str, ...]) -> bool:
    """Whether preferences alone rank the items, so that a fallback text only finds candidates."""
    has_preferences = bool(query.preferences or query.attribute_boosts)
    return ATTRIBUTE_LOG_PROBS in names and has_preferences and not query.text.strip()
