"""Embeds texts and pictures, only those that are new or changed."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from lookbook.errors import InputError
from lookbook.labels.fields import Fields
from lookbook.labels.record import from_row, split_values, whole_text_of
from lookbook.lazy import ArrowTable, MatplotlibFigure, pd
from lookbook.photos.photo import Photo
from lookbook.pipelines.index.params import IndexParams
from lookbook.pools import Pool, in_batches
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.embedders import Embedder
from lookbook.search.likely import log_likely, places
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

# Tables by name, and how each is read.
Shards = dict[str, Callable[[], Any]]
# Photos of one item on the sheet, and items.
_SHEET_ROWS = 12


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
        known_picture_shards: What earlier runs have embedded.
        embedders: The embedding models, by name.
        pool: Who does it.
        params: How many at once.

    Yields:
        Some pictures, ``photo_id``, ``look``, ``vector`` (missing where texts have no place)
        and ``failure``, which Kedro saves before it asks for the next.
    """
    from lookbook.progress import Progress
    from lookbook.search.pictures import embed_photos

    def read(name: str) -> Callable[[], bytes]:
        def gone() -> bytes:
            raise FileNotFoundError(f"there is no file '{name}' any more")

        return files.get(name, gone)

    by_fingerprint = {one.pictures_fingerprint: one for one in embedders.values()}
    for fingerprint, embedder in by_fingerprint.items():
        known = _read_shards(known_picture_shards, fingerprint)
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


def _read_shards(shards: Shards, fingerprint: str) -> dict[str, tuple[Any, Any]]:
    """Reads pictures that were embedded by one network: look and vector, by photo."""
    known: dict[str, tuple[Any, Any]] = {}
    for name, load in shards.items():
        if name.split("/")[0] == fingerprint:
            table = load()
            read = table[table["failure"].isna()]
            known.update(
                zip(read["photo_id"], zip(read["look"], read["vector"], strict=True), strict=True)
            )
    return known


def find_near_duplicates(
    full_catalogue: pd.DataFrame,
    manifest: pd.DataFrame,
    picture_shards: Shards,
    embedders: dict[str, Embedder],
    params: IndexParams,
) -> pd.DataFrame:
    """Finds photos of one and the same item.

    Args:
        full_catalogue: The items.
        manifest: ``photo_id`` and the perceptual hash, ``phash``.
        picture_shards: Embedded pictures; the first embedding model's looks are compared.
        embedders: The embedding models, by name.
        params: From where on two photos count as of one item.

    Returns:
        The photos that are not alone: ``photo_id``, ``Filename``, ``same_item`` (the first
        photo of the item), and of the nearest other one ``cosine`` and ``bits``.
    """
    from lookbook.search.near_duplicates import find_pairs, group_pairs

    columns = ["photo_id", "Filename", GROUP, "cosine", "bits"]
    embedder = next(iter(embedders.values()))
    seen = _read_shards(picture_shards, embedder.pictures_fingerprint)
    looks = {name: look for name, (look, _) in seen.items()}
    hashes = manifest.drop_duplicates("photo_id").set_index("photo_id")["phash"].dropna()
    kept = full_catalogue["photo_id"].isin(looks) & full_catalogue["photo_id"].isin(hashes.index)
    photos = full_catalogue.loc[kept, ["photo_id", "Filename"]].reset_index(drop=True)
    if photos.empty:
        return pd.DataFrame(columns=columns)
    pairs = list(
        find_pairs(
            embedder.details(np.stack([looks[one] for one in photos["photo_id"]])),
            hashes.loc[photos["photo_id"]].tolist(),
            params.same_item.look,
            params.same_item.bits,
        )
    )
    groups = group_pairs([pair[:2] for pair in pairs], len(photos))
    nearest: dict[int, tuple[float, int]] = {}
    for first, second, cosine, bits in pairs:
        for one in (first, second):
            nearest[one] = max(nearest.get(one, (0.0, 0)), (round(cosine, 4), bits))
    found = photos.loc[sorted(nearest)].assign(
        same_item=photos["photo_id"].to_numpy()[groups[sorted(nearest)]],
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
    indexed_items: CatalogueSearch,
    embedders: dict[str, Embedder],
    params: IndexParams,
    fields: Fields,
) -> tuple[dict[str, ArrowTable], dict[str, Any]]:
    """Gives each item its vectors, from the last index where text and weights are the same.

    Args:
        full_catalogue: The items, in the catalogue's columns.
        probabilities: How likely each value is, where the captioner tells.
        picture_shards: Embedded pictures.
        near_duplicates: Photos of one and the same item.
        indexed_items: The last index; an empty one for the first.
        embedders: The embedding models, by name.
        params: How texts are embedded.
        fields: The catalogue's.

    Returns:
        For each embedding model the catalogue with the columns of
        :mod:`lookbook.search.tables`; and a report: ``items``, ``same_items`` (photos that show
        an item again), and under ``embedders`` for each ``model``, ``dimensions``, ``embedded``,
        ``reused``, ``removed``, ``pictures`` and ``pictures_failed``.

    Raises:
        InputError: If there is no item.
    """
    if full_catalogue.empty:
        raise InputError(
            "The catalogue is empty, so there is nothing to index: see 'rejected_captions' for "
            "the reasons."
        )
    first = near_duplicates.set_index("photo_id")[GROUP].to_dict()
    groups = [first.get(one, one) for one in full_catalogue["photo_id"]]
    likely = log_likely(full_catalogue, probabilities, fields, params.wrong, params.wrong_by_field)
    texts = [
        whole_text_of(from_row(row, fields), fields) for row in full_catalogue.to_dict("records")
    ]
    rows = [
        _hash(*map(str, row), group, own.tobytes().hex())
        for row, group, own in zip(
            full_catalogue.itertuples(index=False), groups, likely, strict=True
        )
    ]
    items = _to_arrow(full_catalogue, fields).append_column(GROUP, [groups])
    tables, report = {}, {}
    for name, embedder in embedders.items():
        prefixes = [_hash(embedder.fingerprint, text) for text in texts]
        found = indexed_items.known_vectors(name)
        vectors, new = _embed_texts(embedder, texts, prefixes, found, params)
        seen = _read_shards(picture_shards, embedder.pictures_fingerprint)
        pictures = embedder.pictures_fingerprint
        fingerprints = [
            f"{prefix}/{_hash(row, pictures if photo_id in seen else '')}"
            for prefix, row, photo_id in zip(
                prefixes, rows, full_catalogue["photo_id"], strict=True
            )
        ]
        table = items
        for column, values in {
            MADE_BY: [embedder.fingerprint] * len(items),
            SEEN_BY: [pictures] * len(items),
            FINGERPRINT: fingerprints,
        }.items():
            table = table.append_column(column, [values])
        matrices = {TEXT: vectors, LIKELY: likely, **_picture_columns(full_catalogue, seen)}
        tables[name] = _with_vectors(table, matrices, fields)
        gone = set(indexed_items.photo_ids(name)) - set(full_catalogue["photo_id"])
        shown = int(full_catalogue["photo_id"].isin(seen).sum())
        report[name] = {
            "model": embedder.name,
            "dimensions": int(vectors.shape[1]),
            "embedded": new,
            "reused": len(texts) - new,
            "removed": len(gone),
            "pictures": shown,
            "pictures_failed": len(texts) - shown,
        }
    repeated = len(groups) - len(set(groups))
    return tables, {"items": len(full_catalogue), "same_items": repeated, "embedders": report}


def _embed_texts(
    embedder: Embedder,
    texts: list[str],
    keys: list[str],
    found: dict[str, np.ndarray],
    params: IndexParams,
) -> tuple[np.ndarray, int]:
    """Embeds the texts that the last index has not; gives all, and how many were new."""
    # A vector is found again by the first half of its row's fingerprint.
    known = {fingerprint.split("/")[0]: vector for fingerprint, vector in found.items()}
    new = [number for number, key in enumerate(keys) if key not in known]
    if new:
        embedded = embedder.encode(
            [texts[number] for number in new],
            batch_size=params.batch_size,
            show_progress=len(new) > params.batch_size,
        )
        known |= {keys[number]: vector for number, vector in zip(new, embedded, strict=True)}
    return np.stack([known[key] for key in keys]).astype(np.float32), len(new)


def _picture_columns(
    catalogue: pd.DataFrame, seen: dict[str, tuple[Any, Any]]
) -> dict[str, np.ndarray]:
    """Lays out looks and vectors; zeros, which are like nothing, for a photo that failed."""
    columns = {}
    for column, part in ((LOOK, 0), (PICTURE, 1)):
        example = next((both[part] for both in seen.values() if both[part] is not None), None)
        if example is None:
            continue
        nothing = np.zeros(len(example), np.float32)
        rows = [seen.get(photo_id, (None, None))[part] for photo_id in catalogue["photo_id"]]
        columns[column] = np.stack(
            [nothing if row is None else np.asarray(row, np.float32) for row in rows]
        )
    return columns


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
