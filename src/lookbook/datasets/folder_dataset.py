"""``FolderDataset`` keeps files of any kind in one folder, and writes only what is new."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from kedro.io.core import AbstractDataset


class FolderDataset(AbstractDataset[dict[str, bytes | None], dict[str, Callable[[], bytes]]]):
    """``FolderDataset`` saves bytes under names, and removes what is saved as ``None``.

    A file appears under its name once it is whole, and is left as it is where the same bytes are
    there already.

    Examples:
        Using the YAML API:

        ```yaml
        published_files:
          type: lookbook.datasets.folder_dataset.FolderDataset
          path: data/08_reporting/published
        ```
    """

    def __init__(self, *, path: str, metadata: dict[str, Any] | None = None) -> None:
        """Create the dataset.

        Args:
            path: The folder, on this machine; it need not be there.
            metadata: Ignored by Kedro, read by plugins.
        """
        self._path = Path(path)
        self.metadata = metadata

    def load(self) -> dict[str, Callable[[], bytes]]:
        """List the files, and how each is read."""
        return {
            file.relative_to(self._path).as_posix(): file.read_bytes
            for file in sorted(self._path.rglob("*"))
            if file.is_file() and file.suffix != ".unfinished"
        }

    def save(self, data: dict[str, bytes | None]) -> None:
        """Write files, and remove others."""
        for name, content in data.items():
            file = self._path / name
            if content is None:
                file.unlink(missing_ok=True)
            elif not (
                file.exists()
                and file.stat().st_size == len(content)
                and file.read_bytes() == content
            ):
                file.parent.mkdir(parents=True, exist_ok=True)
                unfinished = file.with_name(f"{file.name}.unfinished")
                unfinished.write_bytes(content)
                unfinished.replace(file)

    def _describe(self) -> dict[str, Any]:
        return {"path": str(self._path)}

    def _exists(self) -> bool:
        return self._path.is_dir()
