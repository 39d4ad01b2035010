"""One table of the index with its embedding model, ready to search."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property, partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from lookbook.batching import DynamicBatcher
from lookbook.errors import InputError
from lookbook.lazy import ArrowTable
from lookbook.products.product import codes_in
from lookbook.search.bm25 import stems
from lookbook.search.embedders import Embedder
from lookbook.search.in_memory_index import EncodedQuery, InMemoryIndex
from lookbook.search.items import Item
from lookbook.search.preferences import Preference
from lookbook.search.product_columns import CODES, COLUMNS, FIELDS
from lookbook.search.product_filter import FACET_COLUMNS, ProductFacets, ProductFilter, Sort
from lookbook.search.tables import (
    ATTRIBUTE_LOG_PROBS,
    IMAGE_EMBEDDING,
    IMAGE_MODEL,
    KEY,
    KIND,
    SEARCHED,
    TEXT_EMBEDDING,
    TEXT_MODEL,
    WORDS,
    attribute_columns,
    is_approximate,
    quote,
    read_thresholds,
)

if TYPE_CHECKING:
    from lancedb.table import Table

REINDEX = "run 'kedro run --pipelines=index'."
# Candidates that each approximate index returns per hit.
_CANDIDATES_PER_HIT = 5
_MIN_CANDIDATES = 100
# Partitions of an approximate index that a query probes.
_PROBES = 40
# Texts whose vectors are cached: customers and stylists repeat themselves.
_CACHED_TEXTS = 4096
# Texts of concurrent customers that are encoded in one batch.
_MAX_BATCH = 32


class Query(BaseModel):
    """One query.

    Attributes:
        text: What to look for.
        is_descriptive: Whether the text says more than the preferences. If not, the preferences
            count more.
        fallback_text: Text for candidates where there is no ``text`` and preferences alone find
            none: in a large table, or by a method that compares words. It does not affect the
            order if there are preferences.
        image_embedding: Image to find similar items to, see
            :meth:`lookbook.search.catalogue_search.CatalogueSearch.image_embedding`. Adds up
            with ``text``.
        filters: Allowed values by attribute. An item with several values needs one of them; an
            empty list allows no item.
        products: Conditions on the shop's own data.
        sort: The order of the hits. Hits by price match the preferences at least half as well as
            the best hit.
        preferences: Preferences that rank items by probability.
        attribute_boosts: Score of each value by attribute, in the unit of a log-probability.
        pair_boosts: The same, as learned from feedback: a score component of its own.
        seed: Seed of the noise.
        temperature: Scale of the noise, in the unit of a log-probability. At 1 items are sampled
            in proportion to their probability.
        exclude: Photos that are never returned.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    text: str = ""
    is_descriptive: bool = True
    fallback_text: str = ""
    image_embedding: np.ndarray | None = None
    filters: dict[str, list[str]] = {}
    products: ProductFilter = ProductFilter()
    sort: Sort = "relevance"
    preferences: list[Preference] = []
    attribute_boosts: dict[str, dict[str, float]] = {}
    pair_boosts: dict[str, dict[str, float]] = {}
    seed: str = ""
    temperature: float = 0.0
    exclude: list[str] = []


class TableSearcher:
    """One table with its model: in memory if small, through its indexes if large.

    Raises:
        InputError: If another version of Lookbook or another model wrote the table.
    """

    def __init__(self, name: str, table: Table, embedder: Embedder) -> None:
        self.table = table
        self.embedder = embedder
        self._columns = set(table.schema.names)
        self.attributes = attribute_columns(table.schema)
        self._cache: dict[str, np.ndarray] = {}
        self._encode: DynamicBatcher[str, np.ndarray] = DynamicBatcher(
            lambda texts: list(self.embedder.encode(texts)), _MAX_BATCH
        )
        self._lock = Lock()
        thresholds = read_thresholds(table.schema) if TEXT_EMBEDDING in self._columns else None
        expected = {WORDS, ATTRIBUTE_LOG_PROBS, TEXT_MODEL, IMAGE_MODEL, *COLUMNS}
        if thresholds is None or not expected <= self._columns:
            raise InputError(f"The index '{name}' was made by an older Lookbook: {REINDEX}")
        self.thresholds = thresholds
        (row,) = table.search().select([TEXT_MODEL, IMAGE_MODEL]).limit(1).to_list()
        if row[TEXT_MODEL] != embedder.fingerprint:
            raise InputError(
                f"The index '{name}' was made with other weights than those of '{embedder.name}', "
                f"which is configured now: {REINDEX}"
            )
        if self.has(IMAGE_EMBEDDING) and row[IMAGE_MODEL] != embedder.image_fingerprint:
            raise InputError(
                f"The pictures in the index '{name}' were embedded by another network than the "
                f"one that is configured now: {REINDEX}"
            )
        # All items, if the table is small enough for an exact search.
        self.rows = None if is_approximate(table) else InMemoryIndex(table.to_arrow())

    def encode(self, texts: list[str]) -> np.ndarray:
        """Return (texts, dimensions) embeddings; recent ones come from a cache."""
        with self._lock:
            vectors = {text: self._cache[text] for text in texts if text in self._cache}
        new = [text for text in dict.fromkeys(texts) if text not in vectors]
        if new:
            vectors |= dict(zip(new, self._encode(*new), strict=True))
        with self._lock:
            # Reinserted texts are evicted last.
            for text in texts:
                self._cache.pop(text, None)
                self._cache[text] = vectors[text]
            while len(self._cache) > _CACHED_TEXTS:
                self._cache.pop(next(iter(self._cache)))
        return np.stack([vectors[text] for text in texts])

    def has(self, column: str) -> bool:
        """Whether the table has a column."""
        return column in self._columns

    def describe(self, item: Item) -> str:
        """Return the item's last text attribute, or all its single values if it has no text."""
        texts = [
            name
            for name, column in self.attributes.items()
            if self.table.schema.field(column).metadata[KIND] == b"text"
        ]
        if texts:
            return str(item.attributes[texts[-1]])
        return " ".join(value for value in item.attributes.values() if isinstance(value, str))

    def check(self, query: Query) -> None:
        """Check that the index has the attributes of a query.

        Raises:
            InputError: If it lacks one.
        """
        for name in (*query.filters, *(one.attribute for one in query.preferences)):
            if name not in self.attributes:
                raise InputError(f"The index lacks the attribute '{name}': {REINDEX}")

    def candidates(
        self, query: Query, encoded: EncodedQuery, limit: int, subset: frozenset[str] | None
    ) -> tuple[InMemoryIndex, dict[str, float]]:
        """Fetch candidates from every index, filters included.

        Returns:
            The candidates, and the BM25 scores by photo of those that share words with the query.
        """
        condition = self.condition(query.filters, query.products, subset)
        count = max(_MIN_CANDIDATES, _CANDIDATES_PER_HIT * limit)
        words = " ".join(dict.fromkeys(stems(encoded.text)))

        def fetch(builder: Any) -> ArrowTable:
            if condition:
                builder = builder.where(condition, prefilter=True)
            rows: ArrowTable = builder.with_row_id(True).limit(count).to_arrow()
            return rows

        def nearest(column: str) -> ArrowTable:
            builder: Any = self.table.search(encoded.vectors[column], vector_column_name=column)
            builder = builder.distance_type("cosine").nprobes(_PROBES)
            return fetch(builder.select([KEY, "_distance"]))

        codes = codes_in(query.text)

        def with_codes() -> ArrowTable:
            builder: Any = self.table.search()
            wanted = [
                f"array_has_any({CODES}, [{quote(sorted(codes))}])",
                *filter(None, [condition]),
            ]
            builder = builder.where(" AND ".join(wanted)).with_row_id(True)
            rows: ArrowTable = builder.select([KEY]).limit(count).to_arrow()
            return rows

        def matching_words() -> ArrowTable:
            builder = self.table.search(words, query_type="fts", fts_columns=[WORDS])
            return fetch(builder.select([KEY, "_score"]))

        searches: list[Callable[[], ArrowTable]] = [
            partial(nearest, column)
            for column in SEARCHED
            if column in encoded.vectors and self.has(column)
        ]
        if codes:
            searches.append(with_codes)
        if words:
            searches.append(matching_words)
        if not searches:
            # Preferences alone: any of the allowed items.
            searches.append(lambda: fetch(self.table.search().select([KEY])))
        with ThreadPoolExecutor(max_workers=len(searches)) as executor:
            results = list(executor.map(lambda search: search(), searches))
        bm25: dict[str, float] = {}
        if words:
            photo_ids, scores = results[-1][KEY].to_pylist(), results[-1]["_score"].to_pylist()
            bm25 = dict(zip(photo_ids, scores, strict=True))
        row_ids = dict.fromkeys(row for result in results for row in result["_rowid"].to_pylist())
        return InMemoryIndex(self._fetch(list(row_ids))), bm25

    def _fetch(self, row_ids: list[int]) -> ArrowTable:
        """Read whole rows, with the schema's metadata, which queries drop."""
        import pyarrow as pa

        schema = self.table.schema
        if not row_ids:
            return schema.empty_table()
        rows = self.table.take_row_ids(row_ids).select(schema.names).to_arrow()
        return pa.table([rows[name] for name in schema.names], schema=schema)

    def item(self, photo_id: str) -> Item | None:
        """Return an item; ``None`` if the index has no such photo."""
        return next(iter(self.items([photo_id])), None)

    def items(self, photo_ids: Sequence[str]) -> list[Item]:
        """Return the items of photos, in their order, without those that the index lacks."""
        rows = self.rows
        if rows is None and photo_ids:
            builder: Any = self.table.search().where(f"{KEY} IN ({quote(photo_ids)})")
            row_ids = builder.with_row_id(True).select([KEY]).to_arrow()["_rowid"]
            rows = InMemoryIndex(self._fetch(row_ids.to_pylist()))
        if rows is None:
            return []
        return [rows.item(rows.index[one]) for one in photo_ids if one in rows.index]

    @cached_property
    def photo_ids(self) -> dict[str, str]:
        """The main photo of each item, by the product's id; by itself without a product."""
        rows = self.table.search().select([KEY, FIELDS["product_id"]]).to_arrow()
        photo_ids, product_ids = (rows[name].to_pylist() for name in rows.schema.names)
        # The shop's ids come last: they outrank a photo's.
        return {one: one for one in photo_ids} | {
            product_id: photo_id
            for photo_id, product_id in zip(photo_ids, product_ids, strict=True)
            if product_id
        }

    @cached_property
    def value_counts(self) -> dict[str, dict[str, int]]:
        """Number of items with each value, by attribute."""
        import pyarrow as pa
        import pyarrow.compute as pc

        columns = {
            name: column
            for name, column in self.attributes.items()
            if self.table.schema.field(column).metadata[KIND] != b"text"
        }
        rows = self.table.search().select(list(columns.values())).to_arrow()
        counts = {}
        for name, column in columns.items():
            cells = rows[column]
            flat = pc.list_flatten(cells) if pa.types.is_list(cells.type) else cells
            counted = pc.value_counts(flat.combine_chunks())
            counts[name] = dict(
                zip(counted.field(0).to_pylist(), counted.field(1).to_pylist(), strict=True)
            )
        return counts

    @cached_property
    def facets(self) -> ProductFacets:
        """What the products have, to choose from."""
        return ProductFacets.of(self.table.search().select(FACET_COLUMNS).to_arrow())

    def condition(
        self,
        filters: dict[str, list[str]],
        products: ProductFilter = ProductFilter(),  # noqa: B008
        subset: frozenset[str] | None = None,
    ) -> str:
        """Return filters as a SQL condition."""
        parts = [f"{KEY} IN ({quote(sorted(subset))})"] if subset else []
        parts += products.condition()
        for name, values in filters.items():
            column = self.attributes[name]
            if not values:
                parts.append("FALSE")
            elif self.table.schema.field(column).metadata[KIND] == b"multi":
                parts.append(f"array_has_any(`{column}`, [{quote(values)}])")
            else:
                parts.append(f"`{column}` IN ({quote(values)})")
        return " AND ".join(parts)
