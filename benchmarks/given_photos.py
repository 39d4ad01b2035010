"""Photos that are measured already, for measuring everything but decoding."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pandas as pd
from fsspec.implementations.memory import MemoryFileSystem

from lookbook.photos.drawing import draw_garment
from lookbook.photos.files import PhotoFiles
from lookbook.photos.folder import Loaders
from lookbook.photos.photo import identify
from lookbook.photos.tars import PhotoFile

VIEWS = 3


class GivenPhotos(PhotoFiles):
    """Stands in for a folder of :data:`VIEWS` photos of each product."""

    def __init__(self, products: int) -> None:
        """Name as many photos as a folder would list."""
        encoded = io.BytesIO()
        draw_garment("Shirt", "blue", "plain", 0).save(encoded, "JPEG")
        files = MemoryFileSystem()
        files.pipe_file("/photo.jpg", encoded.getvalue())
        self._store = self._beside = None
        self._listed: Loaders = {
            name: PhotoFile(files, "/photo.jpg", name) for name in name_photos(range(products))
        }


def name_photos(products: range) -> Iterator[str]:
    """Name the photos of some products, main ones first."""
    return (f"{number:07d}_{view}.jpg" for number in products for view in range(1, VIEWS + 1))


def measure_photos(products: range, fingerprint: str) -> tuple[str, pd.DataFrame]:
    """Write what `ingest` would have measured of the photos of some products.

    Returns:
        The name of a table of inspections, and the table.
    """
    names = list(name_photos(products))
    ids = [identify(name.encode()) for name in names]
    table = pd.DataFrame(
        {
            "file": names, "etag": names, "measured": 0.0, "width": 600, "height": 800,
            "bytes": 90_000, "photo_id": ids, "phash": [one[:16] for one in ids],
            "status": "ok", "reason": "",
        }
    )  # fmt: skip
    return f"{fingerprint}/{products.start:07d}", table
