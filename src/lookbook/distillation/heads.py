"""What a network is taught to say: a head for each field, with its values."""

from __future__ import annotations

import numpy as np

from lookbook.captioners.network import LABEL
from lookbook.distillation.teacher import DECIDED
from lookbook.labels.choosing import Head, slices_of
from lookbook.labels.fields import Fields, OneField
from lookbook.labels.record import split_values
from lookbook.lazy import pd

# How much of a photo's probability each of its values has, the main one first: none of them is
# nothing, and the main one is what most people would name.
SHARES = {1: (1.0,), 2: (0.7, 0.3), 3: (0.6, 0.25, 0.15)}


def make_heads(training_set: pd.DataFrame, fields: Fields, least: int) -> list[Head]:
    """Makes a head for each field that can be learned, and one for people's labels.

    Args:
        training_set: A column for each field, values of ``some`` fields joined by commas, and
            ``label``; missing where nothing is known.
        fields: The catalogue's.
        least: Examples that a field needs.

    Returns:
        The heads, in the order of declaration; a field with too few examples, or of which all
        examples say the same, has none.
    """
    heads = []
    for name in [LABEL, *fields.enumerated]:
        cells = training_set[name].dropna()
        used = set(cells.map(split_values).explode())
        if len(cells) < least or len(used) < 2:
            continue
        if name == LABEL:
            heads.append(Head(name=name, kind="one", values=sorted(used)))
            continue
        field = fields.enumerated[name]
        one = isinstance(field, OneField)
        heads.append(
            Head(
                name=name,
                kind="one" if one else "some",
                values=[value for value in field.values if value in used],
                otherwise=field.otherwise if isinstance(field, OneField) else "",
                phrases={
                    value: told.phrase
                    for value, told in field.values.items()
                    if told.phrase is not None and value in used
                },
            )
        )
    return heads


def make_targets(training_set: pd.DataFrame, heads: list[Head]) -> np.ndarray:
    """Writes the teacher's word as probabilities.

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
    """Lets what people have decided count in full, where a teacher's word on a field counts less.

    Args:
        targets: See :func:`make_targets`.
        training_set: With ``decided``.
        heads: The heads.
        field_weight: How much a teacher's word counts.

    Returns:
        The targets, those of decided fields larger: the loss grows with them.
    """
    weighed = targets.copy()
    for name, columns in slices_of(heads).items():
        rows = [name in split_values(cell) for cell in training_set[DECIDED]]
        weighed[rows, columns] /= field_weight
    return weighed


def truth_of(targets: np.ndarray, heads: list[Head]) -> dict[str, np.ndarray]:
    """Takes the targets apart by head, see :func:`make_targets`."""
    return {name: targets[:, columns] for name, columns in slices_of(heads).items()}
