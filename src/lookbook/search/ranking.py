"""Ranking: weighted fusion of scores, and the choice of the best items."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

import numpy as np
from pydantic import BaseModel, ConfigDict, Field

from lookbook.search.tables import (
    ATTRIBUTE_LOG_PROBS,
    IMAGE_EMBEDDING,
    IMAGE_IN_TEXT_SPACE,
    TEXT_EMBEDDING,
    SimilarityThresholds,
)

# Score components beside the cosines: BM25, codes of products, and preferences that count in full.
BM25 = "bm25"
CODE = "code"
REQUIRED = "required"
# Pair preferences that were learned from feedback.
PAIRS = "pair_preferences"
# More than all other components: a product that is asked for by its code comes first.
_CODE_WEIGHT = 1e4
# An item is matched by a side that ranks it among the first (this times the number of hits).
_MATCH_DEPTH = 3


class FusionWeights(BaseModel):
    """Weight of each score component in a hybrid search.

    Attributes:
        text: Cosine of query and text.
        image_in_text_space: Cosine of query text and image.
        image: Cosine of two images.
        bm25: BM25.
        attributes: Log-probability of each preference, if a text describes the item well.
        attributes_when_vague: The same if it does not, as in most messages.
    """

    model_config = ConfigDict(extra="forbid")

    text: float = Field(ge=0)
    image_in_text_space: float = Field(ge=0)
    image: float = Field(ge=0)
    bm25: float = Field(ge=0)
    attributes: float = Field(ge=0)
    attributes_when_vague: float = Field(ge=0)

    def by_component(self, text_confidence: float) -> dict[str, float]:
        """Return the weight of each component.

        Args:
            text_confidence: See :func:`text_confidence`.
        """
        return {
            TEXT_EMBEDDING: self.text,
            IMAGE_IN_TEXT_SPACE: self.image_in_text_space,
            IMAGE_EMBEDDING: self.image,
            BM25: self.bm25,
            CODE: _CODE_WEIGHT,
            ATTRIBUTE_LOG_PROBS: self.attributes**text_confidence
            * self.attributes_when_vague ** (1 - text_confidence),
            REQUIRED: self.attributes_when_vague,
            PAIRS: self.attributes_when_vague,
        }


def fuse_scores(components: Mapping[str, np.ndarray], weights: Mapping[str, float]) -> np.ndarray:
    """Return (items,) weighted sums of the components' scores."""
    total: np.ndarray = np.sum(
        [weights[name] * scores for name, scores in components.items()], axis=0
    )
    return total


def text_confidence(
    components: Mapping[str, np.ndarray],
    mask: np.ndarray,
    is_descriptive: bool,
    thresholds: SimilarityThresholds,
) -> float:
    """Return how surely a query's text describes a single item, from 0 to 1.

    The text projection was trained with descriptions of single items. A vague message
    ("something for my mum") is close to no image, so its preferences count more.

    Args:
        components: (items,) scores by component.
        mask: (items,) whether each item may be returned.
        is_descriptive: Whether the text says more than the preferences.
        thresholds: Cosines of vague and of descriptive texts.
    """
    if not is_descriptive or IMAGE_IN_TEXT_SPACE not in components:
        return 0.0
    nearest = float(components[IMAGE_IN_TEXT_SPACE][mask].max())
    span = max(thresholds.descriptive - thresholds.vague, 1e-6)
    return float(np.clip((nearest - thresholds.vague) / span, 0, 1))


def top_k(scores: np.ndarray, mask: np.ndarray, groups: Sequence[str], k: int) -> list[int]:
    """Return the indices of the best items, best first, one per duplicate group.

    Args:
        scores: (items,).
        mask: (items,) whether each item may be returned.
        groups: (items,) duplicate groups.
        k: Number of items at most. Ties go to the first item.
    """
    candidates = np.flatnonzero(mask)
    # Duplicates are rare: a little more than k candidates are nearly always enough.
    count = min(len(candidates), 2 * k + 16)
    while True:
        best = candidates
        if count < len(candidates):
            threshold = np.partition(scores[candidates], -count)[-count]
            best = candidates[scores[candidates] >= threshold]
        ordered = best[np.argsort(-scores[best], kind="stable")]
        first: dict[str, int] = {}
        for index in ordered.tolist():
            first.setdefault(groups[index], index)
            if len(first) == k:
                break
        if len(first) == k or count >= len(candidates):
            return list(first.values())
        count = min(len(candidates), 4 * count)


def matched_by(
    components: Mapping[str, np.ndarray],
    weights: Mapping[str, float],
    mask: np.ndarray,
    indices: Sequence[int],
) -> list[str]:
    """Return for each hit whether ``words``, ``picture`` or both matched it.

    Args:
        components: (items,) scores by component.
        weights: Weight of each component.
        mask: (items,) whether each item may be returned.
        indices: Indices of the hits.
    """
    sides = {
        "words": (TEXT_EMBEDDING, BM25, CODE),
        "picture": (IMAGE_IN_TEXT_SPACE, IMAGE_EMBEDDING),
    }
    ranks: dict[str, np.ndarray] = {}
    for side, side_components in sides.items():
        parts = {name: components[name] for name in side_components if name in components}
        if any(weights[name] for name in parts):
            scores = np.where(mask, fuse_scores(parts, weights), -np.inf)
            ranks[side] = np.array([(scores > scores[index]).sum() for index in indices])
    matched = []
    for number in range(len(indices)):
        names = [side for side, rank in ranks.items() if rank[number] < _MATCH_DEPTH * len(indices)]
        if not names and ranks:
            names = [min(ranks, key=lambda side: ranks[side][number])]
        matched.append(" and ".join(names))
    return matched


def gumbel_noise(item_hashes: np.ndarray, seed: str) -> np.ndarray:
    """Return (items,) standard Gumbel noise, the same for the same seed.

    The best of scores with such noise is sampled in proportion to their exponentials (Gumbel,
    1954; Maddison et al., 2014).

    Args:
        item_hashes: (items,) uint64, see :func:`hash_ids`.
        seed: Any text.
    """
    key = np.frombuffer(hashlib.sha256(seed.encode()).digest()[:8], np.uint64)
    mixed = item_hashes ^ key
    # The finaliser of SplitMix64 (Steele et al., 2014).
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    mixed ^= mixed >> np.uint64(31)
    uniform = (mixed.astype(np.float64) + 0.5) / 2.0**64
    return -np.log(-np.log(np.clip(uniform, 1e-12, 1 - 1e-12)))


def hash_ids(ids: Sequence[str]) -> np.ndarray:
    """Return (ids,) uint64 hashes."""
    digests = (hashlib.sha256(one.encode()).digest()[:8] for one in ids)
    return np.frombuffer(b"".join(digests), np.uint64)
