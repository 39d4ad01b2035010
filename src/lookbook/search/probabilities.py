"""How likely each value of each attribute is of each item, as a vector that a search ranks by."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np

from lookbook.attributes.probabilities import AttributeProbabilities, ProbabilityTable
from lookbook.attributes.record import split_values
from lookbook.attributes.schema import Schema, SingleAttribute
from lookbook.lazy import pd

# What a model holds for impossible is not quite, or one slip would outweigh everything else.
PROBABILITY_FLOOR = 0.002


class ItemProbabilities(AttributeProbabilities):
    """An item's probabilities as an array, mapped to attributes and values on access."""

    def __init__(self, numbers: np.ndarray, places: Mapping[str, Mapping[str, int]]) -> None:
        """Takes them.

        Args:
            numbers: (values of all attributes,).
            places: The place of each value, by attribute.
        """
        self.numbers = numbers
        self.places = places

    def __getitem__(self, name: str) -> dict[str, float]:
        return {value: float(self.numbers[place]) for value, place in self.places[name].items()}

    def __iter__(self) -> Iterator[str]:
        return iter(self.places)

    def __len__(self) -> int:
        return len(self.places)


class StackedProbabilities:
    """The probabilities of several items, laid out as matrices."""

    def __init__(self, items: Sequence[AttributeProbabilities]) -> None:
        """Takes the items."""
        self._items = items
        numbered = [item for item in items if isinstance(item, ItemProbabilities)]
        one_kind = bool(numbered) and len(numbered) == len(items)
        self._numbers = np.stack([item.numbers for item in numbered]) if one_kind else None
        self._places = numbered[0].places if one_kind else {}

    def of(self, name: str, values: Sequence[str]) -> np.ndarray:
        """Gives what the probabilities are of some values of an attribute.

        Returns:
            (items, values), 0 for what is not known.
        """
        if self._numbers is None:
            own = [item.get(name, {}) for item in self._items]
            told = [[one.get(value, 0.0) for value in values] for one in own]
            return np.array(told).reshape(len(own), len(values))
        places = self._places.get(name, {})
        columns = [places.get(value, -1) for value in values]
        stacked = self._numbers[:, columns].astype(float)
        if -1 in columns:
            stacked[:, [place == -1 for place in columns]] = 0.0
        return stacked


def places(schema: Schema) -> list[tuple[str, str]]:
    """Lists the values of all attributes in the order of the vectors."""
    return [
        (name, value)
        for name, attribute in schema.categorical.items()
        for value in attribute.values
    ]


def attribute_log_probs(
    catalogue: pd.DataFrame,
    probabilities: pd.DataFrame,
    schema: Schema,
    error_rate: float,
    error_rate_by_attribute: dict[str, float],
    decided: Mapping[str, Collection[str]],
) -> np.ndarray:
    """Gives the logarithms of the probabilities of all values.

    Args:
        catalogue: The items, with ``photo_id`` and the attributes.
        probabilities: ``photo_id`` and ``attribute: value`` columns, a row for each item whose
            captioner told.
        schema: The catalogue's schema.
        error_rate: How often what a captioner said without probabilities is wrong.
        error_rate_by_attribute: The same for single attributes, where it was measured.
        decided: By photo the attributes that people have decided, which are as good as certain.

    Returns:
        (items, values of all attributes) float32. What is not known of an attribute is the same for
        all of its values.
    """
    told = ProbabilityTable(probabilities)
    known = told.contains(catalogue["photo_id"])
    rows = told.reindex(catalogue["photo_id"])
    parts = []
    for name, attribute in schema.categorical.items():
        values = list(attribute.values)
        one = isinstance(attribute, SingleAttribute)
        unsure = error_rate_by_attribute.get(name, error_rate)
        default = attribute.default
        shares = _soften(catalogue[name], values, default, unsure, one)
        predicted = rows.of(name, values)
        if predicted is not None:
            shares[known] = np.nan_to_num(predicted)[known]
        elif known.any():
            # The captioner does not know this attribute at all, whatever stands in its column.
            shares[known] = 1 / len(values)
        certain = [name in decided.get(photo_id, ()) for photo_id in catalogue["photo_id"]]
        if any(certain):
            shares[certain] = _soften(
                catalogue[name][certain], values, default, PROBABILITY_FLOOR, one
            )
        parts.append(shares)
    return np.log(np.maximum(np.concatenate(parts, axis=1), PROBABILITY_FLOOR)).astype(np.float32)


def _soften(
    cells: pd.Series, values: list[str], default: str | None, error_rate: float, one: bool
) -> np.ndarray:
    """Writes what was said as probabilities that allow for error; (items, values)."""
    place = {value: number for number, value in enumerate(values)}
    # Many items say the same. The last row is of those that say nothing.
    codes, different = pd.factorize(cells)
    shares = np.full((len(different) + 1, len(values)), 1 / len(values), np.float32)
    for row, cell in enumerate(different):
        said = [value for value in split_values(cell) if value in place and value != default]
        if not said:
            continue
        shares[row] = error_rate / max(len(values) - 1, 1)
        shares[row, [place[value] for value in said]] = 1 - error_rate
        if one:
            shares[row] /= shares[row].sum()
    return shares[codes]
