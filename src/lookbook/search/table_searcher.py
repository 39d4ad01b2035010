"""One table of the index with its model, as a search uses it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, ConfigDict

from lookbook.batching import DynamicBatcher
from lookbook.errors import InputError
from lookbook.lazy import ArrowTable
from lookbook.search.embedders import Embedder
from lookbook.search.preferences import Preference
from lookbook.search.ranking import EncodedQuery, InMemoryIndex
from lookbook.search.tables import (
    ATTRIBUTE_LOG_PROBS,
    IMAGE_EMBEDDING,
    IMAGE_MODEL,
    KEY,
    KIND,
    SEARCHED,
    SYSTEM_COLUMNS,
    TEXT_EMBEDDING,
    TEXT_MODEL,
    full_text_columns,
    is_approximate,
    quote,
)

if TYPE_CHECKING:
    from lancedb.table import Table

AGAIN = "run 'kedro run --pipelines=index'."
# What approximate indexes are asked for, by each way of finding, for each item that is shown.
_CANDIDATES = 5
_LEAST_CANDIDATES = 100
# Of the partitions of an approximate index so many are looked into.
_PROBES = 40
# Texts whose vectors are kept: customers and stylists say the same again and again.
_RECENT = 4096
# Texts of concurrent customers that are embedded together.
_TOGETHER = 32


class Query(BaseModel):
    """One thing to look for.

    Attributes:
        text: What to look for, in words.
        is_descriptive: Whether the text says more of what is looked for than the wishes; else the
            wishes count more.
        fallback_text: Words by which items are looked for where there is no text, and wishes alone
            do not find them: in a table too large to be read whole, or by a method of words. Where
            wishes are ranked by, they do not count.
        image_embedding: A picture that it is to be like, see
            :meth:`CatalogueSearch.image_embedding`; with a text it is to be like the picture and as
            the text says.
        filters: Values that may be found, by attribute; of an attribute with several values an item
            has to have one of them. An empty list allows nothing.
        preferences: What is wished for: what likelier is so comes first.
        attribute_boosts: What each value of an attribute is worth where an item has it, by
            attribute, in the unit of a wish's logarithm.
        seed: What chance is drawn by, the same for the same seed.
        temperature: How much chance counts, in the unit of a wish's logarithm: at 1 an item is
            drawn as likely as it is good.
        exclude: Photos that are not to be found.
    """

    model_config = ConfigDict(arbitrary_types_allowed=True)

    text: str = ""
    is_descriptive: bool = True
    fallback_text: str = ""
    image_embedding: np.ndarray | None = None
    filters: dict[str, list[str]] = {}
    preferences: list[Preference] = []
    attribute_boosts: dict[str, dict[str, float]] = {}
    seed: str = ""
    temperature: float = 0.0
    exclude: list[str] = []


# Columns beside the attributes that an item shows.
PUBLIC = (KEY, "Filename")


class TableSearcher:
    """One table with its model: in memory where it is small, by its indexes where it is not."""

    def __init__(self, name: str, table: Table, embedder: Embedder) -> None:
        self.table = table
        self.embedder = embedder
        self._columns = set(table.schema.names)
        self._recent: dict[str, np.ndarray] = {}
        self._encode: DynamicBatcher[str, np.ndarray] = DynamicBatcher(
            lambda texts: list(self.embedder.encode(texts)), _TOGETHER
        )
        self._lock = Lock()
        if not {TEXT_EMBEDDING, ATTRIBUTE_LOG_PROBS, TEXT_MODEL, IMAGE_MODEL} <= self._columns:
            raise InputError(f"The index '{name}' was made by an older Lookbook: {AGAIN}")
        (row,) = table.search().select([TEXT_MODEL, IMAGE_MODEL]).limit(1).to_list()
        if row[TEXT_MODEL] != embedder.fingerprint:
            raise InputError(
                f"The index '{name}' was made with other weights than those of '{embedder.name}', "
                f"which is configured now: {AGAIN}"
            )
        if self.has(IMAGE_EMBEDDING) and row[IMAGE_MODEL] != embedder.image_fingerprint:
            raise InputError(
                f"The pictures in the index '{name}' were embedded by another network than the "
                f"one that is configured now: {AGAIN}"
            )
        self._full_text = full_text_columns(table)
        self.rows = (
            None if is_approximate(table) else InMemoryIndex(table.to_arrow(), self._full_text)
        )

    def encode(self, texts: list[str]) -> np.ndarray:
        """Embeds texts; those that were embedded lately are known."""
        with self._lock:
            known = {text: self._recent[text] for text in texts if text in self._recent}
        new = [text for text in dict.fromkeys(texts) if text not in known]
        if new:
            known |= dict(zip(new, self._encode(*new), strict=True))
        with self._lock:
            # What was asked for last is forgotten last.
            for text in texts:
                self._recent.pop(text, None)
                self._recent[text] = known[text]
            while len(self._recent) > _RECENT:
                self._recent.pop(next(iter(self._recent)))
        return np.stack([known[text] for text in texts])

    def has(self, column: str) -> bool:
        """Says whether items have a column."""
        return column in self._columns

    def describe(self, item: dict[str, Any]) -> str:
        """Return an item's longest kind of text: its last text column, else all its values."""
        texts = [
            column.name
            for column in self.table.schema
            if column.metadata and column.metadata.get(KIND) == b"text"
        ]
        if texts:
            return str(item[texts[-1]])
        return " ".join(value for value in item.values() if isinstance(value, str))

    def check(self, query: Query) -> None:
        """Checks that the index has the attributes that a query names.

        Raises:
            InputError: If it lacks one.
        """
        for name in (*query.filters, *(preference.attribute for preference in query.preferences)):
            if name not in self._columns or name in SYSTEM_COLUMNS:
                raise InputError(f"The index lacks the field '{name}': {AGAIN}")

    def candidates(
        self, query: Query, asked: EncodedQuery, limit: int, only: frozenset[str] | None
    ) -> tuple[InMemoryIndex, dict[str, float]]:
        """Fetches what the indexes find, by each way of finding, filters included.

        Returns:
            The items, and BM25 of those that share words with the query, by photo.
        """
        condition = self.condition(query.filters, only)
        most = max(_LEAST_CANDIDATES, _CANDIDATES * limit)

        def narrowed(matching: Any) -> ArrowTable:
            if condition:
                matching = matching.where(condition, prefilter=True)
            found: ArrowTable = matching.with_row_id(True).limit(most).to_arrow()
            return found

        def nearest(column: str) -> ArrowTable:
            matching: Any = self.table.search(asked.vectors[column], vector_column_name=column)
            matching = matching.distance_type("cosine").nprobes(_PROBES)
            return narrowed(matching.select([KEY, "_distance"]))

        def sharing(text: str) -> ArrowTable:
            matching = self.table.search(text, query_type="fts", fts_columns=self._full_text)
            return narrowed(matching.select([KEY, "_score"]))

        ways: list[Callable[[], ArrowTable]] = [
            partial(nearest, column)
            for column in SEARCHED
            if column in asked.vectors and self.has(column)
        ]
        if asked.text:
            ways.append(partial(sharing, asked.text))
        if not ways:
            # Nothing but wishes: any of the items that are allowed.
            ways.append(lambda: narrowed(self.table.search().select([KEY])))
        with ThreadPoolExecutor(max_workers=len(ways)) as executor:
            found = list(executor.map(lambda way: way(), ways))
        words: dict[str, float] = {}
        if asked.text:
            scored = found[-1]
            names, scores = scored[KEY].to_pylist(), scored["_score"].to_pylist()
            words = dict(zip(names, scores, strict=True))
        places = dict.fromkeys(place for some in found for place in some["_rowid"].to_pylist())
        return InMemoryIndex(self._fetch(list(places))), words

    def _fetch(self, places: list[int]) -> ArrowTable:
        """Reads rows by their place in the table."""
        import pyarrow as pa

        shown = [one for one in self.table.schema.names if one not in (TEXT_MODEL, IMAGE_MODEL)]
        schema = pa.schema([self.table.schema.field(name) for name in shown])
        if not places:
            return schema.empty_table()
        fetched = self.table.take_row_ids(places).select(shown).to_arrow()
        # What says of which value each probability is, a query drops.
        return pa.table([fetched[name] for name in shown], schema=schema)

    def condition(self, allowed: dict[str, list[str]], only: frozenset[str] | None = None) -> str:
        """Writes the values that are allowed as a condition in SQL."""
        import pyarrow as pa

        parts = []
        for column, values in {**allowed, **({KEY: sorted(only)} if only else {})}.items():
            several = pa.types.is_list(self.table.schema.field(column).type)
            listed = quote(values)
            if not values:
                parts.append("FALSE")
            elif several:
                parts.append(f"array_has_any(`{column}`, [{listed}])")
            else:
                parts.append(f"`{column}` IN ({listed})")
        return " AND ".join(parts)
