"""What a network is taught to say: a head for each attribute, with its values."""

from __future__ import annotations

import numpy as np

from lookbook.attributes.decoding import Head, head_slices
from lookbook.attributes.record import split_values
from lookbook.attributes.schema import Schema, SingleAttribute
from lookbook.captioners.network import LABEL
from lookbook.distillation.teacher import DECIDED
from lookbook.lazy import pd

# How much of a photo's probability each of its values has, the main one first: none of them is
# nothing, and the main one is what most people would name.
SHARES = {1: (1.0,), 2: (0.7, 0.3), 3: (0.6, 0.25, 0.15)}


def make_heads(training_set: pd.DataFrame, schema: Schema, least: int) -> list[Head]:
    """Make a head for each attribute that can be learned, and one for people's labels.

    Args:
        training_set: A column for each attribute, values of ``some`` attributes joined by commas,
            and ``label``; missing where nothing is known.
        schema: The catalogue's schema.
        least: Examples that an attribute needs.

    Returns:
        The heads, in the order of declaration; an attribute with too few examples, or of which all
        examples say the same, has none.
    """
    heads = []
    for name in [LABEL, *schema.categorical]:
        cells = training_set[name].dropna()
        used = set(cells.map(split_values).explode())
        if len(cells) < least or len(used) < 2:
            continue
        if name == LABEL:
            heads.append(Head(name=name, kind="single", values=sorted(used)))
            continue
        attribute = schema.categorical[name]
        one = isinstance(attribute, SingleAttribute)
        heads.append(
            Head(
                name=name,
                kind="single" if one else "multi",
                values=[value for value in attribute.values if value in used],
                default=attribute.default or "",
                display={
                    value: told.display
                    for value, told in attribute.values.items()
                    if told.display is not None and value in used
                },
            )
        )
    return heads


def make_targets(training_set: pd.DataFrame, heads: list[Head]) -> np.ndarray:
    """Write the teacher's word as probabilities.

    Returns:
        (photos, values of all heads) float32. A head's values add up to 1, or to 0 where the
        teacher said nothing of the photo.
    """
    targets = np.zeros((len(training_set), sum(len(head.values) for head in heads)), np.float32)
    start = 0
    for head in heads:
        place = {value: start + number for number, value in enumerate(head.values)}
        for row, cell in enumerate(training_set[head.name]):
            said = [value for value in split_values(cell) if value in place]
            shares = SHARES.get(len(said)) or (1 / max(len(said), 1),) * len(said)
            for value, share in zip(said, shares, strict=True):
                targets[row, place[value]] = share
        start += len(head.values)
    return targets


def weigh_decided(
    targets: np.ndarray, training_set: pd.DataFrame, heads: list[Head], field_weight: float
) -> np.ndarray:
    """Give people's decisions full weight, whatever the weight of the teacher's attribute.

    Args:
        targets: See :func:`make_targets`.
        training_set: With ``decided``.
        heads: The heads.
        field_weight: How much a teacher's word counts.

    Returns:
        The targets, those of decided attributes larger: the loss grows with them.
    """
    weighed = targets.copy()
    for name, columns in head_slices(heads).items():
        rows = [name in split_values(cell) for cell in training_set[DECIDED]]
        weighed[rows, columns] /= field_weight
    return weighed


def truth_of(targets: np.ndarray, heads: list[Head]) -> dict[str, np.ndarray]:
    """Take the targets apart by head, see :func:`make_targets`."""
    return {name: targets[:, columns] for name, columns in head_slices(heads).items()}
