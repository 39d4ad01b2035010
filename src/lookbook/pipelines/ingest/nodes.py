"""Finds what in a folder of photos can be used, and accounts for all the rest."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from lookbook.errors import InputError
from lookbook.labels.text import clean_text
from lookbook.lazy import pd
from lookbook.photos.folder import is_no_photo
from lookbook.photos.matching import FileNames
from lookbook.photos.photo import inspect
from lookbook.photos.table import FIELDS
from lookbook.pipelines.ingest.params import IngestParams

MANIFEST = [
    "file", "photo_id", "sender_id", "label", "kids",
    "width", "height", "bytes", "phash", "status",
]  # fmt: skip
NO_PHOTO = "no photo"
QUARANTINE = ["file", "line", "image", "photo_id", "status", "reason"]
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
        ),
        False,
    ),
}


def inspect_photos(files: dict[str, Callable[[], bytes]], params: IngestParams) -> pd.DataFrame:
    """Decodes every file whole and measures it.

    Args:
        files: File names and functions that read their bytes.
        params: The pixel bound and the number of threads.

    Returns:
        One row per file: ``file``, and what :func:`lookbook.photos.photo.inspect` measures.
    """
    from lookbook.progress import Progress

    with ThreadPoolExecutor(params.workers) as executor:
        # The threads hand back measurements, so no more than `workers` photos are in memory.
        records = executor.map(lambda item: _inspect_photo(item[0], item[1], params), files.items())
        rows = list(Progress(records, total=len(files), desc="decode", unit="photo"))
    return pd.DataFrame(rows)


def _inspect_photo(file: str, read: Callable[[], bytes], params: IngestParams) -> dict[str, Any]:
    if is_no_photo(file):
        reason = "by its name it is none"
        return {"file": file, **inspect(b""), "photo_id": "", "status": NO_PHOTO, "reason": reason}
    try:
        return {"file": file, **inspect(read(), params.max_pixels, params.smallest_side)}
    except OSError as error:
        return {"file": file, **inspect(b""), "photo_id": "", "reason": str(error)}


def check_rows(table: pd.DataFrame) -> pd.DataFrame:
    """Types the rows of the table beside the photos, and says what is wrong with each.

    Args:
        table: Raw text rows, see :func:`lookbook.photos.table.read_table`; no columns if there
            are no human labels.

    Returns:
        The rows: ``line``, ``image``, ``sender_id`` and ``label`` as clean text and ``kids`` as
        a boolean, missing where the table does not say; and ``reason`` (empty for a good row).
    """
    if table.empty:
        return pd.DataFrame(columns=["line", *FIELDS, "reason"])
    text = {
        name: table[name].map(clean_text) if name in table else pd.Series("", table.index)
        for name in FIELDS
    }
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


def match_rows(inspected: pd.DataFrame, rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Brings files and rows together: what fits is the manifest, all else is quarantined.

    A row and its file are one photo; how a row may name its file, see
    :class:`lookbook.photos.matching.FileNames`. Of files with the same bytes the first good one
    stays.

    Args:
        inspected: One row per file, as :func:`inspect_photos` returns it.
        rows: Typed rows, as :func:`check_rows` returns them; none for a folder without labels.

    Returns:
        The manifest (status ``ok`` throughout; label columns empty without human labels) and
        the quarantine (status ``no photo``, ``corrupt``, ``truncated``, ``too small``,
        ``too large``, ``missing``, ``unlisted``, ``duplicate`` or ``invalid row``, with the
        reason), so that photos are neither lost nor counted twice:
        files + rows = manifest + quarantine + files that have a row.

    Raises:
        InputError: If no photo at all can be used.
    """
    names = FileNames(inspected["file"])
    said = rows.rename(columns={"reason": "row_reason"})
    said = said.assign(file=[names.find(image) for image in said["image"]])
    repeated = said["file"].fillna(said["image"]).duplicated() & said["row_reason"].eq("")
    said.loc[repeated, "row_reason"] = "column 'image' names an earlier row's photo"
    found = said["file"].notna() & ~said["file"].duplicated()
    paired = inspected.merge(said[found], how="left", on="file")
    photos = pd.concat([paired, said[~found].assign(file=None)], ignore_index=True)
    photos["decoded"] = photos["status"].fillna("ok")
    photos[["reason", "row_reason"]] = photos[["reason", "row_reason"]].fillna("")
    photos = photos.sort_values(["file", "line"], ignore_index=True)

    verdicts = [
        (photos["decoded"].eq(NO_PHOTO), NO_PHOTO, photos["reason"]),
        (photos["row_reason"].ne(""), "invalid row", photos["row_reason"]),
        (photos["file"].isna(), "missing", "the table names it, but there is no such file"),
        (photos["decoded"].ne("ok"), photos["decoded"], photos["reason"]),
        (photos["line"].isna() & (len(rows) > 0), "unlisted", "no row of the table names it"),
    ]
    status = pd.Series("ok", photos.index, dtype=object)
    verdict = pd.Series("", photos.index, dtype=object)
    for found, name, reason in verdicts:
        fits = found & status.eq("ok")
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
    manifest = photos.loc[ok, MANIFEST].astype({"width": int, "height": int, "bytes": int})
    quarantine = photos[~ok].drop(columns="reason").rename(columns={"verdict": "reason"})
    quarantine["line"] = quarantine["line"].astype("Int64")
    return manifest.reset_index(drop=True), quarantine[QUARANTINE].reset_index(drop=True)


def report_ingest(
    inspected: pd.DataFrame,
    rows: pd.DataFrame,
    manifest: pd.DataFrame,
    quarantine: pd.DataFrame,
) -> dict[str, Any]:
    """Counts what came in and where it went.

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
