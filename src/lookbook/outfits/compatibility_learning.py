"""Learns a compatibility model from rated outfits, and measures it on outfits held out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from lookbook.outfits.compatibility import CompatibilityModel, Tree
from lookbook.outfits.features import Pieces, feature_names, outfit_features
from lookbook.outfits.ratings import RatedOutfit, RatingParams

# Digits of the numbers in a released model.
_DIGITS = 4


class CompatibilityParams(BaseModel):
    """How a compatibility model is learned.

    Attributes:
        table: How tables of rated outfits are read.
        trees: Number of trees.
        min_leaf: The least training outfits of a leaf.
        feature_share: Share of the features among which each node chooses.
        folds: Folds of the cross-validation.
        source: Whose taste it is, for the model and its card.
        seed: Seed of trees and folds.
    """

    model_config = ConfigDict(extra="forbid")

    table: RatingParams
    trees: int = Field(gt=0)
    min_leaf: int = Field(gt=0)
    feature_share: float = Field(gt=0, le=1)
    folds: int = Field(ge=2)
    source: str
    seed: int


def rated_features(
    outfits: list[RatedOutfit], pieces: Pieces, rows: Mapping[str, int]
) -> np.ndarray:
    """Return the features of rated outfits.

    Args:
        outfits: The outfits.
        pieces: The items that they are made of.
        rows: The row of each photo among the pieces.

    Returns:
        (outfits, features), see :func:`lookbook.outfits.features.outfit_features`.
    """
    names = feature_names(pieces.scales, pieces.style, pieces.schema)
    features = np.zeros((len(outfits), len(names)), np.float32)
    sizes = np.array([len(outfit.photo_ids) for outfit in outfits])
    for size in np.unique(sizes):
        own = np.flatnonzero(sizes == size).tolist()
        chosen = [[rows[photo] for photo in outfits[number].photo_ids] for number in own]
        features[own] = outfit_features(pieces, np.array(chosen))
    return features


def predict_folds(
    features: np.ndarray, scores: np.ndarray, groups: Sequence[str], params: CompatibilityParams
) -> tuple[np.ndarray, np.ndarray]:
    """Predict the score of each outfit by trees that saw no outfit of its group.

    Args:
        features: (outfits, features).
        scores: (outfits,) ratings.
        groups: The group of each outfit; a group is in one fold.
        params: How the model is learned.

    Returns:
        (outfits,) predicted scores, and (outfits,) folds.
    """
    from lookbook.progress import Progress

    names, group = np.unique(groups, return_inverse=True)
    fold_of_group = np.random.default_rng(params.seed).permutation(len(names)) % params.folds
    folds = fold_of_group[group]
    predicted = np.full(len(scores), scores.mean())
    for fold in Progress(range(params.folds), desc="rated outfits", unit="fold"):
        is_held_out = folds == fold
        if is_held_out.any() and not is_held_out.all():
            forest = _fit(features[~is_held_out], scores[~is_held_out], params)
            predicted[is_held_out] = forest.predict(features[is_held_out])
    return predicted, folds


def calibrate(predicted: np.ndarray, is_acceptable: np.ndarray) -> tuple[float, float]:
    """Fit probabilities of "acceptable" to held-out predictions (Platt, 1999).

    Returns:
        Slope and intercept of the log odds.
    """
    from sklearn.linear_model import LogisticRegression

    share = float(is_acceptable.mean())
    if share in (0.0, 1.0) or np.ptp(predicted) == 0:
        bounded = np.clip(share, 0.02, 0.98)
        return 0.0, float(np.log(bounded / (1 - bounded)))
    fitted = LogisticRegression(C=1e3).fit(predicted[:, None], is_acceptable)
    return float(fitted.coef_[0, 0]), float(fitted.intercept_[0])


def learn_compatibility(
    features: np.ndarray,
    scores: np.ndarray,
    names: Sequence[str],
    calibration: tuple[float, float],
    params: CompatibilityParams,
) -> CompatibilityModel:
    """Learn a compatibility model of all rated outfits.

    Args:
        features: (outfits, features).
        scores: (outfits,) ratings.
        names: The names of the features.
        calibration: Slope and intercept, see :func:`calibrate`.
        params: How the model is learned.
    """
    forest = _fit(features, scores, params)
    return CompatibilityModel(
        features=list(names),
        means=[round(float(mean), _DIGITS) for mean in features.mean(axis=0)],
        trees=[_to_tree(estimator.tree_) for estimator in forest.estimators_],
        slope=round(calibration[0], _DIGITS),
        intercept=round(calibration[1], _DIGITS),
        outfits=len(scores),
        source=params.source,
    )


def group_importances(model: CompatibilityModel, features: np.ndarray) -> dict[str, float]:
    """Return how far each group of features moves the training outfits' scores.

    Returns:
        Mean absolute contributions by group, the largest first; a score's points.
    """
    _, groups, points = model.explain(features)
    means = dict(zip(groups, np.abs(points).mean(axis=0).tolist(), strict=True))
    return dict(sorted(means.items(), key=lambda one: -one[1]))


def auc_with_interval(
    predicted: np.ndarray, is_acceptable: np.ndarray, groups: Sequence[str], rounds: int, seed: int
) -> dict[str, float | None]:
    """Return the area under the ROC curve with a 95 % interval by bootstrap over groups.

    Returns:
        ``mean``, ``low`` and ``high``; ``None`` where all or none are acceptable.
    """
    from sklearn.metrics import roc_auc_score

    if is_acceptable.all() or not is_acceptable.any():
        return {"mean": None, "low": None, "high": None}
    names, group = np.unique(groups, return_inverse=True)
    members = [np.flatnonzero(group == number) for number in range(len(names))]
    generator = np.random.default_rng(seed)
    drawn = []
    for _ in range(rounds):
        rows = np.concatenate(
            [members[one] for one in generator.integers(len(names), size=len(names))]
        )
        if 0 < is_acceptable[rows].mean() < 1:
            drawn.append(roc_auc_score(is_acceptable[rows], predicted[rows]))
    low, high = np.percentile(drawn, [2.5, 97.5]) if drawn else (np.nan, np.nan)
    mean = roc_auc_score(is_acceptable, predicted)
    return {name: round(float(value), 4) for name, value in
            {"mean": mean, "low": low, "high": high}.items()}  # fmt: skip


def _fit(features: np.ndarray, scores: np.ndarray, params: CompatibilityParams) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    return ExtraTreesRegressor(
        n_estimators=params.trees,
        min_samples_leaf=params.min_leaf,
        max_features=params.feature_share,
        random_state=params.seed,
    ).fit(features, scores)


def _to_tree(tree: Any) -> Tree:
    is_leaf = tree.children_left < 0
    nodes = np.arange(tree.node_count)
    # scikit-learn grows depth first, the left child first.
    assert (tree.children_left[~is_leaf] == nodes[~is_leaf] + 1).all()
    return Tree(
        feature=np.where(is_leaf, -1, tree.feature).tolist(),
        threshold=np.where(is_leaf, 0.0, tree.threshold).round(_DIGITS).tolist(),
        right=np.where(is_leaf, 0, tree.children_right).tolist(),
        value=tree.value[:, 0, 0].round(_DIGITS).tolist(),
    )
