"""``RemotePhotosDataset`` fetches photos from the Hugging Face hub or a web server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.photos.download import fetch
from lookbook.photos.folder import TABLE


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
        credentials: dict[str, str] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Creates the dataset; nothing is fetched yet.

        Args:
            source: See :func:`lookbook.photos.download.fetch`.
            path: A folder of the source's name is made in this one.
            credentials: ``token``, for data sets on the hub that ask for one.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._source = source
        self._folder = Path(path) / _name(source)
        self._token = (credentials or {}).get("token")
        self.metadata = metadata

    def load(self) -> dict[str, Any]:
        """Fetches what is not there yet.

        Returns:
            ``source``; ``photos``, the folder to name in ``--params=photos=``; and ``files``,
            the bytes of each by its path in that folder.

        Raises:
            InputError: If it cannot be had.
        """
        fetch(self._source, self._folder, self._token)
        tables = sorted(self._folder.rglob(TABLE), key=lambda path: len(path.parts))
        photos = tables[0].parent if tables else self._folder
        files = {
            str(path.relative_to(photos)): path.stat().st_size
            for path in sorted(photos.rglob("*"))
            if path.is_file()
            and not any(part.startswith(".") for part in path.relative_to(photos).parts)
        }
        return {"source": self._source, "photos": str(photos), "files": files}

    def _describe(self) -> dict[str, Any]:
        return {"source": self._source, "folder": str(self._folder)}


def _name(source: str) -> str:
    last = source.split("?", maxsplit=1)[0].rstrip("/").rpartition("/")[2]
    return last.split(".")[0] or "photos"
