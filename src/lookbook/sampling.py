"""Seeded sampling shared by the pipelines that balance."""

from __future__ import annotations

import hashlib

from lookbook.annotations import pd


def cap_groups(table: pd.DataFrame, by: str, key: str, cap: int, seed: int) -> pd.DataFrame:
    """Keeps at most ``cap`` rows of each group, chosen at random by seed.

    Each row draws its lot from a hash of the seed and its key, so the choice does not depend
    on the order of rows, and a row that comes or goes changes at most one other row's fate.

    Args:
        table: Rows with a unique ``key``.
        by: The grouping column; rows where it is missing are all kept.
        key: The column that identifies a row.
        cap: The most rows of a group.
        seed: The lots' seed.

    Returns:
        The kept rows, sorted by key.
    """
    lots = table[key].map(lambda value: _lot(seed, value))
    rank = lots.groupby(table[by]).rank(method="first")
    kept = table[table[by].isna() | rank.le(cap)]
    return kept.sort_values(key, ignore_index=True)


def _lot(seed: int, key: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}/{key}".encode()).digest()[:7], "big")
