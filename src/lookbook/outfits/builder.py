"""Builds outfits: a beam search over slots by pairs, then whole outfits by the judge."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from lookbook.attributes.probabilities import AttributeProbabilities
from lookbook.attributes.schema import Schema
from lookbook.outfits.features import Piece, Pieces
from lookbook.outfits.judge import OutfitJudge
from lookbook.outfits.slots import compatible, recipient_attributes
from lookbook.search.items import Hit
from lookbook.search.probabilities import StackedProbabilities

# Outfits that the beam carries on from slot to slot, and that are judged whole at its end.
_BEAM_WIDTH, _JUDGED = 64, 96
# Weight of acceptability, as log odds, against the scores of single items.
_ACCEPTABILITY = 5.0
# Weight of the probability that an item fills its slot, as a logarithm.
_SLOT = 3.0
# Weights of compatibility with what is worn: of recipients, and of occasions.
_RECIPIENT, _OCCASION = 8.0, 0.5
_MIN_PROBABILITY = 0.005
# Higher probabilities count as certain, or items for everybody would be shown to everybody.
_CERTAIN = 0.85
# An outfit that breaks a rule comes after all that break none.
_BROKEN_RULE = 1e3
_USED = 1e6


class Candidate(NamedTuple):
    """A candidate for a slot.

    Attributes:
        hit: The item.
        score: Its own score, a logarithm.
    """

    hit: Hit
    score: float


@dataclass(frozen=True)
class ScoredOutfit:
    """An outfit with the judgement on it.

    Attributes:
        candidates: One for each slot that has candidates.
        acceptability: Predicted probability that people find it acceptable.
        broken_rules: The rules that it breaks, since the candidates offer nothing else.
        reasons: What speaks for it, see :meth:`OutfitJudge.reasons`.
    """

    candidates: list[Candidate]
    acceptability: float
    broken_rules: list[str]
    reasons: list[str]


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


def piece_of(hit: Hit) -> Piece:
    """Return an item as a piece of an outfit."""
    item = hit.item
    is_for_child = item.product.is_for_child if item.product else None
    embedding = item.vector if len(item.vector) else None
    return Piece(item.probabilities, embedding, is_for_child)


def build_outfits(
    worn: list[Piece],
    slots: list[list[Candidate]],
    judge: OutfitJudge,
    count: int,
    diversity: float,
    context: Mapping[str, str],
    temperature: float = 0.0,
    seed: str = "",
) -> list[ScoredOutfit]:
    """Build outfits around what is worn.

    A beam search by pairs proposes outfits; rules decide first, then the acceptability of the whole
    outfit and its items' own scores. Outfits share no item, and later ones look different: maximal
    marginal relevance (Carbonell and Goldstein, 1998) by their vectors.

    Args:
        worn: The pieces that every outfit holds.
        slots: Candidates for each slot; slots without any stay empty.
        judge: Judges outfits.
        count: The most outfits.
        diversity: Penalty for looking like earlier outfits: a log score at a cosine of 1.
        context: Facts that hold of the outfit, such as its season.
        temperature: Scale of the Gumbel noise on each candidate, so that the same few items do not
            dominate.
        seed: Seeds the noise.

    Returns:
        Outfits, the best first; fewer if a slot runs out of candidates.
    """
    slots = [slot for slot in slots if slot]
    if not slots:
        return []
    candidates = [candidate for slot in slots for candidate in slot]
    pieces = judge.pieces([*worn, *(piece_of(one.hit) for one in candidates)])
    scores = judge.context_scores(pieces, context)
    scores[len(worn) :] += [one.score for one in candidates]
    if pieces.slots.shape[1]:
        # What may be no garment for the slot at all is a worse choice than one that surely is.
        certainty = pieces.slots[len(worn) :].max(axis=1)
        scores[len(worn) :] += _SLOT * np.log(np.maximum(certainty, _MIN_PROBABILITY))
    if temperature:
        generator = np.random.default_rng(list(seed.encode()))
        scores[len(worn) :] += temperature * generator.gumbel(size=len(candidates))
    ids = [f"worn {row}" for row in range(len(worn))] + [one.hit.photo_id for one in candidates]
    search = _Search(judge, pieces, len(worn), scores, ids)
    bounds = len(worn) + np.cumsum([0, *(len(slot) for slot in slots)])
    outfits: list[ScoredOutfit] = []
    for _ in range(min(count, *(len(slot) for slot in slots))):
        found = search.best(bounds)
        if found is None:
            # A slot has no candidates left.
            break
        rows, acceptability = found
        (broken,) = judge.broken_rules(pieces, rows[None])
        outfits.append(
            ScoredOutfit(
                [candidates[row] for row in rows[len(worn) :] - len(worn)],
                float(acceptability),
                [name for name, is_broken in zip(judge.rules, broken, strict=True) if is_broken],
                judge.reasons(pieces, rows.tolist()),
            )
        )
        search.use(rows[len(worn) :], bounds, diversity)
    return outfits


class _Search:
    """A beam search over the candidates of each slot, whose scores sink as they are used."""

    def __init__(
        self, judge: OutfitJudge, pieces: Pieces, worn: int, scores: np.ndarray, ids: list[str]
    ) -> None:
        self._judge, self._pieces, self._worn, self._scores = judge, pieces, worn, scores
        self._pairs = judge.pair_scores(pieces) - _BROKEN_RULE * judge.broken_pairs(pieces)
        _, self._ids = np.unique(ids, return_inverse=True)
        # An item may be a candidate for two slots, and fills one of them.
        self._pairs = np.where(self._ids[:, None] == self._ids, -_USED, self._pairs)

    def best(self, bounds: np.ndarray) -> tuple[np.ndarray, float] | None:
        """Find the best outfit: its rows, what is worn first, and its acceptability."""
        totals, chosen = np.zeros(1), np.arange(self._worn)[None]
        slots = list(pairwise(bounds))
        for number, (start, end) in enumerate(slots, start=1):
            added = self._scores[start:end] + self._pairs[chosen, start:end].sum(axis=1)
            reached = totals[:, None] + added
            width = _JUDGED if number == len(slots) else _BEAM_WIDTH
            best = np.argsort(-reached, axis=None, kind="stable")[:width]
            rows, columns = np.unravel_index(best, reached.shape)
            totals = reached[rows, columns]
            chosen = np.column_stack([chosen[rows], start + columns])
        is_possible = totals > -_USED / 2
        if not is_possible.any():
            return None
        chosen = chosen[is_possible]
        broken = self._judge.broken_rules(self._pieces, chosen).sum(axis=1)
        acceptability = self._judge.acceptability(self._pieces, chosen)
        odds = np.log(np.clip(acceptability, 1e-6, 1) / np.clip(1 - acceptability, 1e-6, 1))
        own = self._scores[chosen[:, self._worn :]].sum(axis=1)
        best_row = int(np.argmax(_ACCEPTABILITY * odds + own - _BROKEN_RULE * broken))
        return chosen[best_row], acceptability[best_row]

    def use(self, rows: np.ndarray, bounds: np.ndarray, diversity: float) -> None:
        """Take items out, and let others of their slots sink as they look like them."""
        similarities = np.nan_to_num(self._pieces.similarities[:, rows]).clip(0, 1)
        for column, row in enumerate(rows):
            slot = int(np.searchsorted(bounds, row, side="right")) - 1
            within = slice(bounds[slot], bounds[slot + 1])
            self._scores[within] -= diversity * similarities[within, column]
        self._scores[np.isin(self._ids, self._ids[rows])] -= _USED


def _compatibility(name: str, schema: Schema) -> np.ndarray:
    """Return which values of an attribute are compatible; (values, values) of 0 and 1."""
    values = list(schema.singles[name].values)
    matrix = np.array(
        [[other in compatible(name, value, schema) for other in values] for value in values]
    )
    return (matrix | matrix.T).astype(float)
