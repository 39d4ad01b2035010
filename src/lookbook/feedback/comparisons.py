"""Learns scores from comparisons of chosen items with others of the same answer.

Customers look at the first items most, so a click says as much about the place as about the item.
A comparison of a clicked item with the skipped ones above it (Joachims, 2002) always speaks against
the shown order: from these alone, even random clicks would teach to reverse it. So both
directions count, and an effect of each place is fitted beside the scores. It takes up what places
explain; the scores explain the rest. Both items of a comparison with a dismissed one were seen,
so that places have no effect on it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.optimize import minimize
from scipy.special import expit

from lookbook.feedback.answers import ShownList
from lookbook.feedback.models import ScoreModel

# Places whose effects are told apart; later ones share the last.
MAX_PLACES = 16
# Standard deviation of the effects of places, as log odds, before anything is known.
_PLACE_SCALE = 2.0


@dataclass(frozen=True)
class Comparisons:
    """Pairs of a chosen item and another one of the same list.

    Attributes:
        chosen: (comparisons,) numbers of the chosen items, over all lists.
        other: (comparisons,) numbers of the other items.
        place: (comparisons,) places of the chosen items.
        places: (comparisons, :data:`MAX_PLACES`) 1 at the chosen item's place, -1 at the other's; 0
            where the other was dismissed.
        weights: (comparisons,) weights; those of one chosen item add up to 1.
        answers: (comparisons,) numbers of the answers.
        lists: (comparisons,) numbers of the lists.
    """

    chosen: np.ndarray
    other: np.ndarray
    place: np.ndarray
    places: sparse.csr_matrix
    weights: np.ndarray
    answers: np.ndarray
    lists: np.ndarray

    def __len__(self) -> int:
        """Return the number of comparisons."""
        return len(self.chosen)

    def where(self, mask: np.ndarray) -> Comparisons:
        """Return some of the comparisons."""
        return Comparisons(
            self.chosen[mask], self.other[mask], self.place[mask], self.places[mask],
            self.weights[mask], self.answers[mask], self.lists[mask],
        )  # fmt: skip


def compare_items(lists: Sequence[ShownList]) -> Comparisons:
    """Compare each chosen item with all others of its list that were not chosen.

    Args:
        lists: At least one.
    """
    answers: dict[str, int] = {}
    compared: list[tuple[int, int, int, int, bool, float, int, int]] = []
    first = 0
    for number, one in enumerate(lists):
        answer = answers.setdefault(one.answer_id, len(answers))
        places = [min(item.row["rank"], MAX_PLACES - 1) for item in one.items]
        others = [row for row, item in enumerate(one.items) if not item.is_chosen]
        compared += [
            (
                first + row, first + other, places[row], places[other],
                not one.items[other].is_dismissed, 1 / len(others), answer, number,
            )
            for row, item in enumerate(one.items)
            if item.is_chosen
            for other in others
        ]  # fmt: skip
        first += len(one.items)
    columns = [np.array(column) for column in zip(*compared, strict=True)]
    chosen, other, place, other_place, has_effect, weights, *numbers = columns
    rows = np.arange(len(compared))
    effects = sparse.csr_matrix(
        (
            np.concatenate([has_effect, -1.0 * has_effect]),
            (np.concatenate([rows, rows]), np.concatenate([place, other_place])),
        ),
        (len(rows), MAX_PLACES),
    )
    return Comparisons(chosen, other, place, effects, weights, *numbers)


@dataclass(frozen=True)
class Fit:
    """What was learned.

    Attributes:
        params: (parameters,) of the scores.
        place_effects: (:data:`MAX_PLACES`,) log odds of a click by place.
    """

    params: np.ndarray
    place_effects: np.ndarray


def fit(model: ScoreModel, comparisons: Comparisons, scale: float) -> Fit:
    """Fit scores by penalised logistic regression of comparisons.

    The log odds that the chosen item wins are the difference of the scores, times a sharpness that
    is fitted too, and the difference of the places' effects.

    Args:
        model: Scores items.
        comparisons: Comparisons of its items.
        scale: Standard deviation of the parameters before anything is known: the smaller, the
            closer they stay to 0.
    """
    size, count = model.size, len(model.scores(np.zeros(model.size)))
    places = comparisons.places
    differences = _difference(model.scores(np.zeros(size)), comparisons)
    start = np.concatenate([[-np.log(max(differences.std(), 1e-6))], np.zeros(size + MAX_PLACES)])

    def loss(vector: np.ndarray) -> tuple[float, np.ndarray]:
        sharpness, params, effects = np.exp(vector[0]), vector[1 : size + 1], vector[size + 1 :]
        difference = _difference(model.scores(params), comparisons)
        margin = sharpness * difference + places @ effects
        value = comparisons.weights @ np.logaddexp(0, -margin)
        value += (params @ params) / (2 * scale**2) + (effects @ effects) / (2 * _PLACE_SCALE**2)
        by_margin = -comparisons.weights * expit(-margin)
        by_score = np.bincount(comparisons.chosen, by_margin, count)
        by_score -= np.bincount(comparisons.other, by_margin, count)
        slope = [
            [sharpness * (by_margin @ difference)],
            sharpness * model.gradient(params, by_score) + params / scale**2,
            places.T @ by_margin + effects / _PLACE_SCALE**2,
        ]
        return float(value), np.concatenate(slope)

    bounds = [(start[0] - 5, start[0] + 5), *[(-8.0, 8.0)] * (size + MAX_PLACES)]
    found = minimize(loss, start, jac=True, method="L-BFGS-B", bounds=bounds).x
    return Fit(found[1 : size + 1], found[size + 1 :])


def _difference(scores: np.ndarray, comparisons: Comparisons) -> np.ndarray:
    difference: np.ndarray = scores[comparisons.chosen] - scores[comparisons.other]
    return difference
