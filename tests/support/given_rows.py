"""Rows of an index that are there already, in the place of those that a run makes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pyarrow as pa

from lookbook.pools import LocalPool, Pool
from lookbook.search.tables import SimilarityThresholds


class GivenRows:
    """Gives the rows of a table as :class:`lookbook.search.tables.TableRows`, in parts."""

    def __init__(self, table: pa.Table, part: int = 4096, pool: Pool | None = None) -> None:
        self.schema = table.schema
        self.photo_ids = table["photo_id"].to_pylist()
        self.pool = pool or LocalPool(2)
        self.table = table
        self._part = part

    def parts(self, known: Mapping[str, str]) -> Iterator[tuple[pa.Table, dict[str, str]]]:
        for start in range(0, len(self.table), self._part):
            yield self.table.slice(start, self._part), dict(known)

    @staticmethod
    def make(part: tuple[pa.Table, dict[str, str]]) -> pa.Table:
        """Leaves out the rows that the table has as they are."""
        rows, known = part
        told = zip(rows["photo_id"].to_pylist(), rows["fingerprint"].to_pylist(), strict=True)
        changed = [row for row, (one, now) in enumerate(told) if known.get(one) != now]
        return rows.take(pa.array(changed, pa.int64()))

    def measure_thresholds(self, table: object) -> SimilarityThresholds:
        """Return fixed thresholds: measuring needs a model."""
        return SimilarityThresholds(0.3, 0.35, 0.5)
