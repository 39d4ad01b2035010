"""Measures rankings by clicks of held-out days, without a reward for the places of the shown order.

Each choice counts by the inverse of how much its place favoured it (Joachims, Swaminathan and
Schnabel, 2017): where clicks are random, every ranking fares alike.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit

from lookbook.feedback.comparisons import Comparisons

# The most that a choice counts, so that single ones at unlikely places do not decide.
_MAX_WEIGHT = 10.0


def compare(
    before: np.ndarray,
    after: np.ndarray,
    comparisons: Comparisons,
    place_effects: np.ndarray,
    rounds: int,
    seed: int,
) -> dict[str, Any]:
    """Compare two rankings.

    Args:
        before: (items,) scores before.
        after: (items,) scores after.
        comparisons: Held-out comparisons of these items.
        place_effects: See :class:`lookbook.feedback.comparisons.Fit`.
        rounds: Resamples of the answers behind each interval.
        seed: Seed of the resamples.

    Returns:
        ``answers``, ``comparisons``, and for ``ordered_right`` (the share of the comparisons) and
        ``mrr`` (the mean reciprocal rank of chosen items in their list): ``before``, ``after`` and
        ``change``, each with ``value`` and ``interval_99``, a percentile bootstrap by answer.
    """
    by_place = np.asarray(comparisons.places @ place_effects)
    # Overlap weights (Li, Morgan and Zaslavsky, 2018) are bounded: the chance of the other outcome.
    pair_weights = comparisons.weights * expit(-by_place)
    figures = {
        "ordered_right": _figure(
            _wins(before, comparisons), _wins(after, comparisons), pair_weights,
            comparisons.answers, rounds, seed,
        ),
    }  # fmt: skip
    # One row for each chosen item.
    _, first, rows = np.unique(comparisons.chosen, return_index=True, return_inverse=True)
    odds = np.exp(place_effects.max() - place_effects)
    choice_weights = np.minimum(odds[comparisons.place[first]], _MAX_WEIGHT)
    ranks = [
        1 + np.bincount(rows, 1 - _wins(scores, comparisons), len(first))
        for scores in (before, after)
    ]
    figures["mrr"] = _figure(
        1 / ranks[0], 1 / ranks[1], choice_weights, comparisons.answers[first], rounds, seed
    )
    answers = len(np.unique(comparisons.answers))
    return {"answers": answers, "comparisons": len(comparisons), **figures}


def _wins(scores: np.ndarray, comparisons: Comparisons) -> np.ndarray:
    """Return (comparisons,) 1 where the chosen item scores higher, 0.5 where both score alike."""
    difference = scores[comparisons.chosen] - scores[comparisons.other]
    wins: np.ndarray = (np.sign(difference) + 1) / 2
    return wins


def _figure(
    before: np.ndarray,
    after: np.ndarray,
    weights: np.ndarray,
    answers: np.ndarray,
    rounds: int,
    seed: int,
) -> dict[str, Any]:
    _, numbers = np.unique(answers, return_inverse=True)
    columns = np.column_stack([before, after, after - before]) * weights[:, None]
    sums = np.column_stack(
        [np.bincount(numbers, column) for column in (*columns.T, weights)]
    )  # (answers, 4)
    generator = np.random.default_rng(seed)
    # Round by round, because all of them at once are rounds times answers in memory.
    drawn = np.array(
        [sums[generator.integers(len(sums), size=len(sums))].sum(axis=0) for _ in range(rounds)]
    )
    total, means = sums.sum(axis=0), drawn[:, :3] / drawn[:, 3:]
    intervals = np.quantile(means, [0.005, 0.995], axis=0).T
    return {
        name: {
            "value": round(float(total[column] / total[3]), 4),
            "interval_99": np.round(intervals[column], 4).tolist(),
        }
        for column, name in enumerate(("before", "after", "change"))
    }
