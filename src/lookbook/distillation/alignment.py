"""Brings pictures and texts into one space, so that a customer's words find the picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, dropout, normalize

from lookbook.distillation.params import AlignParams


class Layers(NamedTuple):
    """The pair of linear layers.

    Attributes:
        picture_weight: (dimensions, features and probabilities).
        picture_bias: (dimensions,).
        text: (dimensions, dimensions), applied to a text's vector.
    """

    picture_weight: np.ndarray
    picture_bias: np.ndarray
    text: np.ndarray

    def pictures(self, features: np.ndarray, likely: np.ndarray) -> np.ndarray:
        """Maps what is known of pictures to (photos, dimensions) of unit length."""
        inputs = np.concatenate([features, likely], axis=1)
        return _unit(inputs @ self.picture_weight.T + self.picture_bias)

    def texts(self, vectors: np.ndarray) -> np.ndarray:
        """Maps (texts, dimensions) of the text model to vectors of unit length."""
        return _unit(vectors @ self.text.T)


def align(
    features: np.ndarray, likely: np.ndarray, texts: np.ndarray, params: AlignParams
) -> Layers:
    """Fits the layers by InfoNCE (van den Oord et al., arXiv 1807.03748).

    Each photo is compared with the descriptions of all photos: as CLIP does it (Radford et al.,
    arXiv 2103.00020), but for the batch.

    Args:
        features: (photos, features) of photos that are described.
        likely: (photos, values) the network's probabilities of the same photos.
        texts: (photos, dimensions) vectors of their descriptions, of unit length.
        params: The schedule.

    Returns:
        The layers; the pictures' takes features as they come from the network.
    """
    inputs = np.concatenate([features, likely], axis=1)
    # Probabilities of rare values hardly vary, and would be blown up.
    least = np.repeat([1e-3, 2e-2], [features.shape[1], likely.shape[1]])
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + least
    seen = torch.from_numpy(((inputs - mean) / spread).astype(np.float32))
    said = torch.from_numpy(texts)
    dimensions = texts.shape[1]
    with torch.random.fork_rng():
        torch.manual_seed(params.seed)
        picture = nn.Linear(inputs.shape[1], dimensions)
        text = nn.Linear(dimensions, dimensions, bias=False)
        nn.init.eye_(text.weight)
        scale = nn.Parameter(torch.tensor(np.log(1 / 0.07), dtype=torch.float32))
        optimiser = torch.optim.AdamW(
            [
                {"params": [*picture.parameters(), scale], "lr": params.learning_rate},
                {"params": text.parameters(), "lr": params.text_learning_rate},
            ]
        )
        steps = -(-len(seen) // params.batch_size)
        schedule = torch.optim.lr_scheduler.CosineAnnealingLR(
            optimiser, max(params.epochs * steps, 1)
        )
        for _ in range(params.epochs):
            for batch in torch.randperm(len(seen)).split(params.batch_size):
                shown = torch.cat(
                    [
                        dropout(seen[batch, : features.shape[1]], params.dropout),
                        dropout(seen[batch, features.shape[1] :], params.likely_dropout),
                    ],
                    dim=1,
                )
                similar = normalize(picture(shown)) @ normalize(text(said)).T
                loss = cross_entropy(scale.exp() * similar, batch)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
    weight = picture.weight.detach().numpy() / spread
    bias = picture.bias.detach().numpy() - weight @ mean
    return Layers(weight.astype(np.float32), bias.astype(np.float32), text.weight.detach().numpy())


def rank_own_pictures(pictures: np.ndarray, texts: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Says at which rank, from 1, each text finds its own picture.

    Args:
        pictures: (pictures, dimensions) of unit length: the gallery.
        texts: (texts, dimensions) of unit length.
        own: (texts,) the number of each text's picture.
    """
    similar = texts @ pictures.T
    wanted = similar[np.arange(len(texts)), own][:, None]
    ranks: np.ndarray = 1 + (similar > wanted).sum(axis=1)
    return ranks


def _unit(vectors: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
    scaled: np.ndarray = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
    return scaled
