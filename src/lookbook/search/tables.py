"""LanceDB tables of items, whose versions are tagged by the run that wrote them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

from lookbook.pools import Pool
from lookbook.search.versions import KEEP_EVERYTHING, list_tables

if TYPE_CHECKING:
    import numpy as np
    from lancedb.db import DBConnection
    from lancedb.index import FTS, Bitmap, IvfSq, LabelList
    from lancedb.table import Table
    from pyarrow import Schema
    from pyarrow import Table as ArrowTable

KEY = "photo_id"
FILE = "Filename"
FINGERPRINT = "fingerprint"
# The weights that texts and pictures were embedded by.
TEXT_MODEL = "embedder"
IMAGE_MODEL = "image_model"
# The first of the photos of one item.
DUPLICATE_GROUP = "duplicate_group"
# What an item is found by: its text, its picture among texts, its picture among pictures, and
# the logarithms of its attributes' probabilities.
TEXT_EMBEDDING, IMAGE_IN_TEXT_SPACE, IMAGE_EMBEDDING, ATTRIBUTE_LOG_PROBS = (
    "text_embedding",
    "image_in_text_space",
    "image_embedding",
    "attribute_log_probs",
)
VECTORS = (TEXT_EMBEDDING, IMAGE_IN_TEXT_SPACE, IMAGE_EMBEDDING, ATTRIBUTE_LOG_PROBS)
SEARCHED = (TEXT_EMBEDDING, IMAGE_IN_TEXT_SPACE, IMAGE_EMBEDDING)
# Columns that are no attribute.
SYSTEM_COLUMNS = frozenset(
    {KEY, FILE, FINGERPRINT, TEXT_MODEL, IMAGE_MODEL, DUPLICATE_GROUP, *VECTORS}
)
# Metadata of a column: the kind of its attribute, `text`, `one` or `some`; and what the places of a
# vector of probabilities are of.
KIND = b"kind"
COLUMNS = b"places"
# Rows that are written, or deleted, at once.
_WRITTEN = 16_384


class TableRows(Protocol):
    """All rows of a table, made a part at a time when they are written."""

    @property
    def schema(self) -> Schema:
        """Columns, with ``photo_id``, ``fingerprint`` and vectors; attributes say their kind."""
        ...

    @property
    def photo_ids(self) -> list[str]:
        """The photos whose rows they are."""
        ...

    @property
    def make(self) -> Callable[[Any], ArrowTable]:
        """Makes of a part the rows that are new or changed; a worker can do it as well."""
        ...

    @property
    def pool(self) -> Pool:
        """Who makes them, where workers write what they make."""
        ...

    def parts(self, known: Mapping[str, str]) -> Iterator[Any]:
        """Cuts what rows are made of into parts.

        Args:
            known: Fingerprints of the rows that the table has, by photo.
        """
        ...


class IndexedTexts:
    """The texts' vectors of a table as it is at one version."""

    def __init__(self, table: Table) -> None:
        """Takes the table."""
        self._table = table

    def __reduce__(self) -> tuple[Any, ...]:
        """Sends the table's address: a worker opens it anew."""
        uri: str = self._table.uri  # type: ignore[attr-defined] # of a table in a folder or a bucket
        folder, _, file = uri.rpartition("/")
        return _open_texts, (folder, file.removesuffix(".lance"), self._table.version)

    def of(self, photo_ids: list[str]) -> dict[str, np.ndarray]:
        """Gives the vectors of some items that there are, by the first half of the fingerprint."""
        matching = self._table.search().where(f"{KEY} IN ({quote(photo_ids)})")
        rows = matching.select([FINGERPRINT, TEXT_EMBEDDING]).limit(len(photo_ids)).to_arrow()
        flat = rows[TEXT_EMBEDDING].combine_chunks().flatten().to_numpy()
        vectors = flat.reshape(len(rows), -1) if len(rows) else []
        keys = [fingerprint.split("/")[0] for fingerprint in rows[FINGERPRINT].to_pylist()]
        return dict(zip(keys, vectors, strict=True))


def _open_texts(folder: str, name: str, version: int) -> IndexedTexts:
    import lancedb

    table = lancedb.connect(folder).open_table(name)
    table.checkout(version)
    return IndexedTexts(table)


def write_table(database: DBConnection, name: str, rows: TableRows, ann_from_rows: int) -> Table:
    """Makes a table hold exactly these rows, and brings its indexes up to date.

    Rows whose fingerprint is unchanged are left as they are; rows that are no longer there
    leave the table. No more than some thousand rows are in memory at once.

    Args:
        database: The database.
        name: The table.
        rows: All rows.
        ann_from_rows: Tables of at least as many rows get approximate indexes of their vectors
            (IVF, eight bits a number); below it they are searched in memory, and exactly.

    Returns:
        The table.
    """
    import pyarrow as pa

    table = open_alike(database, name, rows.schema)
    if table is not None:
        _upsert(table, rows)
    else:
        # The first, or other dimensions or columns. Old versions stay readable.
        made = (batch for part in rows.parts({}) for batch in rows.make(part).to_batches())
        reader = pa.RecordBatchReader.from_batches(rows.schema, made)
        table = database.create_table(name, reader, mode="overwrite")
    for column, config in missing_indexes(table, rows.schema, ann_from_rows).items():
        table.create_index(column, config=config)
    # The first pass folds new rows into the indexes, and only then the second merges their files.
    for _ in range(2):
        table.optimize(cleanup_older_than=KEEP_EVERYTHING)
    return table


def open_alike(database: DBConnection, name: str, schema: Schema) -> Table | None:
    """Opens a table that has such rows; ``None`` where there is none."""
    table = database.open_table(name) if name in list_tables(database) else None
    alike = table is not None and table.schema.equals(schema, check_metadata=True)
    return table if alike else None


def _upsert(table: Table, rows: TableRows) -> None:
    """Writes the rows that are new or changed, and deletes those that are gone."""
    import pyarrow as pa

    known = fingerprints_of(table)
    waiting: list[ArrowTable] = []

    def write() -> None:
        if waiting:
            merge = table.merge_insert(KEY).when_matched_update_all()
            merge.when_not_matched_insert_all().execute(pa.concat_tables(waiting))
            waiting.clear()

    for part in rows.parts(known):
        changed = rows.make(part)
        if len(changed):
            waiting.append(changed)
        if sum(map(len, waiting)) >= _WRITTEN:
            write()
    write()
    delete_rows(table, set(known) - set(rows.photo_ids))


def delete_rows(table: Table, photo_ids: Iterable[str]) -> None:
    """Deletes the rows of some photos, some thousand at a time."""
    gone = sorted(photo_ids)
    for start in range(0, len(gone), _WRITTEN):
        table.delete(f"{KEY} IN ({quote(gone[start : start + _WRITTEN])})")


def quote(values: Iterable[str]) -> str:
    """Lists values as SQL does, each between quotes."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def fingerprints_of(table: Table) -> dict[str, str]:
    """Gives the fingerprints of a table's rows, by photo."""
    rows = table.search().select([KEY, FINGERPRINT]).to_arrow()
    return dict(zip(rows[KEY].to_pylist(), rows[FINGERPRINT].to_pylist(), strict=True))


def missing_indexes(
    table: Table, schema: Schema, ann_from_rows: int
) -> dict[str, FTS | Bitmap | LabelList | IvfSq]:
    """Says which indexes a table is to have and has not.

    Args:
        table: The table.
        schema: Its columns; attributes say their kind.
        ann_from_rows: See :func:`write_table`.

    Returns:
        What is to be built, by column.
    """
    from lancedb.index import FTS, Bitmap, IvfSq, LabelList

    kinds = {b"text": FTS, b"single": Bitmap, b"multi": LabelList}
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
    return {column: config for column, config in wanted.items() if column not in built}


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


def probability_columns(schema: Schema) -> dict[str, dict[str, int]]:
    """Says at which place of an item's probabilities each value of each attribute is."""
    metadata = schema.field(ATTRIBUTE_LOG_PROBS).metadata or {}
    places: dict[str, dict[str, int]] = {}
    for place, (name, value) in enumerate(json.loads(metadata.get(COLUMNS, b"[]"))):
        places.setdefault(name, {})[value] = place
    return places
