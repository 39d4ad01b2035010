"""Scoring items by everything that a query says: their texts, pictures, words and fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from lookbook.lazy import ArrowTable
from lookbook.search.tables import (
    FILE,
    GROUP,
    KEY,
    LIKELY,
    LOOK,
    OWN,
    PICTURE,
    TEXT,
    VECTORS,
    places_of,
)
from lookbook.search.words import WordIndex

Item = dict[str, Any]
WORDS = "words"
# How many of the best of either side an item has to be among to be found by it, for each that
# is shown.
_DEPTH = 3


class Weights(BaseModel):
    """How much each way of finding an item counts where they are fused.

    Attributes:
        text: The cosine of query and text.
        picture: The cosine of query and picture.
        look: The cosine of pictures.
        words: BM25 (Robertson and Zaragoza, 2009).
        likely: The logarithm of the probability that an item is what is wished for, a field.
    """

    model_config = ConfigDict(extra="forbid")

    text: float = Field(ge=0)
    picture: float = Field(ge=0)
    look: float = Field(ge=0)
    words: float = Field(ge=0)
    likely: float = Field(ge=0)


@dataclass(frozen=True)
class Asked:
    """A query as numbers.

    Attributes:
        vectors: Of unit length, by the column that they are compared with; none where the query
            does not speak of it.
        wished: Values that are wished for, by field.
        text: What is looked for by its words; empty for nothing.
        words: BM25 by photo, where the database has looked for the words.
    """

    vectors: dict[str, np.ndarray]
    wished: Mapping[str, list[str]] = field(default_factory=dict)
    text: str = ""
    words: Mapping[str, float] = field(default_factory=dict)


class Rows:
    """Some or all items of a table, in memory."""

    def __init__(self, rows: ArrowTable, texts: Sequence[str] = ()) -> None:
        """Takes items.

        Args:
            rows: With ``photo_id``, ``Filename``, fields and vectors.
            texts: Columns whose words are looked for here; none where the database has done so.
        """
        self._rows = rows
        self._words = (
            WordIndex(
                [
                    " ".join(row)
                    for row in zip(*(rows[one].to_pylist() for one in texts), strict=True)
                ]
            )
            if texts
            else None
        )
        self.ids: list[str] = rows[KEY].to_pylist()
        self.place = {photo_id: number for number, photo_id in enumerate(self.ids)}
        self._vectors = {name: _matrix(rows, name) for name in VECTORS if name in rows.schema.names}
        self._places = places_of(rows.schema)
        self._masks: dict[tuple[str, str], np.ndarray] = {}

    def __len__(self) -> int:
        """Counts the items."""
        return len(self.ids)

    @cached_property
    def groups(self) -> list[str]:
        """The first photo of each item that was photographed several times."""
        groups: list[str] = self._rows[GROUP].to_pylist()
        return groups

    @cached_property
    def _columns(self) -> dict[str, list[Any]]:
        return {
            name: self._rows[name].to_pylist()
            for name in self._rows.schema.names
            if name not in OWN or name in (KEY, FILE)
        }

    def vector(self, column: str, photo_id: str) -> np.ndarray | None:
        """Gives an item's vector; ``None`` where there is no such item or vector."""
        if column not in self._vectors or photo_id not in self.place:
            return None
        vector: np.ndarray = self._vectors[column][self.place[photo_id]]
        return vector if vector.any() else None

    def allowed(self, allowed: Mapping[str, list[str]]) -> np.ndarray:
        """Says which items have, of each field, one of the values; (items,) booleans."""
        kept = np.ones(len(self), bool)
        for name, values in allowed.items():
            one = np.zeros(len(self), bool)
            for value in values:
                one |= self._having(name, value)
            kept &= one
        return kept

    def _having(self, name: str, value: str) -> np.ndarray:
        if (name, value) not in self._masks:
            cells = self._columns[name]
            self._masks[name, value] = np.array(
                [value in cell if isinstance(cell, list) else cell == value for cell in cells], bool
            )
        return self._masks[name, value]

    def parts(self, asked: list[Asked]) -> list[dict[str, np.ndarray]]:
        """Scores items by each thing that each query says; (items,) float32 each.

        All queries' vectors are multiplied at once: what takes time is to read the items'.
        """
        parts: list[dict[str, np.ndarray]] = [{} for _ in asked]
        for column, matrix in self._vectors.items():
            having = [number for number, one in enumerate(asked) if column in one.vectors]
            if having:
                stacked = np.stack([asked[number].vectors[column] for number in having])
                for number, scores in zip(having, stacked @ matrix.T, strict=True):
                    parts[number][column] = scores
        for one, own in zip(asked, parts, strict=True):
            if one.text and self._words:
                own[WORDS] = self._words.score(one.text)
            elif one.text:
                own[WORDS] = np.zeros(len(self), np.float32)
                for photo_id, score in one.words.items():
                    if photo_id in self.place:
                        own[WORDS][self.place[photo_id]] = score
            wishes = self._wishes(one.wished)
            if wishes:
                own[LIKELY] = np.sum(wishes, axis=0)
        return parts

    def _wishes(self, wished: Mapping[str, list[str]], rows: Any = slice(None)) -> list[np.ndarray]:
        """Gives, for each field, the logarithm of having the likeliest wished value."""
        of_fields = (
            [self._places[name][value] for value in values if value in self._places[name]]
            for name, values in wished.items()
            if name in self._places
        )
        return [self._vectors[LIKELY][rows, places].max(axis=-1) for places in of_fields if places]

    def granted(self, row: int, wished: Mapping[str, list[str]]) -> float:
        """Says how far an item is what is wished for: the mean probability, from 0 to 1."""
        wishes = self._wishes(wished, row)
        return float(np.exp(wishes).mean()) if wishes else 0.0

    def item(self, row: int) -> Item:
        """Lays out an item: identity, fields and ``vector``, by which items are told apart."""
        item = {name: cells[row] for name, cells in self._columns.items()}
        item[GROUP] = self.groups[row]
        column = next(one for one in (LOOK, PICTURE, TEXT) if one in self._vectors)
        return {**item, "vector": self._vectors[column][row]}


def fuse(parts: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """Adds up scores by their weights; (items,)."""
    total: np.ndarray = np.sum([weights[name] * part for name, part in parts.items()], axis=0)
    return total


def weights_by_part(weights: Weights) -> dict[str, float]:
    """Names weights as :meth:`Rows.parts` does."""
    return {
        TEXT: weights.text, PICTURE: weights.picture, LOOK: weights.look, WORDS: weights.words,
        LIKELY: weights.likely,
    }  # fmt: skip


def choose_best(scores: np.ndarray, kept: np.ndarray, groups: list[str], limit: int) -> list[int]:
    """Chooses the best items, of those photographed several times one photo each.

    Args:
        scores: (items,).
        kept: (items,) whether each may be chosen.
        groups: What photographs of one item have in common.
        limit: How many at most.

    Returns:
        Their places, the best first; of equal ones the first.
    """
    candidates = np.flatnonzero(kept)
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


def found_by(
    parts: Mapping[str, np.ndarray], weights: Mapping[str, float], kept: np.ndarray,
    chosen: list[int],
) -> list[str]:  # fmt: skip
    """Says whether items were found by words, by picture, or by both.

    Args:
        parts: See :meth:`Rows.parts`.
        weights: How much each counts.
        kept: (items,) whether each may be chosen.
        chosen: Places of the items that were.
    """
    sides = {"words": (TEXT, WORDS), "picture": (PICTURE, LOOK)}
    ranks: dict[str, np.ndarray] = {}
    for side, names in sides.items():
        known = {name: parts[name] for name in names if name in parts}
        if known and any(weights[name] for name in known):
            scores = np.where(kept, fuse(known, weights), -np.inf)
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
