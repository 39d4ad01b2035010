"""``CatalogueSearchDataset`` keeps the search index, whose versions belong to Kedro runs."""

from __future__ import annotations

from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from kedro.io.core import AbstractVersionedDataset, DatasetError, Version
from kedro_datasets._typing import TablePreview

from lookbook.errors import InputError
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.embedders import open_embedders
from lookbook.search.fragments import write_on_workers
from lookbook.search.hard_links import linkable
from lookbook.search.ranking import FusionWeights
from lookbook.search.tables import VECTORS, TableRows, store_thresholds, write_table
from lookbook.search.versions import list_versions, prune_versions

if TYPE_CHECKING:
    from lancedb.db import DBConnection


class CatalogueSearchDataset(AbstractVersionedDataset[dict[str, TableRows], CatalogueSearch]):
    """``CatalogueSearchDataset`` upserts items into a LanceDB database and tags the result.

    A save version is a tag of each table, so an old run's index can be loaded again, and a
    save that was cut off before it was tagged is not seen.

    Examples:
        Using the YAML API:

        ```yaml
        search_index:
          type: lookbook.datasets.catalogue_search_dataset.CatalogueSearchDataset
          filepath: data/07_model_output/lancedb
          versioned: true
          embedders:
            bge: { model: BAAI/bge-small-en-v1.5 }
          weights: ${globals:search_weights}
        ```
    """

    def __init__(
        self,
        *,
        filepath: str,
        embedders: dict[str, dict[str, Any]],
        weights: dict[str, float],
        network: str | None = None,
        reranker: dict[str, Any] | None = None,
        ann_from_rows: int = 20_000,
        on_workers: bool = False,
        keep_versions: int = 3,
        optional: bool = False,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create a dataset over one database.

        Args:
            filepath: The database, an absolute path or a URI that LanceDB opens.
            embedders: The embedding models whose tables are searched, see
                :class:`lookbook.search.embedders.Embedder`.
            weights: How much each way of finding counts in a hybrid search, see
                :class:`lookbook.search.ranking.Weights`.
            network: The network that embeds pictures, see
                :class:`lookbook.captioners.network.Network`.
            reranker: See :func:`lookbook.search.rerankers.open_reranker`.
            ann_from_rows: See :func:`lookbook.search.tables.write_table`.
            on_workers: Whether the workers of a cluster write the rows that they make, see
                :func:`lookbook.search.fragments.write_on_workers`.
            keep_versions: Number of versions that stay; a save removes older ones and their files.
            optional: Whether a database that does not exist yet loads as an empty index.
            version: The version to load and to save, the latest by default.
            credentials: ``token`` for gated models on the hub.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._uri = filepath
        self._embedders = embedders
        self._weights = weights
        self._network = network
        self._reranker = reranker
        self._token = (credentials or {}).get("token")
        self._ann_from_rows = ann_from_rows
        self._on_workers = on_workers
        self._keep_versions = keep_versions
        self._optional = optional
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(filepath),
            version=version,
            exists_function=lambda path: PurePosixPath(path).parent.name in self._versions(),
            glob_function=lambda pattern: [pattern.replace("*", one) for one in self._versions()],
        )

    def load(self) -> CatalogueSearch:
        """Open the tables at their version.

        Returns:
            The index, for reading; an empty one if there is none yet and that is allowed.

        Raises:
            InputError: If there is no such database or version.
        """
        database = self._connect()
        tags = list_versions(database)
        known = set().union(*tags.values())
        if not known and not self._optional:
            raise InputError(
                f"There is no index '{self._uri}' yet. Run 'kedro run --pipelines=index'."
            )
        version = self.resolve_load_version() if known else None
        version = version or max(known, default="")
        if known and version not in known:
            raise InputError(
                f"The index '{self._uri}' has no version '{version}'; it has "
                f"{', '.join(sorted(known))}."
            )
        tables = {}
        for name, versions in tags.items():
            if version in versions:
                tables[name] = database.open_table(name)
                tables[name].checkout(version)
        return CatalogueSearch(
            tables,
            open_embedders(self._embedders, self._network, self._token),
            FusionWeights.model_validate(self._weights),
            self._reranker_opener(),
        )

    def newest(self) -> str:
        """Names the newest version; an empty text where there is none."""
        return max(self._versions(), default="")

    def save(self, data: dict[str, TableRows]) -> None:
        """Make each table hold exactly these rows, tag it, and remove old versions.

        Args:
            data: All rows of each table.
        """
        with linkable(self._uri) as uri:
            database = self._connect(uri)
            # Workers write to the index itself, which needs hard links.
            write = write_on_workers if self._on_workers and uri == self._uri else write_table
            tables = []
            for name, rows in data.items():
                table = write(database, name, rows, self._ann_from_rows)
                if (thresholds := rows.measure_thresholds(table)) is not None:
                    store_thresholds(table, thresholds)
                tables.append(table)
            version = self.resolve_save_version()
            if version:
                for table in tables:
                    table.tags.create(version, table.version)
                prune_versions(database, self._keep_versions)

    def preview(self, nrows: int = 20) -> TablePreview:
        """Show the first rows of the first table in Kedro-Viz, without their vectors."""
        database = self._connect()
        names = list(list_versions(database))
        if not names:
            raise DatasetError("there is no table yet")
        table = database.open_table(names[0])
        columns = [name for name in table.schema.names if name not in VECTORS]
        rows = table.search().select(columns).limit(nrows).to_pandas()
        return TablePreview(rows.astype(str).to_dict(orient="split"))

    def _reranker_opener(self) -> Any:
        if self._reranker is None:
            return None
        from lookbook.search.rerankers import open_reranker

        return partial(open_reranker, **self._reranker, token=self._token)

    def _connect(self, uri: str | None = None) -> DBConnection:
        import lancedb

        return lancedb.connect(uri or self._uri)

    def _versions(self) -> set[str]:
        return set().union(*list_versions(self._connect()).values())

    def _exists(self) -> bool:
        versions = self._versions()
        if self._version and self._version.load:
            return self._version.load in versions
        return bool(versions)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._uri, "version": self._version}
