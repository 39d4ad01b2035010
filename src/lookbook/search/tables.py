"""LanceDB tables of items, whose versions are tagged by the run that wrote them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lancedb.db import DBConnection
    from lancedb.index import FTS, Bitmap, HnswSq, LabelList
    from lancedb.table import Table
    from pyarrow import Table as ArrowTable

KEY = "photo_id"
VECTOR = "vector"
FINGERPRINT = "fingerprint"
# Metadata of a column: the kind of its field, `text`, `one` or `some`.
KIND = b"kind"


def write_table(database: DBConnection, name: str, rows: ArrowTable, ann_from_rows: int) -> Table:
    """Makes a table hold exactly these rows, and brings its indexes up to date.

    Rows whose fingerprint is unchanged are left as they are; rows that are no longer there
    leave the table.

    Args:
        database: The database.
        name: The table.
        rows: All rows, with ``photo_id``, ``vector`` and ``fingerprint``; columns of fields
            say their kind, see :data:`KIND`.
        ann_from_rows: Tables of at least as many rows get an approximate index (IVF_HNSW_SQ);
            below it a flat search is fast, and exact.

    Returns:
        The table.
    """
    if name not in list_tables(database):
        table = database.create_table(name, rows)
    else:
        table = database.open_table(name)
        if table.schema.equals(rows.schema):
            changed = f"target.{FINGERPRINT} != source.{FINGERPRINT}"
            merge = table.merge_insert(KEY).when_matched_update_all(where=changed)
            merge.when_not_matched_insert_all().when_not_matched_by_source_delete().execute(rows)
        else:
            # Other dimensions, or other columns. Old versions stay readable.
            table = database.create_table(name, rows, mode="overwrite")
    _build_indexes(table, rows, ann_from_rows)
    return table


def _build_indexes(table: Table, rows: ArrowTable, ann_from_rows: int) -> None:
    from lancedb.index import FTS, Bitmap, HnswSq, LabelList

    kinds = {b"text": FTS, b"one": Bitmap, b"some": LabelList}
    wanted: dict[str, FTS | Bitmap | LabelList | HnswSq] = {
        column.name: kinds[column.metadata[KIND]]()
        for column in rows.schema
        if column.metadata and KIND in column.metadata
    }
    if table.count_rows() >= ann_from_rows:
        wanted[VECTOR] = HnswSq(distance_type="cosine")
    built = {column for index in table.list_indices() for column in index.columns}
    for name, config in wanted.items():
        if name not in built:
            table.create_index(name, config=config)
    # Folds rows that came after an index was built into it.
    table.optimize()


def list_tables(database: DBConnection) -> list[str]:
    """Names the tables of a database."""
    return list(database.list_tables().tables)


def list_versions(database: DBConnection) -> dict[str, set[str]]:
    """Lists the tagged versions of each table."""
    return {name: set(database.open_table(name).tags.list()) for name in list_tables(database)}
