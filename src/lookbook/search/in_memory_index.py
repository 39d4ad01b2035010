"""Items in memory, scored by every component of a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from lookbook.lazy import ArrowTable
from lookbook.products.product import codes_in
from lookbook.search.bm25 import BM25Index, stems
from lookbook.search.items import Item
from lookbook.search.preferences import Preference, match_probability
from lookbook.search.probabilities import (
    PROBABILITY_FLOOR,
    AttributeProbabilities,
    ItemProbabilities,
)
from lookbook.search.product_columns import CODES, COLUMNS, EFFECTIVE_PRICE, IN_STOCK, to_product
from lookbook.search.product_filter import ProductFilter
from lookbook.search.ranking import BM25, CODE, PAIRS, REQUIRED, gumbel_noise, hash_ids
from lookbook.search.tables import (
    ATTRIBUTE_LOG_PROBS,
    DUPLICATE_GROUP,
    FILE,
    IMAGE_EMBEDDING,
    IMAGE_IN_TEXT_SPACE,
    KEY,
    KIND,
    TEXT_EMBEDDING,
    VECTORS,
    WORDS,
    attribute_columns,
    column_of,
    probability_columns,
    to_matrix,
)


@dataclass(frozen=True)
class EncodedQuery:
    """A query as vectors and weights.

    Attributes:
        vectors: Of unit length, by the column that they are compared with.
        preferences: Preferences.
        attribute_boosts: Score of each value, by attribute.
        pair_boosts: The same, as learned from feedback.
        seed: Seed of the noise.
        temperature: Scale of the noise.
        text: Text for BM25; empty to skip it.
        bm25: BM25 scores by photo, where the database computed them.
    """

    vectors: dict[str, np.ndarray]
    preferences: Sequence[Preference] = ()
    attribute_boosts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    pair_boosts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    seed: str = ""
    temperature: float = 0.0
    text: str = ""
    bm25: Mapping[str, float] | None = None


class InMemoryIndex:
    """Some or all items of a table, in memory."""

    def __init__(self, rows: ArrowTable) -> None:
        """Load items.

        Args:
            rows: All columns of :mod:`lookbook.search.tables`.
        """
        self._rows = rows
        self.ids: list[str] = rows[KEY].to_pylist()
        self.index = {photo_id: number for number, photo_id in enumerate(self.ids)}
        self._vectors = {
            name: to_matrix(rows, name) for name in VECTORS if name in rows.schema.names
        }
        self._columns = probability_columns(rows.schema)
        self._masks: dict[tuple[str, str], np.ndarray] = {}
        self._columns_read: dict[str, list[Any]] = {}
        self._items: dict[int, Item] = {}

    def __len__(self) -> int:
        """Return the number of items."""
        return len(self.ids)

    @cached_property
    def groups(self) -> list[str]:
        """Duplicate group of each item."""
        groups: list[str] = self._rows[DUPLICATE_GROUP].to_pylist()
        return groups

    @cached_property
    def _files(self) -> list[str]:
        files: list[str] = self._rows[FILE].to_pylist()
        return files

    @cached_property
    def _attributes(self) -> dict[str, list[Any]]:
        columns = attribute_columns(self._rows.schema)
        return {name: self._cells(column) for name, column in columns.items()}

    def _cells(self, column: str) -> list[Any]:
        if column not in self._columns_read:
            self._columns_read[column] = self._rows[column].to_pylist()
        return self._columns_read[column]

    @cached_property
    def prices(self) -> np.ndarray:
        """(items,) what a customer pays; NaN if unknown."""
        prices: np.ndarray = self._rows[EFFECTIVE_PRICE].to_numpy()
        return prices

    @cached_property
    def _sold_out(self) -> np.ndarray:
        return np.array([cell is False for cell in self._cells(IN_STOCK)], bool)

    @cached_property
    def _rows_by_code(self) -> dict[str, list[int]]:
        rows: dict[str, list[int]] = {}
        for row, codes in enumerate(self._cells(CODES)):
            for code in codes or ():
                rows.setdefault(code, []).append(row)
        return rows

    @cached_property
    def _bm25(self) -> BM25Index:
        return BM25Index([words.split() for words in self._rows[WORDS].to_pylist()])

    @cached_property
    def _probabilities(self) -> np.ndarray:
        """(items, values of all attributes)."""
        probabilities: np.ndarray = np.exp(self._vectors[ATTRIBUTE_LOG_PROBS])
        return probabilities

    @cached_property
    def _hashes(self) -> np.ndarray:
        return hash_ids(self.ids)

    def vector(self, column: str, photo_id: str) -> np.ndarray | None:
        """Return an item's vector; ``None`` if there is no such item or vector."""
        if column not in self._vectors or photo_id not in self.index:
            return None
        vector: np.ndarray = self._vectors[column][self.index[photo_id]]
        return vector if vector.any() else None

    def max_similarity(self, column: str, vector: np.ndarray) -> float:
        """Return the cosine of a vector and the nearest item's; 0 without items."""
        return float((self._vectors[column] @ vector).max(initial=0.0))

    def filter_mask(
        self,
        filters: Mapping[str, list[str]],
        products: ProductFilter = ProductFilter(),  # noqa: B008
    ) -> np.ndarray:
        """Return (items,) whether each item meets all filters.

        Args:
            filters: Allowed values by attribute.
            products: Conditions on the shop's own data.
        """
        mask = np.ones(len(self), bool)
        allowed = {column_of(name): values for name, values in filters.items()}
        for column, values in {**allowed, **products.allowed_values()}.items():
            matches = np.zeros(len(self), bool)
            for value in values:
                matches |= self._has_value(column, value)
            mask &= matches
        if products.min_price is not None:
            mask &= self.prices >= products.min_price
        if products.max_price is not None:
            mask &= self.prices <= products.max_price
        if products.in_stock:
            mask &= ~self._sold_out
        return mask

    def _has_value(self, column: str, value: str) -> np.ndarray:
        if (column, value) not in self._masks:
            cells = self._cells(column)
            self._masks[column, value] = np.array(
                [value in cell if isinstance(cell, list) else cell == value for cell in cells], bool
            )
        return self._masks[column, value]

    def score_components(self, queries: list[EncodedQuery]) -> list[dict[str, np.ndarray]]:
        """Return for each query (items,) float32 scores by component.

        All queries' vectors are multiplied at once: reading the items' dominates the time.
        """
        components: list[dict[str, np.ndarray]] = [{} for _ in queries]
        for column, matrix in self._vectors.items():
            numbers = [number for number, one in enumerate(queries) if column in one.vectors]
            if numbers:
                stacked = np.stack([queries[number].vectors[column] for number in numbers])
                for number, scores in zip(numbers, stacked @ matrix.T, strict=True):
                    components[number][column] = scores
        # Parts of an outfit share most preferences.
        cache: dict[int, np.ndarray] = {}
        for query, scores in zip(queries, components, strict=True):
            if query.text:
                scores[BM25] = self._score_words(query)
                if rows := [
                    row for code in codes_in(query.text) for row in self._rows_by_code.get(code, ())
                ]:
                    scores[CODE] = np.zeros(len(self), np.float32)
                    scores[CODE][rows] = 1
            required = [one for one in query.preferences if one.required]
            optional = [one for one in query.preferences if not one.required]
            if optional:
                scores[ATTRIBUTE_LOG_PROBS] = self._log_match(optional, cache)
            if required:
                scores[REQUIRED] = self._log_match(required, cache)
            if query.attribute_boosts:
                scores[REQUIRED] = scores.get(REQUIRED, 0.0) + self._boost(query.attribute_boosts)
            if query.pair_boosts:
                scores[PAIRS] = self._boost(query.pair_boosts)
            if query.temperature and REQUIRED in scores:
                noise = gumbel_noise(self._hashes, query.seed)
                scores[REQUIRED] = scores[REQUIRED] + query.temperature * noise
        return components

    def _score_words(self, query: EncodedQuery) -> np.ndarray:
        if query.bm25 is None:
            return self._bm25.score(stems(query.text))
        scores = np.zeros(len(self), np.float32)
        for photo_id, score in query.bm25.items():
            if photo_id in self.index:
                scores[self.index[photo_id]] = score
        return scores

    def _log_match(
        self, preferences: Sequence[Preference], cache: dict[int, np.ndarray]
    ) -> np.ndarray:
        """Return (items,) weighted sums of log match probabilities."""
        for preference in preferences:
            if id(preference) not in cache:
                matches = np.maximum(self._match_probability(preference), PROBABILITY_FLOOR)
                cache[id(preference)] = preference.weight * np.log(matches)
        total: np.ndarray = np.sum([cache[id(one)] for one in preferences], axis=0)
        return total

    def _boost(self, boosts: Mapping[str, Mapping[str, float]]) -> np.ndarray:
        """Return (items,) expected boosts."""
        weights = np.zeros(self._probabilities.shape[1], np.float32)
        for name, values in boosts.items():
            for value, boost in values.items():
                if value in self._columns.get(name, {}):
                    weights[self._columns[name][value]] = boost
        return self._probabilities @ weights

    def _match_probability(self, preference: Preference, rows: Any = slice(None)) -> np.ndarray:
        """Return the probability that items match; 1 if the index does not know the values.

        An excluded value that the catalogue states is certain: customers who refuse black shoes
        see none that are labelled black.
        """
        known = self._columns.get(preference.attribute, {})
        columns = [known[value] for value in preference.values if value in known]
        if not columns:
            return np.ones_like(self._probabilities[rows, 0])
        column = self._rows.schema.field(column_of(preference.attribute))
        is_multi = column.metadata[KIND] == b"multi"
        matches = match_probability(preference, self._probabilities[rows][..., columns], is_multi)
        if preference.negated:
            stated = self.filter_mask({preference.attribute: preference.values})
            matches = np.where(stated[rows], 0.0, matches)
        return matches

    def match_probabilities(
        self, rows: Sequence[int], preferences: Sequence[Preference]
    ) -> list[list[float]]:
        """Return for each row the probability that it matches each preference."""
        columns = [self._match_probability(one, list(rows)) for one in preferences]
        matches: list[list[float]] = np.array(columns).reshape(len(columns), len(rows)).T.tolist()
        return matches

    def probabilities(self, row: int) -> AttributeProbabilities:
        """Return the probabilities of an item's values, by attribute."""
        return ItemProbabilities(self._probabilities[row], self._columns)

    def item(self, row: int) -> Item:
        """Return an item."""
        if row not in self._items:
            column = next(
                name
                for name in (IMAGE_EMBEDDING, IMAGE_IN_TEXT_SPACE, TEXT_EMBEDDING)
                if name in self._vectors
            )
            self._items[row] = Item(
                self.ids[row],
                self._files[row],
                {name: cells[row] for name, cells in self._attributes.items()},
                self.groups[row],
                self.probabilities(row),
                self._vectors[column][row],
                to_product(self._rows.select(COLUMNS).slice(row, 1).to_pylist()[0]),
            )
        return self._items[row]
