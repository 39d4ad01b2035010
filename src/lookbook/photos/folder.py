"""A folder of photos as users have it: where the photos lie, and how each is read."""

from __future__ import annotations

import posixpath
from collections.abc import Callable
from functools import partial
from typing import Any

from lookbook.errors import InputError

TABLE = "images.csv"
FOLDERS = ("images_compressed", "images")

Readers = dict[str, Callable[[], bytes]]


def list_photos(files: Any, folder: str) -> Readers:
    """Lists the photos of a folder.

    The photos are those of the first of ``images_compressed/``, ``images/`` and the folder
    itself that exists, subfolders included. Every file counts, whatever its extension, so
    that none is passed over in silence; hidden files and ``images.csv`` do not.

    Args:
        files: An fsspec filesystem.
        folder: A folder of it.

    Returns:
        File names relative to the photos' folder, sorted, with a function each that reads the
        file's bytes.

    Raises:
        InputError: If the folder does not exist or holds no file.
    """
    if not files.isdir(folder):
        raise InputError(
            f"The photo folder '{folder}' does not exist. Name yours with "
            "--params=photos=FOLDER or as 'photos:' in conf/local/globals.yml."
        )
    subfolders = [posixpath.join(folder, name) for name in FOLDERS]
    root = next((one for one in subfolders if files.isdir(one)), folder).rstrip("/")
    photos: Readers = {
        # A name that is not UTF-8 could be written to no table.
        name.encode("utf-8", "backslashreplace").decode(): partial(files.cat_file, path)
        for path in sorted(files.find(root))
        if not _is_hidden(name := path.removeprefix(root).lstrip("/")) and name != TABLE
    }
    if not photos:
        raise InputError(f"The photo folder '{root}' holds no photo. Put some there.")
    return photos


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))
