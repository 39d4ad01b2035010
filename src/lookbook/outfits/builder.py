"""Builds outfits by beam search: items that are good for their slots and good together."""

from __future__ import annotations

from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import compatible, recipient_attributes
from lookbook.outfits.style import StyleModel
from lookbook.search.items import Hit
from lookbook.search.probabilities import AttributeProbabilities, StackedProbabilities

_BEAM_WIDTH = 16
# Weights of compatibility with what is worn: of recipients, and of occasions.
_RECIPIENT, _OCCASION = 16.0, 0.5
# Its weight among the other items, which all are chosen to be compatible with what is worn.
_AMONG_ITEMS = 0.5
_MIN_PROBABILITY = 0.005
# Higher probabilities count as certain, or items for everybody would be shown to everybody.
_CERTAIN = 0.85
_USED = 1e6


class Candidate(NamedTuple):
    """A candidate for a slot.

    Attributes:
        hit: The item.
        score: Its own score, a logarithm.
    """

    hit: Hit
    score: float


class ScoredOutfit(NamedTuple):
    """An outfit with its score.

    Attributes:
        candidates: One for each slot that has candidates.
        score: The scores of its items and pairs, a logarithm; comparable within one call.
    """

    candidates: list[Candidate]
    score: float


def compatibility_scores(
    worn: AttributeProbabilities, schema: Schema
) -> dict[str, dict[str, float]]:
    """Score values by how likely they are compatible with what is worn.

    Args:
        worn: Probabilities of what is worn.
        schema: The catalogue's attributes.

    Returns:
        Weighted log probabilities, by attribute and value.
    """
    scores = {}
    for name in schema.compatibility_attributes:
        if worn.get(name):
            values = list(schema.singles[name].values)
            (own,) = StackedProbabilities([worn]).of(name, values)
            probabilities = own @ _compatibility(name, schema) / max(own.sum(), 1e-9)
            weight = _RECIPIENT if name in recipient_attributes(schema) else _OCCASION
            logs = weight * np.log(np.clip(probabilities / _CERTAIN, _MIN_PROBABILITY, 1.0))
            scores[name] = dict(zip(values, logs.tolist(), strict=True))
    return scores


def build_outfits(
    slots: list[list[Candidate]],
    style: StyleModel,
    schema: Schema,
    count: int,
    diversity: float,
) -> list[ScoredOutfit]:
    """Build outfits by beam search over the slots.

    An outfit's score is the sum of its items' scores and of every pair's style and compatibility.
    Outfits share no item, and later ones look different: maximal marginal relevance (Carbonell and
    Goldstein, 1998) by their vectors.

    Args:
        slots: Candidates for each slot; slots without any stay empty.
        style: The style model.
        schema: The catalogue's attributes.
        count: The most outfits.
        diversity: Penalty for looking like earlier outfits: a log score at a cosine of 1.

    Returns:
        Outfits, the best first; fewer if a slot runs out of candidates.
    """
    slots = [slot for slot in slots if slot]
    if not slots:
        return []
    candidates = [candidate for slot in slots for candidate in slot]
    scores = np.array([candidate.score for candidate in candidates], np.float64)
    vectors = np.stack([one.hit.item.vector for one in candidates]).astype(np.float32)
    pairs = _pair_scores([one.hit.item.probabilities for one in candidates], style, schema)
    photo_ids = [candidate.hit.photo_id for candidate in candidates]
    _, names = np.unique(photo_ids, return_inverse=True)
    # An item may be a candidate for two slots, and fills one of them.
    pairs[names[:, None] == names] -= _USED
    bounds = np.cumsum([0, *(len(slot) for slot in slots)])
    outfits: list[ScoredOutfit] = []
    for _ in range(min(count, *(len(slot) for slot in slots))):
        total, chosen = _search(scores, pairs, bounds)
        if total < -_USED / 2:
            # A slot has no candidates left.
            break
        outfits.append(ScoredOutfit([candidates[index] for index in chosen], float(total)))
        similarities = (vectors @ vectors[chosen].T).clip(0, 1)
        for column, index in enumerate(chosen):
            slot = int(np.searchsorted(bounds, index, side="right")) - 1
            within = slice(bounds[slot], bounds[slot + 1])
            scores[within] -= diversity * similarities[within, column]
        scores[np.isin(names, names[chosen])] -= _USED
    return outfits


def _search(scores: np.ndarray, pairs: np.ndarray, bounds: np.ndarray) -> tuple[float, list[int]]:
    """Find the best choice of one candidate in each range, by beam search."""
    totals, chosen = np.zeros(1), np.zeros((1, 0), int)
    for start, end in pairwise(bounds):
        added = scores[start:end] + pairs[chosen, start:end].sum(axis=1)
        reached = totals[:, None] + added
        best = np.argsort(-reached, axis=None, kind="stable")[:_BEAM_WIDTH]
        rows, columns = np.unravel_index(best, reached.shape)
        totals = reached[rows, columns]
        chosen = np.column_stack([chosen[rows], start + columns])
    return float(totals[0]), chosen[0].tolist()


def _pair_scores(
    probabilities: list[AttributeProbabilities], style: StyleModel, schema: Schema
) -> np.ndarray:
    """Score every pair of items by style and compatibility; (items, items)."""
    stacked = StackedProbabilities(probabilities)
    total = style.pair_scores(stacked)
    for name in schema.compatibility_attributes:
        vectors = stacked.of(name, list(schema.singles[name].values))
        vectors /= np.maximum(vectors.sum(axis=1, keepdims=True), 1e-9)
        shares = vectors @ _compatibility(name, schema) @ vectors.T
        total += _AMONG_ITEMS * np.log(np.maximum(shares, _MIN_PROBABILITY))
    return total


def _compatibility(name: str, schema: Schema) -> np.ndarray:
    """Return which values of an attribute are compatible; (values, values) of 0 and 1."""
    values = list(schema.singles[name].values)
    matrix = np.array(
        [[other in compatible(name, value, schema) for other in values] for value in values]
    )
    return (matrix | matrix.T).astype(float)
