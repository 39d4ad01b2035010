"""Scoring items by everything that a query says: their texts, pictures, words and fields."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from lookbook.lazy import ArrowTable
from lookbook.search.likely import LEAST, Chances, ItemChances
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
from lookbook.search.wishes import Wish, grant
from lookbook.search.words import WordIndex

Item = dict[str, Any]
WORDS = "words"
# Wishes that count in full in any case.
FIRM = "firm"
# How many of the best of either side an item has to be among to be found by it, for each that
# is shown.
_DEPTH = 3
# Cosines of a text and the picture next to it: of 19 in 20 descriptions it is above the upper one,
# of half the messages of customers below the lower one.
_STRAY, _PLACED = 0.35, 0.5


class Weights(BaseModel):
    """How much each way of finding an item counts where they are fused.

    Attributes:
        text: The cosine of query and text.
        picture: The cosine of query and picture.
        look: The cosine of pictures.
        words: BM25 (Robertson and Zaragoza, 2009).
        likely: The logarithm of the probability that an item is what is wished for, a field,
            where a text describes an item so well that pictures are found by it.
        likely_alone: The same where a text does not, as most of what customers say.
    """

    model_config = ConfigDict(extra="forbid")

    text: float = Field(ge=0)
    picture: float = Field(ge=0)
    look: float = Field(ge=0)
    words: float = Field(ge=0)
    likely: float = Field(ge=0)
    likely_alone: float = Field(ge=0)


@dataclass(frozen=True)
class Asked:
    """A query as numbers.

    Attributes:
        vectors: Of unit length, by the column that they are compared with; none where the query
            does not speak of it.
        wishes: What is wished for.
        preferred: What each value of a field is worth where an item has it, by field.
        chance: The seed and the scale of what chance adds.
        text: What is looked for by its words; empty for nothing.
        words: BM25 by photo, where the database has looked for the words.
    """

    vectors: dict[str, np.ndarray]
    wishes: Sequence[Wish] = ()
    preferred: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    chance: tuple[str, float] = ("", 0.0)
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
        self._items: dict[int, Item] = {}

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

    def nearness(self, column: str, vector: np.ndarray) -> float:
        """Gives the cosine of a vector and the nearest item's; 0 without items."""
        return float((self._vectors[column] @ vector).max(initial=0.0))

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
        # The parts of an outfit share most of their wishes.
        heard: dict[int, np.ndarray] = {}
        for one, own in zip(asked, parts, strict=True):
            if one.text and self._words:
                own[WORDS] = self._words.score(one.text)
            elif one.text:
                own[WORDS] = np.zeros(len(self), np.float32)
                for photo_id, score in one.words.items():
                    if photo_id in self.place:
                        own[WORDS][self.place[photo_id]] = score
            firm = [wish for wish in one.wishes if wish.firm]
            if firm:
                own[FIRM] = self._likely(firm, heard)
            if len(firm) < len(one.wishes):
                own[LIKELY] = self._likely([wish for wish in one.wishes if not wish.firm], heard)
            if one.preferred:
                own[FIRM] = own.get(FIRM, 0.0) + self._worth(one.preferred)
            seed, scale = one.chance
            if scale and FIRM in own:
                own[FIRM] = own[FIRM] + scale * draw(self._numbers, seed)
        return parts

    @cached_property
    def _chances(self) -> np.ndarray:
        """(items, values of all fields) probabilities."""
        chances: np.ndarray = np.exp(self._vectors[LIKELY])
        return chances

    @cached_property
    def _numbers(self) -> np.ndarray:
        """(items,) a number for each photo, by which chance is drawn."""
        digests = (hashlib.sha256(photo_id.encode()).digest()[:8] for photo_id in self.ids)
        return np.frombuffer(b"".join(digests), np.uint64)

    def _likely(self, wishes: Sequence[Wish], heard: dict[int, np.ndarray]) -> np.ndarray:
        """Adds up the logarithms of how likely wishes are granted; (items,)."""
        for wish in wishes:
            if id(wish) not in heard:
                granted = np.maximum(self._granted(wish), LEAST)
                heard[id(wish)] = wish.weight * np.log(granted)
        likely: np.ndarray = np.sum([heard[id(wish)] for wish in wishes], axis=0)
        return likely

    def _worth(self, preferred: Mapping[str, Mapping[str, float]]) -> np.ndarray:
        """Adds up what items' values are worth, by their probabilities; (items,)."""
        worth = np.zeros(self._chances.shape[1], np.float32)
        for name, values in preferred.items():
            for value, own in values.items():
                if value in self._places.get(name, {}):
                    worth[self._places[name][value]] = own
        return self._chances @ worth

    def _granted(self, wish: Wish, rows: Any = slice(None)) -> np.ndarray:
        """Gives the probability that items are what is wished for; 1 where nobody could tell.

        What the catalogue says of an item counts as certain where it is not wanted: whoever wants
        no black shoes is not shown what is called black.
        """
        known = self._places.get(wish.field, {})
        places = [known[value] for value in wish.values if value in known]
        if not places:
            return np.ones_like(self._chances[rows, 0])
        several = _is_list(self._rows, wish.field)
        granted = grant(wish, self._chances[rows][..., places], several)
        if wish.negated:
            said = self.allowed({wish.field: wish.values})
            granted = np.where(said[rows], 0.0, granted)
        return granted

    def granted(self, rows: Sequence[int], wishes: Sequence[Wish]) -> list[list[float]]:
        """Says how likely items are each thing that is wished for; a list for each item."""
        told = np.array([self._granted(wish, list(rows)) for wish in wishes])
        granted: list[list[float]] = told.reshape(len(wishes), len(rows)).T.tolist()
        return granted

    def chances(self, row: int) -> Chances:
        """Gives the probabilities of an item's values, by field."""
        return ItemChances(self._chances[row], self._places)

    def item(self, row: int) -> Item:
        """Lays out an item: identity, fields and ``vector``, by which items are told apart."""
        item = self._items.get(row)
        if item is None:
            column = next(one for one in (LOOK, PICTURE, TEXT) if one in self._vectors)
            item = self._items[row] = {
                **{name: cells[row] for name, cells in self._columns.items()},
                GROUP: self.groups[row],
                "vector": self._vectors[column][row],
            }
        return dict(item)


def draw(numbers: np.ndarray, seed: str) -> np.ndarray:
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


def fuse(parts: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """Adds up scores by their weights; (items,)."""
    total: np.ndarray = np.sum([weights[name] * part for name, part in parts.items()], axis=0)
    return total


def weigh(
    weights: Weights, parts: Mapping[str, np.ndarray], kept: np.ndarray, described: bool
) -> dict[str, float]:
    """Says how much each part of a query counts.

    Texts and pictures were brought together by descriptions of single items. What a customer
    says in passing ("something for my mum") has no good place among pictures, not even for the
    nearest of them; then what is understood of it counts more.

    Args:
        weights: As configured.
        parts: See :meth:`Rows.parts`.
        kept: (items,) whether each may be found.
        described: Whether the text says more than the wishes.
    """
    if len(parts) == 1:
        # Alone, a way of finding needs no weight.
        return dict.fromkeys(parts, 1.0)
    placed = described and PICTURE in parts
    nearest = float(parts[PICTURE][kept].max()) if placed else 0.0
    sure = float(np.clip((nearest - _STRAY) / (_PLACED - _STRAY), 0, 1))
    likely = weights.likely**sure * weights.likely_alone ** (1 - sure)
    return {
        TEXT: weights.text, PICTURE: weights.picture, LOOK: weights.look, WORDS: weights.words,
        LIKELY: likely, FIRM: weights.likely_alone,
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


def _is_list(rows: ArrowTable, name: str) -> bool:
    import pyarrow as pa

    several: bool = pa.types.is_list(rows.schema.field(name).type)
    return several
