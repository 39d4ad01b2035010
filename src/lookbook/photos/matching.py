"""Which file a row of a table means, however it writes the file's name."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath

_MOST_FOLDERS = 8


class FileNames:
    """The files of a folder, found by names as people write them."""

    def __init__(self, files: Iterable[str]) -> None:
        """Takes the files.

        Args:
            files: Their names relative to the photos' folder; of files that differ in
                extension alone the first is meant by a name without one.
        """
        self._files: dict[str, str] = {}
        for file in files:
            self._files.setdefault(_fold(file), file)
        for file in list(self._files.values()):
            self._files.setdefault(_fold(str(PurePosixPath(file).with_suffix(""))), file)

    def find(self, image: str) -> str | None:
        """Finds the file that a name means.

        Args:
            image: With or without extension, in another case, with backslashes, composed
                otherwise (NFC or NFD), or with folders before it that the files are not in.

        Returns:
            The file; ``None`` where there is none.
        """
        found = (self._files.get(_fold(tail)) for tail in tails_of(image))
        return next((file for file in found if file is not None), None)


def tails_of(name: str) -> list[str]:
    """Lists a name with ever fewer of the folders before it: a/b/c, b/c, c."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    return ["/".join(parts[start:]) for start in range(min(len(parts), _MOST_FOLDERS))]


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name.replace("\\", "/")).casefold()
