"""Measuring photos batch by batch, and knowing which need not be decoded again."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from lookbook.lazy import pd
from lookbook.photos.folder import PHOTO_ENDINGS, Loaders, ending_of, why_no_photo
from lookbook.photos.photo import inspect

NO_PHOTO = "no photo"
# Changes with what is measured of a photo.
MEASURED = "3"
FACTS = [
    "file", "width", "height", "format", "bytes", "photo_id", "phash", "status", "reason",
]  # fmt: skip
# Tables by name, and how each is read.
Shards = Mapping[str, Callable[[], Any]]


def inspect_batch(
    batch: list[tuple[str, Callable[[], bytes]]], max_pixels: int, smallest_side: int
) -> list[dict[str, Any]]:
    """Decode files whole and measures them.

    Args:
        batch: Names, and functions that read the bytes.
        max_pixels: See :func:`lookbook.photos.photo.inspect`.
        smallest_side: See there.

    Returns:
        One record a file: ``file``, ``etag`` (see
        :attr:`lookbook.photos.tars.PhotoFile.etag`; empty for what may change unseen),
        ``measured`` (seconds of the epoch), and what :func:`lookbook.photos.photo.inspect`
        measures; no ``photo_id`` for what could not be read.
    """
    records = []
    for file, read in batch:
        found: dict[str, Any] = {"file": file, "etag": etag_of(read), "measured": time.time()}
        if reason := why_no_photo(file):
            found |= {**inspect(b""), "photo_id": "", "status": NO_PHOTO, "reason": reason}
        else:
            try:
                found |= inspect(read(), max_pixels, smallest_side)
            except OSError as error:
                found |= {**inspect(b""), "photo_id": "", "reason": str(error)}
        if found["status"] == "corrupt" and found["photo_id"] and _has_other_ending(file):
            found["status"] = NO_PHOTO
        records.append(found)
    return records


def _has_other_ending(file: str) -> bool:
    """Whether a file has an ending, such as ``.txt``, that is no photo's."""
    ending = ending_of(file)
    return ending[1:].isalpha() and ending not in PHOTO_ENDINGS


def record_loss(photo: tuple[str, Callable[[], bytes]], reason: str) -> dict[str, Any]:
    """Return the record of a photo that kills whoever decodes it; it is tried again next time."""
    lost = {"file": photo[0], "etag": "", "measured": time.time(), "reason": reason}
    return {**inspect(b""), "photo_id": "", **lost}


def etag_of(read: Callable[[], bytes]) -> str:
    """Return a text that changes with a file; empty where none is known."""
    return str(getattr(read, "etag", ""))


def fingerprint_inspection(max_pixels: int, smallest_side: int) -> str:
    """Hash the measurements and their bounds: 16 hexadecimal digits."""
    facts = f"{MEASURED} {max_pixels} {smallest_side}"
    return hashlib.sha256(facts.encode()).hexdigest()[:16]


def read_inspections(shards: Shards, fingerprint: str, files: Loaders) -> pd.DataFrame:
    """Gather what is known of files as they are now.

    Args:
        shards: Tables of records, by names that begin with a fingerprint.
        fingerprint: See :func:`fingerprint_inspection`.
        files: The files.

    Returns:
        The last record of each that has not changed since, in no order.
    """
    tables = [pd.DataFrame(columns=_COLUMNS)]
    for name, load in sorted(shards.items()):
        if name.split("/")[0] == fingerprint:
            table = load()
            now = table["file"].map(lambda file: etag_of(files[file]) if file in files else None)
            tables.append(table[now.eq(table["etag"])])
    known = pd.concat([table for table in tables if len(table)] or tables, ignore_index=True)
    return known.sort_values("measured").drop_duplicates("file", keep="last")


def is_up_to_date(records: pd.DataFrame) -> pd.Series:
    """Return the files that are unchanged and were read before."""
    return records["etag"].ne("") & (records["photo_id"].ne("") | records["status"].eq(NO_PHOTO))


def name_shard(fingerprint: str, files: Iterable[str]) -> str:
    """Name a table of records by what it holds."""
    return f"{fingerprint}/{hashlib.sha256(chr(0).join(files).encode()).hexdigest()[:16]}"


_COLUMNS = [*FACTS, "etag", "measured"]
