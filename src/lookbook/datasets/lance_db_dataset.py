"""``LanceDBDataset`` keeps LanceDB tables whose versions belong to Kedro runs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

import pandas as pd
from kedro.io.core import AbstractVersionedDataset, DatasetError, Version
from kedro_datasets._typing import TablePreview

from lookbook.errors import InputError

if TYPE_CHECKING:
    from lancedb.db import DBConnection
    from lancedb.table import Table
    from pyarrow import Table as ArrowTable


@dataclass(frozen=True)
class _Indexes:
    key: str
    vector: str
    fingerprint: str
    full_text: list[str]
    scalar: list[str]
    ann_from_rows: int


class LanceDBDataset(AbstractVersionedDataset[dict[str, "ArrowTable"], dict[str, "Table"]]):
    """``LanceDBDataset`` upserts rows into the tables of a LanceDB database and tags the result.

    A save version is a tag of each table, so an old run's tables can be loaded again, and a
    save that was cut off before it was tagged is not seen. Rows whose fingerprint is
    unchanged are left as they are; rows that are no longer there leave the table.

    Examples:
        Using the YAML API:

        ```yaml
        search_index:
          type: lookbook.datasets.lance_db_dataset.LanceDBDataset
          filepath: data/07_model_output/lancedb
          versioned: true
          key: Filename
          full_text: [Description]
          scalar: [Category]
        ```
    """

    def __init__(
        self,
        *,
        filepath: str,
        key: str,
        vector: str = "vector",
        fingerprint: str = "fingerprint",
        full_text: list[str] | None = None,
        scalar: list[str] | None = None,
        ann_from_rows: int = 20_000,
        optional: bool = False,
        version: Version | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates a dataset over one database.

        Args:
            filepath: The database, an absolute path or a URI that LanceDB opens.
            key: The column that identifies a row.
            vector: The column of vectors.
            fingerprint: The column that changes when a row has to be written anew.
            full_text: Columns with a full-text index.
            scalar: Columns with a bitmap index.
            ann_from_rows: Tables of at least as many rows get an approximate index
                (IVF_HNSW_SQ); below it a flat search is fast, and exact.
            optional: Whether a database that does not exist yet loads as no tables.
            version: The version to load and to save, the latest by default.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._indexes = _Indexes(
            key, vector, fingerprint, full_text or [], scalar or [], ann_from_rows
        )
        self._optional = optional
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(filepath),
            version=version,
            exists_function=self._has_version,
            glob_function=self._list_versions,
        )

    def load(self) -> dict[str, Table]:
        """Opens the tables at their version.

        Returns:
            The tables that the version has, for reading; none if there is none yet and that
            is allowed.

        Raises:
            InputError: If there is no such database or version.
        """
        tags = self._tags()
        known = set().union(*tags.values())
        if not known and self._optional:
            return {}
        if not known:
            raise InputError(
                f"There is no index '{self._filepath}' yet: run 'kedro run --pipelines=index'."
            )
        version = self.resolve_load_version() or max(known)
        if version not in known:
            raise InputError(
                f"The index '{self._filepath}' has no version '{version}'; it has "
                f"{', '.join(sorted(known))}."
            )
        database = self._connect()
        tables = {}
        for name in (name for name, versions in tags.items() if version in versions):
            tables[name] = database.open_table(name)
            tables[name].checkout(version)
        return tables

    def save(self, data: dict[str, ArrowTable]) -> None:
        """Makes each table hold exactly these rows, brings its indexes up to date, tags it.

        Args:
            data: All rows of each table, with key, vector and fingerprint.
        """
        database = self._connect()
        tables = [self._write(database, name, rows) for name, rows in data.items()]
        version = self.resolve_save_version()
        if version:
            for table in tables:
                table.tags.create(version, table.version)

    def _write(self, database: DBConnection, name: str, rows: ArrowTable) -> Table:
        spec = self._indexes
        if name not in self._table_names(database):
            table = database.create_table(name, rows)
        else:
            table = database.open_table(name)
            if table.schema.equals(rows.schema):
                changed = f"target.{spec.fingerprint} != source.{spec.fingerprint}"
                merge = table.merge_insert(spec.key).when_matched_update_all(where=changed)
                merge.when_not_matched_insert_all().when_not_matched_by_source_delete().execute(
                    rows
                )
            else:
                # Other dimensions, or other columns. Old versions stay readable.
                table = database.create_table(name, rows, mode="overwrite")
        self._build_indexes(table)
        return table

    def _build_indexes(self, table: Table) -> None:
        from lancedb.index import FTS, Bitmap, HnswSq

        spec = self._indexes
        wanted: dict[str, FTS | Bitmap | HnswSq] = {column: FTS() for column in spec.full_text}
        wanted |= {column: Bitmap() for column in spec.scalar}
        if table.count_rows() >= spec.ann_from_rows:
            wanted[spec.vector] = HnswSq(distance_type="cosine")
        built = {column for index in table.list_indices() for column in index.columns}
        for column, config in wanted.items():
            if column not in built:
                table.create_index(column, config=config)
        # Folds rows that came after an index was built into it.
        table.optimize()

    def _connect(self) -> DBConnection:
        import lancedb

        return lancedb.connect(str(self._filepath))

    @staticmethod
    def _table_names(database: DBConnection) -> list[str]:
        return list(database.list_tables().tables)

    def _tags(self) -> dict[str, set[str]]:
        """The versions of each table."""
        database = self._connect()
        return {
            name: set(database.open_table(name).tags.list()) for name in self._table_names(database)
        }

    def _has_version(self, path: str) -> bool:
        return PurePosixPath(path).parent.name in set().union(*self._tags().values())

    def _list_versions(self, pattern: str) -> list[str]:
        versions = set().union(*self._tags().values())
        return [pattern.replace("*", version) for version in versions]

    def _exists(self) -> bool:
        versions = set().union(*self._tags().values())
        if self._version and self._version.load:
            return self._version.load in versions
        return bool(versions)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": str(self._filepath), "version": self._version}

    def preview(self, nrows: int = 20) -> TablePreview:
        """Shows the first rows of the first table in Kedro-Viz, without their vectors."""
        tables = self.load()
        if not tables:
            raise DatasetError("there is no table yet")
        table = next(iter(tables.values()))
        columns = [name for name in table.schema.names if name != self._indexes.vector]
        rows: pd.DataFrame = table.search().select(columns).limit(nrows).to_pandas()
        return TablePreview(rows.to_dict(orient="split"))
