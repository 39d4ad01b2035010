"""Scoring items by everything that a query says: their texts, pictures, words and attributes."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from lookbook.lazy import ArrowTable
from lookbook.search.bm25 import BM25Index
from lookbook.search.preferences import Preference, grant
from lookbook.search.probabilities import (
    PROBABILITY_FLOOR,
    AttributeProbabilities,
    ItemProbabilities,
)
from lookbook.search.tables import (
    ATTRIBUTE_LOG_PROBS,
    DUPLICATE_GROUP,
    FILE,
    IMAGE_EMBEDDING,
    IMAGE_IN_TEXT_SPACE,
    KEY,
    SYSTEM_COLUMNS,
    TEXT_EMBEDDING,
    VECTORS,
    probability_columns,
)

Item = dict[str, Any]
BM25 = "words"
# Wishes that count in full in any case.
REQUIRED = "firm"
# How many of the best of either side an item has to be among to be found by it, for each that
# is shown.
_DEPTH = 3
# Cosines of a text and the picture next to it: of 19 in 20 descriptions it is above the upper one,
# of half the messages of customers below the lower one.
_STRAY, _PLACED = 0.35, 0.5


class FusionWeights(BaseModel):
    """How much each way of finding an item counts where they are fused.

    Attributes:
        text: The cosine of query and text.
        image_in_text_space: The cosine of query and picture.
        image: The cosine of pictures.
        bm25: BM25 (Robertson and Zaragoza, 2009).
        attributes: The logarithm of the probability that an item is what is wished for, an
            attribute, where a text describes an item so well that pictures are found by it.
        attributes_when_vague: The same where a text does not, as most of what customers say.
    """

    model_config = ConfigDict(extra="forbid")

    text: float = Field(ge=0)
    image_in_text_space: float = Field(ge=0)
    image: float = Field(ge=0)
    bm25: float = Field(ge=0)
    attributes: float = Field(ge=0)
    attributes_when_vague: float = Field(ge=0)


@dataclass(frozen=True)
class EncodedQuery:
    """A query as numbers.

    Attributes:
        vectors: Of unit length, by the column that they are compared with; none where the query
            does not speak of it.
        preferences: What is wished for.
        attribute_boosts: What each value of an attribute is worth where an item has it, by
            attribute.
        chance: The seed and the scale of what chance adds.
        text: What is looked for by its words; empty for nothing.
        words: BM25 by photo, where the database has looked for the words.
    """

    vectors: dict[str, np.ndarray]
    preferences: Sequence[Preference] = ()
    attribute_boosts: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    chance: tuple[str, float] = ("", 0.0)
    text: str = ""
    words: Mapping[str, float] = field(default_factory=dict)


class InMemoryIndex:
    """Some or all items of a table, in memory."""

    def __init__(self, rows: ArrowTable, texts: Sequence[str] = ()) -> None:
        """Takes items.

        Args:
            rows: With ``photo_id``, ``Filename``, attributes and vectors.
            texts: Columns whose words are looked for here; none where the database has done so.
        """
        self._rows = rows
        self._words = (
            BM25Index(
                [
                    " ".join(row)
                    for row in zip(*(rows[one].to_pylist() for one in texts), strict=True)
                ]
            )
            if texts
            else None
        )
        self.ids: list[str] = rows[KEY].to_pylist()
        self.index = {photo_id: number for number, photo_id in enumerate(self.ids)}
        self._vectors = {name: _matrix(rows, name) for name in VECTORS if name in rows.schema.names}
        self._places = probability_columns(rows.schema)
        self._masks: dict[tuple[str, str], np.ndarray] = {}
        self._items: dict[int, Item] = {}

    def __len__(self) -> int:
        """Counts the items."""
        return len(self.ids)

    @cached_property
    def groups(self) -> list[str]:
        """The first photo of each item that was photographed several times."""
        groups: list[str] = self._rows[DUPLICATE_GROUP].to_pylist()
        return groups

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        return {
            name: self._rows[name].to_pylist()
            for name in self._rows.schema.names
            if name not in SYSTEM_COLUMNS or name in (KEY, FILE)
        }

    def vector(self, column: str, photo_id: str) -> np.ndarray | None:
        """Gives an item's vector; ``None`` where there is no such item or vector."""
        if column not in self._vectors or photo_id not in self.index:
            return None
        vector: np.ndarray = self._vectors[column][self.index[photo_id]]
        return vector if vector.any() else None

    def max_similarity(self, column: str, vector: np.ndarray) -> float:
        """Gives the cosine of a vector and the nearest item's; 0 without items."""
        return float((self._vectors[column] @ vector).max(initial=0.0))

    def filter_mask(self, filters: Mapping[str, list[str]]) -> np.ndarray:
        """Says which items have, of each attribute, one of the values; (items,) booleans."""
        mask = np.ones(len(self), bool)
        for name, values in filters.items():
            one = np.zeros(len(self), bool)
            for value in values:
                one |= self._having(name, value)
            mask &= one
        return mask

    def _having(self, name: str, value: str) -> np.ndarray:
        if (name, value) not in self._masks:
            cells = self._columns[name]
            self._masks[name, value] = np.array(
                [value in cell if isinstance(cell, list) else cell == value for cell in cells], bool
            )
        return self._masks[name, value]

    def score_components(self, asked: list[EncodedQuery]) -> list[dict[str, np.ndarray]]:
        """Scores items by each thing that each query says; (items,) float32 each.

        All queries' vectors are multiplied at once: what takes time is to read the items'.
        """
        components: list[dict[str, np.ndarray]] = [{} for _ in asked]
        for column, matrix in self._vectors.items():
            having = [number for number, one in enumerate(asked) if column in one.vectors]
            if having:
                stacked = np.stack([asked[number].vectors[column] for number in having])
                for number, scores in zip(having, stacked @ matrix.T, strict=True):
                    components[number][column] = scores
        # The parts of an outfit share most of their wishes.
        heard: dict[int, np.ndarray] = {}
        for one, own in zip(asked, components, strict=True):
            if one.text and self._words:
                own[BM25] = self._words.score(one.text)
            elif one.text:
                own[BM25] = np.zeros(len(self), np.float32)
                for photo_id, score in one.words.items():
                    if photo_id in self.index:
                        own[BM25][self.index[photo_id]] = score
            firm = [preference for preference in one.preferences if preference.required]
            if firm:
                own[REQUIRED] = self._log_match(firm, heard)
            if len(firm) < len(one.preferences):
                own[ATTRIBUTE_LOG_PROBS] = self._log_match(
                    [preference for preference in one.preferences if not preference.required], heard
                )
            if one.attribute_boosts:
                own[REQUIRED] = own.get(REQUIRED, 0.0) + self._boosts(one.attribute_boosts)
            seed, scale = one.chance
            if scale and REQUIRED in own:
                own[REQUIRED] = own[REQUIRED] + scale * gumbel_noise(self._numbers, seed)
        return components

    @cached_property
    def _probabilities(self) -> np.ndarray:
        """(items, values of all attributes) probabilities."""
        probabilities: np.ndarray = np.exp(self._vectors[ATTRIBUTE_LOG_PROBS])
        return probabilities

    @cached_property
    def _numbers(self) -> np.ndarray:
        """(items,) a number for each photo, by which chance is drawn."""
        digests = (hashlib.sha256(photo_id.encode()).digest()[:8] for photo_id in self.ids)
        return np.frombuffer(b"".join(digests), np.uint64)

    def _log_match(
        self, preferences: Sequence[Preference], heard: dict[int, np.ndarray]
    ) -> np.ndarray:
        """Adds up the logarithms of how likely wishes are granted; (items,)."""
        for preference in preferences:
            if id(preference) not in heard:
                match_probabilities = np.maximum(
                    self._match_probability(preference), PROBABILITY_FLOOR
                )
                heard[id(preference)] = preference.weight * np.log(match_probabilities)
        likely: np.ndarray = np.sum([heard[id(preference)] for preference in preferences], axis=0)
        return likely

    def _boosts(self, attribute_boosts: Mapping[str, Mapping[str, float]]) -> np.ndarray:
        """Adds up what items' values are worth, by their probabilities; (items,)."""
        preference_score = np.zeros(self._probabilities.shape[1], np.float32)
        for name, values in attribute_boosts.items():
            for value, own in values.items():
                if value in self._places.get(name, {}):
                    preference_score[self._places[name][value]] = own
        return self._probabilities @ preference_score

    def _match_probability(self, preference: Preference, rows: Any = slice(None)) -> np.ndarray:
        """Gives the probability that items are what is wished for; 1 where nobody could tell.

        What the catalogue says of an item counts as certain where it is not wanted: whoever wants
        no black shoes is not shown what is called black.
        """
        known = self._places.get(preference.attribute, {})
        places = [known[value] for value in preference.values if value in known]
        if not places:
            return np.ones_like(self._probabilities[rows, 0])
        several = _is_list(self._rows, preference.attribute)
        match_probabilities = grant(preference, self._probabilities[rows][..., places], several)
        if preference.negated:
            said = self.filter_mask({preference.attribute: preference.values})
            match_probabilities = np.where(said[rows], 0.0, match_probabilities)
        return match_probabilities

    def match_probabilities(
        self, rows: Sequence[int], preferences: Sequence[Preference]
    ) -> list[list[float]]:
        """Says how likely items are each thing that is wished for; a list for each item."""
        told = np.array(
            [self._match_probability(preference, list(rows)) for preference in preferences]
        )
        match_probabilities: list[list[float]] = told.reshape(
            len(preferences), len(rows)
        ).T.tolist()
        return match_probabilities

    def probabilities(self, row: int) -> AttributeProbabilities:
        """Gives the probabilities of an item's values, by attribute."""
        return ItemProbabilities(self._probabilities[row], self._places)

    def item(self, row: int) -> Item:
        """Lays out an item: identity, attributes and ``vector``, by which items are told apart."""
        item = self._items.get(row)
        if item is None:
            column = next(
                one
                for one in (IMAGE_EMBEDDING, IMAGE_IN_TEXT_SPACE, TEXT_EMBEDDING)
                if one in self._vectors
            )
            item = self._items[row] = {
                **{name: cells[row] for name, cells in self._columns.items()},
                DUPLICATE_GROUP: self.groups[row],
                "vector": self._vectors[column][row],
            }
        return dict(item)


def gumbel_noise(numbers: np.ndarray, seed: str) -> np.ndarray:
    """Draws from a standard Gumbel distribution, the same for the same seed.

    The best of scores with such noise is drawn in proportion to their exponentials (Gumbel, 1954;
    Maddison et al., 2014).

    Args:
        numbers: (items,) uint64, one for each item.
        seed: Any text.
    """
    key = np.frombuffer(hashlib.sha256(seed.encode()).digest()[:8], np.uint64)
    mixed = numbers ^ key
    # The finaliser of SplitMix64 (Steele et al., 2014).
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    even = (mixed.astype(np.float64) + 0.5) / 2.0**64
    return -np.log(-np.log(np.clip(even, 1e-12, 1 - 1e-12)))


def fuse_scores(components: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """Adds up scores by their weights; (items,)."""
    total: np.ndarray = np.sum([weights[name] * part for name, part in components.items()], axis=0)
    return total


def fusion_weights(
    weights: FusionWeights, components: Mapping[str, np.ndarray], mask: np.ndarray, described: bool
) -> dict[str, float]:
    """Says how much each part of a query counts.

    Texts and pictures were brought together by descriptions of single items. What a customer
    says in passing ("something for my mum") has no good place among pictures, not even for the
    nearest of them; then what is understood of it counts more.

    Args:
        weights: As configured.
        parts: See :meth:`Rows.parts`.
        mask: (items,) whether each may be found.
        described: Whether the text says more than the wishes.
    """
    if len(components) == 1:
        # Alone, a way of finding needs no weight.
        return dict.fromkeys(components, 1.0)
    placed = described and IMAGE_IN_TEXT_SPACE in components
    nearest = float(components[IMAGE_IN_TEXT_SPACE][mask].max()) if placed else 0.0
    sure = float(np.clip((nearest - _STRAY) / (_PLACED - _STRAY), 0, 1))
    likely = weights.attributes**sure * weights.attributes_when_vague ** (1 - sure)
    return {
        TEXT_EMBEDDING: weights.text, IMAGE_IN_TEXT_SPACE: weights.image_in_text_space, IMAGE_EMBEDDING: weights.image, BM25: weights.bm25,
        ATTRIBUTE_LOG_PROBS: likely, REQUIRED: weights.attributes_when_vague,
    }  # fmt: skip


def top_k(scores: np.ndarray, mask: np.ndarray, groups: list[str], limit: int) -> list[int]:
    """Chooses the best items, of those photographed several times one photo each.

    Args:
        scores: (items,).
        mask: (items,) whether each may be chosen.
        groups: What photographs of one item have in common.
        limit: How many at most.

    Returns:
        Their places, the best first; of equal ones the first.
    """
    candidates = np.flatnonzero(mask)
    # Photographs of one item are few: a little more than the limit is nearly always enough.
    few = min(len(candidates), 2 * limit + 16)
    while True:
        best = candidates
        if few < len(candidates):
            least = np.partition(scores[candidates], -few)[-few]
            best = candidates[scores[candidates] >= least]
        ordered = best[np.argsort(-scores[best], kind="stable")]
        first: dict[str, int] = {}
        for place in ordered.tolist():
            first.setdefault(groups[place], place)
            if len(first) == limit:
                break
        if len(first) == limit or few >= len(candidates):
            return list(first.values())
        few = min(len(candidates), 4 * few)


def matched_by(
    components: Mapping[str, np.ndarray], weights: Mapping[str, float], mask: np.ndarray,
    chosen: list[int],
) -> list[str]:  # fmt: skip
    """Says whether items were found by words, by picture, or by both.

    Args:
        parts: See :meth:`Rows.parts`.
        weights: How much each counts.
        mask: (items,) whether each may be chosen.
        chosen: Places of the items that were.
    """
    sides = {"words": (TEXT_EMBEDDING, BM25), "picture": (IMAGE_IN_TEXT_SPACE, IMAGE_EMBEDDING)}
    ranks: dict[str, np.ndarray] = {}
    for side, names in sides.items():
        known = {name: components[name] for name in names if name in components}
        if known and any(weights[name] for name in known):
            scores = np.where(mask, fuse_scores(known, weights), -np.inf)
            ranks[side] = np.array([(scores > scores[place]).sum() for place in chosen])
    deep = _DEPTH * len(chosen)
    told = []
    for number in range(len(chosen)):
        by = [side for side, own in ranks.items() if own[number] < deep]
        if not by and ranks:
            by = [min(ranks, key=lambda side: ranks[side][number])]
        told.append(" and ".join(by))
    return told


def _matrix(rows: ArrowTable, name: str) -> np.ndarray:
    flat = rows[name].combine_chunks().flatten().to_numpy()
    matrix: np.ndarray = flat.reshape(len(rows), -1)
    return matrix


def _is_list(rows: ArrowTable, name: str) -> bool:
    import pyarrow as pa

    several: bool = pa.types.is_list(rows.schema.field(name).type)
    return several
