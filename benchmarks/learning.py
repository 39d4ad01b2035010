"""Measures what `learn` finds in the clicks of a simulated shop whose truth is known.

Usage: ``make bench-learning``.
"""

from __future__ import annotations

import numpy as np
from results import Results

from feedback_simulation import (
    PARAMS,
    TRUE_PAIRS,
    TRUE_WEIGHTS,
    WEIGHTS,
    pair_matrices,
    simulate,
    weights_error,
)
from lookbook.feedback.ranking import LearnedRanking
from lookbook.pipelines.learn.nodes import learn_ranking

ANSWERS = 10_000


def main() -> None:
    """Simulate a shop, learn from it, and keep the figures."""
    log = simulate(ANSWERS, WEIGHTS, TRUE_WEIGHTS, TRUE_PAIRS)
    found, report = learn_ranking(log, LearnedRanking(), PARAMS)
    learned = LearnedRanking.model_validate(found)
    results = Results(
        "learn",
        "Does learning from clicks find what customers like?",
        "make bench-learning",
        f"{ANSWERS:,} answers of a simulated shop; customers look from the top and click by tastes "
        "that are known",
    )
    error = "weights: error of their logarithms"
    results.add("weights_error_before", f"{error}, configured", weights_error(WEIGHTS))
    results.add("weights_error", f"{error}, learned", weights_error(learned.weights.values))
    pairs, truth = pair_matrices(learned.pairs.values["Colours"])
    correlation = float(np.corrcoef(pairs.ravel(), truth.ravel())[0, 1])
    results.add("pairs_correlation", "pairs: correlation with the true preferences", correlation)
    for name in ("weights", "pairs"):
        right = report["parts"][name]["ordered_right"]
        for key, when in (("_before", "before"), ("", "after")):
            told = f"{name}: held-out comparisons ordered right, {when}"
            results.add(f"{name}{key}", told, right[when]["value"])
    results.save()


if __name__ == "__main__":
    main()
