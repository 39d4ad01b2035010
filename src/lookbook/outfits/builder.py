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
from lookbook.outfits.judge import OutfitJudge, Verdict, saturated_log
from lookbook.outfits.slots import compatibility_matrix, recipient_attributes
from lookbook.search.items import Hit
from lookbook.search.probabilities import StackedProbabilities

# Outfits that the beam carries on from slot to slot, and that are judged whole at its end.
_BEAM_WIDTH, _JUDGED = 96, 192
# Of these at most so many that share an item, so that later outfits find others.
_MOST = 8
# Weight of acceptability, as log odds, against the scores of single items.
_ACCEPTABILITY = 5.0
# Weight of the probability that an item fills its slot, as a logarithm.
_SLOT = 3.0
# Weights of compatibility with what is worn: of recipients, and of occasions.
_RECIPIENT, _OCCASION = 8.0, 0.5
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
class ScoredOutfit(Verdict):
    """An outfit with the verdict on it.

    Attributes:
        candidates: One for each slot that has candidates.
    """

    candidates: list[Candidate]


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
            probabilities = own @ compatibility_matrix(name, schema) / max(own.sum(), 1e-9)
            weight = _RECIPIENT if name in recipient_attributes(schema) else _OCCASION
            logs = weight * saturated_log(probabilities)
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
        scores[len(worn) :] += _SLOT * saturated_log(certainty)
    if temperature:
        generator = np.random.default_rng(list(seed.encode()))
        scores[len(worn) :] += temperature * generator.gumbel(size=len(candidates))
    ids = [f"worn {row}" for row in range(len(worn))] + [one.hit.photo_id for one in candidates]
    bounds = len(worn) + np.cumsum([0, *(len(slot) for slot in slots)])
    rows = _Search(judge, pieces, scores, ids, bounds).choose(count, diversity)
    return [
        ScoredOutfit(
            **vars(verdict), candidates=[candidates[row] for row in own[len(worn) :] - len(worn)]
        )
        for own, verdict in zip(rows, judge.verdicts(pieces, rows), strict=True)
    ]


class _Search:
    """A beam search over the candidates of each slot, whose scores sink as they are used."""

    def __init__(
        self, judge: OutfitJudge, pieces: Pieces, scores: np.ndarray, ids: list[str],
        bounds: np.ndarray,
    ) -> None:  # fmt: skip
        """Prepare a search.

        Args:
            judge: Judges outfits.
            pieces: What is worn, and then the candidates of each slot.
            scores: (pieces,) their own scores.
            ids: Their photos.
            bounds: (slots + 1,) where the candidates of each slot begin and end.
        """
        self._judge, self._pieces, self._scores, self._bounds = judge, pieces, scores, bounds
        self._worn = int(bounds[0])
        self._pairs = judge.pair_scores(pieces) - _BROKEN_RULE * judge.broken_pairs(pieces)
        _, self._ids = np.unique(ids, return_inverse=True)
        # An item may be a candidate for two slots, and fills one of them.
        self._pairs = np.where(self._ids[:, None] == self._ids, -_USED, self._pairs)

    def choose(self, count: int, diversity: float) -> np.ndarray:
        """Choose outfits that share no item: (outfits, n) rows of the pieces, worn ones first."""
        chosen: list[np.ndarray] = []
        while len(chosen) < count and len(proposed := self._propose()):
            acceptability = self._judge.acceptability(self._pieces, proposed)
            bounded = np.clip(acceptability, 1e-6, 1 - 1e-6)
            broken = self._judge.broken_rules(self._pieces, proposed).sum(axis=1)
            merit = _ACCEPTABILITY * np.log(bounded / (1 - bounded)) - _BROKEN_RULE * broken
            fresh = len(chosen)
            while len(chosen) < count:
                total = merit + self._scores[proposed[:, self._worn :]].sum(axis=1)
                best = int(np.argmax(total))
                # The rest may be worse than new proposals without the items in use.
                is_poor = acceptability[best] < self._judge.min_acceptability or broken[best] > 0
                if total[best] < -_USED / 2 or (is_poor and len(chosen) > fresh):
                    break
                chosen.append(proposed[best])
                self._use(proposed[best, self._worn :], diversity)
        return np.array(chosen)

    def _propose(self) -> np.ndarray:
        """Propose outfits of unused items, by items and pairs: (outfits, n) rows of the pieces."""
        totals, chosen = np.zeros(1), np.arange(self._worn)[None]
        for number, (start, end) in enumerate(pairwise(self._bounds), start=2):
            added = self._scores[start:end] + self._pairs[chosen, start:end].sum(axis=1)
            reached = totals[:, None] + added
            width = _JUDGED if number == len(self._bounds) else _BEAM_WIDTH
            rows, columns = _spread(reached, width, _MOST if number > 2 else width)
            totals = reached[rows, columns]
            chosen = np.column_stack([chosen[rows], start + columns])
        proposed: np.ndarray = chosen[totals > -_USED / 2]
        return proposed

    def _use(self, rows: np.ndarray, diversity: float) -> None:
        """Take items out, and let others of their slots sink as they look like them."""
        similarities = np.nan_to_num(self._pieces.similarities[:, rows]).clip(0, 1)
        for column, row in enumerate(rows):
            slot = int(np.searchsorted(self._bounds, row, side="right")) - 1
            within = slice(self._bounds[slot], self._bounds[slot + 1])
            self._scores[within] -= diversity * similarities[within, column]
        self._scores[np.isin(self._ids, self._ids[rows])] -= _USED


def _spread(reached: np.ndarray, width: int, most: int) -> tuple[np.ndarray, np.ndarray]:
    """Return rows and columns of the largest cells, at most so many of a row or a column."""
    flat = -reached.ravel()
    wide = min(len(flat), 16 * width)
    order = np.argpartition(flat, wide - 1)[:wide]
    order = order[np.argsort(flat[order], kind="stable")]
    rows, columns = np.unravel_index(order, reached.shape)
    is_kept = (_occurrence(rows) < most) & (_occurrence(columns) < most)
    return rows[is_kept][:width], columns[is_kept][:width]


def _occurrence(values: np.ndarray) -> np.ndarray:
    """Return how often each value came before."""
    order = np.argsort(values, kind="stable")
    ordered = values[order]
    begins = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    count = np.arange(len(values)) - np.repeat(begins, np.diff(np.r_[begins, len(values)]))
    before = np.empty(len(values), int)
    before[order] = count
    return before
