"""Features of whole outfits: what a compatibility model sees of a set of items."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np

from lookbook.attributes.probabilities import AttributeProbabilities
from lookbook.attributes.schema import Schema
from lookbook.outfits.children import ChildModel
from lookbook.outfits.scales import Scale
from lookbook.outfits.slots import compatibility_matrix, default_slots, recipient_attributes
from lookbook.outfits.style import StyleModel
from lookbook.search.probabilities import StackedProbabilities

RECIPIENT, PAIRS, SLOTS, PICTURES = "recipient", "pairs", "slots", "pictures"


class Piece(NamedTuple):
    """An item that may be part of an outfit.

    Attributes:
        probabilities: The probabilities of its values.
        embedding: (dimensions,) image embedding of unit length, where it is known.
        is_for_child: Whether it is for a child, where the shop says so.
    """

    probabilities: AttributeProbabilities
    embedding: np.ndarray | None = None
    is_for_child: bool | None = None


@dataclass(frozen=True)
class Pieces:
    """Items of which outfits are made, as matrices.

    Attributes:
        probabilities: The probabilities of their values.
        embeddings: (pieces, dimensions) image embeddings of unit length; NaN where there is none.
        for_children: (pieces,) how likely each is for a child, as the shop or its picture says; NaN
            if unknown.
        scales: The ordinal scales.
        style: The pairs of values that are worn together.
        schema: The catalogue's attributes.
    """

    probabilities: StackedProbabilities
    embeddings: np.ndarray
    for_children: np.ndarray
    scales: Mapping[str, Scale]
    style: StyleModel
    schema: Schema

    @cached_property
    def positions(self) -> np.ndarray:
        """(pieces, scales) expected positions."""
        columns = [scale.positions(self.probabilities) for scale in self.scales.values()]
        return np.stack(columns, axis=1) if columns else np.zeros((len(self.embeddings), 0))

    @cached_property
    def on_scales(self) -> dict[str, np.ndarray]:
        """(pieces,) expected positions, by scale."""
        return dict(zip(self.scales, self.positions.T, strict=True))

    @cached_property
    def slots(self) -> np.ndarray:
        """(pieces, slots) probability that a piece fills each slot."""
        name, slots = self.schema.slot_attribute, list(self.schema.slots)
        if name is None:
            return np.zeros((len(self.embeddings), 0))
        values = self.schema.singles[name].values
        fills = np.array([[one.slot == slot for slot in slots] for one in values.values()], float)
        filled: np.ndarray = self.probabilities.of(name, list(values)) @ fills
        return filled

    @cached_property
    def replacing(self) -> np.ndarray:
        """(slots, slots) whether the first slot takes the place of the second."""
        slots = self.schema.slots
        rows = [[other in one.replaces for other in slots] for one in slots.values()]
        return np.reshape(np.array(rows, float), (len(slots), len(slots)))

    @cached_property
    def expected(self) -> np.ndarray:
        """(slots,) whether every outfit fills the slot, or one in its place."""
        expected = default_slots(None, self.schema)
        return np.array([slot in expected for slot in self.schema.slots], float)

    @cached_property
    def values(self) -> np.ndarray:
        """(pieces, values) probabilities, in the order of :func:`value_columns`."""
        shares = [
            self.probabilities.of(name, values)
            for name, values in value_columns(self.schema).items()
        ]
        return np.concatenate([np.zeros((len(self.embeddings), 0)), *shares], axis=1)

    @cached_property
    def recipient_conflicts(self) -> np.ndarray:
        """(pieces, pieces) probability that two pieces are for different wearers."""
        ages = self.for_children
        agree: np.ndarray = ages[:, None] * ages + (1 - ages[:, None]) * (1 - ages)
        # Where nothing is known of somebody's age, nothing speaks against it.
        agree = np.nan_to_num(agree, nan=1.0)
        for name in recipient_attributes(self.schema):
            shares = self.probabilities.of(name, list(self.schema.singles[name].values))
            shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
            agree = agree * (shares @ compatibility_matrix(name, self.schema) @ shares.T)
        conflicts: np.ndarray = 1.0 - np.clip(agree, 0.0, 1.0)
        return conflicts

    @cached_property
    def pair_lifts(self) -> np.ndarray:
        """(pieces, pieces, attributes) log lifts of values that are worn together."""
        count = len(self.embeddings)
        lifts = np.zeros((count, count, len(self.style.attributes)))
        for column, (name, pairs) in enumerate(self.style.attributes.items()):
            shares = self.probabilities.of(name, pairs.values)
            # An item of two colours counts once.
            shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1.0)
            lift = np.reshape(pairs.lift, 2 * (len(pairs.values),))
            lifts[:, :, column] = shares @ lift @ shares.T
        return lifts

    @cached_property
    def overlaps(self) -> dict[str, np.ndarray]:
        """(pieces, pieces) shares of equal values, by attribute with several values."""
        overlaps = {}
        for name, attribute in self.schema.multis.items():
            shares = self.probabilities.of(name, list(attribute.values))
            shares = shares / np.maximum(shares.sum(axis=1, keepdims=True), 1e-9)
            overlaps[name] = shares @ shares.T
        return overlaps

    @cached_property
    def similarities(self) -> np.ndarray:
        """(pieces, pieces) cosines of image embeddings; NaN where one is missing."""
        cosines: np.ndarray = self.embeddings @ self.embeddings.T
        return cosines


def make_pieces(
    pieces: Sequence[Piece],
    scales: Mapping[str, Scale],
    style: StyleModel,
    schema: Schema,
    children: ChildModel | None = None,
) -> Pieces:
    """Stack items as :class:`Pieces`.

    Args:
        pieces: The items.
        scales: The ordinal scales.
        style: The pairs of values that are worn together.
        schema: The catalogue's attributes.
        children: Tells children's clothes where the shop does not, if it knows the embeddings.
    """
    size = max((len(one.embedding) for one in pieces if one.embedding is not None), default=1)
    embeddings = np.full((len(pieces), size), np.nan, np.float32)
    for row, piece in enumerate(pieces):
        if piece.embedding is not None and len(piece.embedding) == size:
            embeddings[row] = piece.embedding
    stacked = StackedProbabilities([piece.probabilities for piece in pieces])
    for_children = np.array(
        [np.nan if one.is_for_child is None else one.is_for_child for one in pieces], float
    )
    if children is not None and size == len(children.weights):
        for_children = np.where(np.isnan(for_children), children.predict(embeddings), for_children)
    return Pieces(stacked, embeddings, for_children, scales, style, schema)


def value_columns(schema: Schema) -> dict[str, list[str]]:
    """Return the values whose probabilities are features, by attribute; defaults are left out."""
    return {
        name: [value for value in attribute.values if value not in (attribute.default, "none")]
        for name, attribute in schema.singles.items()
        if name != schema.slot_attribute
    }


def feature_names(scales: Mapping[str, Scale], style: StyleModel, schema: Schema) -> list[str]:
    """Return the names of the features, each as ``group: feature``."""
    slots = list(schema.slots)
    names = [
        f"{scale}: {what}"
        for scale in scales
        for what in ("mean", "range", "deviation", "product", *slots)
    ]
    for what in ("number", "twice", "missing"):
        names += [f"{SLOTS}: {what} {slot}" for slot in slots]
    names += [f"{SLOTS}: overlap", f"{SLOTS}: pieces"]
    names += [f"{RECIPIENT}: {what}" for what in ("mean", "most")]
    names += [f"{PAIRS}: {what} {name}" for name in style.attributes for what in ("mean", "least")]
    names += [f"{name}: overlap" for name in schema.multis]
    names += [f"{PICTURES}: {what}" for what in ("mean", "least", "most")]
    for name, values in value_columns(schema).items():
        names += [f"{name}: {value}" for value in values]
    return names


def outfit_features(pieces: Pieces, outfits: np.ndarray) -> np.ndarray:
    """Return the features of outfits.

    Args:
        pieces: The items.
        outfits: (outfits, n) rows of the pieces of each, n at least 2.

    Returns:
        (outfits, features) float32 in the order of :func:`feature_names`.
    """
    count = outfits.shape[1]
    rows, columns = np.triu_indices(count, 1)
    first, second = outfits[:, rows], outfits[:, columns]
    filled = pieces.slots[outfits]
    blocks = [_scale_features(pieces.positions[outfits], filled)]
    blocks += _slot_features(filled, pieces)
    conflicts = pieces.recipient_conflicts[first, second]
    blocks += [conflicts.mean(axis=1), conflicts.max(axis=1)]
    lifts = pieces.pair_lifts[first, second]
    blocks.append(np.stack([lifts.mean(axis=1), lifts.min(axis=1)], axis=2))
    blocks += [own[first, second].mean(axis=1) for own in pieces.overlaps.values()]
    blocks += _picture_features(pieces.similarities[first, second])
    stacked = [np.reshape(block, (len(outfits), -1)) for block in blocks]
    return np.concatenate([*stacked, pieces.values[outfits].sum(axis=1)], axis=1, dtype=np.float32)


def _scale_features(positions: np.ndarray, filled: np.ndarray) -> np.ndarray:
    """Return mean, range, deviation, product and the difference of each slot, for each scale."""
    # A slot's piece against the rest of the outfit; weak where it is doubtful that it is filled.
    weights = filled / np.maximum(filled.sum(axis=1, keepdims=True), 0.3)
    others = 1.0 - filled
    other_weights = others / np.maximum(others.sum(axis=1, keepdims=True), 0.3)
    certainty = np.minimum(filled.sum(axis=1), 1.0)
    total = positions.sum(axis=1)
    products = (total**2 - (positions**2).sum(axis=1)) / 2
    ranges = np.ptp(positions, axis=1)
    differences = positions.transpose(0, 2, 1) @ (weights - other_weights)
    own = np.stack([positions.mean(axis=1), ranges, positions.std(axis=1), products], axis=2)
    return np.concatenate([own, differences * certainty[:, None]], axis=2)


def _slot_features(filled: np.ndarray, pieces: Pieces) -> list[np.ndarray]:
    """Return how many pieces fill each slot, twice or not at all, and slots that exclude others."""
    number = filled.sum(axis=1)
    twice = (number**2 - (filled**2).sum(axis=1)) / 2
    replacing = number @ pieces.replacing
    overlap = (number * replacing).sum(axis=1)
    missing = np.maximum(0.0, 1.0 - number - replacing) * pieces.expected
    return [number, twice, missing, overlap, np.full(len(filled), filled.shape[1], float)]


def _picture_features(cosines: np.ndarray) -> list[np.ndarray]:
    """Return mean, least and most similarity of two pieces; 0.5 where none is known."""
    known = ~np.isnan(cosines)
    count = np.maximum(known.sum(axis=1), 1)
    mean = np.where(known, cosines, 0.0).sum(axis=1) / count
    least = np.where(known, cosines, 2.0).min(axis=1)
    most = np.where(known, cosines, -2.0).max(axis=1)
    return [np.where(known.any(axis=1), one, 0.5) for one in (mean, least, most)]
