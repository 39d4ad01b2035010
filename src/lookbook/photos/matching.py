"""Which file a row of a table means, however it writes the file's name."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

_MOST_FOLDERS = 8
# A shop's table may name the originals, of which the folder holds copies of another format.
_PHOTO_SUFFIX = re.compile(r"\.(?:jpe?g|png|webp|hei[cf]|avif|tiff?|bmp|gif)$", re.IGNORECASE)


class FileNames:
    """The files of a folder, found by names as people write them."""

    def __init__(self, files: Iterable[str]) -> None:
        """Takes the files.

        Args:
            files: Their names relative to the photos' folder; of files that differ in
                extension alone the first is meant by a name without one.
        """
        self._files: dict[str, str] = {}
        alone: dict[str, set[str]] = {}
        for file in files:
            self._files.setdefault(_fold(file), file)
        for file in list(self._files.values()):
            path = PurePosixPath(file)
            self._files.setdefault(_fold(str(path.with_suffix(""))), file)
            for name in (path.name, path.stem):
                alone.setdefault(_fold(name), set()).add(file)
        for name, named in alone.items():
            if len(named) == 1:
                self._files.setdefault(name, *named)

    def find(self, image: str, same_format: bool = False) -> str | None:
        """Finds the file that a name means.

        Args:
            image: With or without extension or with another photo's, in another case, with
                backslashes, as an address, composed otherwise (NFC or NFD), with folders before it
                that the files are not in, or without those of the one file that is called so.
            same_format: Whether another photo's extension tells another photo.

        Returns:
            The file; ``None`` where there is none.
        """
        if "://" in image:
            # What follows a file's name in an address tells a server which copy to send.
            image = unquote(urlsplit(image).path)
        names = [image] if same_format else [image, _PHOTO_SUFFIX.sub("", image)]
        found = (self._files.get(_fold(tail)) for name in names for tail in tails_of(name))
        return next((file for file in found if file is not None), None)


def tails_of(name: str) -> list[str]:
    """Lists a name with ever fewer of the folders before it: a/b/c, b/c, c."""
    parts = [part for part in name.replace("\\", "/").split("/") if part not in ("", ".")]
    return ["/".join(parts[start:]) for start in range(min(len(parts), _MOST_FOLDERS))]


def _fold(name: str) -> str:
    return unicodedata.normalize("NFC", name.replace("\\", "/")).casefold()
