"""Embeds texts and pictures, only those that are new or changed."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from lookbook.errors import InputError
from lookbook.labels.corrections import JOINED, decided_fields
from lookbook.labels.fields import Fields
from lookbook.labels.record import from_row, split_values, whole_text_of
from lookbook.lazy import ArrowReader, ArrowTable, MatplotlibFigure, pd
from lookbook.photos.photo import Photo
from lookbook.pipelines.index.params import IndexParams
from lookbook.pools import Pool, in_batches
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.embedders import Embedder
from lookbook.search.likely import log_likely, places
from lookbook.search.pictures import SeenPictures, Shards, embed_photos, list_seen
from lookbook.search.tables import (
    FINGERPRINT,
    GROUP,
    KIND,
    LIKELY,
    LOOK,
    MADE_BY,
    PICTURE,
    PLACES,
    SEEN_BY,
    TEXT,
)

# Photos of one item on the sheet, and items.
_SHEET_ROWS = 12
# Rows that are laid out at once: what is in memory does not grow with the catalogue.
_ROWS = 4096
# Batches of texts that a worker is given at once, so that those of one length stand together.
_TEXTS_A_BATCH = 16


def embed_pictures(
    full_catalogue: pd.DataFrame,
    files: dict[str, Callable[[], bytes]],
    known_picture_shards: Shards,
    embedders: dict[str, Embedder],
    pool: Pool,
    params: IndexParams,
) -> Iterator[dict[str, pd.DataFrame]]:
    """Embeds the pictures that the network of today has not seen yet.

    Args:
        full_catalogue: The items.
        files: Functions that read the photos' bytes, by file.
        known_picture_shards: Which pictures earlier runs have embedded.
        embedders: The embedding models, by name.
        pool: Who does it.
        params: How many at once.

    Yields:
        Some pictures, ``photo_id``, ``look``, ``vector`` (missing where texts have no place)
        and ``failure``, which Kedro saves before it asks for the next.
    """
    from lookbook.progress import Progress

    def read(name: str) -> Callable[[], bytes]:
        def gone() -> bytes:
            raise FileNotFoundError(f"there is no file '{name}' any more")

        return files.get(name, gone)

    by_fingerprint = {one.pictures_fingerprint: one for one in embedders.values()}
    for fingerprint, embedder in by_fingerprint.items():
        known = list(list_seen(known_picture_shards, fingerprint))
        missing = full_catalogue[~full_catalogue["photo_id"].isin(known)]
        photos = (
            Photo(row.photo_id, read(row.Filename), row.Filename) for row in missing.itertuples()
        )
        batches = in_batches(photos, params.pictures_batch_size)
        embed = partial(embed_photos, embedder=embedder)
        embedded = itertools.chain.from_iterable(pool.map(embed, batches))
        total = len(missing)
        with Progress(total=total, desc="pictures", unit="photo", disable=not total) as progress:
            for some in in_batches(embedded, params.pictures_a_file):
                progress.update(len(some))
                table = pd.DataFrame(some)
                digest = _hash(*table["photo_id"])[:16]
                yield {f"{fingerprint}/{digest}": table}


def find_near_duplicates(
    full_catalogue: pd.DataFrame,
    manifest: pd.DataFrame,
    picture_shards: Shards,
    applied_corrections: pd.DataFrame,
    embedders: dict[str, Embedder],
    params: IndexParams,
) -> pd.DataFrame:
    """Finds photos of one and the same item, and adds those that people have found.

    Args:
        full_catalogue: The items.
        manifest: ``photo_id`` and the perceptual hash, ``phash``.
        picture_shards: Embedded pictures; the first embedding model's looks are compared.
        applied_corrections: What people have decided.
        embedders: The embedding models, by name.
        params: From where on two photos count as of one item.

    Returns:
        The photos that are not alone: ``photo_id``, ``Filename``, ``same_item`` (the first
        photo of the item), and of the nearest other one ``cosine`` and ``bits``.
    """
    from lookbook.search.near_duplicates import compare, find_pairs, group_pairs

    columns = ["photo_id", "Filename", GROUP, "cosine", "bits"]
    embedder = next(iter(embedders.values()))
    seen = SeenPictures(picture_shards, embedder.pictures_fingerprint)
    hashes = manifest.drop_duplicates("photo_id").set_index("photo_id")["phash"].dropna()
    kept = full_catalogue["photo_id"].isin(hashes.index)
    kept &= full_catalogue["photo_id"].map(seen.__contains__).astype(bool)
    photos = full_catalogue.loc[kept, ["photo_id", "Filename"]].reset_index(drop=True)
    if photos.empty:
        return pd.DataFrame(columns=columns)
    photo_ids, same = photos["photo_id"].to_numpy(), params.same_item

    def looks(rows: np.ndarray) -> np.ndarray:
        known = seen.looks_of(photo_ids[rows])
        return embedder.details(np.stack([known[photo_id] for photo_id in photo_ids[rows]]))

    order = np.array(sorted(range(len(photos)), key=lambda row: seen.file_of(photo_ids[row])))
    hashed = hashes.loc[photos["photo_id"]].tolist()
    pairs = list(find_pairs(looks, order, hashed, same.look, same.bits))
    joined = applied_corrections[applied_corrections["outcome"].eq(JOINED)]
    row_of = {photo_id: row for row, photo_id in enumerate(photo_ids)}
    for one, other in zip(joined["photo_id"], joined["is"], strict=True):
        if one in row_of and other in row_of:
            pairs.append(compare(looks, hashed, row_of[one], row_of[other]))
    groups = group_pairs([pair[:2] for pair in pairs], len(photos))
    nearest: dict[int, tuple[float, int]] = {}
    for first, second, cosine, different in pairs:
        for one in (first, second):
            nearest[one] = max(nearest.get(one, (-1.0, 0)), (round(cosine, 4), different))
    found = photos.loc[sorted(nearest)].assign(
        same_item=photo_ids[groups[sorted(nearest)]],
        cosine=[nearest[one][0] for one in sorted(nearest)],
        bits=[nearest[one][1] for one in sorted(nearest)],
    )
    return found[columns].sort_values([GROUP, "Filename"], ignore_index=True)


def draw_near_duplicates(
    near_duplicates: pd.DataFrame, files: dict[str, Callable[[], bytes]]
) -> MatplotlibFigure:
    """Draws the photos that count as of one item, an item a row."""
    from lookbook.photos.sheets import draw_sheet

    groups = list(near_duplicates.groupby(GROUP, sort=False))
    sheet = [
        (
            f"cosine {group['cosine'].max():.3f}\n{group['bits'].min()} bits",
            group["Filename"].tolist(),
        )
        for _, group in groups[:_SHEET_ROWS]
    ]
    return draw_sheet(sheet, files)


def embed_items(
    full_catalogue: pd.DataFrame,
    probabilities: pd.DataFrame,
    picture_shards: Shards,
    near_duplicates: pd.DataFrame,
    applied_corrections: pd.DataFrame,
    indexed_items: CatalogueSearch,
    embedders: dict[str, Embedder],
    pool: Pool,
    params: IndexParams,
    fields: Fields,
) -> tuple[dict[str, ArrowReader], dict[str, Any]]:
    """Gives each item its vectors, from the last index where text and weights are the same.

    Args:
        full_catalogue: The items, in the catalogue's columns.
        probabilities: How likely each value is, where the captioner tells.
        picture_shards: Embedded pictures.
        near_duplicates: Photos of one and the same item.
        applied_corrections: What people have decided.
        indexed_items: The last index; an empty one for the first.
        embedders: The embedding models, by name.
        pool: Who embeds texts.
        params: How texts are embedded.
        fields: The catalogue's.

    Returns:
        For each embedding model the catalogue with the columns of
        :mod:`lookbook.search.tables`, made as it is read; and a report: ``items``, ``same_items``
        (photos that show an item again), and under ``embedders`` for each ``model``, ``embedded``,
        ``reused``, ``removed``, ``pictures`` and ``pictures_failed``.

    Raises:
        InputError: If there is no item.
    """
    if full_catalogue.empty:
        raise InputError(
            "The catalogue is empty, so there is nothing to index: see 'rejected_captions' for "
            "the reasons."
        )
    photo_ids = full_catalogue["photo_id"]
    first = near_duplicates.set_index("photo_id")[GROUP].to_dict()
    likely = probabilities.set_index("photo_id") if len(probabilities) else probabilities
    decided = decided_fields(applied_corrections)
    tables, report = {}, {}
    for name, embedder in embedders.items():
        seen = SeenPictures(picture_shards, embedder.pictures_fingerprint)
        known = indexed_items.fingerprints(name)
        embedded = len(photo_ids)
        if known:
            texts = _texts_of(full_catalogue, fields)
            embedded -= sum(
                known.get(photo_id, "").split("/")[0] == _hash(embedder.fingerprint, text)
                for photo_id, text in zip(photo_ids, texts, strict=True)
            )
        shown = sum(photo_id in seen for photo_id in photo_ids)
        report[name] = {
            "model": embedder.name,
            "embedded": embedded,
            "reused": len(photo_ids) - embedded,
            "removed": len(set(known) - set(photo_ids)),
            "pictures": shown,
            "pictures_failed": len(photo_ids) - shown,
        }
        rows = _Rows(name, embedder, seen, indexed_items, first, likely, decided, params, fields)
        tables[name] = rows.read(full_catalogue, pool, embedded)
    repeated = len(photo_ids) - photo_ids.map(lambda one: first.get(one, one)).nunique()
    return tables, {"items": len(photo_ids), "same_items": repeated, "embedders": report}


class _Rows(NamedTuple):
    """What the rows of one embedding model's table are made of."""

    name: str
    embedder: Embedder
    seen: SeenPictures
    indexed: CatalogueSearch
    first: dict[str, str]
    likely: pd.DataFrame
    decided: dict[str, set[str]]
    params: IndexParams
    fields: Fields

    def read(self, catalogue: pd.DataFrame, pool: Pool, new: int) -> ArrowReader:
        """Makes the rows, some thousand at a time, when they are asked for."""
        import pyarrow as pa

        from lookbook.progress import Progress

        def batches() -> Iterator[Any]:
            starts = range(0, len(catalogue), _ROWS)
            cut = (catalogue.iloc[start : start + _ROWS] for start in starts)
            with Progress(total=new, desc="embed", unit="text", disable=not new) as progress:
                for some in cut:
                    table, embedded = self._lay_out(some, pool)
                    progress.update(embedded)
                    yield from table.combine_chunks().to_batches()

        made = batches()
        head = next(made)
        return pa.RecordBatchReader.from_batches(head.schema, itertools.chain([head], made))

    def _lay_out(self, catalogue: pd.DataFrame, pool: Pool) -> tuple[ArrowTable, int]:
        """Lays out some rows; gives them, and how many texts were embedded."""
        # Cell by cell, Python's own texts are read several times as fast as Arrow's.
        catalogue = catalogue.astype(object)
        photo_ids, embedder = catalogue["photo_id"].tolist(), self.embedder
        texts = list(_texts_of(catalogue, self.fields))
        keys = [_hash(embedder.fingerprint, text) for text in texts]
        vectors, embedded = self._embed(texts, keys, photo_ids, pool)
        groups = [self.first.get(one, one) for one in photo_ids]
        known = self.likely.index.intersection(photo_ids) if len(self.likely) else []
        likely = log_likely(
            catalogue,
            self.likely.loc[known].reset_index() if len(known) else self.likely.iloc[:0],
            self.fields,
            self.params.wrong,
            self.params.wrong_by_field,
            self.decided,
        )
        pictures = embedder.pictures_fingerprint
        fingerprints = []
        for row, group, own, key, photo_id in zip(
            catalogue.itertuples(index=False), groups, likely, keys, photo_ids, strict=True
        ):
            by = pictures if photo_id in self.seen else ""
            whole = _hash(*map(str, row), group, own.tobytes().hex())
            fingerprints.append(f"{key}/{_hash(whole, by)}")
        table = _to_arrow(catalogue, self.fields)
        for column, values in {
            GROUP: groups,
            MADE_BY: [embedder.fingerprint] * len(table),
            SEEN_BY: [pictures] * len(table),
            FINGERPRINT: fingerprints,
        }.items():
            table = table.append_column(column, [values])
        matrices = {TEXT: vectors, LIKELY: likely, **self._pictures(photo_ids)}
        return _with_vectors(table, matrices, self.fields), embedded

    def _embed(
        self, texts: list[str], keys: list[str], photo_ids: list[str], pool: Pool
    ) -> tuple[np.ndarray, int]:
        """Embeds the texts that the last index has not; gives all, and how many were new."""
        known = self.indexed.known_vectors(self.name, photo_ids)
        # A vector is found again by the first half of its row's fingerprint.
        by_key = {fingerprint.split("/")[0]: vector for fingerprint, vector in known.items()}
        new = {key: text for key, text in zip(keys, texts, strict=True) if key not in by_key}
        embedded = sum(key in new for key in keys)
        encode = partial(_encode, embedder=self.embedder, batch_size=self.params.batch_size)
        size = _TEXTS_A_BATCH * self.params.batch_size
        made = itertools.chain.from_iterable(pool.map(encode, in_batches(list(new.values()), size)))
        by_key |= dict(zip(new, made, strict=True))
        return np.stack([by_key[key] for key in keys]).astype(np.float32), embedded

    def _pictures(self, photo_ids: list[str]) -> dict[str, np.ndarray]:
        """Lays out looks and vectors; zeros, which are like nothing, for a photo that failed."""
        seen = self.seen.of(photo_ids)
        columns = {}
        for column, part, place in ((LOOK, "look", 0), (PICTURE, "vector", 1)):
            if part in self.seen.sizes:
                columns[column] = np.zeros((len(photo_ids), self.seen.sizes[part]), np.float32)
                for row, photo_id in enumerate(photo_ids):
                    if photo_id in seen:
                        columns[column][row] = seen[photo_id][place]
        return columns


def _texts_of(catalogue: pd.DataFrame, fields: Fields) -> Iterator[str]:
    """Gives what is embedded of each item."""
    for start in range(0, len(catalogue), _ROWS):
        for row in catalogue.iloc[start : start + _ROWS].astype(object).to_dict("records"):
            yield whole_text_of(from_row(row, fields), fields)


def _encode(texts: list[str], embedder: Embedder, batch_size: int) -> np.ndarray:
    return embedder.encode(texts, batch_size=batch_size)


def _to_arrow(catalogue: pd.DataFrame, fields: Fields) -> ArrowTable:
    """Makes columns of the catalogue, each of its field's kind."""
    import pyarrow as pa

    columns, schema = [], []
    for name in catalogue.columns:
        kind = fields.root[name].kind if name in fields.root else ""
        several = name in fields.somes
        cells = catalogue[name].map(split_values) if several else catalogue[name]
        data_type = pa.list_(pa.string()) if several else pa.string()
        columns.append(pa.array(cells.tolist(), data_type))
        schema.append(pa.field(name, data_type, metadata={KIND: kind.encode()} if kind else None))
    return pa.table(columns, pa.schema(schema))


def _with_vectors(items: ArrowTable, matrices: dict[str, np.ndarray], fields: Fields) -> ArrowTable:
    import pyarrow as pa

    for name, matrix in matrices.items():
        flat = pa.FixedSizeListArray.from_arrays(
            pa.array(np.ascontiguousarray(matrix, np.float32).ravel()), matrix.shape[1]
        )
        metadata = {PLACES: json.dumps(places(fields)).encode()} if name == LIKELY else None
        items = items.append_column(pa.field(name, flat.type, metadata=metadata), flat)
    return items


def _hash(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
