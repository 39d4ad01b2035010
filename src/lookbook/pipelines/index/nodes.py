"""Embeds texts and pictures, only those that are new or changed."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np

from lookbook.attributes.corrections import JOINED
from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.lazy import MatplotlibFigure, pd
from lookbook.photos.photo import Photo
from lookbook.pipelines.index.params import IndexParams
from lookbook.pools import PerRecord, Pool, in_batches
from lookbook.products.provenance import stated_attributes
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.embedders import Embedder
from lookbook.search.image_embeddings import (
    ImageEmbeddingStore,
    Shards,
    embed_photos,
    list_embedded,
    record_loss,
)
from lookbook.search.row_builder import ItemRows, RowBuilder, text_key, texts_of
from lookbook.search.tables import DUPLICATE_GROUP

# Photos of one item on the sheet, and items.
_SHEET_ROWS = 12


def embed_images(
    full_catalogue: pd.DataFrame,
    files: Mapping[str, Callable[[], bytes]],
    existing_image_embedding_shards: Shards,
    embedders: dict[str, Embedder],
    pool: Pool,
    params: IndexParams,
) -> Iterator[dict[str, pd.DataFrame]]:
    """Embed the pictures that the network of today has not seen yet.

    Args:
        full_catalogue: The items.
        files: Functions that read the photos' bytes, by file.
        existing_image_embedding_shards: Which pictures earlier runs have embedded.
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
            raise FileNotFoundError(f"the file '{name}' no longer exists")

        return files.get(name, gone)

    by_fingerprint = {one.image_fingerprint: one for one in embedders.values()}
    for fingerprint, embedder in by_fingerprint.items():
        known = list(list_embedded(existing_image_embedding_shards, fingerprint))
        missing = full_catalogue[~full_catalogue["photo_id"].isin(known)]
        photos = (
            Photo(row.photo_id, read(row.Filename), row.Filename) for row in missing.itertuples()
        )
        batches = in_batches(photos, params.images_batch_size)
        embed = PerRecord(partial(embed_photos, embedder=embedder), record_loss)
        embedded = itertools.chain.from_iterable(pool.map(embed, batches))
        total = len(missing)
        with Progress(total=total, desc="pictures", unit="photo", disable=not total) as progress:
            for some in in_batches(embedded, params.images_per_file):
                progress.update(len(some))
                table = pd.DataFrame(some)
                digest = hashlib.sha256("\0".join(table["photo_id"]).encode()).hexdigest()[:16]
                yield {f"{fingerprint}/{digest}": table}


def find_near_duplicates(
    full_catalogue: pd.DataFrame,
    manifest: pd.DataFrame,
    image_embedding_shards: Shards,
    applied_corrections: pd.DataFrame,
    embedders: dict[str, Embedder],
    params: IndexParams,
) -> pd.DataFrame:
    """Find photos of the same item, and add those that people have found.

    Args:
        full_catalogue: The items.
        manifest: ``photo_id`` and the perceptual hash, ``phash``.
        image_embedding_shards: Embedded pictures; the first embedding model's looks are compared.
        applied_corrections: What people have decided.
        embedders: The embedding models, by name.
        params: From where on two photos count as of one item.

    Returns:
        The photos that are not alone: ``photo_id``, ``Filename``, ``duplicate_group`` (the first
        photo of the item), and of the nearest other one ``cosine`` and ``bits``.
    """
    from lookbook.search.near_duplicates import compare, find_pairs, group_pairs

    columns = ["photo_id", "Filename", DUPLICATE_GROUP, "cosine", "hamming_distance"]
    embedder = next(iter(embedders.values()))
    seen = ImageEmbeddingStore(image_embedding_shards, embedder.image_fingerprint)
    hashes = manifest.drop_duplicates("photo_id").set_index("photo_id")["phash"].dropna()
    kept = full_catalogue["photo_id"].isin(hashes.index)
    kept &= full_catalogue["photo_id"].map(seen.__contains__).astype(bool)
    photos = full_catalogue.loc[kept, ["photo_id", "Filename", "product_id"]]
    photos = photos.reset_index(drop=True)
    if photos.empty:
        return pd.DataFrame(columns=columns)
    photo_ids, same = photos["photo_id"].to_numpy(), params.near_duplicates

    def looks(rows: np.ndarray) -> np.ndarray:
        known = seen.image_embeddings_of(photo_ids[rows])
        return embedder.distinctive_features(
            np.stack([known[photo_id] for photo_id in photo_ids[rows]])
        )

    order = np.array(sorted(range(len(photos)), key=lambda row: seen.file_of(photo_ids[row])))
    hashed = hashes.loc[photos["photo_id"]].tolist()
    # Where the shop tells products apart, photos that look alike are not one item.
    has_product = photos["product_id"].ne(photos["photo_id"]).to_numpy()
    pairs = [
        pair
        for pair in find_pairs(looks, order, hashed, same.min_cosine, same.max_hamming_distance)
        if not (has_product[pair[0]] and has_product[pair[1]])
    ]
    joined = applied_corrections[applied_corrections["outcome"].eq(JOINED)]
    row_of = {photo_id: row for row, photo_id in enumerate(photo_ids)}
    for one, other in zip(joined["photo_id"], joined["new_value"], strict=True):
        if one in row_of and other in row_of:
            pairs.append(compare(looks, hashed, row_of[one], row_of[other]))
    groups = group_pairs([pair[:2] for pair in pairs], len(photos))
    nearest: dict[int, tuple[float, int]] = {}
    for first, second, cosine, different in pairs:
        for one in (first, second):
            nearest[one] = max(nearest.get(one, (-1.0, 0)), (round(cosine, 4), different))
    found = photos.loc[sorted(nearest)].assign(
        duplicate_group=photo_ids[groups[sorted(nearest)]],
        cosine=[nearest[one][0] for one in sorted(nearest)],
        hamming_distance=[nearest[one][1] for one in sorted(nearest)],
    )
    return found[columns].sort_values([DUPLICATE_GROUP, "Filename"], ignore_index=True)


def draw_near_duplicates(
    near_duplicates: pd.DataFrame, files: Mapping[str, Callable[[], bytes]]
) -> MatplotlibFigure:
    """Draw the photos that count as of one item, an item a row."""
    from lookbook.photos.sheets import draw_sheet

    groups = list(near_duplicates.groupby(DUPLICATE_GROUP, sort=False))
    sheet = [
        (
            f"cosine {group['cosine'].max():.3f}\n{group['hamming_distance'].min()} bits",
            group["Filename"].tolist(),
        )
        for _, group in groups[:_SHEET_ROWS]
    ]
    return draw_sheet(sheet, files)


def embed_items(
    full_catalogue: pd.DataFrame,
    probabilities: pd.DataFrame,
    image_embedding_shards: Shards,
    near_duplicates: pd.DataFrame,
    item_products: pd.DataFrame,
    provenance: pd.DataFrame,
    indexed_items: CatalogueSearch,
    embedders: dict[str, Embedder],
    pool: Pool,
    params: IndexParams,
    schema: Schema,
) -> tuple[dict[str, ItemRows], dict[str, Any]]:
    """Add vectors to items; unchanged texts keep those of the last index.

    Args:
        full_catalogue: The items, in the catalogue's columns.
        probabilities: How likely each value is, where the captioner tells.
        image_embedding_shards: Embedded pictures.
        near_duplicates: Photos of one and the same item.
        item_products: The shop's data of items with a product, by ``photo_id``.
        provenance: The source of each value; people's and the shop's are certain.
        indexed_items: The last index; an empty one for the first.
        embedders: The embedding models, by name.
        pool: Who lays out rows, where workers write them.
        params: How texts are embedded.
        schema: The declared attributes.

    Returns:
        For each embedding model the catalogue with the columns of
        :mod:`lookbook.search.tables`, made as it is written; and a report: ``items``,
        ``duplicate_photos`` (photos that show an item again), and under ``embedders`` for each
        ``model``, ``embedded``, ``reused``, ``removed``, ``pictures`` and ``pictures_failed``.

    Raises:
        InputError: If there is no item.
    """
    if full_catalogue.empty:
        raise InputError(
            "The catalogue is empty, so there is nothing to index. See 'rejected_captions' for "
            "the reasons."
        )
    photo_ids = full_catalogue["photo_id"]
    first = near_duplicates.set_index("photo_id")[DUPLICATE_GROUP].to_dict()
    decided = stated_attributes(provenance)
    tables, report = {}, {}
    for name, embedder in embedders.items():
        seen = ImageEmbeddingStore(image_embedding_shards, embedder.image_fingerprint)
        known = indexed_items.fingerprints(name)
        embedded = len(photo_ids)
        if known:
            texts = texts_of(full_catalogue, schema, embedder.attributes)
            embedded -= sum(
                known.get(photo_id, "").split("/")[0] == text_key(embedder, text)
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
        make = RowBuilder(
            embedder, indexed_items.texts(name), seen.sizes, params.error_rate,
            params.error_rate_by_attribute, params.batch_size, schema,
        )  # fmt: skip
        tables[name] = ItemRows(
            full_catalogue, probabilities, first, item_products, decided, seen, make, pool,
            embedded,
        )  # fmt: skip
    repeated = len(photo_ids) - photo_ids.map(lambda one: first.get(one, one)).nunique()
    return tables, {"items": len(photo_ids), "duplicate_photos": repeated, "embedders": report}
