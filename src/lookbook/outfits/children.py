"""A model that tells children's clothes from adults' by their pictures."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

# Inverse strength of the regularization: hundreds of dimensions, and few children's photos.
_STRENGTH = 0.01
_DIGITS = 5


class ChildModel(BaseModel):
    """Logistic regression over image embeddings.

    Attributes:
        weights: The weight of each dimension.
        intercept: The offset of the log odds.
        image_model: The model of the embeddings, see
            :attr:`lookbook.search.embedders.Embedder.image_model`.
        photos: The number of training photos.
        auc: Area under the ROC curve on senders held out; ``None`` where they are too few.
        source: Who says which photos show children's clothes.
    """

    model_config = ConfigDict(extra="forbid")

    weights: list[float]
    intercept: float
    image_model: str
    photos: int
    auc: float | None
    source: str

    def predict(self, embeddings: np.ndarray) -> np.ndarray:
        """Return (photos,) probabilities of a child's item; NaN where an embedding is NaN."""
        odds = embeddings @ np.array(self.weights) + self.intercept
        probabilities: np.ndarray = 1 / (1 + np.exp(-odds))
        return probabilities


class ChildParams(BaseModel):
    """How a child model is learned.

    Attributes:
        min_examples: The least photos of children's and of adults' clothes.
        folds: Folds of the cross-validation over senders.
        source: Who says which photos show children's clothes.
    """

    model_config = ConfigDict(extra="forbid")

    min_examples: int = Field(gt=1)
    folds: int = Field(ge=2)
    source: str


def learn_children(
    embeddings: np.ndarray,
    is_for_child: np.ndarray,
    groups: Sequence[str],
    image_model: str,
    params: ChildParams,
) -> ChildModel | None:
    """Learn to tell children's clothes from adults'.

    Args:
        embeddings: (photos, dimensions) of unit length.
        is_for_child: (photos,) bool.
        groups: The sender of each photo.
        image_model: The model of the embeddings.
        params: How the model is learned.

    Returns:
        The model; ``None`` if there are too few photos of either kind.
    """
    if min(is_for_child.sum(), (~is_for_child).sum()) < params.min_examples:
        return None
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score
    from sklearn.model_selection import GroupKFold, cross_val_predict
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=_STRENGTH, max_iter=500))
    auc = None
    if len(set(groups)) >= params.folds:
        held_out = cross_val_predict(
            model, embeddings, is_for_child, groups=list(groups), cv=GroupKFold(params.folds),
            method="decision_function",
        )  # fmt: skip
        auc = round(float(roc_auc_score(is_for_child, held_out)), 4)
    scaler, regression = model.fit(embeddings, is_for_child)
    weights = regression.coef_[0] / scaler.scale_
    return ChildModel(
        weights=weights.round(_DIGITS).tolist(),
        intercept=round(float(regression.intercept_[0] - weights @ scaler.mean_), _DIGITS),
        image_model=image_model,
        photos=len(embeddings),
        auc=auc,
        source=params.source,
    )
