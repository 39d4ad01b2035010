"""Brings pictures and texts into one space, so that a customer's words find the picture."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import torch
from torch import nn
from torch.nn.functional import cross_entropy, dropout, embedding_bag, normalize

from lookbook.distillation.params import AlignParams
from lookbook.search.text_projection import TextProjection, Vocabulary, unit


class Layers(NamedTuple):
    """The pictures' layer and the texts' side.

    Attributes:
        picture_weight: (dimensions, features and probabilities).
        picture_bias: (dimensions,).
        text_projection: What brings texts there.
    """

    picture_weight: np.ndarray
    picture_bias: np.ndarray
    text_projection: TextProjection

    def pictures(self, features: np.ndarray, likely: np.ndarray) -> np.ndarray:
        """Map what is known of pictures to (photos, dimensions) of unit length."""
        inputs = np.concatenate([features, likely], axis=1)
        return unit(inputs @ self.picture_weight.T + self.picture_bias)


def align(
    features: np.ndarray,
    likely: np.ndarray,
    texts: list[str],
    vectors: np.ndarray,
    text_model: str,
    params: AlignParams,
) -> Layers:
    """Fit the layers by InfoNCE (van den Oord et al., arXiv 1807.03748).

    Each photo is compared with the descriptions of all photos: as CLIP does it (Radford et al.,
    arXiv 2103.00020), but for the batch. A text is its vector and its words: a customer finds the
    very item among the first ten of 1,700 in 0.72 with the words, in 0.66 without.

    Args:
        features: (photos, features) of photos that are described.
        likely: (photos, values) the network's probabilities of the same photos.
        texts: Their descriptions.
        vectors: (photos, dimensions) of the descriptions, of unit length.
        text_model: Fingerprint of the model that embedded them.
        params: The schedule.

    Returns:
        The layers; the pictures' takes features as they come from the network.
    """
    inputs = np.concatenate([features, likely], axis=1)
    # Probabilities of rare values hardly vary, and would be blown up.
    least = np.repeat([1e-3, 2e-2], [features.shape[1], likely.shape[1]])
    mean, spread = inputs.mean(axis=0), inputs.std(axis=0) + least
    seen = torch.from_numpy(((inputs - mean) / spread).astype(np.float32))
    said = torch.from_numpy(vectors)
    vocabulary = Vocabulary.of(texts)
    weights = vocabulary.tf_idf(texts)
    rows, columns = np.nonzero(weights)
    # Of some thousand words a text has a dozen: looked up, they cost a tenth of a product.
    written = torch.from_numpy(columns), torch.from_numpy(np.searchsorted(rows, range(len(texts))))
    weighty = torch.from_numpy(weights[rows, columns])
    dimensions = vectors.shape[1]
    with torch.random.fork_rng():
        torch.manual_seed(params.seed)
        picture = nn.Linear(inputs.shape[1], dimensions)
        text = nn.Linear(dimensions, dimensions, bias=False)
        nn.init.eye_(text.weight)
        words = nn.Parameter(torch.zeros(len(vocabulary.words), dimensions))
        scale = nn.Parameter(torch.tensor(np.log(1 / 0.07), dtype=torch.float32))
        optimiser = torch.optim.AdamW(
            [
                {
                    "params": [*picture.parameters(), words, scale],
                    "lr": params.learning_rate,
                },
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
                told = text(said) + embedding_bag(
                    written[0], words, written[1], mode="sum",
                    per_sample_weights=dropout(weighty, params.word_dropout),
                )  # fmt: skip
                similar = normalize(picture(shown)) @ normalize(told).T
                loss = cross_entropy(scale.exp() * similar, batch)
                optimiser.zero_grad()
                loss.backward()
                optimiser.step()
                schedule.step()
    weight = picture.weight.detach().numpy() / spread
    bias = picture.bias.detach().numpy() - weight @ mean
    side = TextProjection(
        vocabulary, text.weight.detach().numpy(), words.detach().numpy().T, text_model
    )
    return Layers(weight.astype(np.float32), bias.astype(np.float32), side)


def rank_own_pictures(pictures: np.ndarray, texts: np.ndarray, own: np.ndarray) -> np.ndarray:
    """Return the rank, from 1, at which each text finds its own picture.

    Args:
        pictures: (pictures, dimensions) of unit length: the gallery.
        texts: (texts, dimensions) of unit length.
        own: (texts,) the number of each text's picture.
    """
    similar = texts @ pictures.T
    wanted = similar[np.arange(len(texts)), own][:, None]
    ranks: np.ndarray = 1 + (similar > wanted).sum(axis=1)
    return ranks


def find_looks(features: np.ndarray, dimensions: int) -> tuple[np.ndarray, np.ndarray]:
    """Find the directions in which pictures differ most (principal components).

    Args:
        features: (photos, features).
        dimensions: How many directions.

    Returns:
        The weight (dimensions, features) and the bias (dimensions,) of a linear layer.
    """
    mean = features.mean(axis=0)
    _, _, directions = np.linalg.svd(features - mean, full_matrices=False)
    weight = directions[:dimensions].astype(np.float32)
    return weight, -(weight @ mean).astype(np.float32)
