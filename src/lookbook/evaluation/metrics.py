"""Figures of merit of labels and of retrieval, with their intervals."""

from __future__ import annotations

import numpy as np

from lookbook.lazy import pd


def precision_at(relevant: np.ndarray, k: int) -> float:
    """Return the share of the first ``k`` results that is relevant; what is missing is not.

    Args:
        relevant: (results,) whether each is relevant, the best result first.
        k: How many count.
    """
    return float(np.sum(relevant[:k])) / k


def ndcg_at(relevant: np.ndarray, k: int, available: int) -> float:
    """Return the normalised discounted cumulative gain of the first ``k`` results.

    Relevance is yes or no (Järvelin and Kekäläinen, 2002).

    Args:
        relevant: (results,) whether each is relevant, the best result first.
        k: How many count.
        available: Relevant items that could have been found.
    """
    discounts = 1 / np.log2(np.arange(2, k + 2))
    ideal = discounts[: min(available, k)].sum()
    gained = (relevant[:k] * discounts[: len(relevant[:k])]).sum()
    return float(gained / ideal) if ideal else 0.0


def gini(counts: np.ndarray, size: int) -> float:
    """Return the Gini coefficient of how often items are shown (Gini, 1912).

    Args:
        counts: How often each item that was shown at all was.
        size: How many items there are, never shown ones included.

    Returns:
        From 0, all as often, to nearly 1, one of many alone.
    """
    if not len(counts):
        return 0.0
    ordered = np.sort(np.concatenate([np.zeros(size - len(counts)), counts]))
    places = np.arange(1, size + 1)
    return float(2 * (places * ordered).sum() / (size * ordered.sum()) - (size + 1) / size)


def reciprocal_rank(relevant: np.ndarray) -> float:
    """Return 1 through the rank of the first relevant result; 0 if there is none."""
    ranks = np.flatnonzero(relevant)
    return 1 / (int(ranks[0]) + 1) if len(ranks) else 0.0


def diversity(vectors: np.ndarray) -> float:
    """Return how unlike results are on average: 1 less the mean cosine of all pairs.

    Args:
        vectors: (results, dimensions) of unit length.
    """
    count = len(vectors)
    if count < 2:
        return 0.0
    alike = (np.sum(vectors @ vectors.T) - count) / (count * (count - 1))
    return float(1 - alike)


def bootstrap_interval(
    values: pd.Series, rounds: int, seed: int, groups: pd.Series | None = None
) -> list[float]:
    """Estimate a 95 % interval of a mean by the percentile bootstrap (Efron, 1979).

    Args:
        values: What the mean is of.
        rounds: Resamples.
        seed: Of the resamples.
        groups: Values that belong together, such as one sender's photos, are drawn together.
    """
    keys = pd.Series(range(len(values)), index=values.index) if groups is None else groups
    sums = values.astype(float).groupby(keys).agg(["sum", "count"]).to_numpy()
    rng = np.random.default_rng(seed)
    # Round by round, because all of them at once are rounds times values in memory.
    means = []
    for _ in range(rounds):
        total, count = sums[rng.integers(len(sums), size=len(sums))].sum(axis=0)
        means.append(total / count)
    low, high = np.quantile(means, [0.025, 0.975])
    return [round(float(low), 4), round(float(high), 4)]
