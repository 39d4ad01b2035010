"""``PhotoFileDataset`` opens the one photo that a customer shows."""

from __future__ import annotations

from typing import Any

from fsspec.core import url_to_fs

from lookbook.datasets.read_only_dataset import ReadOnlyDataset
from lookbook.errors import InputError
from lookbook.photos.photo import Photo, identify


class PhotoFileDataset(ReadOnlyDataset[Photo | None]):
    """``PhotoFileDataset`` loads one photo, or nothing where none is named.

    Examples:
        Using the YAML API:

        ```yaml
        photo:
          type: lookbook.datasets.photo_file_dataset.PhotoFileDataset
          filepath: ${runtime_params:photo, null}
        ```
    """

    def __init__(self, *, filepath: str | None, metadata: dict[str, Any] | None = None) -> None:
        """Create a dataset over one file.

        Args:
            filepath: The file, with an fsspec protocol where it is not local; ``None`` for no
                photo.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._filepath = filepath
        self.metadata = metadata

    def load(self) -> Photo | None:
        """Read the photo.

        Raises:
            InputError: If the file cannot be read.
        """
        if self._filepath is None:
            return None
        files, path = url_to_fs(self._filepath)
        try:
            data = files.cat_file(path)
        except OSError as error:
            raise InputError(f"The photo '{self._filepath}' cannot be read: {error}") from error
        return Photo(identify(data), lambda: data)

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath}
