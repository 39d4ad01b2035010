"""Sampling by seed: human labels merged into groups, and groups capped."""

from __future__ import annotations

import hashlib
from functools import cached_property

from pydantic import BaseModel, Field, model_validator

from lookbook.lazy import pd


class BalanceParams(BaseModel):
    """How photos are chosen.

    Attributes:
        drop_kids: Whether children's clothes are left out.
        groups: The human labels that are merged into each group.
        other: The group of every label that is named nowhere.
        cap: The most photos of a group; ``None`` for all.
        seed: Chooses among them.
    """

    drop_kids: bool
    groups: dict[str, list[str]]
    other: str
    cap: int | None = Field(gt=0)
    seed: int

    @model_validator(mode="after")
    def _each_label_once(self) -> BalanceParams:
        labels = [label for merged in self.groups.values() for label in merged]
        folded = [label.casefold() for label in labels]
        repeated = sorted({label for label in labels if folded.count(label.casefold()) > 1})
        if repeated:
            raise ValueError(f"labels merged into more than one group: {', '.join(repeated)}")
        return self

    def group_of(self, label: str) -> str:
        """Return the group that a human label, in any case, is merged into."""
        return self._group_by_label.get(label.casefold(), self.other)

    @cached_property
    def _group_by_label(self) -> dict[str, str]:
        return {label.casefold(): name for name, labels in self.groups.items() for label in labels}


def cap_groups(table: pd.DataFrame, by: str, key: str, cap: int | None, seed: int) -> pd.DataFrame:
    """Keep at most ``cap`` rows of each group, chosen at random by seed.

    Each row draws its lot from a hash of the seed and its key, so the choice does not depend
    on the order of rows, and a row that comes or goes changes at most one other row's fate.

    Args:
        table: Rows with a unique ``key``.
        by: The grouping column; rows where it is missing are all kept.
        key: The column that identifies a row.
        cap: The most rows of a group; ``None`` for all.
        seed: The lots' seed.

    Returns:
        The kept rows, sorted by key.
    """
    if cap is None:
        return table.sort_values(key, ignore_index=True)
    lots = table[key].map(lambda value: sampling_hash(seed, value))
    # Of each group the smallest lots, which needs no order of all rows.
    drawn = lots.groupby(table[by]).nsmallest(cap).index.get_level_values(-1)
    kept = table[table[by].isna() | table.index.isin(drawn)]
    return kept.sort_values(key, ignore_index=True)


def count_rows(by: list[str], **tables: pd.DataFrame) -> pd.DataFrame:
    """Count rows by what some columns say, so that reports and plots do not read them again.

    Args:
        by: The columns; a missing value counts as one of its own.
        **tables: Such as before and after a cap.

    Returns:
        The columns, and one for each table with its rows.
    """
    counts = {name: table.groupby(by, dropna=False).size() for name, table in tables.items()}
    return pd.DataFrame(counts).fillna(0).astype(int).rename_axis(by).reset_index()


def sampling_hash(seed: int, key: str) -> int:
    """Draw a row's lot: the same for the same seed and key, whatever other rows there are."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{key}".encode()).digest()[:7], "big")
