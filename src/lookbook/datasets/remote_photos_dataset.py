"""``RemotePhotosDataset`` fetches photos from the Hugging Face hub or a web server."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.photos.download import fetch
from lookbook.photos.folder import TABLES, is_no_photo

# The file, hidden among the photos, that says whose folder it is.
_SOURCE = ".source"


class RemotePhotosDataset(ReadOnlyDataset[dict[str, Any]]):
    """``RemotePhotosDataset`` loads photos from elsewhere into a folder, once.

    Examples:
        Using the YAML API:

        ```yaml
        remote_photos:
          type: lookbook.datasets.remote_photos_dataset.RemotePhotosDataset
          source: https://example.com/clothes.zip
          path: data/01_raw/downloads
        ```
    """

    def __init__(
        self,
        *,
        source: str,
        path: str,
        counts: dict[str, dict[str, int]] | None = None,
        credentials: dict[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create the dataset; nothing is fetched yet.

        Args:
            source: See :func:`lookbook.photos.download.fetch`.
            path: A folder of the source's name is made in this one.
            counts: By source the ``rows`` of its table and the ``photos`` that it is known to
                hold.
            credentials: ``token``, for data sets on the hub that ask for one.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._source = source
        self._folder = _own_folder(Path(path), source)
        self._counts = (counts or {}).get(source, {})
        self._token = (credentials or {}).get("token")
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        """Fetch the files that are missing.

        Returns:
            ``source``; ``photos``, the folder that the parameter ``photos`` is to name; ``files``,
            the bytes of each by its path in that folder; and ``differs``, a sentence where more or
            less came than the source is known to hold, otherwise empty.

        Raises:
            InputError: If it cannot be had.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        (self._folder / _SOURCE).write_text(_digest(self._source))
        fetch(self._source, self._folder, self._token)
        found = (path for path in self._folder.rglob("*") if path.name.casefold() in TABLES)
        tables = sorted(
            found, key=lambda path: (len(path.parts), TABLES.index(path.name.casefold()))
        )
        photos = tables[0].parent if tables else self._folder
        files = {
            str(path.relative_to(photos)): path.stat().st_size
            for path in sorted(photos.rglob("*"))
            if path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(photos).parts)
        }
        told = {"source": self._source, "photos": str(photos), "files": files}
        return {**told, "differs": self._differs(photos, files)}

    def _differs(self, photos: Path, files: dict[str, int]) -> str:
        """Compare the files fetched with the known counts."""
        came = {"photos": sum(not is_no_photo(name) for name in files)}
        table = photos / "images.csv"
        if table.exists():
            came["rows"] = max(table.read_bytes().count(b"\n") - 1, 0)
        wrong = {name: n for name, n in self._counts.items() if came.get(name) != n}
        told = ", ".join(f"{came.get(name, 0):,} {name} and not {n:,}" for name, n in wrong.items())
        return (
            f"The source is known to hold another number of files: there are {told}."
            if told
            else ""
        )

    def _describe(self) -> dict[str, Any]:
        return {"source": self._source, "folder": str(self._folder)}


def _name(source: str) -> str:
    path = source.split("?", maxsplit=1)[0].rstrip("/")
    # An archive that a code host makes of a repository is called after its branch.
    repository = re.search(r"/([^/]+)/(?:archive|tar\.gz|zip|zipball|tarball)/", path)
    last = repository[1] if repository else path.rpartition("/")[2].split(".")[0]
    return last or "photos"


def _own_folder(path: Path, source: str) -> Path:
    """Return a source's folder; one with a digest where another source has the folder's name."""
    folder = path / _name(source)
    note = folder / _SOURCE
    is_free = not folder.exists() or (note.exists() and note.read_text() == _digest(source))
    return folder if is_free else folder.with_name(f"{folder.name}-{_digest(source)[:8]}")


def _digest(source: str) -> str:
    return hashlib.sha256(source.encode()).hexdigest()
