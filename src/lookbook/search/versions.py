"""Versions of the index: every save tags its tables, and the newest few tags are kept."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lancedb.db import DBConnection
    from lancedb.table import Table

# LanceDB refuses to clean up a version that a tag names, so writing a table cleans up nothing.
KEEP_EVERYTHING = timedelta(days=36_500)
# LanceDB counts back from when it begins to clean up, which is later on a slow disk or bucket.
_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (0.05, 1, 20, 400))


def list_tables(database: DBConnection) -> list[str]:
    """Return the names of a database's tables."""
    return list(database.list_tables().tables)


def list_versions(database: DBConnection) -> dict[str, set[str]]:
    """Return the tagged versions of each table."""
    return {name: set(database.open_table(name).tags.list()) for name in list_tables(database)}


def prune_versions(database: DBConnection, keep: int) -> None:
    """Remove all but the newest versions of the index, and the files that only they need.

    A table that no kept version has is dropped. A table without any tag is not the index's, and
    stays.

    Args:
        database: The database.
        keep: Number of versions that stay, counted over all tables.
    """
    tags = list_versions(database)
    newest = set(sorted(set().union(*tags.values()))[-keep:])
    for name, versions in tags.items():
        if not versions:
            continue
        if not versions & newest:
            database.drop_table(name)
            continue
        table = database.open_table(name)
        for version in versions - newest:
            table.tags.delete(version)
        _clean_up_before_oldest_tag(table)


def _clean_up_before_oldest_tag(table: Table) -> None:
    oldest = min(tag["version"] for tag in table.tags.list().values())
    times = {version["version"]: version["timestamp"] for version in table.list_versions()}
    written: datetime = times[oldest]
    for delay in _DELAYS:
        age = datetime.now(written.tzinfo) - written
        try:
            table.optimize(cleanup_older_than=age + delay)
        except RuntimeError as error:
            if "tagged version" not in str(error):
                raise
        else:
            return
