"""Attribute probabilities: of one photo as a mapping, of many photos as a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np

from lookbook.attributes.schema import Schema
from lookbook.lazy import pd

# The probability of each value, by attribute.
AttributeProbabilities = Mapping[str, Mapping[str, float]]


def column_name(attribute: str, value: str) -> str:
    """Return the column of a value's probability in a flat table, such as a Parquet file."""
    return f"{attribute}: {value}"


def with_known_values(
    probabilities: AttributeProbabilities, values: Mapping[str, list[str]], schema: Schema
) -> dict[str, Mapping[str, float]]:
    """Return probabilities in which values that somebody set are certain.

    Args:
        probabilities: The probabilities of an item's values.
        values: Its known values by attribute. Where the likeliest is none of them, a person or a
            shop has set them.
        schema: The declared attributes.
    """
    settled = dict(probabilities)
    for name, known in values.items():
        likely = settled.get(name, {})
        if max(likely, key=lambda value: likely[value], default=None) not in known:
            share = 1 / len(known) if name in schema.multis else 1.0
            settled[name] = dict.fromkeys(known, share)
    return settled


class ProbabilityTable:
    """Probabilities of many photos.

    The flat table has ``photo_id`` and a column for each value, see :func:`column_name`.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        """Wrap a flat table, which may be empty."""
        self._table = table.set_index("photo_id") if len(table) else pd.DataFrame()

    def reindex(self, photo_ids: pd.Series) -> ProbabilityTable:
        """Return the table with these rows; those of unknown photos are NaN."""
        reindexed = ProbabilityTable(pd.DataFrame())
        reindexed._table = self._table.reindex(photo_ids)
        return reindexed

    def contains(self, photo_ids: pd.Series) -> np.ndarray:
        """Return (photos,) whether the table has a row for each photo."""
        contained: np.ndarray = photo_ids.isin(self._table.index).to_numpy()
        return contained

    def of(self, attribute: str, values: Iterable[str]) -> np.ndarray | None:
        """Return (photos, values) float32; ``None`` if no value of the attribute is known.

        A value without a column is NaN.
        """
        columns = [column_name(attribute, value) for value in values]
        if not set(columns) & set(self._table.columns):
            return None
        selected: np.ndarray = self._table.reindex(columns=columns).to_numpy(np.float32)
        return selected

    def of_photo(self, photo_id: str, attribute: str, values: Iterable[str]) -> dict[str, float]:
        """Return the known probabilities of one photo, by value."""
        if photo_id not in self._table.index:
            return {}
        row = self._table.loc[photo_id]
        known = {value: row.get(column_name(attribute, value), np.nan) for value in values}
        return {value: float(share) for value, share in known.items() if not pd.isna(share)}
