"""Rows of the index, laid out part by part where they are written: here, or on workers."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from lookbook.attributes.record import from_row, searchable_text, split_values, values_of
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.lazy import ArrowTable, pd
from lookbook.parts import PART, cut
from lookbook.pools import Pool
from lookbook.search.embedders import Embedder
from lookbook.search.image_embeddings import ImageEmbeddingStore, Shards
from lookbook.search.probabilities import attribute_log_probs, places
from lookbook.search.tables import (
    ATTRIBUTE_LOG_PROBS,
    COLUMNS,
    DUPLICATE_GROUP,
    FINGERPRINT,
    IMAGE_EMBEDDING,
    IMAGE_IN_TEXT_SPACE,
    IMAGE_MODEL,
    KIND,
    TEXT_EMBEDDING,
    TEXT_MODEL,
    IndexedTexts,
)


class Part(NamedTuple):
    """Some items, with all that their rows are made of: what a worker is given.

    Attributes:
        catalogue: The items, with ``photo_id``.
        likely: Their probabilities, where the captioner tells.
        groups: The first photo of each one's item.
        decided: Schema that people have decided, by photo.
        pictures: The files with their pictures' vectors.
        known: Fingerprints of the rows that the table has of them.
    """

    catalogue: pd.DataFrame
    likely: pd.DataFrame
    groups: list[str]
    decided: dict[str, set[str]]
    pictures: Shards
    known: dict[str, str]


class RowBuilder(NamedTuple):
    """Lays out rows.

    Attributes:
        embedder: Embeds the texts.
        texts: Texts that were embedded before; ``None`` where there is no index yet.
        sizes: Dimensions of ``look`` and ``vector`` of pictures, where there are any.
        error_rate: How often what a captioner says without probabilities is wrong.
        error_rate_by_attribute: The same for single attributes.
        batch_size: Texts a run of the model.
        schema: The catalogue's schema.
    """

    embedder: Embedder
    texts: IndexedTexts | None
    sizes: dict[str, int]
    error_rate: float
    error_rate_by_attribute: dict[str, float]
    batch_size: int
    schema: Schema

    def __call__(self, part: Part) -> ArrowTable:
        """Lays out the rows of a part's items that are new or changed."""
        # Cell by cell, Python's own texts are read several times as fast as Arrow's.
        catalogue = part.catalogue.astype(object)
        seen = ImageEmbeddingStore(part.pictures, self.embedder.image_fingerprint)
        likely = attribute_log_probs(
            catalogue,
            part.likely,
            self.schema,
            self.error_rate,
            self.error_rate_by_attribute,
            part.decided,
        )
        texts = list(texts_of(catalogue, self.schema, self.embedder.attributes))
        keys = [text_key(self.embedder, text) for text in texts]
        photo_ids = catalogue["photo_id"].tolist()
        pictures = self.embedder.image_fingerprint
        fingerprints = []
        for row, group, own, key, photo_id in zip(
            catalogue.itertuples(index=False), part.groups, likely, keys, photo_ids, strict=True
        ):
            by = pictures if photo_id in seen else ""
            whole = _hash(*map(str, row), group, own.tobytes().hex())
            fingerprints.append(f"{key}/{_hash(whole, by)}")
        changed = [
            row
            for row, (photo_id, now) in enumerate(zip(photo_ids, fingerprints, strict=True))
            if part.known.get(photo_id) != now
        ]
        photo_ids = [photo_ids[row] for row in changed]
        table = _to_arrow(catalogue.iloc[changed], self.schema)
        for column, values in {
            DUPLICATE_GROUP: [part.groups[row] for row in changed],
            TEXT_MODEL: [self.embedder.fingerprint] * len(changed),
            IMAGE_MODEL: [pictures] * len(changed),
            FINGERPRINT: [fingerprints[row] for row in changed],
        }.items():
            table = table.append_column(column, [values])
        if not changed:
            return table
        vectors = self._embed([texts[row] for row in changed], [keys[row] for row in changed],
                              photo_ids)  # fmt: skip
        matrices = {
            TEXT_EMBEDDING: vectors,
            ATTRIBUTE_LOG_PROBS: likely[changed],
            **self._pictures(photo_ids, seen),
        }
        return _with_vectors(table, matrices, self.schema)

    def _embed(self, texts: list[str], keys: list[str], photo_ids: list[str]) -> np.ndarray:
        """Embeds the texts that no index has yet; gives the vectors of all."""
        by_key = self.texts.of(photo_ids) if self.texts is not None else {}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in by_key}
        if new:
            made = self.embedder.encode(list(new.values()), batch_size=self.batch_size)
            by_key |= dict(zip(new, made, strict=True))
        return np.stack([by_key[key] for key in keys]).astype(np.float32)

    def _pictures(self, photo_ids: list[str], seen: ImageEmbeddingStore) -> dict[str, np.ndarray]:
        """Lays out looks and vectors; zeros, which are like nothing, for a photo that failed."""
        known = seen.of(photo_ids)
        columns = {}
        for column, part, place in (
            (IMAGE_EMBEDDING, "look", 0),
            (IMAGE_IN_TEXT_SPACE, "vector", 1),
        ):
            if part in self.sizes:
                columns[column] = np.zeros((len(photo_ids), self.sizes[part]), np.float32)
                for row, photo_id in enumerate(photo_ids):
                    if photo_id in known:
                        columns[column][row] = known[photo_id][place]
        return columns


class ItemRows:
    """All rows of one embedding model's table, none of them made yet.

    See :class:`lookbook.search.tables.TableRows`.
    """

    def __init__(
        self,
        catalogue: pd.DataFrame,
        probabilities: pd.DataFrame,
        first: Mapping[str, str],
        decided: Mapping[str, set[str]],
        seen: ImageEmbeddingStore,
        make: RowBuilder,
        pool: Pool,
        embedded: int,
    ) -> None:
        """Takes what the rows are made of.

        Args:
            catalogue: The items, at least one.
            probabilities: How likely each value is, where the captioner tells.
            first: The first photo of an item, of photos that are not alone.
            decided: Schema that people have decided, by photo.
            seen: Embedded pictures.
            make: Lays out the rows of a part.
            pool: Who does it, where workers write what they make.
            embedded: How many texts are new.
        """
        self.photo_ids = catalogue["photo_id"].tolist()
        self.make = make
        self.pool = pool
        self._catalogue = catalogue
        self._likely = probabilities.set_index("photo_id", drop=False)
        self._first = first
        self._decided = decided
        self._seen = seen
        self._embedded = embedded

    @cached_property
    def schema(self) -> Schema:
        """The table's: that of its first row."""
        return self.make(self._part(slice(0, 1), {})).schema

    def parts(self, known: Mapping[str, str]) -> Iterator[Part]:
        """Cuts the items into parts, see :class:`lookbook.search.tables.TableRows`."""
        from lookbook.progress import Progress

        total = len(self.photo_ids)
        with Progress(total=total, desc="embed", unit="item", disable=not self._embedded) as bar:
            for start in range(0, total, PART):
                part = self._part(slice(start, start + PART), known)
                yield part
                bar.update(len(part.groups))

    def _part(self, rows: slice, known: Mapping[str, str]) -> Part:
        photo_ids = self.photo_ids[rows]
        told = self._likely.index.intersection(photo_ids)
        files = {self._seen.file_of(one) for one in photo_ids if one in self._seen}
        return Part(
            self._catalogue.iloc[rows],
            self._likely.loc[told].reset_index(drop=True),
            [self._first.get(one, one) for one in photo_ids],
            {one: self._decided[one] for one in photo_ids if one in self._decided},
            {name: self._seen.shards[name] for name in sorted(files)},
            {one: known[one] for one in photo_ids if one in known},
        )


def texts_of(
    catalogue: pd.DataFrame, schema: Schema, names: list[str] | None = None
) -> Iterator[str]:
    """Yield the text that is embedded of each item.

    Args:
        catalogue: The items.
        schema: The catalogue's schema.
        names: Schema whose text is embedded, joined by full stops; ``None`` for all of it.

    Raises:
        InputError: If the catalogue has no such attribute.
    """
    if missing := sorted(set(names or ()) - set(schema.names)):
        raise InputError(
            f"'embedders' in conf/base/globals.yml embeds {', '.join(missing)}, which is no field "
            f"of the catalogue: {', '.join(schema.names)}."
        )
    for rows in cut(catalogue):
        for row in rows.astype(object).to_dict("records"):
            record = from_row(row, schema)
            if names is None:
                yield searchable_text(record, schema)
            else:
                yield ". ".join(", ".join(values_of(record, name)) for name in names)


def text_key(embedder: Embedder, text: str) -> str:
    """Names a text's vector: the first half of its row's fingerprint."""
    return _hash(embedder.fingerprint, text)


def _to_arrow(catalogue: pd.DataFrame, schema: Schema) -> ArrowTable:
    """Makes columns of the catalogue, each of its attribute's kind."""
    import pyarrow as pa

    columns, arrow_fields = [], []
    for name in catalogue.columns:
        kind = schema.root[name].kind if name in schema.root else ""
        several = name in schema.multis
        cells = catalogue[name].map(split_values) if several else catalogue[name]
        data_type = pa.list_(pa.string()) if several else pa.string()
        columns.append(pa.array(cells.tolist(), data_type))
        metadata = {KIND: kind.encode()} if kind else None
        arrow_fields.append(pa.field(name, data_type, metadata=metadata))
    return pa.table(columns, pa.schema(arrow_fields))


def _with_vectors(items: ArrowTable, matrices: dict[str, np.ndarray], schema: Schema) -> ArrowTable:
    import pyarrow as pa

    for name, matrix in matrices.items():
        flat = pa.FixedSizeListArray.from_arrays(
            pa.array(np.ascontiguousarray(matrix, np.float32).ravel()), matrix.shape[1]
        )
        metadata: Any = (
            {COLUMNS: json.dumps(places(schema)).encode()} if name == ATTRIBUTE_LOG_PROBS else None
        )
        items = items.append_column(pa.field(name, flat.type, metadata=metadata), flat)
    return items


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
