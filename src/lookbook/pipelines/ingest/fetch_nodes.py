"""Fetches photos that a table names by their addresses."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.photos.cells import split_cell
from lookbook.photos.fetching import (
    COLUMNS,
    FetchParams,
    PhotoFetcher,
    is_address,
    read_fetches,
    record_loss,
)
from lookbook.photos.files import PhotoFiles
from lookbook.photos.folder import Loaders
from lookbook.photos.inspecting import Shards, name_shard
from lookbook.photos.matching import FileNames
from lookbook.pipelines.ingest.params import IngestParams
from lookbook.pools import PerRecord, Pool, in_batches


def name_images(
    photo_files: PhotoFiles, checked_rows: pd.DataFrame, product_photos: pd.DataFrame
) -> pd.DataFrame:
    """List the photos that products and rows name.

    Args:
        photo_files: Photos in a folder; what one of them answers is no address to fetch.
        checked_rows: The rows of the table beside the photos.
        product_photos: The photos of products.

    Returns:
        Each ``image`` once, and whether it ``is_address``.

    Raises:
        InputError: If a table names no photo at all.
    """
    cells = checked_rows["image"].dropna().unique()
    of_rows = (name for cell in cells for name in split_cell(cell, lambda _: False))
    images = [image for image in dict.fromkeys([*product_photos["image"], *of_rows]) if image]
    names = FileNames(photo_files)
    if not images and not names.files:
        raise InputError(
            "The table that 'photos' names has no photos. It needs a column of their addresses, "
            "or of files beside it."
        )
    to_fetch = [is_address(image) and not (names.files and names.find(image)) for image in images]
    return pd.DataFrame(
        {"image": pd.Series(images, dtype=str), "is_address": pd.Series(to_fetch, dtype=bool)}
    )


def fetch_photos(
    named_images: pd.DataFrame,
    existing_photo_fetches: Shards,
    fetcher: PhotoFetcher,
    pool: Pool,
    params: FetchParams,
    ingest: IngestParams,
) -> Iterator[dict[str, pd.DataFrame]]:
    """Fetch the photos that are not there yet.

    Args:
        named_images: See :func:`name_images`.
        existing_photo_fetches: Results of earlier runs.
        fetcher: Fetches and stores photos.
        pool: Who does it.
        params: Bounds, and how many at once.
        ingest: How many pixels a photo may have.

    Yields:
        Some results, which Kedro saves before it asks for the next.
    """
    from lookbook.progress import Progress

    addresses = named_images.loc[named_images["is_address"], ["image"]]
    before = read_fetches(existing_photo_fetches, addresses["image"])
    stored = before[before["file"].isin(fetcher.store.names() if len(before) else ())]
    wanted = addresses.merge(stored[["image", "file", "etag", "bytes"]], how="left", on="image")
    if not params.refresh:
        wanted = wanted[wanted["file"].isna()]
    wanted = wanted.fillna({"file": "", "etag": "", "bytes": 0}).astype({"bytes": int})
    records = (row._asdict() for row in wanted.itertuples(index=False))
    connections = max(1, params.connections // pool.workers)
    work = partial(
        fetcher.fetch, params=params, connections=connections, max_pixels=ingest.max_pixels
    )
    batches = in_batches(records, params.batch_size)
    rows: list[dict[str, Any]] = []
    with Progress(total=len(wanted), desc="fetch", unit="photo", disable=wanted.empty) as progress:
        for fetched in pool.map(PerRecord(work, record_loss), batches):
            progress.update(len(fetched))
            rows += fetched
            if len(rows) >= params.addresses_per_file:
                yield _name_table(rows)
                rows = []
    if rows:
        yield _name_table(rows)


def _name_table(rows: list[dict[str, Any]]) -> dict[str, pd.DataFrame]:
    return {name_shard("by_address", (row["image"] for row in rows)): pd.DataFrame(rows)}


def collect_fetches(named_images: pd.DataFrame, photo_fetches: Shards) -> pd.DataFrame:
    """Gather what came of the addresses that the table has now.

    Returns:
        One row an address, in the table's order: ``image``, as it stands in the table; ``file``,
        the photo's name among the photos, empty if it failed; ``etag``, ``bytes``, ``status`` and
        ``reason``.
    """
    addresses = named_images.loc[named_images["is_address"], "image"]
    fetches = read_fetches(photo_fetches, addresses).set_index("image")
    ordered = fetches.loc[[image for image in addresses if image in fetches.index]]
    return ordered.reset_index()[[name for name in COLUMNS if name != "time"]]


def select_files(
    photo_files: PhotoFiles, named_images: pd.DataFrame, fetched_photos: pd.DataFrame
) -> Loaders:
    """Bring together photos of a folder, photos that a table names beside it, and fetched ones.

    Returns:
        Functions that read their bytes, by name.

    Raises:
        InputError: If there is no photo at all.
    """
    beside = named_images.loc[~named_images["is_address"], "image"]
    is_ok = fetched_photos["status"].eq("ok")
    fetched = fetched_photos.loc[is_ok, "file"].unique()
    files = {
        **photo_files,
        **photo_files.find_beside(beside),
        **{file: photo_files[file] for file in fetched},
    }
    if not files:
        first = named_images["image"].iloc[0]
        reason = fetched_photos.set_index("image")["reason"].get(first, "there is no such file")
        raise InputError(
            f"The table names {len(named_images):,} photos, and none can be used. The first, "
            f"'{first}': {reason}."
        )
    return files
