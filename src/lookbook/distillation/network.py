"""The network that is taught: EfficientNet-Lite whose last blocks learn every attribute at once."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, normalize, pad
from torch.nn.utils.fusion import fuse_conv_bn_eval

from lookbook.attributes.decoding import Head, head_slices
from lookbook.captioners.network import LABEL
from lookbook.distillation.evidence import LabelEvidence
from lookbook.distillation.params import FitParams

FEATURES = 1280
# In a picture's look all that its heads say counts as much as its features, and people's label
# so much beside that. Of ten pictures found like one, people on average gave 8.2 the same label
# with it, 7.9 without, and 7.6 by the features alone.
LABEL_SHARE = 2.25
# Photos a step where nothing is learned.
INFERENCE_BATCH = 32
_FUSED = (("_expand_conv", "_bn0"), ("_depthwise_conv", "_bn1"), ("_project_conv", "_bn2"))


def fingerprint_weights(network: Any) -> str:
    """Hash a network's weights: 16 hexadecimal digits."""
    digest = hashlib.sha256()
    for name, weight in network.state_dict().items():
        digest.update(name.encode() + weight.detach().contiguous().numpy().tobytes())
    return digest.hexdigest()[:16]


class Trunk(nn.Module):
    """Normalisation, stem and the frozen blocks: uint8 pixels to activations."""

    def __init__(self, backbone: Any, blocks: int) -> None:
        super().__init__()
        self.stem = nn.Sequential(backbone._conv_stem, backbone._bn0, nn.ReLU6())
        self.blocks = nn.Sequential(*list(backbone._blocks)[:blocks])

    def forward(self, pixels: Tensor) -> Tensor:
        """Map (photos, 224, 224, 3) uint8 RGB to (photos, channels, height, width)."""
        normalised = (pixels.permute(0, 3, 1, 2).float() - 127) / 128
        activations: Tensor = self.blocks(self.stem(normalised))
        return activations


class FrozenDepthwise(nn.Module):
    """A depthwise convolution whose kernels stay as they are."""

    weight: Tensor
    bias: Tensor

    def __init__(self, convolution: Any) -> None:
        """Take over EfficientNet's convolution, with the padding before it."""
        super().__init__()
        self.padding = convolution.static_padding
        self.stride: tuple[int, int] = convolution.stride
        self.register_buffer("weight", convolution.weight.detach())
        self.register_buffer("bias", convolution.bias.detach())

    def forward(self, maps: Tensor) -> Tensor:
        """Convolve each channel by itself."""
        arguments = self.padding(maps), self.weight, self.bias, self.stride
        if self.training:
            convolved: Tensor = _Depthwise.apply(*arguments)
            return convolved
        return conv2d(*arguments, groups=len(self.weight))


class _Depthwise(torch.autograd.Function):
    """A depthwise convolution, and of its gradients that of the maps alone.

    It is a convolution of what comes back with the kernels turned round. In 16 bits and at a stride
    of 2 torch's own takes forty times as long: for one block of twelve a third of the whole step.
    """

    @staticmethod
    def forward(
        ctx: Any, maps: Tensor, weight: Tensor, bias: Tensor, stride: tuple[int, int]
    ) -> Tensor:
        ctx.save_for_backward(weight)
        ctx.stride, ctx.size = stride, maps.shape[2:]
        return conv2d(maps, weight, bias, stride, groups=len(weight))

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None, None, None]:
        (gradient,), (weight,) = gradients, ctx.saved_tensors
        (down, across), (height, width) = ctx.stride, gradient.shape[2:]
        if ctx.stride != (1, 1):
            spread = gradient.new_zeros(
                (*gradient.shape[:2], (height - 1) * down + 1, (width - 1) * across + 1)
            ).contiguous(memory_format=torch.channels_last)
            spread[:, :, ::down, ::across] = gradient
            gradient = spread
        kernel = weight.shape[2:]
        turned = weight.flip(2, 3).to(gradient.dtype)
        whole = conv2d(gradient, turned, padding=(kernel[0] - 1, kernel[1] - 1), groups=len(weight))
        # What no kernel came to, since a stride did not come out even.
        missing = ctx.size[1] - whole.shape[3], ctx.size[0] - whole.shape[2]
        return pad(whole, (0, missing[0], 0, missing[1])), None, None, None


class Student(nn.Module):
    """The blocks that learn, the last convolution and a linear layer for all heads.

    Batch normalisation is part of the convolutions: batches are small, and ImageNet's statistics
    are good. The depthwise kernels stay ImageNet's as well, for they are a hundredth of the
    weights, and their gradients half of a step's time.
    """

    def __init__(self, backbone: Any, first_block: int, values: int, dropout: float) -> None:
        super().__init__()
        given = copy.deepcopy(backbone).eval()
        self.blocks = nn.Sequential(*list(given._blocks)[first_block:])
        for block in self.blocks:
            for convolution, norm in _FUSED:
                if hasattr(block, convolution):
                    fused = fuse_conv_bn_eval(getattr(block, convolution), getattr(block, norm))
                    setattr(block, convolution, fused)
                    setattr(block, norm, nn.Identity())
            block._depthwise_conv = FrozenDepthwise(block._depthwise_conv)
        self.last = nn.Sequential(fuse_conv_bn_eval(given._conv_head, given._bn1), nn.ReLU6())
        self.dropout = nn.Dropout(dropout)
        self.linear = nn.Linear(FEATURES, values)
        nn.init.normal_(self.linear.weight, std=0.01)
        nn.init.zeros_(self.linear.bias)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]

    def features(self, activations: Tensor) -> Tensor:
        """Map activations to (photos, 1280) pooled features."""
        pooled: Tensor = self.last(self.blocks(activations)).mean((2, 3))
        return pooled

    def forward(self, activations: Tensor) -> Tensor:
        """Map activations to (photos, values of all heads) logits."""
        logits: Tensor = self.linear(self.dropout(self.features(activations)))
        return logits


class DecidedLabel(nn.Module):
    """Decides people's label, see :func:`lookbook.distillation.evidence.decide_label`."""

    weights: Tensor

    def __init__(self, heads: list[Head], evidence: LabelEvidence) -> None:
        super().__init__()
        columns = head_slices(heads)
        self.label = columns[LABEL]
        self.others = [columns[name] for name in evidence.tables]
        self.tables = nn.ParameterList(
            [torch.tensor(table, dtype=torch.float32) for table in evidence.tables.values()]
        )
        weights = torch.tensor([evidence.own, *evidence.weights.values()])
        self.register_buffer("weights", weights)

    def forward(self, logits: Tensor) -> Tensor:
        """Map (photos, values of all heads) logits to such."""
        terms = [logits[:, self.label].log_softmax(1)]
        for columns, table in zip(self.others, self.tables, strict=True):
            terms.append((logits[:, columns].softmax(1) @ table).log())
        decided = torch.stack(terms, dim=2) @ self.weights
        before, after = logits[:, : self.label.start], logits[:, self.label.stop :]
        return torch.cat([before, decided, after], dim=1)


class ReleasedNetwork(nn.Module):
    """Trunk, student and the pictures' layers as they are shipped."""

    share: Tensor

    def __init__(
        self,
        trunk: Trunk,
        student: Student,
        heads: list[Head],
        looks: nn.Linear,
        pictures: nn.Linear | None,
        evidence: LabelEvidence | None,
    ) -> None:
        super().__init__()
        self.trunk = trunk
        self.student = student
        self.columns = list(head_slices(heads).values())
        shares = [1 / len(heads) + LABEL_SHARE * (head.name == LABEL) for head in heads]
        spread = [share for head, share in zip(heads, shares, strict=True) for _ in head.values]
        self.register_buffer("share", torch.tensor(spread))
        self.length = (1 + sum(shares)) ** 0.5
        self.looks = looks
        self.pictures = pictures
        self.decide = DecidedLabel(heads, evidence) if evidence else nn.Identity()

    def forward(self, pixels: Tensor) -> tuple[Tensor, ...]:
        """Map (photos, 224, 224, 3) uint8 RGB to what is known of the photos.

        Returns:
            (photos, values of all heads) logits; (photos, dimensions) looks of unit length, by
            which pictures are compared with pictures; and, where there is a pictures' layer,
            (photos, dimensions of the texts' space) vectors of unit length.
        """
        features = self.student.features(self.trunk(pixels))
        logits = self.student.linear(features)
        likely = torch.cat([logits[:, columns].softmax(1) for columns in self.columns], dim=1)
        # The roots' product is the Bhattacharyya coefficient: how far two pictures show the same.
        shown = (likely * self.share).sqrt()
        looks = torch.cat([normalize(self.looks(features)), shown], dim=1) / self.length
        said = self.decide(logits)
        if self.pictures is None:
            return said, looks
        return said, looks, normalize(self.pictures(torch.cat([features, likely], dim=1)))


class Activations:
    """What the frozen blocks made of photos, plain and flipped, as it lies on disk."""

    def __init__(self, parts: list[np.ndarray], places: np.ndarray) -> None:
        """Take the parts.

        Args:
            parts: (photos of the part, 2, channels, height, width) each, half precision; such
                as memory maps.
            places: (photos, 2) where each photo is: its part, and its row there.
        """
        self._parts = parts
        self._places = places

    def __len__(self) -> int:
        """Count the photos."""
        return len(self._places)

    def take(self, photos: np.ndarray, views: np.ndarray) -> Tensor:
        """Read one view of each photo; (photos, channels, height, width) float32."""
        places = self._places[photos]
        rows = [
            self._parts[part][row, view] for (part, row), view in zip(places, views, strict=True)
        ]
        taken = torch.from_numpy(np.stack(rows)).float()
        return taken.contiguous(memory_format=torch.channels_last)


def fit_student(
    student: Student,
    activations: Activations,
    photos: np.ndarray,
    targets: np.ndarray,
    heads: list[Head],
    weights: dict[str, float],
    params: FitParams,
) -> Iterator[tuple[int, float]]:
    """Fit a student in place with AdamW and a one-cycle schedule.

    In 16 bits where the processor multiplies matrices of those, which halves a step's time.

    Args:
        student: What is fitted.
        activations: Of all photos; a step sees one view of a photo, chosen at random.
        photos: Numbers of those to learn from.
        targets: (all photos, values of all heads), see
            :func:`lookbook.distillation.heads.make_targets`; what a head lacks costs nothing.
        heads: The heads.
        weights: How much each head's loss counts.
        params: The schedule.

    Yields:
        After every epoch its number, from 1, and its mean loss.
    """
    rng = np.random.default_rng(params.seed)
    size = min(params.batch_size, len(photos))
    steps = len(photos) // size
    linear = list(student.linear.parameters())
    blocks = [weight for module in (student.blocks, student.last) for weight in module.parameters()]
    rates = [params.learning_rate, params.head_learning_rate]
    optimiser = torch.optim.AdamW(
        [{"params": blocks}, {"params": linear}], lr=rates[0], weight_decay=params.weight_decay
    )
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, rates, total_steps=steps * params.epochs, pct_start=0.2
    )
    wanted_of_all = torch.from_numpy(targets)
    # Elsewhere 16 bits are slower than 32.
    halved = torch.cpu.get_capabilities().get("amx_bf16", False)
    for epoch in range(1, params.epochs + 1):
        student.train()
        losses = []
        for batch in rng.permutation(photos)[: steps * size].reshape(steps, -1):
            seen = activations.take(batch, rng.integers(2, size=size))
            wanted = wanted_of_all[batch]
            share, partner = rng.beta(params.mixup, params.mixup), rng.permutation(size)
            seen = share * seen + (1 - share) * seen[partner]
            wanted = share * wanted + (1 - share) * wanted[partner]
            with torch.autocast("cpu", torch.bfloat16, enabled=halved):
                logits = student(seen).float()
            loss = _loss(logits, wanted, heads, weights, params.label_smoothing)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            losses.append(loss.item())
        yield epoch, float(np.mean(losses))
    student.eval()


def _loss(
    logits: Tensor, wanted: Tensor, heads: list[Head], weights: dict[str, float], smoothing: float
) -> Tensor:
    """Add up the heads' cross-entropies; a photo counts for a head as far as it has a value."""
    total = logits.new_zeros(())
    for name, columns in head_slices(heads).items():
        target = wanted[:, columns]
        known = target.sum(1, keepdim=True)
        target = target * (1 - smoothing) + known * smoothing / target.shape[1]
        loss = -(target * logits[:, columns].log_softmax(1)).sum() / len(target)
        total = total + weights[name] * loss
    return total


def compute_features(student: Student, activations: Activations) -> np.ndarray:
    """Compute the pooled features of all photos; (photos, 2 views, 1280) float32."""
    student.eval()
    features = np.empty((len(activations), 2, FEATURES), np.float32)
    with torch.inference_mode():
        for start in range(0, len(activations), INFERENCE_BATCH):
            photos = np.arange(start, min(start + INFERENCE_BATCH, len(activations)))
            for view in (0, 1):
                seen = activations.take(photos, np.full(len(photos), view))
                features[photos, view] = student.features(seen).numpy()
    return features
