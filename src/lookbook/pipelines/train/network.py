"""The garment network: EfficientNet-Lite0 whose last blocks learn human labels."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from lookbook.captioners.embedded import RESOLUTION
from lookbook.pipelines.train.params import FitParams

OPSET = 18


class Trunk(nn.Module):
    """Normalisation, stem and the frozen blocks: uint8 pixels to activations."""

    def __init__(self, backbone: Any, blocks: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(backbone._conv_stem, backbone._bn0, nn.ReLU6())
        self.blocks = nn.Sequential(*list(backbone._blocks)[:blocks])

    def forward(self, pixels: Tensor) -> Tensor:
        """Maps (photos, 224, 224, 3) uint8 RGB to (photos, channels, height, width)."""
        normalised = (pixels.permute(0, 3, 1, 2).float() - 127) / 128
        activations: Tensor = self.blocks(self.stem(normalised))
        return activations


class Head(nn.Module):
    """The trained blocks, the last convolution and a linear layer at every place."""

    def __init__(self, backbone: Any, first_block: int, labels: int, dropout: float) -> None:
        super().__init__()
        self.blocks = nn.Sequential(*list(backbone._blocks)[first_block:])
        self.last = nn.Sequential(backbone._conv_head, backbone._bn1, nn.ReLU6())
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(1280, labels)
        nn.init.normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)

    def forward(self, activations: Tensor) -> Tensor:
        """Maps activations to (photos, labels) logits."""
        features = self.last(self.blocks(activations)).mean((2, 3))
        logits: Tensor = self.linear(self.dropout(features))
        return logits

    def train(self, mode: bool = True) -> Head:
        """Trains with batch-norm statistics frozen: batches are small, ImageNet's are good."""
        super().train(mode)
        for module in self.modules():
            if isinstance(module, nn.BatchNorm2d):
                module.eval()
        return self


class GarmentNetwork(nn.Module):
    """Trunk and head as they are shipped: pixels to a logit map for each label.

    Pooling and the linear layer commute, so the mean of a label's map over all places is
    exactly its logit, and the map itself says where in the photo the evidence lies (class
    activation mapping, Zhou et al., arXiv 1512.04150).
    """

    def __init__(self, trunk: Trunk, head: Head) -> None:
        super().__init__()
        self.trunk = trunk
        self.head = head

    def forward(self, pixels: Tensor) -> Tensor:
        """Maps (photos, 224, 224, 3) uint8 RGB to (photos, labels, 7, 7) logits."""
        features = self.head.last(self.head.blocks(self.trunk(pixels)))
        linear = self.head.linear
        return nn.functional.conv2d(features, linear.weight[:, :, None, None], linear.bias)


def build_head(backbone: Any, labels: int, params: FitParams) -> Head:
    """Builds an untrained head on copies of the backbone's blocks."""
    return Head(copy.deepcopy(backbone), params.frozen_blocks, labels, params.dropout)


def fit_head(
    head: Head, activations: np.ndarray, targets: np.ndarray, params: FitParams
) -> Iterator[tuple[int, float]]:
    """Fits a head in place with AdamW and a one-cycle schedule.

    Args:
        head: The head to fit.
        activations: (photos, views, channels, height, width), half precision; a step sees one
            view of a photo, chosen at random.
        targets: (photos,) label numbers.
        params: The schedule.

    Yields:
        After every epoch its number, from 1, and its mean loss.
    """
    rng = np.random.default_rng(params.seed)
    photos, views = activations.shape[:2]
    labels = head.linear.out_features
    steps = photos // params.batch_size
    linear = list(head.linear.parameters())
    known = {id(weight) for weight in linear}
    blocks = [weight for weight in head.parameters() if id(weight) not in known]
    rates = [params.learning_rate, params.head_learning_rate]
    optimiser = torch.optim.AdamW(
        [{"params": blocks}, {"params": linear}], lr=rates[0], weight_decay=params.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rates, total_steps=steps * params.epochs, pct_start=0.2
    )
    head.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    for epoch in range(1, params.epochs + 1):
        head.train()
        losses = []
        for batch in rng.permutation(photos)[: steps * params.batch_size].reshape(steps, -1):
            view = rng.integers(views, size=len(batch))
            seen = torch.from_numpy(activations[batch, view]).float()
            wanted = one_hot(torch.from_numpy(targets[batch]), labels).float()
            share, partner = rng.beta(params.mixup, params.mixup), rng.permutation(len(batch))
            seen = share * seen + (1 - share) * seen[partner]
            wanted = share * wanted + (1 - share) * wanted[partner]
            loss = cross_entropy(
                head(seen.contiguous(memory_format=torch.channels_last)),
                wanted,
                label_smoothing=params.label_smoothing,
            )
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        yield epoch, float(np.mean(losses))


def predict(head: Head, activations: np.ndarray) -> np.ndarray:
    """Gives each photo's label probabilities from its first, unflipped view.

    Args:
        head: A fitted head.
        activations: (photos, views, channels, height, width).

    Returns:
        (photos, labels) probabilities.
    """
    head.eval()
    parts = []
    with torch.inference_mode():
        for start in range(0, len(activations), 64):
            seen = torch.from_numpy(activations[start : start + 64, 0]).float()
            parts.append(head(seen.contiguous(memory_format=torch.channels_last)).softmax(1))
    return torch.cat(parts).numpy()


def export_onnx(network: GarmentNetwork, labels: list[str]) -> bytes:
    """Exports the network for onnxruntime, with its label names in the file's metadata.

    Args:
        network: The fitted network.
        labels: Label names in the order of the logits.

    Returns:
        An ONNX file: input ``pixels`` (photos, 224, 224, 3) uint8 RGB, output ``logit_maps``
        (photos, labels, 7, 7) float32.
    """
    import onnx

    example = torch.zeros(2, RESOLUTION, RESOLUTION, 3, dtype=torch.uint8)
    program = torch.onnx.export(
        network.eval(),
        (example,),
        input_names=["pixels"],
        output_names=["logit_maps"],
        dynamic_shapes={"pixels": {0: torch.export.Dim("photos")}},
        opset_version=OPSET,
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    model = program.model_proto
    # The exporter notes each node's Python stack, paths of this machine included.
    for item in (model.graph, *model.graph.node, *model.graph.value_info):
        item.doc_string = ""
        del item.metadata_props[:]
    onnx.helper.set_model_props(model, {"labels": json.dumps(labels)})
    onnx.checker.check_model(model)
    serialised: bytes = model.SerializeToString()
    return serialised
