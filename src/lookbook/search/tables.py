"""LanceDB tables of items, whose versions are tagged by the run that wrote them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lancedb.db import DBConnection
    from lancedb.index import FTS, Bitmap, IvfSq, LabelList
    from lancedb.table import Table
    from pyarrow import RecordBatchReader as ArrowReader
    from pyarrow import Schema
    from pyarrow import Table as ArrowTable

KEY = "photo_id"
FILE = "Filename"
FINGERPRINT = "fingerprint"
# The weights that texts and pictures were embedded by.
MADE_BY = "embedder"
SEEN_BY = "pictures_by"
# The first of the photos of one item.
GROUP = "same_item"
# What an item is found by: its text, its picture among texts, its picture among pictures, and
# the logarithms of its fields' probabilities.
TEXT, PICTURE, LOOK, LIKELY = "text_vector", "picture_vector", "look_vector", "likely"
VECTORS = (TEXT, PICTURE, LOOK, LIKELY)
SEARCHED = (TEXT, PICTURE, LOOK)
# Columns that are no field.
OWN = frozenset({KEY, FILE, FINGERPRINT, MADE_BY, SEEN_BY, GROUP, *VECTORS})
# Metadata of a column: the kind of its field, `text`, `one` or `some`; and what the places of a
# vector of probabilities are of.
KIND = b"kind"
PLACES = b"places"
# Rows that are written, or deleted, at once.
_WRITTEN = 16_384


def write_table(database: DBConnection, name: str, rows: ArrowReader, ann_from_rows: int) -> Table:
    """Makes a table hold exactly these rows, and brings its indexes up to date.

    Rows whose fingerprint is unchanged are left as they are; rows that are no longer there
    leave the table. No more than some thousand rows are in memory at once.

    Args:
        database: The database.
        name: The table.
        rows: All rows, with ``photo_id``, ``fingerprint`` and vectors; columns of fields say
            their kind, see :data:`KIND`.
        ann_from_rows: Tables of at least as many rows get approximate indexes of their vectors
            (IVF, eight bits a number); below it they are searched in memory, and exactly.

    Returns:
        The table.
    """
    table = database.open_table(name) if name in list_tables(database) else None
    if table is not None and table.schema.equals(rows.schema, check_metadata=True):
        _upsert(table, rows)
    else:
        # The first, or other dimensions or columns. Old versions stay readable.
        table = database.create_table(name, rows, mode="overwrite")
    _build_indexes(table, rows.schema, ann_from_rows)
    return table


def _upsert(table: Table, rows: ArrowReader) -> None:
    """Writes the rows that are new or changed, and deletes those that are gone."""
    import pyarrow as pa

    known = fingerprints_of(table)
    there: set[str] = set()
    waiting: list[ArrowTable] = []

    def write() -> None:
        if waiting:
            merge = table.merge_insert(KEY).when_matched_update_all()
            merge.when_not_matched_insert_all().execute(pa.concat_tables(waiting))
            waiting.clear()

    for batch in rows:
        ids, fingerprints = batch[KEY].to_pylist(), batch[FINGERPRINT].to_pylist()
        there |= set(ids)
        changed = [
            row
            for row, (one, now) in enumerate(zip(ids, fingerprints, strict=True))
            if known.get(one) != now
        ]
        if changed:
            waiting.append(pa.Table.from_batches([batch]).take(changed))
        if sum(map(len, waiting)) >= _WRITTEN:
            write()
    write()
    gone = sorted(set(known) - there)
    for start in range(0, len(gone), _WRITTEN):
        table.delete(f"{KEY} IN ({quote(gone[start : start + _WRITTEN])})")


def quote(values: Iterable[str]) -> str:
    """Lists values as SQL does, each between quotes."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def fingerprints_of(table: Table) -> dict[str, str]:
    """Gives the fingerprints of a table's rows, by photo."""
    rows = table.search().select([KEY, FINGERPRINT]).to_arrow()
    return dict(zip(rows[KEY].to_pylist(), rows[FINGERPRINT].to_pylist(), strict=True))


def _build_indexes(table: Table, schema: Schema, ann_from_rows: int) -> None:
    from lancedb.index import FTS, Bitmap, IvfSq, LabelList

    kinds = {b"text": FTS, b"one": Bitmap, b"some": LabelList}
    wanted: dict[str, FTS | Bitmap | LabelList | IvfSq] = {
        column.name: kinds[column.metadata[KIND]]()
        for column in schema
        if column.metadata and KIND in column.metadata
    }
    if table.count_rows() >= ann_from_rows:
        for column in SEARCHED:
            if column in schema.names:
                wanted[column] = IvfSq(distance_type="cosine")
    built = {column for index in table.list_indices() for column in index.columns}
    for name, config in wanted.items():
        if name not in built:
            table.create_index(name, config=config)
    # Folds rows that came after an index was built into it.
    table.optimize()


def is_approximate(table: Table) -> bool:
    """Says whether a table is searched by approximate indexes of its vectors."""
    return any(set(index.columns) & set(SEARCHED) for index in table.list_indices())


def full_text_columns(table: Table) -> list[str]:
    """Lists the columns of a table that are searched by words."""
    return [
        column
        for index in table.list_indices()
        if index.index_type == "FTS"
        for column in index.columns
    ]


def places_of(schema: Schema) -> dict[str, dict[str, int]]:
    """Says at which place of an item's probabilities each value of each field is."""
    metadata = schema.field(LIKELY).metadata or {}
    places: dict[str, dict[str, int]] = {}
    for place, (name, value) in enumerate(json.loads(metadata.get(PLACES, b"[]"))):
        places.setdefault(name, {})[value] = place
    return places


def list_tables(database: DBConnection) -> list[str]:
    """Names the tables of a database."""
    return list(database.list_tables().tables)


def list_versions(database: DBConnection) -> dict[str, set[str]]:
    """Lists the tagged versions of each table."""
    return {name: set(database.open_table(name).tags.list()) for name in list_tables(database)}
