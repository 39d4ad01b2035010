"""``BytesDataset`` keeps a file's bytes as they are."""

from __future__ import annotations

from copy import deepcopy
from pathlib import PurePosixPath
from typing import Any

import fsspec
from kedro.io.core import (
    AbstractVersionedDataset,
    Version,
    get_filepath_str,
    get_protocol_and_path,
)


class BytesDataset(AbstractVersionedDataset[bytes, bytes]):
    """``BytesDataset`` loads and saves encoded pictures, ONNX files and the like.

    Examples:
        Using the YAML API:

        ```yaml
        garment_network:
          type: lookbook.datasets.bytes_dataset.BytesDataset
          filepath: data/06_models/garment_network.onnx
          versioned: true
        ```
    """

    def __init__(
        self,
        *,
        filepath: str,
        version: Version | None = None,
        credentials: dict[str, Any] | None = None,
        fs_args: dict[str, Any] | None = None,
        metadata: dict[str, Any] | None = None,
    ) -> None:
        """Create a dataset over one file.

        Args:
            filepath: The file, with an fsspec protocol where it is not local.
            version: The version to load and to save, the latest by default.
            credentials: Passed to the filesystem.
            fs_args: Passed to the filesystem.
            metadata: Ignored by Kedro, read by plugins.
        """
        protocol, path = get_protocol_and_path(filepath, version)
        arguments = {**deepcopy(credentials or {}), **deepcopy(fs_args or {})}
        if protocol == "file":
            arguments.setdefault("auto_mkdir", True)
        self._protocol = protocol
        self._fs = fsspec.filesystem(protocol, **arguments)
        self.metadata = metadata
        super().__init__(
            filepath=PurePosixPath(path),
            version=version,
            exists_function=self._fs.exists,
            glob_function=self._fs.glob,
        )

    def load(self) -> bytes:
        """Read the file."""
        content: bytes = self._fs.cat_file(get_filepath_str(self._get_load_path(), self._protocol))
        return content

    def save(self, data: bytes) -> None:
        """Write the file."""
        with self._fs.open(get_filepath_str(self._get_save_path(), self._protocol), "wb") as file:
            file.write(data)
        self._invalidate_cache()

    def _describe(self) -> dict[str, Any]:
        return {"filepath": self._filepath, "protocol": self._protocol, "version": self._version}

    def _invalidate_cache(self) -> None:
        self._fs.invalidate_cache(get_filepath_str(self._filepath, self._protocol))
