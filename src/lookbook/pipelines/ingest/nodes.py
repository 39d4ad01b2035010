"""Finds what in a folder of photos can be used, and accounts for all the rest."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from lookbook.attributes.text import clean_text
from lookbook.errors import InputError
from lookbook.lazy import pd
from lookbook.photos.folder import Loaders
from lookbook.photos.headings import FIELDS
from lookbook.photos.inspecting import (
    FACTS,
    NO_PHOTO,
    Shards,
    fingerprint_inspection,
    inspect_batch,
    is_up_to_date,
    name_shard,
    read_inspections,
    record_loss,
)
from lookbook.photos.pairing import REPEATED, pair_rows
from lookbook.photos.sampling import count_rows
from lookbook.pipelines.ingest.params import IngestParams
from lookbook.pools import PerRecord, Pool, in_batches
from lookbook.products.joining import PRODUCT_COLUMNS, list_product_rows, replace_addresses

MANIFEST = [
    "file", "photo_id", "sender_id", "label", "kids",
    "width", "height", "format", "bytes", "phash", "status", "line", *PRODUCT_COLUMNS,
]  # fmt: skip
QUARANTINE = ["file", "line", "image", "photo_id", "product_id", "status", "reason"]
BOOLEANS = {
    **dict.fromkeys(
        (
            "true",
            "1",
            "1.0",
            "yes",
            "y",
            "t",
            "ja",
            "wahr",
            "oui",
            "vrai",
            "si",
            "sí",
            "sim",
            "vero",
            # As feeds name age groups.
            "kids",
            "toddler",
            "infant",
            "newborn",
            "teen",
        ),
        True,
    ),
    **dict.fromkeys(
        (
            "false",
            "0",
            "0.0",
            "no",
            "n",
            "f",
            "nein",
            "falsch",
            "non",
            "faux",
            "não",
            "nao",
            "falso",
            "adult",
            "all ages",
        ),
        False,
    ),
}


def inspect_photos(
    files: Loaders, existing_inspections: Shards, pool: Pool, params: IngestParams
) -> Iterator[dict[str, pd.DataFrame]]:
    """Decode every file whole and measures it, but for those that are known as they are.

    Args:
        files: File names and functions that read their bytes.
        existing_inspections: What earlier runs have measured.
        pool: Who does it.
        params: Bounds, and how many at once.

    Yields:
        Some records, see :func:`lookbook.photos.inspecting.inspect_batch`, which Kedro saves
        before it asks for the next.
    """
    from lookbook.progress import Progress

    fingerprint = fingerprint_inspection(params.max_pixels, params.smallest_side)
    measured = read_inspections(existing_inspections, fingerprint, files)
    known = set(measured.loc[is_up_to_date(measured), "file"])
    missing = ((file, read) for file, read in files.items() if file not in known)
    batches = in_batches(missing, params.batch_size)
    measure = partial(
        inspect_batch, max_pixels=params.max_pixels, smallest_side=params.smallest_side
    )
    total = len(files) - len(known)
    rows: list[dict[str, Any]] = []
    with Progress(total=total, desc="decode", unit="photo", disable=not total) as progress:
        for records in pool.map(PerRecord(measure, record_loss), batches):
            progress.update(len(records))
            rows += records
            if len(rows) >= params.photos_per_file:
                yield {name_shard(fingerprint, (row["file"] for row in rows)): pd.DataFrame(rows)}
                rows = []
    if rows:
        yield {name_shard(fingerprint, (row["file"] for row in rows)): pd.DataFrame(rows)}


def collect_inspections(files: Loaders, inspections: Shards, params: IngestParams) -> pd.DataFrame:
    """Gather what was measured of the files that are there.

    Returns:
        One row per file, in the files' order: ``file``, and what
        :func:`lookbook.photos.photo.inspect` measures.
    """
    fingerprint = fingerprint_inspection(params.max_pixels, params.smallest_side)
    measured = read_inspections(inspections, fingerprint, files)
    return measured.set_index("file").reindex(list(files)).reset_index()[FACTS]


def drop_product_rows(table: pd.DataFrame, products_report: dict[str, Any]) -> pd.DataFrame:
    """Drop the rows of a table that holds products: the pipeline `products` has read them.

    Rows that name a photo and its label, sender or wearer stay, for what they say of the photo.

    Args:
        table: The table beside the photos, with its name in ``attrs``.
        products_report: ``file``, the name of the shop's file, and the number of ``products``.
    """
    holds_products = products_report["products"] > 0
    if not holds_products or table.attrs.get("name") != products_report["file"]:
        return table
    said = [name for name in ("label", "sender_id", "kids") if name in table]
    if "image" not in table or not said:
        return table.head(0)
    is_empty = table[["image", *said]].map(lambda cell: not str(cell).strip())
    return table[~is_empty["image"] & ~is_empty[said].all(axis=1)]


def check_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Convert the rows of the table beside the photos, and report what is wrong with each.

    Args:
        table: Raw text rows, see :func:`lookbook.photos.table.read_table`; no columns if there
            are no human labels.

    Returns:
        The rows: ``line``, ``image`` as it stands, ``sku``, ``sender_id`` and ``label`` as clean
        text and ``kids`` as a boolean, missing where the table does not say; and
        ``reason`` (empty for a good row).
    """
    if table.empty:
        return pd.DataFrame(columns=["line", *FIELDS, "reason"])
    text = {
        name: table[name].map(clean_text) if name in table else pd.Series("", table.index)
        for name in FIELDS
    }
    # Names of files may differ in blanks and in signs that nobody sees.
    text["image"] = text["image"].where(text["image"].eq(""), table["image"].map(_keep_text))
    checked = pd.DataFrame({"line": table["line"], **text})
    told = checked["kids"].str.casefold()
    checked["kids"] = told.map(BOOLEANS).astype("boolean")
    for name in ("sender_id", "label"):
        checked[name] = checked[name].mask(checked[name].eq(""))
    reasons = {
        "column 'image' is empty": checked["image"].eq(""),
        "column 'image' leads out of the folder": checked["image"].str.contains(
            r"(?:^|[/\\])\.\.(?:[/\\]|$)", regex=True
        ),
        "column 'kids' is neither true nor false": checked["kids"].isna() & told.ne(""),
    }
    checked["reason"] = ""
    for reason, wrong in reasons.items():
        checked.loc[wrong & checked["reason"].eq(""), "reason"] = reason
    return checked


def _keep_text(cell: Any) -> str:
    """Return a cell's text as it stands, with line ends and half characters that a file takes."""
    whole = str(cell).encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    return whole.replace("\r\n", "\n").replace("\r", "\n").strip(" \t\n")


def match_photos(
    inspected: pd.DataFrame,
    rows: pd.DataFrame,
    products: pd.DataFrame,
    product_photos: pd.DataFrame,
    fetched_photos: pd.DataFrame,
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Match files with the rows of the photo table and with the shop's products.

    Args:
        inspected: One row per file, as :func:`collect_inspections` returns it.
        rows: Typed rows of the photo table, as :func:`check_rows` returns them; may be empty.
        products: The shop's products; may be empty.
        product_photos: The photos that they name.
        fetched_photos: The files of photos that were named by address.

    Returns:
        See :func:`match_rows`. In the quarantine are also photos that could not be fetched
        (``not fetched``) and products without a usable photo.

    Raises:
        InputError: If no photo at all can be used.
    """
    rows = rows.assign(image=replace_addresses(rows["image"], fetched_photos))
    product_rows = list_product_rows(products, product_photos)
    product_rows["image"] = replace_addresses(product_rows["image"], fetched_photos)
    manifest, quarantine = match_rows(inspected, rows, product_rows)
    failures = fetched_photos[fetched_photos["file"].fillna("").eq("")]
    reasons = quarantine["image"].map(failures.set_index("image")["reason"])
    is_failed = quarantine["status"].eq("missing") & reasons.notna()
    quarantine.loc[is_failed, "status"] = "not fetched"
    quarantine["reason"] = reasons.where(is_failed, quarantine["reason"])
    has_photo = products["product_id"].isin(manifest["product_id"])
    without_photo = pd.DataFrame(
        {
            "product_id": products.loc[~has_photo, "product_id"],
            "status": "product without photo",
            "reason": "no usable photo belongs to it",
        }
    )
    return manifest, pd.concat([quarantine, without_photo], ignore_index=True)[QUARANTINE]


def match_rows(
    inspected: pd.DataFrame, rows: pd.DataFrame, product_rows: pd.DataFrame | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Match files with rows: what fits is the manifest, all else is quarantined.

    A row and its file are one photo; a row that names several photos counts once for each. How a
    row may name its files, see :func:`lookbook.photos.pairing.pair_rows`. Of files with the same
    bytes the first good one stays.

    Args:
        inspected: One row per file, as :func:`collect_inspections` returns it.
        rows: Typed rows, as :func:`check_rows` returns them; none for a folder without labels.
        product_rows: Photos of products, see
            :func:`lookbook.products.joining.list_product_rows`. A photo's label comes from
            `rows` where both name it.

    Returns:
        The manifest (status ``ok`` throughout; label columns empty without human labels,
        ``product_id`` and ``position`` without a product) and the quarantine (status
        ``no photo``, ``corrupt``, ``truncated``, ``too small``, ``too large``, ``missing``,
        ``unlisted``, ``duplicate`` or ``invalid row``, with the reason), so that photos are
        neither lost nor counted twice:
        files + rows = manifest + quarantine + files that have a row.

    Raises:
        InputError: If no photo at all can be used.
    """
    listed, missing = _pair(inspected, rows)
    if product_rows is not None and len(product_rows):
        of_products, missing_of_products = _pair(inspected, product_rows)
        listed = listed.set_index("file").combine_first(of_products.set_index("file"))
        listed = listed.reset_index()
        # A product that names no photo misses none.
        missing_of_products = missing_of_products[missing_of_products["line"].notna()]
        missing = pd.concat([missing, missing_of_products])
        missing = missing.drop_duplicates(["line", "image"])
    listed = listed.reindex(columns=list(dict.fromkeys([*listed, *PRODUCT_COLUMNS])))
    # A product that names no photos has them in the order of their names.
    order = listed.sort_values("file").groupby("product_id").cumcount() + 1
    listed["position"] = listed["position"].fillna(order)
    is_listing = len(rows) > 0 or len(listed) > 0
    photos = pd.concat([inspected.merge(listed, how="left", on="file"), missing], ignore_index=True)
    photos["decoded"] = photos["status"].fillna("ok")
    photos[["reason", "row_reason"]] = photos[["reason", "row_reason"]].fillna("")
    photos = photos.sort_values(["file", "line"], ignore_index=True)

    verdicts = [
        (photos["decoded"].eq(NO_PHOTO), NO_PHOTO, photos["reason"]),
        (photos["row_reason"].ne(""), "invalid row", photos["row_reason"]),
        (photos["file"].isna(), "missing", photos["unpaired"]),
        (photos["decoded"].ne("ok"), photos["decoded"], photos["reason"]),
        (photos["unpaired"].isna() & is_listing, "unlisted", "no row of the table names it"),
    ]
    status = pd.Series("ok", photos.index, dtype=object)
    verdict = pd.Series("", photos.index, dtype=object)
    for applies, name, reason in verdicts:
        fits = applies & status.eq("ok")
        status, verdict = status.mask(fits, name), verdict.mask(fits, reason)
    photos = photos.assign(status=status, verdict=verdict)
    ok = photos["status"].eq("ok")
    original = photos[ok].groupby("photo_id")["file"].transform("first")
    repeated = original.index[original.ne(photos.loc[original.index, "file"])]
    photos.loc[repeated, "status"] = "duplicate"
    photos.loc[repeated, "verdict"] = "same bytes as " + original[repeated].astype(str)

    ok = photos["status"].eq("ok")
    if not ok.any():
        counts = photos["status"].value_counts()
        raise InputError(
            "No photo can be used: "
            + ", ".join(f"{count} {status}" for status, count in counts.items())
            + f". The first reason: {photos['verdict'].iloc[0]}."
        )
    whole_numbers = dict.fromkeys(["width", "height", "bytes"], int)
    manifest = photos.loc[ok, MANIFEST].astype({**whole_numbers, "position": "Int64"})
    quarantine = photos[~ok].drop(columns="reason").rename(columns={"verdict": "reason"})
    quarantine["line"] = quarantine["line"].astype("Int64")
    return manifest.reset_index(drop=True), quarantine[QUARANTINE].reset_index(drop=True)


def _pair(inspected: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pair rows with files.

    Returns:
        The rows that have a file, one per ``file``; and those without, ``file`` missing. Both
        with ``row_reason`` (what is wrong with the row, empty for a good one) and ``unpaired``,
        the reason why there is no file.
    """
    is_photo = inspected["status"].ne(NO_PHOTO)
    pairs = pair_rows(
        rows["image"].fillna("").tolist(), rows["sku"].fillna("").tolist(),
        inspected.loc[is_photo, "file"].tolist(), inspected.loc[~is_photo, "file"].tolist(),
    )  # fmt: skip
    paired = rows.iloc[[pair.row for pair in pairs]].rename(columns={"reason": "row_reason"})
    paired = paired.drop(columns="sku").assign(
        image=[pair.image for pair in pairs],
        file=pd.Series([pair.file for pair in pairs], paired.index, dtype=object),
        unpaired=[pair.reason for pair in pairs],
    )
    repeated = paired["unpaired"].eq(REPEATED) & paired["row_reason"].eq("")
    paired.loc[repeated, "row_reason"] = REPEATED
    has_file = paired["file"].notna()
    return paired[has_file].reset_index(drop=True), paired[~has_file]


def count_photos(manifest: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Count photos by what plots draw.

    Returns:
        ``label``, ``kids`` and ``photos``; and ``width``, ``height`` and ``photos``.
    """
    labels, sizes = (
        count_rows(by, photos=manifest) for by in (["label", "kids"], ["width", "height"])
    )
    return labels, sizes


def report_ingest(
    inspected: pd.DataFrame,
    rows: pd.DataFrame,
    manifest: pd.DataFrame,
    quarantine: pd.DataFrame,
) -> dict[str, Any]:
    """Count what came in and where it went.

    Returns:
        ``files``, ``rows``, ``ok``, quarantined by status, ``labels`` and ``kids`` of the
        manifest, photo sizes in pixels, and groups of near-duplicates: different files with
        the same perceptual hash.
    """
    similar = manifest[manifest["phash"].duplicated(keep=False)].groupby("phash")["file"].agg(list)
    kids = manifest["kids"].eq(True)
    return {
        "files": len(inspected),
        "rows": len(rows),
        "ok": len(manifest),
        "quarantined": quarantine["status"].value_counts().to_dict(),
        "labels": manifest["label"].dropna().value_counts().to_dict(),
        "kids": int(kids.sum()),
        "width": {key: int(manifest["width"].agg(key)) for key in ("min", "median", "max")},
        "height": {key: int(manifest["height"].agg(key)) for key in ("min", "median", "max")},
        "near_duplicates": similar.tolist(),
    }
