"""Rows of the index, built part by part where they are written: in the run, or on workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lookbook.attributes.record import from_row, searchable_text, split_values, text_of, values_of
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.lazy import ArrowTable, pd
from lookbook.parts import PART, cut
from lookbook.pools import Pool
from lookbook.products.product import Product, codes_of
from lookbook.search.bm25 import stems
from lookbook.search.embedders import Embedder
from lookbook.search.image_embeddings import ImageEmbeddingStore, Shards
from lookbook.search.probabilities import attribute_log_probs, list_values
from lookbook.search.product_columns import COLUMNS, to_arrow
from lookbook.search.tables import (
    ATTRIBUTE,
    ATTRIBUTE_LOG_PROBS,
    DUPLICATE_GROUP,
    FINGERPRINT,
    IMAGE_MODEL,
    KEY,
    KIND,
    TEXT_EMBEDDING,
    TEXT_MODEL,
    VALUES,
    WORDS,
    IndexedTexts,
    SimilarityThresholds,
    column_of,
    read_thresholds,
)
from lookbook.search.thresholds import measure_thresholds

if TYPE_CHECKING:
    import pyarrow
    from lancedb.table import Table


class Part(NamedTuple):
    """Some items with everything their rows are built from: what a worker receives.

    Attributes:
        catalogue: Items with ``photo_id``.
        probabilities: Their probabilities, where the captioner returns some.
        groups: Duplicate group of each item.
        products: The shop's data of those that have a product, by ``photo_id``.
        decided: Attributes that people have decided, by photo.
        images: Files with their image embeddings.
        existing: Fingerprints of the rows that the table has of them.
    """

    catalogue: pd.DataFrame
    probabilities: pd.DataFrame
    groups: list[str]
    products: pd.DataFrame
    decided: dict[str, set[str]]
    images: Shards
    existing: dict[str, str]


class RowBuilder(NamedTuple):
    """Builds rows.

    Attributes:
        embedder: Embeds the texts.
        texts: Embeddings of earlier texts; ``None`` if there is no index yet.
        sizes: Dimensions of the image vectors, by column.
        error_rate: Share of wrong values of a captioner that returns no probabilities.
        error_rate_by_attribute: The same for single attributes.
        batch_size: Texts per run of the model.
        schema: The declared attributes.
    """

    embedder: Embedder
    texts: IndexedTexts | None
    sizes: dict[str, int]
    error_rate: float
    error_rate_by_attribute: dict[str, float]
    batch_size: int
    schema: Schema

    def __call__(self, part: Part) -> ArrowTable:
        """Build the rows of a part's new and changed items."""
        # Python strings are several times faster cell by cell than Arrow's.
        catalogue = part.catalogue.astype(object)
        images = ImageEmbeddingStore(part.images, self.embedder.image_fingerprint)
        log_probs = attribute_log_probs(
            catalogue, part.probabilities, self.schema, self.error_rate,
            self.error_rate_by_attribute, part.decided,
        )  # fmt: skip
        texts = list(texts_of(catalogue, self.schema, self.embedder.attributes))
        keys = [text_key(self.embedder, text) for text in texts]
        image_model = self.embedder.image_fingerprint
        by_photo = {
            row[KEY]: (Product.from_row(row), codes_of(row))
            for row in part.products.astype(object).to_dict("records")
        }
        products = [by_photo.get(photo_id) for photo_id in catalogue[KEY]]
        fingerprints = []
        for row, group, probs, key, product in zip(
            catalogue.itertuples(index=False), part.groups, log_probs, keys, products, strict=True
        ):
            own_image_model = image_model if row.photo_id in images else ""
            content = _hash(*map(str, row), group, probs.tobytes().hex(), repr(product))
            fingerprints.append(f"{key}/{_hash(content, own_image_model)}")
        changed = [
            row
            for row, (photo_id, new) in enumerate(zip(catalogue[KEY], fingerprints, strict=True))
            if part.existing.get(photo_id) != new
        ]
        catalogue, products = catalogue.iloc[changed], [products[row] for row in changed]
        table = _to_arrow(catalogue, self.schema)
        of_products = to_arrow(products)
        for column, cells in zip(of_products.schema, of_products.columns, strict=True):
            table = table.append_column(column, cells)
        for name, values in {
            WORDS: [
                " ".join(stems(_words(row, product, self.schema)))
                for row, product in zip(catalogue.to_dict("records"), products, strict=True)
            ],
            DUPLICATE_GROUP: [part.groups[row] for row in changed],
            TEXT_MODEL: [self.embedder.fingerprint] * len(changed),
            IMAGE_MODEL: [image_model] * len(changed),
            FINGERPRINT: [fingerprints[row] for row in changed],
        }.items():
            table = table.append_column(name, [values])
        if not changed:
            return table
        photo_ids = catalogue[KEY].tolist()
        texts, keys = [texts[row] for row in changed], [keys[row] for row in changed]
        matrices = {
            TEXT_EMBEDDING: self._embed(texts, keys, photo_ids),
            ATTRIBUTE_LOG_PROBS: log_probs[changed],
            **self._image_vectors(photo_ids, images),
        }
        return _with_vectors(table, matrices, self.schema)

    def _embed(self, texts: list[str], keys: list[str], photo_ids: list[str]) -> np.ndarray:
        """Return the embeddings of all texts; only new ones are encoded."""
        by_key = self.texts.of(photo_ids) if self.texts is not None else {}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in by_key}
        if new:
            vectors = self.embedder.encode(list(new.values()), batch_size=self.batch_size)
            by_key |= dict(zip(new, vectors, strict=True))
        return np.stack([by_key[key] for key in keys]).astype(np.float32)

    def _image_vectors(
        self, photo_ids: list[str], images: ImageEmbeddingStore
    ) -> dict[str, np.ndarray]:
        """Return (photos, dimensions) vectors by column; zeros for an unreadable photo."""
        embedded = images.of(photo_ids)
        columns = {}
        for column, size in self.sizes.items():
            columns[column] = np.zeros((len(photo_ids), size), np.float32)
            for row, photo_id in enumerate(photo_ids):
                if photo_id in embedded:
                    columns[column][row] = getattr(embedded[photo_id], column)
        return columns


class ItemRows:
    """All rows of one embedding model's table, see :class:`lookbook.search.tables.TableRows`."""

    def __init__(
        self,
        catalogue: pd.DataFrame,
        probabilities: pd.DataFrame,
        groups: Mapping[str, str],
        products: pd.DataFrame,
        decided: Mapping[str, set[str]],
        images: ImageEmbeddingStore,
        make: RowBuilder,
        pool: Pool,
        new_texts: int,
    ) -> None:
        """Collect what the rows are built from.

        Args:
            catalogue: Items, at least one.
            probabilities: Probabilities of values, where the captioner returns some.
            groups: Duplicate group of photos that have duplicates.
            products: The shop's data of items with a product, by ``photo_id``.
            decided: Attributes that people have decided, by photo.
            images: Image embeddings.
            make: Builds the rows of a part.
            pool: Workers, if they write the rows.
            new_texts: Number of texts to encode.
        """
        self.photo_ids = catalogue[KEY].tolist()
        self.make = make
        self.pool = pool
        self._catalogue = catalogue
        self._probabilities = probabilities.set_index(KEY, drop=False)
        self._groups = groups
        self._products = products.set_index(KEY, drop=False)
        self._decided = decided
        self._images = images
        self._new_texts = new_texts

    @cached_property
    def schema(self) -> pyarrow.Schema:
        """The table's schema: that of its first row."""
        return self.make(self._part(slice(0, 1), {})).schema

    def parts(self, existing: Mapping[str, str]) -> Iterator[Part]:
        """Yield the items in parts, see :class:`lookbook.search.tables.TableRows`."""
        from lookbook.progress import Progress

        total = len(self.photo_ids)
        with Progress(total=total, desc="embed", unit="item", disable=not self._new_texts) as bar:
            for start in range(0, total, PART):
                part = self._part(slice(start, start + PART), existing)
                yield part
                bar.update(len(part.groups))

    def _part(self, rows: slice, existing: Mapping[str, str]) -> Part:
        photo_ids = self.photo_ids[rows]
        files = {self._images.file_of(one) for one in photo_ids if one in self._images}
        return Part(
            self._catalogue.iloc[rows],
            _rows_of(self._probabilities, photo_ids),
            [self._groups.get(one, one) for one in photo_ids],
            _rows_of(self._products, photo_ids),
            {one: self._decided[one] for one in photo_ids if one in self._decided},
            {name: self._images.shards[name] for name in sorted(files)},
            {one: existing[one] for one in photo_ids if one in existing},
        )

    def measure_thresholds(self, table: Table) -> SimilarityThresholds | None:
        """Measure thresholds if the table has none or texts are new."""
        if read_thresholds(table.schema) is not None and not self._new_texts:
            return None
        catalogue = self._catalogue.drop_duplicates(KEY).set_index(KEY, drop=False)

        def texts(photo_ids: list[str]) -> list[str]:
            schema = self.make.embedder.attributes
            return list(texts_of(catalogue.loc[photo_ids], self.make.schema, schema))

        return measure_thresholds(table, texts, self.make.embedder)


def texts_of(
    catalogue: pd.DataFrame, schema: Schema, names: list[str] | None = None
) -> Iterator[str]:
    """Yield the text of each item that is embedded.

    Args:
        catalogue: The items.
        schema: The declared attributes.
        names: Attributes whose text is embedded, joined by full stops; ``None`` for all.

    Raises:
        InputError: If the schema has no such attribute.
    """
    if missing := sorted(set(names or ()) - set(schema.names)):
        raise InputError(
            f"'embedders' in conf/base/globals.yml embeds {', '.join(missing)}, which the schema "
            f"does not declare: {', '.join(schema.names)}."
        )
    for rows in cut(catalogue):
        for row in rows.astype(object).to_dict("records"):
            record = from_row(row, schema)
            if names is None:
                yield searchable_text(record, schema)
            else:
                yield ". ".join(", ".join(values_of(record, name)) for name in names)


def text_key(embedder: Embedder, text: str) -> str:
    """Return the key of a text's embedding: the first half of its row's fingerprint."""
    return _hash(embedder.fingerprint, text)


def _rows_of(table: pd.DataFrame, photo_ids: list[str]) -> pd.DataFrame:
    return table.loc[table.index.intersection(photo_ids)].reset_index(drop=True)


def _words(
    row: Mapping[str, Any], product: tuple[Product, list[str]] | None, schema: Schema
) -> str:
    """Return what full text finds an item by."""
    text = text_of(row, schema)
    if product is None:
        return text
    shop, codes = product
    return " ".join((text, shop.title, shop.brand, *codes))


def _to_arrow(catalogue: pd.DataFrame, schema: Schema) -> ArrowTable:
    """Convert the catalogue; attributes get a safe column name, and their own in the metadata."""
    import pyarrow as pa

    arrays, columns = [], []
    for name in catalogue.columns:
        if name in COLUMNS and name not in schema.root:
            # Of an item without a product the index has no ``product_id``.
            continue
        is_multi, metadata = name in schema.multis, None
        if name in schema.root:
            metadata = {ATTRIBUTE: name.encode(), KIND: schema.root[name].kind.encode()}
        data_type = pa.list_(pa.string()) if is_multi else pa.string()
        cells = catalogue[name].map(split_values) if is_multi else catalogue[name]
        arrays.append(pa.array(cells.tolist(), data_type))
        column = column_of(name) if metadata else name
        columns.append(pa.field(column, data_type, metadata=metadata))
    return pa.table(arrays, pa.schema(columns))


def _with_vectors(items: ArrowTable, matrices: dict[str, np.ndarray], schema: Schema) -> ArrowTable:
    import pyarrow as pa

    for name, matrix in matrices.items():
        flat = pa.FixedSizeListArray.from_arrays(
            pa.array(np.ascontiguousarray(matrix, np.float32).ravel()), matrix.shape[1]
        )
        is_log_probs = name == ATTRIBUTE_LOG_PROBS
        metadata: Any = {VALUES: json.dumps(list_values(schema))} if is_log_probs else None
        items = items.append_column(pa.field(name, flat.type, metadata=metadata), flat)
    return items


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
