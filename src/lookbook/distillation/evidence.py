"""People's label, decided by all heads: what the others see speaks for one label or another.

A network that takes a polo for a shirt may well see its collar and its short sleeves. How often
each value goes with each label is counted where both are known, and how much each head is to be
believed is fitted on photos that the network never saw (a product of experts, as Hinton has it,
doi.org/10.1162/089976602760128018).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lookbook.attributes.decoding import Head, head_slices
from lookbook.captioners.network import LABEL

# Photos that each pair of values is counted besides.
_SMOOTHED = 0.5
# What it costs to believe other heads: a head that adds nothing is left alone.
_RIDGE = 0.03


class LabelEvidence(NamedTuple):
    """What decides people's label.

    Attributes:
        own: How much the label's own logarithms of probabilities count.
        weights: How much those of each other head of ``one`` value count, by head.
        tables: (values of the head, labels) how many times as often as usual a value is seen where
            people say the label, by head.
    """

    own: float
    weights: dict[str, float]
    tables: dict[str, np.ndarray]


def fit_evidence(
    logits: np.ndarray, targets: np.ndarray, folds: np.ndarray, heads: list[Head]
) -> LabelEvidence | None:
    """Count what goes with each label, and fits how much each head is to be believed.

    Args:
        logits: (photos, values of all heads) of photos that the network never saw, divided by the
            temperatures.
        targets: (photos, values of all heads) what is true of them, see
            :func:`lookbook.distillation.heads.make_targets`.
        folds: (photos,) each one's fold: what is counted in a fold speaks for none of its photos.
        heads: What the logits are of.

    Returns:
        The evidence; ``None`` where people labelled nothing.
    """
    from scipy.optimize import minimize

    columns = head_slices(heads)
    names = [head.name for head in heads if head.kind == "single" and head.name != LABEL]
    if LABEL not in columns or not targets[:, columns[LABEL]].any():
        return None
    truth = targets[:, columns[LABEL]]
    terms = np.zeros((len(names) + 1, *truth.shape))
    for fold in np.unique(folds):
        here = folds == fold
        terms[:, here] = _terms(logits[here], _count(targets[~here], heads, names), heads)
    known = truth.any(axis=1)
    terms, truth = terms[:, known], truth[known]

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        summed = np.tensordot(weights, terms, 1)
        shifted = summed - summed.max(axis=1, keepdims=True)
        logs = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        slope = ((np.exp(logs) - truth) * terms).sum(axis=(1, 2)) / len(truth)
        slope[1:] += 2 * _RIDGE * weights[1:]
        unlikely = -(truth * logs).sum(axis=1).mean() + _RIDGE * (weights[1:] ** 2).sum()
        return float(unlikely), slope

    first = np.array([1.0, *np.zeros(len(names))])
    bounds = [(0.0, None)] * len(first)
    own, *others = minimize(loss, first, jac=True, bounds=bounds, method="L-BFGS-B").x.tolist()
    weights = dict(zip(names, others, strict=True))
    return LabelEvidence(own, weights, _count(targets, heads, names))


def decide_label(
    logits: np.ndarray, heads: list[Head], evidence: LabelEvidence | None
) -> np.ndarray:
    """Replace the label's own logits by the evidence of all heads.

    Args:
        logits: (photos, values of all heads), divided by the temperatures.
        heads: What they are of.
        evidence: See :func:`fit_evidence`; ``None`` leaves them as they are.
    """
    if evidence is None:
        return logits
    weights = np.array([evidence.own, *evidence.weights.values()])
    decided = logits.copy()
    terms = _terms(logits, evidence.tables, heads)
    decided[:, head_slices(heads)[LABEL]] = np.tensordot(weights, terms, 1)
    return decided


def decide_across_folds(
    logits: np.ndarray, targets: np.ndarray, folds: np.ndarray, heads: list[Head]
) -> np.ndarray:
    """Decide the label of each fold's photos by the evidence of the others.

    Args:
        logits: See :func:`fit_evidence`.
        targets: See there.
        folds: See there.
        heads: See there.
    """
    decided = logits.copy()
    for fold in np.unique(folds):
        here = folds == fold
        evidence = fit_evidence(logits[~here], targets[~here], folds[~here], heads)
        decided[here] = decide_label(logits[here], heads, evidence)
    return decided


def _count(targets: np.ndarray, heads: list[Head], names: list[str]) -> dict[str, np.ndarray]:
    columns = head_slices(heads)
    labels = targets[:, columns[LABEL]]
    tables = {}
    for name in names:
        values = targets[:, columns[name]]
        together = values.T @ labels + _SMOOTHED
        usual = values.sum(axis=0) + _SMOOTHED
        tables[name] = together / together.sum(axis=0) / (usual / usual.sum())[:, None]
    return tables


def _terms(logits: np.ndarray, tables: dict[str, np.ndarray], heads: list[Head]) -> np.ndarray:
    """Return (heads, photos, labels) what the label and each other head say for each label."""
    columns, of = head_slices(heads), {head.name: head for head in heads}
    own = np.log(of[LABEL].probabilities(logits[:, columns[LABEL]]))
    others = [
        np.log(of[name].probabilities(logits[:, columns[name]]) @ table)
        for name, table in tables.items()
    ]
    return np.stack([own, *others])
