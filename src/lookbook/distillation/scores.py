"""How good a network is on people it never saw, and how well it agrees with its teacher."""

from __future__ import annotations

from typing import Any

import numpy as np

from lookbook.attributes.decoding import Head, head_slices
from lookbook.captioners.network import LABEL
from lookbook.distillation.calibration import (
    NEVER,
    expected_calibration_error,
    find_threshold,
    fit_presence,
    fit_temperature,
)
from lookbook.distillation.heads import make_targets, truth_of
from lookbook.evaluation.metrics import bootstrap_interval
from lookbook.lazy import pd
from lookbook.photos.sampling import BalanceParams

# A value is common, and its recall told, from so many photos on.
COMMON = 20
CONFUSIONS = ["head", "truth", "predicted", "photos"]


def fit_temperatures(
    heads: list[Head], logits: np.ndarray, targets: np.ndarray
) -> dict[str, float]:
    """Fit a temperature for each head; 1 where nothing is known.

    Args:
        heads: What the logits are of.
        logits: (photos, values of all heads) of photos that the network never saw.
        targets: (photos, values of all heads), see
            :func:`lookbook.distillation.heads.make_targets`.
    """
    temperatures = {head.name: 1.0 for head in heads}
    for name, columns in head_slices(heads).items():
        known = targets[:, columns].any(axis=1)
        if known.any():
            temperatures[name] = fit_temperature(logits[known, columns], targets[known, columns])
    return temperatures


def calibrate(
    heads: list[Head], logits: np.ndarray, targets: np.ndarray, target_precision: float
) -> list[Head]:
    """Find the probabilities from which on values are said.

    Args:
        heads: Uncalibrated.
        logits: See :func:`fit_temperatures`, divided by the temperatures.
        targets: See there.
        target_precision: How often what is said is to be right.

    Returns:
        The heads with their thresholds.
    """
    calibrated = []
    for given, columns in zip(heads, head_slices(heads).values(), strict=True):
        head, known = given.model_copy(), targets[:, columns].sum(axis=1) > 0
        head.threshold = NEVER
        if known.any():
            seen, truth = logits[known, columns], targets[known, columns]
            if head.kind == "multi":
                head.slope, head.offset = fit_presence(head, seen, truth)
            head.threshold = find_threshold(*_answers(head, seen, truth), target_precision)
        calibrated.append(head)
    return calibrated


def _answers(head: Head, logits: np.ndarray, truth: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return how likely each answer is and whether it is right: of ``some``, each value."""
    likely = head.probabilities(logits)
    if head.kind == "multi":
        return likely.ravel(), (truth > 0).ravel()
    best = likely.argmax(axis=1)
    return likely.max(axis=1), best == truth.argmax(axis=1)


def score_heads(
    heads: list[Head],
    logits: np.ndarray,
    training_set: pd.DataFrame,
    balance: BalanceParams,
    target_precision: float,
    rounds: int,
    seed: int,
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Score cross-validated predictions, and counts what is taken for what.

    Args:
        heads: Calibrated.
        logits: (photos, values of all heads), divided by the temperatures.
        training_set: What is true of the photos, with ``sender_id`` and ``fold``.
        balance: Its mapping merges people's labels into categories; a category's probability is
            the sum of its labels'.
        target_precision: How often what is said is to be right.
        rounds: Resamples of senders behind each interval.
        seed: Of the resamples.

    Returns:
        Scores by head, and of the merged categories under ``category``; and the confusions:
        ``head``, ``truth``, ``predicted`` and ``photos``, the commonest first.
    """
    truths = truth_of(make_targets(training_set, heads), heads)
    scores: dict[str, Any] = {}
    confusions = []

    def score(right: np.ndarray, rows: pd.DataFrame) -> dict[str, Any]:
        series = pd.Series(right.astype(float), index=rows.index)
        return {
            "photos": len(rows),
            "accuracy": round(float(series.mean()), 4),
            "interval_95": bootstrap_interval(series, rounds, seed, rows["sender_id"]),
            "accuracy_by_fold": series.groupby(rows["fold"]).mean().round(4).tolist(),
        }

    for head, columns in zip(heads, head_slices(heads).values(), strict=True):
        known = truths[head.name].sum(axis=1) > 0
        if not known.any():
            continue
        rows, truth = training_set[known], truths[head.name][known]
        likely = head.probabilities(logits[known][:, columns])
        guess, true = likely.argmax(axis=1), truth.argmax(axis=1)
        certain, right = _answers(head, logits[known][:, columns], truth)
        names = np.array(head.values)
        scores[head.name] = {
            **score(guess == true, rows),
            "values": len(head.values),
            "macro_f1": _macro_f1(names[true], names[guess]),
            "expected_calibration_error": round(expected_calibration_error(certain, right), 4),
            "threshold": round(head.threshold, 4),
            "said_share": round(float((likely.max(axis=1) >= head.threshold).mean()), 4),
            "said_right": _said_right(certain, right, rows["fold"].to_numpy(), target_precision),
            "recall": {
                value: round(float((guess == number)[true == number].mean()), 4)
                for number, value in enumerate(head.values)
                if (true == number).sum() >= COMMON
            },
        }
        if head.kind == "multi":
            named = score(truth[np.arange(len(guess)), guess] > 0, rows)
            scores[head.name]["named"] = named
        if head.name == LABEL:
            scores["category"] = _score_merged(head, likely, true, rows, balance, score)
        pairs = pd.DataFrame({"truth": names[true], "predicted": names[guess]})
        confusions.append(pairs[guess != true].value_counts().rename("photos").reset_index())
        confusions[-1].insert(0, "head", head.name)
    table = pd.concat(confusions, ignore_index=True) if confusions else pd.DataFrame([])
    table = table.reindex(columns=CONFUSIONS).sort_values(
        ["photos", "head", "truth", "predicted"], ascending=[False, True, True, True]
    )
    return scores, table.reset_index(drop=True)


def _said_right(
    certain: np.ndarray, right: np.ndarray, folds: np.ndarray, target_precision: float
) -> float | None:
    """Return the precision of predictions, each fold by the threshold of the others."""
    folds = np.repeat(folds, len(certain) // len(folds))
    said = np.zeros(len(certain), bool)
    for fold in np.unique(folds):
        here = folds == fold
        threshold = find_threshold(certain[~here], right[~here], target_precision)
        said[here] = certain[here] >= threshold
    return round(float(right[said].mean()), 4) if said.any() else None


def _score_merged(
    head: Head, likely: np.ndarray, true: np.ndarray, rows: pd.DataFrame, balance: Any, score: Any
) -> dict[str, Any]:
    merged = np.array([balance.group_of(label) for label in head.values])
    groups = np.unique(merged)
    shares = np.stack([likely[:, merged == group].sum(axis=1) for group in groups], axis=1)
    guess = groups[shares.argmax(axis=1)]
    return {
        **score(guess == merged[true], rows),
        "values": len(groups),
        "macro_f1": _macro_f1(merged[true], guess),
    }


def _macro_f1(truth: np.ndarray, guess: np.ndarray) -> float:
    from sklearn.metrics import f1_score

    return round(float(f1_score(truth, guess, average="macro", zero_division=0.0)), 4)


def score_words(
    ranks: np.ndarray, senders: pd.Series, gallery: int, rounds: int, seed: int
) -> dict[str, Any]:
    """Score how well descriptions find their own pictures.

    Args:
        ranks: (descriptions,) from 1.
        senders: Whose photo each is.
        gallery: Items among which the right one is.
        rounds: Resamples of senders.
        seed: Of the resamples.
    """
    scores: dict[str, Any] = {"descriptions": len(ranks), "gallery": gallery}
    for k in (1, 10, 50):
        found = pd.Series((ranks <= k).astype(float), index=senders.index)
        scores[f"recall_at_{k}"] = {
            "share": round(float(found.mean()), 4),
            "interval_95": bootstrap_interval(found, rounds, seed, senders),
        }
    scores["mean_reciprocal_rank"] = round(float((1 / ranks).mean()), 4)
    return scores


def compare(
    heads: list[Head], logits: np.ndarray, training_set: pd.DataFrame
) -> dict[str, dict[str, Any]]:
    """Compare a student's answers with its teacher's on photos that it never saw.

    Args:
        heads: Calibrated.
        logits: (photos, values of all heads), divided by the temperatures.
        training_set: What the teacher says.

    Returns:
        By attribute ``photos``, ``agreement``, ``kappa`` (Cohen, 1960) of the main values, and
        under ``differ_most`` the pairs that differ most often.
    """
    from sklearn.metrics import cohen_kappa_score

    truths = truth_of(make_targets(training_set, heads), heads)
    compared = {}
    for head, columns in zip(heads, head_slices(heads).values(), strict=True):
        known = truths[head.name].sum(axis=1) > 0
        if head.name == LABEL or not known.any():
            continue
        names = np.array(head.values)
        teacher = names[truths[head.name][known].argmax(axis=1)]
        student = names[logits[known][:, columns].argmax(axis=1)]
        differ = pd.Series(
            [f"{one} → {other}" for one, other in zip(teacher, student, strict=True)]
        )[teacher != student]
        kappa = cohen_kappa_score(teacher, student) if len(set(teacher) | set(student)) > 1 else 1.0
        compared[head.name] = {
            "photos": int(known.sum()),
            "agreement": round(float((teacher == student).mean()), 4),
            "kappa": round(float(kappa), 4),
            "differ_most": differ.value_counts().head(3).to_dict(),
        }
    return compared
