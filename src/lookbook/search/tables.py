"""LanceDB tables of items: columns, upserts and indexes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from lookbook.pools import Pool
from lookbook.search.product_columns import (
    AVAILABLE_SIZES,
    BRAND,
    CODES,
    COLUMNS,
    EFFECTIVE_PRICE,
    SIZES,
)
from lookbook.search.versions import KEEP_EVERYTHING, list_tables

if TYPE_CHECKING:
    import numpy as np
    from lancedb.db import DBConnection
    from lancedb.index import FTS, Bitmap, BTree, IvfSq, LabelList
    from lancedb.table import Table
    from pyarrow import Schema
    from pyarrow import Table as ArrowTable

KEY = "photo_id"
FILE = "Filename"
FINGERPRINT = "fingerprint"
# Fingerprints of the models that embedded the text and the image.
TEXT_MODEL, IMAGE_MODEL = "embedder", "image_model"
# First photo of the same product.
DUPLICATE_GROUP = "duplicate_group"
# Stemmed words of the text attributes and of the shop's title, brand and codes; BM25 scores them.
WORDS = "words"
TEXT_EMBEDDING = "text_embedding"
IMAGE_IN_TEXT_SPACE = "image_in_text_space"
IMAGE_EMBEDDING = "image_embedding"
ATTRIBUTE_LOG_PROBS = "attribute_log_probs"
SEARCHED = (TEXT_EMBEDDING, IMAGE_IN_TEXT_SPACE, IMAGE_EMBEDDING)
VECTORS = (*SEARCHED, ATTRIBUTE_LOG_PROBS)
SYSTEM_COLUMNS = frozenset(
    {KEY, FILE, FINGERPRINT, TEXT_MODEL, IMAGE_MODEL, DUPLICATE_GROUP, WORDS, *VECTORS, *COLUMNS}
)
# Column metadata: an attribute's name and kind, the values behind the positions of a probability
# vector, and the thresholds of a text model.
ATTRIBUTE, KIND, VALUES, THRESHOLDS = b"attribute", b"kind", b"values", b"thresholds"
# Rows per write or delete.
_BATCH_ROWS = 16_384


class SimilarityThresholds(NamedTuple):
    """Cosines that separate the texts of one embedding model, measured by ``index``.

    Attributes:
        on_topic: Texts about the catalogue are closer than this to an item's text.
        vague: A vague message is about this close to the nearest image.
        descriptive: A description of an item is at least this close to the nearest image.
    """

    on_topic: float
    vague: float
    descriptive: float


class TableRows(Protocol):
    """All rows of a table, built part by part while they are written."""

    @property
    def schema(self) -> Schema:
        """Columns; attributes carry :data:`ATTRIBUTE` and :data:`KIND`."""
        ...

    @property
    def photo_ids(self) -> list[str]:
        """Photos of all rows."""
        ...

    @property
    def make(self) -> Callable[[Any], ArrowTable]:
        """Build the new and changed rows of a part; picklable for workers."""
        ...

    @property
    def pool(self) -> Pool:
        """Workers that build and write rows on a cluster."""
        ...

    def parts(self, existing: Mapping[str, str]) -> Iterator[Any]:
        """Split the input of the rows.

        Args:
            existing: Fingerprints of the table's rows, by photo.
        """
        ...

    def measure_thresholds(self, table: Table) -> SimilarityThresholds | None:
        """Measure the thresholds of the written table; ``None`` to keep those it has."""
        ...


class IndexedTexts:
    """Text embeddings of one version of a table."""

    def __init__(self, table: Table) -> None:
        """Wrap the table."""
        self._table = table

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle the address: a worker reopens the table."""
        uri: str = self._table.uri  # type: ignore[attr-defined] # of a table in a folder or a bucket
        folder, _, file = uri.rpartition("/")
        return _open_texts, (folder, file.removesuffix(".lance"), self._table.version)

    def of(self, photo_ids: list[str]) -> dict[str, np.ndarray]:
        """Return vectors by text key, see :func:`lookbook.search.row_builder.text_key`."""
        matching = self._table.search().where(f"{KEY} IN ({quote(photo_ids)})")
        rows = matching.select([FINGERPRINT, TEXT_EMBEDDING]).limit(len(photo_ids)).to_arrow()
        keys = [fingerprint.split("/")[0] for fingerprint in rows[FINGERPRINT].to_pylist()]
        return dict(zip(keys, to_matrix(rows, TEXT_EMBEDDING), strict=True))


def _open_texts(folder: str, name: str, version: int) -> IndexedTexts:
    import lancedb

    table = lancedb.connect(folder).open_table(name)
    table.checkout(version)
    return IndexedTexts(table)


def write_table(database: DBConnection, name: str, rows: TableRows, ann_from_rows: int) -> Table:
    """Write a table so that it holds exactly these rows, and update its indexes.

    Rows with an unchanged fingerprint stay untouched. Memory holds a few thousand rows at a time.

    Args:
        database: The database.
        name: Name of the table.
        rows: All rows.
        ann_from_rows: Number of rows from which vectors get approximate indexes (IVF, 8 bits a
            number). Smaller tables are searched in memory, exactly.
    """
    import pyarrow as pa

    table = open_alike(database, name, rows.schema)
    if table is not None:
        _upsert(table, rows)
    else:
        # The first table, or one with other columns or dimensions. Old versions stay readable.
        batches = (batch for part in rows.parts({}) for batch in rows.make(part).to_batches())
        reader = pa.RecordBatchReader.from_batches(rows.schema, batches)
        table = database.create_table(name, reader, mode="overwrite")
    for column, config in missing_indexes(table, rows.schema, ann_from_rows).items():
        table.create_index(column, config=config)
    # The first pass adds new rows to the indexes; only then the second merges their files.
    for _ in range(2):
        table.optimize(cleanup_older_than=KEEP_EVERYTHING)
    return table


def open_alike(database: DBConnection, name: str, schema: Schema) -> Table | None:
    """Open a table with this schema; ``None`` if there is none."""
    if name not in list_tables(database):
        return None
    table = database.open_table(name)
    is_alike = _without_thresholds(table.schema).equals(
        _without_thresholds(schema), check_metadata=True
    )
    return table if is_alike else None


def _upsert(table: Table, rows: TableRows) -> None:
    import pyarrow as pa

    existing = fingerprints_of(table)
    pending: list[ArrowTable] = []

    def write() -> None:
        if pending:
            merge = table.merge_insert(KEY).when_matched_update_all()
            merge.when_not_matched_insert_all().execute(pa.concat_tables(pending))
            pending.clear()

    for part in rows.parts(existing):
        changed = rows.make(part)
        if len(changed):
            pending.append(changed)
        if sum(map(len, pending)) >= _BATCH_ROWS:
            write()
    write()
    delete_rows(table, set(existing) - set(rows.photo_ids))


def delete_rows(table: Table, photo_ids: Iterable[str]) -> None:
    """Delete the rows of some photos, in batches."""
    listed = sorted(photo_ids)
    for start in range(0, len(listed), _BATCH_ROWS):
        table.delete(f"{KEY} IN ({quote(listed[start : start + _BATCH_ROWS])})")


def store_thresholds(table: Table, thresholds: SimilarityThresholds) -> None:
    """Write thresholds into the table's schema."""
    value = json.dumps(thresholds._asdict())
    table.update_field_metadata({"path": TEXT_EMBEDDING, "metadata": {THRESHOLDS.decode(): value}})


def read_thresholds(schema: Schema) -> SimilarityThresholds | None:
    """Read thresholds from a table's schema; ``None`` if it has none."""
    stored = (schema.field(TEXT_EMBEDDING).metadata or {}).get(THRESHOLDS)
    return SimilarityThresholds(**json.loads(stored)) if stored else None


def _without_thresholds(schema: Schema) -> Schema:
    place = schema.get_field_index(TEXT_EMBEDDING)
    if place == -1:
        return schema
    field = schema.field(place)
    metadata = {key: value for key, value in (field.metadata or {}).items() if key != THRESHOLDS}
    return schema.set(place, field.with_metadata(metadata or None))


def quote(values: Iterable[str]) -> str:
    """Return values as a SQL list of strings."""
    return ", ".join("'" + value.replace("'", "''") + "'" for value in values)


def fingerprints_of(table: Table) -> dict[str, str]:
    """Return the fingerprints of a table's rows, by photo."""
    rows = table.search().select([KEY, FINGERPRINT]).to_arrow()
    return dict(zip(rows[KEY].to_pylist(), rows[FINGERPRINT].to_pylist(), strict=True))


def missing_indexes(
    table: Table, schema: Schema, ann_from_rows: int
) -> dict[str, FTS | Bitmap | BTree | LabelList | IvfSq]:
    """Return the indexes that a table still lacks, by column.

    Args:
        table: The table.
        schema: Its columns.
        ann_from_rows: See :func:`write_table`.
    """
    from lancedb.index import FTS, Bitmap, BTree, IvfSq, LabelList

    kinds: dict[bytes, type[Bitmap | LabelList]] = {b"single": Bitmap, b"multi": LabelList}
    planned: dict[str, FTS | Bitmap | BTree | LabelList | IvfSq] = {
        column.name: kinds[column.metadata[KIND]]()
        for column in schema
        if column.metadata and column.metadata.get(KIND) in kinds
    }
    of_products: dict[str, BTree | Bitmap | LabelList] = {
        EFFECTIVE_PRICE: BTree(), BRAND: Bitmap(), SIZES: LabelList(), AVAILABLE_SIZES: LabelList(),
        CODES: LabelList(),
    }  # fmt: skip
    planned |= {name: config for name, config in of_products.items() if name in schema.names}
    if WORDS in schema.names:
        # The column holds stems already: any other processing would change BM25's scores.
        planned[WORDS] = FTS(
            base_tokenizer="whitespace", stem=False, remove_stop_words=False, lower_case=False,
            ascii_folding=False, max_token_length=None,
        )  # fmt: skip
    if table.count_rows() >= ann_from_rows:
        for column in SEARCHED:
            if column in schema.names:
                planned[column] = IvfSq(distance_type="cosine")
    built = {column for index in table.list_indices() for column in index.columns}
    return {column: config for column, config in planned.items() if column not in built}


def is_approximate(table: Table) -> bool:
    """Whether a table's vectors have approximate indexes."""
    return any(set(index.columns) & set(SEARCHED) for index in table.list_indices())


def attribute_columns(schema: Schema) -> dict[str, str]:
    """Return the column of each attribute, by the attribute's name."""
    return {
        column.metadata[ATTRIBUTE].decode(): column.name
        for column in schema
        if column.metadata and ATTRIBUTE in column.metadata
    }


def column_of(attribute: str) -> str:
    """Return the column that stores an attribute; never a system column."""
    return f"attribute_{attribute}" if attribute in SYSTEM_COLUMNS else attribute


def probability_columns(schema: Schema) -> dict[str, dict[str, int]]:
    """Return the position of each value in the probability vectors, by attribute."""
    metadata = schema.field(ATTRIBUTE_LOG_PROBS).metadata or {}
    columns: dict[str, dict[str, int]] = {}
    for place, (name, value) in enumerate(json.loads(metadata.get(VALUES, b"[]"))):
        columns.setdefault(name, {})[value] = place
    return columns


def to_matrix(rows: ArrowTable, column: str) -> np.ndarray:
    """Return a vector column as (rows, dimensions)."""
    flat = rows[column].combine_chunks().flatten().to_numpy()
    matrix: np.ndarray = flat.reshape(-1, rows.schema.field(column).type.list_size)
    return matrix
