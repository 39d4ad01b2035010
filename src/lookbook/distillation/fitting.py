"""One network from start to end, and what is kept of it."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lookbook.attributes.decoding import Head, head_slices
from lookbook.captioners.network import LABEL, RESOLUTION
from lookbook.distillation.heads import make_targets, weigh_decided
from lookbook.distillation.network import (
    Activations,
    Student,
    compute_features,
    fingerprint_weights,
    fit_student,
)
from lookbook.distillation.params import FitParams
from lookbook.lazy import pd

# What a fit keeps beside the weights.
OF_PICTURES = "features"


def make_wanted(training_set: pd.DataFrame, heads: list[Head], params: FitParams) -> np.ndarray:
    """Write what a network is to learn of each picture; (pictures, values of all heads)."""
    targets = make_targets(training_set, heads)
    return weigh_decided(targets, training_set, heads, params.field_weight)


def fingerprint_fit(
    training_set: pd.DataFrame, heads: list[Head], backbone: Any, params: FitParams
) -> str:
    """Hash all that a fit depends on, which calibration is not: 16 hexadecimal digits."""
    digest = hashlib.sha256(make_wanted(training_set, heads, params).tobytes())
    facts = [
        training_set[["photo_id", "fold"]].to_csv(index=False),
        *(f"{head.name}: {head.values}" for head in heads),
        params.model_dump_json(),
        fingerprint_weights(backbone),
        str(RESOLUTION),
    ]
    digest.update("\n".join(facts).encode())
    return digest.hexdigest()[:16]


def teach(
    backbone: Any,
    activations: Activations,
    photos: np.ndarray,
    wanted: np.ndarray,
    heads: list[Head],
    params: FitParams,
    progress: Any,
) -> dict[str, Tensor]:
    """Fit a network.

    Args:
        backbone: The ImageNet network; left as it is.
        activations: Of all pictures.
        photos: Numbers of those to learn from.
        wanted: See :func:`make_wanted`.
        heads: The heads.
        params: The schedule.
        progress: Told every epoch.

    Returns:
        The weights by name, and under ``features`` what the network makes of every picture,
        (pictures, 2 views, 1280) in half precision.
    """
    weights = {head.name: 1.0 if head.name == LABEL else params.field_weight for head in heads}
    with torch.random.fork_rng():
        torch.manual_seed(params.seed)
        student = Student(backbone, params.frozen_blocks, wanted.shape[1], params.dropout)
        for _, loss in fit_student(student, activations, photos, wanted, heads, weights, params):
            progress.set_postfix(loss=f"{loss:.3f}")
            progress.update()
    features = torch.from_numpy(compute_features(student, activations)).half()
    return {
        **{
            name: weight.contiguous(memory_format=torch.contiguous_format)
            for name, weight in student.state_dict().items()
        },
        OF_PICTURES: features,
    }


def open_student(fit: dict[str, Tensor], backbone: Any, params: FitParams) -> Student:
    """Rebuild a network from what is kept of it."""
    values = len(fit["linear.bias"])
    student = Student(backbone, params.frozen_blocks, values, params.dropout)
    student.load_state_dict({name: one for name, one in fit.items() if name != OF_PICTURES})
    return student.eval()


def scale_linear(
    weight: Tensor, bias: Tensor, heads: list[Head], temperatures: dict[str, float]
) -> tuple[Tensor, Tensor]:
    """Divide a linear layer by its heads' temperatures."""
    scale = torch.ones(len(bias))
    for name, columns in head_slices(heads).items():
        scale[columns] = 1 / temperatures[name]
    return weight * scale[:, None], bias * scale


def picture_inputs(
    fit: dict[str, Tensor], heads: list[Head], temperatures: dict[str, float]
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the image embedding of every picture.

    Returns:
        (pictures, 1280) features of the plain picture; the same, mean of plain and flipped; and
        (pictures, values of all heads) the plain one's probabilities.
    """
    features = fit[OF_PICTURES].float()
    weight, bias = scale_linear(fit["linear.weight"], fit["linear.bias"], heads, temperatures)
    logits = features[:, 0] @ weight.T + bias
    likely = [logits[:, columns].softmax(1) for columns in head_slices(heads).values()]
    return features[:, 0].numpy(), features.mean(1).numpy(), torch.cat(likely, dim=1).numpy()
