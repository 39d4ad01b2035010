"""Attribute probabilities: how likely each value of each attribute is, for each item."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from lookbook.attributes.probabilities import AttributeProbabilities, ProbabilityTable
from lookbook.attributes.record import split_values
from lookbook.attributes.schema import MultiAttribute, Schema, SingleAttribute
from lookbook.lazy import pd

# Keeps a single wrong prediction from outweighing everything else.
PROBABILITY_FLOOR = 0.002


class ItemProbabilities(AttributeProbabilities):
    """One item's probabilities: a vector, laid out by attribute and value on access."""

    def __init__(self, vector: np.ndarray, columns: Mapping[str, Mapping[str, int]]) -> None:
        """Wrap a vector.

        Args:
            vector: (values of all attributes,).
            columns: Position of each value in the vector, by attribute.
        """
        self.vector = vector
        self.columns = columns

    def __getitem__(self, name: str) -> dict[str, float]:
        return {value: float(self.vector[column]) for value, column in self.columns[name].items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self.columns)

    def __len__(self) -> int:
        return len(self.columns)


class StackedProbabilities:
    """The probabilities of several items as matrices."""

    def __init__(self, items: Sequence[AttributeProbabilities]) -> None:
        """Stack the items' vectors; items without one are laid out as those that have one."""
        self._items = items
        indexed = next((item for item in items if isinstance(item, ItemProbabilities)), None)
        self._columns = indexed.columns if indexed is not None else {}
        self._matrix = None
        if indexed is not None:
            self._matrix = np.stack([_vector_of(item, indexed) for item in items])

    def __len__(self) -> int:
        return len(self._items)

    def of(self, name: str, values: Sequence[str]) -> np.ndarray:
        """Return (items, values) probabilities of an attribute's values; 0 if unknown."""
        if self._matrix is None:
            rows = [item.get(name, {}) for item in self._items]
            dense = [[row.get(value, 0.0) for value in values] for row in rows]
            return np.array(dense, float).reshape(len(rows), len(values))
        columns = np.array([self._columns.get(name, {}).get(value, -1) for value in values], int)
        stacked = self._matrix[:, columns].astype(float)
        stacked[:, columns == -1] = 0.0
        return stacked


def _vector_of(item: AttributeProbabilities, indexed: ItemProbabilities) -> np.ndarray:
    """Return an item's probabilities in the columns of an indexed one; 0 for unknown values."""
    if isinstance(item, ItemProbabilities):
        return item.vector
    vector = np.zeros_like(indexed.vector)
    for name, columns in indexed.columns.items():
        for value, share in item.get(name, {}).items():
            if value in columns:
                vector[columns[value]] = share
    return vector


def list_values(schema: Schema) -> list[tuple[str, str]]:
    """List the values of all attributes in the order of the vectors."""
    return [(name, value) for name, field in schema.categorical.items() for value in field.values]


def attribute_log_probs(
    catalogue: pd.DataFrame,
    probabilities: pd.DataFrame,
    schema: Schema,
    error_rate: float,
    error_rate_by_attribute: Mapping[str, float],
    decided: Mapping[str, Collection[str]],
) -> np.ndarray:
    """Return the log-probabilities of all values.

    Args:
        catalogue: Items with ``photo_id`` and attributes.
        probabilities: ``photo_id`` and ``attribute: value`` columns, one row per item whose
            captioner returns probabilities.
        schema: The declared attributes.
        error_rate: Share of wrong values of a captioner that returns no probabilities.
        error_rate_by_attribute: The same for single attributes, where measured.
        decided: Attributes that people have decided, by photo; these are nearly certain.

    Returns:
        (items, values of all attributes) float32. Unknown attributes are uniform.
    """
    table = ProbabilityTable(probabilities)
    has_row = table.contains(catalogue["photo_id"])
    rows = table.reindex(catalogue["photo_id"])
    blocks = []
    for name, field in schema.categorical.items():
        values = list(field.values)
        rate = error_rate_by_attribute.get(name, error_rate)
        block = _smooth(catalogue[name], field, rate)
        predicted = rows.of(name, values)
        if predicted is not None:
            block[has_row] = np.nan_to_num(predicted)[has_row]
        elif has_row.any():
            # This captioner does not know the attribute: its value is a default.
            block[has_row] = 1 / len(values)
        is_decided = [name in decided.get(photo_id, ()) for photo_id in catalogue["photo_id"]]
        if any(is_decided):
            block[is_decided] = _smooth(catalogue[name][is_decided], field, PROBABILITY_FLOOR)
        blocks.append(block)
    return np.log(np.maximum(np.concatenate(blocks, axis=1), PROBABILITY_FLOOR)).astype(np.float32)


def _smooth(
    cells: pd.Series, field: SingleAttribute | MultiAttribute, error_rate: float
) -> np.ndarray:
    """Return (items, values) probabilities of hard labels that are wrong at a known rate."""
    column = {value: number for number, value in enumerate(field.values)}
    default = field.default
    # Many items share a cell. Code -1, the last row, marks missing cells.
    codes, unique = pd.factorize(cells)
    shares = np.full((len(unique) + 1, len(column)), 1 / len(column), np.float32)
    for row, cell in enumerate(unique):
        values = [value for value in split_values(cell) if value in column and value != default]
        if not values:
            continue
        shares[row] = error_rate / max(len(column) - 1, 1)
        shares[row, [column[value] for value in values]] = 1 - error_rate
        if isinstance(field, SingleAttribute):
            shares[row] /= shares[row].sum()
    return shares[codes]
