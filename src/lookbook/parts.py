"""Long tables that are made part by part, as they are written."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from lookbook.lazy import pd

# Rows of a part.
PART = 4096
Rows = TypeVar("Rows", bound="pd.DataFrame | pd.Series")


class TableParts:
    """A table of which no more than a part is in memory.

    Of what a node yields Kedro saves each piece in the place of the last; this it hands to the
    dataset, which asks for one part after the other.
    """

    def __init__(self, make: Callable[[], Iterator[pd.DataFrame]]) -> None:
        """Set the function that makes the parts: one at least, which has the columns."""
        self._make = make

    def __iter__(self) -> Iterator[pd.DataFrame]:
        """Make the parts anew."""
        return self._make()

    def whole(self) -> pd.DataFrame:
        """Make the table at once."""
        return pd.concat(self, ignore_index=True)


def parts_of(table: pd.DataFrame | TableParts) -> Iterable[pd.DataFrame]:
    """Return the parts of a table that is made as it is written; of another, itself."""
    return table if isinstance(table, TableParts) else [table]


def cut(rows: Rows, size: int = PART) -> Iterator[Rows]:
    """Cut rows into parts; of none there is one, which tells the columns."""
    for start in range(0, max(len(rows), 1), size):
        yield rows.iloc[start : start + size]
