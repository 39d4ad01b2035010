"""Probabilities that mean what they say, and from where on they are said."""

from __future__ import annotations

import numpy as np

from lookbook.attributes.decoding import Head

# Above every probability: a head with this threshold says nothing.
NEVER = 1.01
_BINS = 15


def fit_temperature(logits: np.ndarray, targets: np.ndarray) -> float:
    """Find the temperature by which probabilities fit best (Guo et al., arXiv 1706.04599).

    Args:
        logits: (photos, values) of photos that the network never saw.
        targets: (photos, values) what is true of them, each row adding up to 1.

    Returns:
        What logits are to be divided by: the least negative log-likelihood.
    """
    from scipy.optimize import minimize_scalar

    def loss(log_temperature: float) -> float:
        scaled = logits / np.exp(log_temperature)
        scaled = scaled - scaled.max(axis=1, keepdims=True)
        logs = scaled - np.log(np.exp(scaled).sum(axis=1, keepdims=True))
        return float(-(targets * logs).sum(axis=1).mean())

    return float(np.exp(minimize_scalar(loss, bounds=(-3, 3), method="bounded").x))


def fit_presence(head: Head, logits: np.ndarray, targets: np.ndarray) -> tuple[float, float]:
    """Fit how likely an item has a value at all, for a head of ``some`` (Platt, 1999).

    Returns:
        Slope and offset, see :class:`lookbook.attributes.decoding.Head`.
    """
    from sklearn.linear_model import LogisticRegression

    plain = head.model_copy(update={"slope": 1.0, "offset": 0.0})
    shares = np.clip(plain.probabilities(logits), 1e-7, 1 - 1e-7)
    odds = np.log(shares / (1 - shares)).reshape(-1, 1)
    fitted = LogisticRegression(C=1e6).fit(odds, (targets > 0).ravel())
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def find_threshold(likely: np.ndarray, right: np.ndarray, at_least: float) -> float:
    """Find the lowest probability from which on what is said is right often enough.

    Args:
        likely: (answers,) how likely each is.
        right: (answers,) whether it is right.
        at_least: The share that is to be right.

    Returns:
        The threshold; above 1 where no answers are right so often.
    """
    order = np.argsort(-likely, kind="stable")
    shares = np.cumsum(right[order]) / np.arange(1, len(order) + 1)
    # Of answers that are as likely as each other, all are said or none.
    last = np.append(np.diff(likely[order]) != 0, True)
    good = np.flatnonzero((shares >= at_least) & last)
    return float(likely[order][good[-1]]) if len(good) else NEVER


def expected_calibration_error(likely: np.ndarray, right: np.ndarray) -> float:
    """Return how far probabilities lie from how often they are right (Naeini et al., 2015).

    Args:
        likely: (answers,) how likely each is.
        right: (answers,) whether it is right.

    Returns:
        The mean distance over 15 bins of equal width, weighted by their answers.
    """
    bins = np.minimum((likely * _BINS).astype(int), _BINS - 1)
    distance = 0.0
    for number in np.unique(bins):
        inside = bins == number
        distance += inside.mean() * abs(likely[inside].mean() - right[inside].mean())
    return float(distance)
