"""Whole outfits: what is good for each part, and good together."""

from __future__ import annotations

from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import suiting, wearer_fields
from lookbook.outfits.style import StyleModel
from lookbook.search.probabilities import AttributeProbabilities, StackedProbabilities

# Outfits that are kept from slot to slot.
_BEAM = 16
# How much it counts that all are for one wearer, and for one occasion.
_WEARERS, _OCCASIONS = 16.0, 0.5
# The same among the rest of an outfit, all of which was chosen to suit what is worn.
_AMONG = 0.5
# What hardly ever suits is not quite impossible.
_LEAST = 0.005
# So likely is suiting enough: what suits everybody is not shown to everybody.
_ENOUGH = 0.85
_USED = 1e6


class Candidate(NamedTuple):
    """An item that may fill a part of an outfit.

    Attributes:
        item: It, with its ``vector`` of unit length.
        score: How good it is by itself, as a logarithm.
        probabilities: The probabilities of its values.
    """

    item: dict[str, Any]
    score: float
    probabilities: AttributeProbabilities


class Composed(NamedTuple):
    """An outfit.

    Attributes:
        candidates: One for each slot that could be filled.
        score: How good they are, and together, as a logarithm; to be compared with others of
            one answer alone.
    """

    candidates: list[Candidate]
    score: float


def suiting_worth(worn: AttributeProbabilities, schema: Schema) -> dict[str, dict[str, float]]:
    """Says what values are worth for suiting what is worn, such as being for the same wearer.

    Of what is worn nobody may know whom it is for: then every value is worth as much as it is
    likely to suit.

    Args:
        worn: Probabilities of what is worn.
        schema: The catalogue's schema.

    Returns:
        By attribute and value, the weighted logarithm of the probability that it suits.
    """
    worth = {}
    for name in schema.compatibility_attributes:
        if worn.get(name):
            (own,) = StackedProbabilities([worn]).of(name, list(schema.singles[name].values))
            probabilities = own @ _suits(name, schema) / max(own.sum(), 1e-9)
            scores = _weight(name, schema) * np.log(np.clip(probabilities / _ENOUGH, _LEAST, 1.0))
            worth[name] = dict(zip(schema.singles[name].values, scores.tolist(), strict=True))
    return worth


def compose(
    slots: list[list[Candidate]],
    style: StyleModel,
    schema: Schema,
    count: int,
    diversity: float,
) -> list[Composed]:
    """Puts outfits together by beam search over the slots.

    Each is scored whole: every item by itself, and every pair by the style model and by whether
    they suit. The next outfit has none of the items before it, and rather such as do not look
    like them: maximal marginal relevance (Carbonell and Goldstein, 1998) by their vectors.

    Args:
        slots: Candidates for each part of the outfit; parts without any stay unfilled.
        style: What goes with what.
        schema: The catalogue's schema.
        count: Outfits at most.
        diversity: How much likeness to the outfits before counts, as a logarithm at a cosine
            of 1.

    Returns:
        Outfits, the best first; less where a slot runs out of candidates.
    """
    slots = [slot for slot in slots if slot]
    if not slots:
        return []
    every = [candidate for slot in slots for candidate in slot]
    scores = np.array([candidate.score for candidate in every], np.float64)
    vectors = np.stack([candidate.item["vector"] for candidate in every]).astype(np.float32)
    pairs = _pairs([candidate.probabilities for candidate in every], style, schema)
    photo_ids = [candidate.item["photo_id"] for candidate in every]
    _, names = np.unique(photo_ids, return_inverse=True)
    # What may fill two parts fills one of them.
    pairs[names[:, None] == names] -= _USED
    bounds = np.cumsum([0, *(len(slot) for slot in slots)])
    composed: list[Composed] = []
    for _ in range(min(count, *(len(slot) for slot in slots))):
        total, chosen = _search(scores, pairs, bounds)
        if total < -_USED / 2:
            # Nothing is left for some part.
            break
        composed.append(Composed([every[place] for place in chosen], float(total)))
        alike = (vectors @ vectors[chosen].T).clip(0, 1)
        for column, place in enumerate(chosen):
            slot = int(np.searchsorted(bounds, place, side="right")) - 1
            within = slice(bounds[slot], bounds[slot + 1])
            scores[within] -= diversity * alike[within, column]
        scores[np.isin(names, names[chosen])] -= _USED
    return composed


def _search(scores: np.ndarray, pairs: np.ndarray, bounds: np.ndarray) -> tuple[float, list[int]]:
    """Finds the best choice of one place in each range; beams are kept by their scores."""
    totals, chosen = np.zeros(1), np.zeros((1, 0), int)
    for start, end in pairwise(bounds):
        added = scores[start:end] + pairs[chosen, start:end].sum(axis=1)
        reached = totals[:, None] + added
        best = np.argsort(-reached, axis=None, kind="stable")[:_BEAM]
        rows, columns = np.unravel_index(best, reached.shape)
        totals = reached[rows, columns]
        chosen = np.column_stack([chosen[rows], start + columns])
    return float(totals[0]), chosen[0].tolist()


def _pairs(
    probabilities: list[AttributeProbabilities], style: StyleModel, schema: Schema
) -> np.ndarray:
    """Scores every pair of items by style, and by whether they suit; (items, items)."""
    stacked = StackedProbabilities(probabilities)
    total = style.together(stacked)
    for name in schema.compatibility_attributes:
        vectors = stacked.of(name, list(schema.singles[name].values))
        vectors /= np.maximum(vectors.sum(axis=1, keepdims=True), 1e-9)
        suits = vectors @ _suits(name, schema) @ vectors.T
        total += _AMONG * np.log(np.maximum(suits, _LEAST))
    return total


def _suits(name: str, schema: Schema) -> np.ndarray:
    """Says which values of an attribute suit one another; (values, values) of 0 and 1."""
    values = list(schema.singles[name].values)
    matrix = np.array([[other in suiting(name, one, schema) for other in values] for one in values])
    return (matrix | matrix.T).astype(float)


def _weight(name: str, schema: Schema) -> float:
    return _WEARERS if name in wearer_fields(schema) else _OCCASIONS
