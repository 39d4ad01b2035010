"""Scores of shown items as functions of what is learned."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

import numpy as np
from scipy import sparse

from lookbook.feedback.answers import ShownList
from lookbook.feedback.ranking import PairPreferences
from lookbook.search.ranking import BM25, CODE, PAIRS, REQUIRED, FusionWeights
from lookbook.search.tables import (
    ATTRIBUTE_LOG_PROBS,
    IMAGE_EMBEDDING,
    IMAGE_IN_TEXT_SPACE,
    TEXT_EMBEDDING,
)

# Components with a weight of their own, in the order of the weights.
_SIMILARITIES = (TEXT_EMBEDDING, IMAGE_IN_TEXT_SPACE, IMAGE_EMBEDDING, BM25)


class ScoreModel(Protocol):
    """Scores items; its parameters are 0 where nothing is learned."""

    size: int

    def scores(self, params: np.ndarray) -> np.ndarray:
        """Return (items,) scores."""
        ...

    def gradient(self, params: np.ndarray, by_score: np.ndarray) -> np.ndarray:
        """Return (parameters,) derivatives, given (items,) those by the scores."""
        ...


class WeightModel:
    """Weighted sums of score components; parameters are logarithms of weights to the prior's.

    So weights stay above 0, and one that is configured as 0 stays 0.
    """

    def __init__(self, lists: Sequence[ShownList], prior: FusionWeights) -> None:
        """Lay out the scores of all items.

        Args:
            lists: Lists that :func:`ranked_by_weights` allows.
            prior: The configured weights.
        """
        rows = [item.row for one in lists for item in one.items]
        self._names = list(FusionWeights.model_fields)
        self._prior = np.array([getattr(prior, name) for name in self._names])
        self.size = len(self._names)
        self._similarities = np.array(
            [[row["components"].get(one, 0.0) for one in _SIMILARITIES] for row in rows]
        ).reshape(len(rows), len(_SIMILARITIES))
        self._optional, required, pairs = (
            np.array([row["components"].get(name, 0.0) for row in rows])
            for name in (ATTRIBUTE_LOG_PROBS, REQUIRED, PAIRS)
        )
        self._required = required + pairs
        self._confidence = np.array([row["text_confidence"] for row in rows])

    def weights(self, params: np.ndarray) -> FusionWeights:
        """Return the weights of some parameters."""
        values = self._prior * np.exp(params)
        return FusionWeights(**dict(zip(self._names, values.tolist(), strict=True)))

    def params(self, weights: FusionWeights) -> np.ndarray:
        """Return the parameters of some weights."""
        values = np.array([getattr(weights, name) for name in self._names])
        safe = np.where(
            (values > 0) & (self._prior > 0), values / np.maximum(self._prior, 1e-12), 1
        )
        params: np.ndarray = np.log(safe)
        return params

    def scores(self, params: np.ndarray) -> np.ndarray:
        """Return (items,) scores."""
        scores: np.ndarray = self._contributions(params).sum(axis=1)
        return scores

    def gradient(self, params: np.ndarray, by_score: np.ndarray) -> np.ndarray:
        """Return (parameters,) derivatives, given (items,) those by the scores."""
        parts, confidence = self._contributions(params), self._confidence
        described, vague = parts[:, -2] * confidence, parts[:, -2] * (1 - confidence)
        by_params = np.column_stack([parts[:, :-2], described, vague + parts[:, -1]])
        derivatives: np.ndarray = by_score @ by_params
        return derivatives

    def _contributions(self, params: np.ndarray) -> np.ndarray:
        """Return (items, parts): similarities, optional and required preferences."""
        values = self._prior * np.exp(params)
        described, vague = values[-2], values[-1]
        optional = described**self._confidence * vague ** (1 - self._confidence) * self._optional
        return np.column_stack([self._similarities * values[:-2], optional, self._required * vague])


class PairModel:
    """Scores of the search, and a learned score for each pair of values.

    A pair is a value of the starting item, and one of the same attribute of the shown item.
    """

    def __init__(self, lists: Sequence[ShownList]) -> None:
        """Lay out the pairs of all items.

        Args:
            lists: Lists that :func:`ranked_by_pairs` allows.
        """
        items = [(one.row["start"], item.row) for one in lists for item in one.items]
        self._base = np.array(
            [
                sum(row["components"].get(name, 0.0) for name in (ATTRIBUTE_LOG_PROBS, REQUIRED))
                for _, row in items
            ]
        )
        numbers: dict[tuple[str, str, str], int] = {}
        rows, columns = [], []
        for number, (start, row) in enumerate(items):
            for name, values in row["values"].items():
                for own in start.get(name, ()):
                    for value in values:
                        rows.append(number)
                        columns.append(numbers.setdefault((name, own, value), len(numbers)))
        self._pairs, self.size = list(numbers), len(numbers)
        ones = np.ones(len(rows))
        self._features = sparse.csr_matrix((ones, (rows, columns)), (len(items), self.size))

    def preferences(self, params: np.ndarray) -> PairPreferences:
        """Return parameters by attribute and values; those that round to 0 are left out."""
        preferences: PairPreferences = {}
        for (name, own, value), odds in sorted(zip(self._pairs, params.tolist(), strict=True)):
            if rounded := round(odds, 3):
                preferences.setdefault(name, {}).setdefault(own, {})[value] = rounded
        return preferences

    def params(self, preferences: PairPreferences) -> np.ndarray:
        """Return the parameters of some preferences, of pairs that were shown."""
        return np.array(
            [
                preferences.get(name, {}).get(own, {}).get(value, 0.0)
                for name, own, value in self._pairs
            ]
        )

    def scores(self, params: np.ndarray) -> np.ndarray:
        """Return (items,) scores."""
        scores: np.ndarray = self._base + self._features @ params
        return scores

    def gradient(self, params: np.ndarray, by_score: np.ndarray) -> np.ndarray:
        """Return (parameters,) derivatives, given (items,) those by the scores."""
        derivatives: np.ndarray = self._transposed @ by_score
        return derivatives

    @cached_property
    def _transposed(self) -> sparse.csr_matrix:
        return self._features.T.tocsr()


def ranked_by_weights(shown: ShownList) -> bool:
    """Whether the weights of a search alone ordered a list."""
    components = shown.row["components"] or {}
    return (
        shown.row["mode"] != "complementary"
        and shown.row["sort"] == "relevance"
        and len(components) > 1
        and all(CODE not in (item.row["components"] or {}) for item in shown.items)
    )


def ranked_by_pairs(shown: ShownList) -> bool:
    """Whether a list goes with an item whose values are known."""
    return bool(
        shown.row["mode"] == "complementary"
        and shown.row["sort"] == "relevance"
        and shown.row["start"]
        and shown.row["components"]
    )
