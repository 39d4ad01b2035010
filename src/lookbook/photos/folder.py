"""A folder of photos as users have it: where the photos lie, and how each is read."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterable
from pathlib import PurePosixPath
from typing import Any

from lookbook.errors import InputError
from lookbook.photos.tars import TAR, PhotoFile, list_tar, stamp_of

# Tables beside the photos, the first that is there counts.
TABLES = (
    "images.csv", "images.tsv", "images.xlsx", "images.parquet", "images.jsonl",
    # As Shopify and Google call what they export.
    "products_export.csv", "products_export_1.csv", "products.csv", "products.tsv",
    "merchant_feed.tsv",
)  # fmt: skip
FOLDERS = ("images_compressed", "images")
# What lies among photos and is none; of other files the content tells.
NO_PHOTOS = frozenset(
    {
        ".7z", ".avi", ".csv", ".db", ".doc", ".docx", ".gz", ".html", ".ini", ".json", ".jsonl",
        ".log", ".m4v", ".md", ".mkv", ".mov", ".mp3", ".mp4", ".parquet", ".pdf", ".rar", ".tar",
        ".tsv", ".url", ".wav", ".webm", ".xls", ".xlsx", ".xml", ".yaml", ".yml", ".zip", ".lnk",
    }
)  # fmt: skip
# What operating systems and photo servers leave behind, by the names of files and folders.
LEFT_BEHIND = frozenset({".ds_store", "thumbs.db", "desktop.ini", "@eadir", "__macosx"})

Readers = dict[str, Callable[[], bytes]]


def list_photos(files: Any, folder: str) -> Readers:
    """Lists the files of a folder of photos.

    Beside a table (:data:`TABLES`), or where nothing else is there, the photos are those of the
    first of ``images_compressed/`` and ``images/`` that exists; otherwise all in the folder;
    subfolders count. Every file counts, whatever its extension, so that none
    is passed over in silence; hidden ones do not, but for what :func:`is_left_behind` knows.
    A tar of photos counts as a folder, see :func:`lookbook.photos.tars.list_tar`.

    Args:
        files: An fsspec filesystem.
        folder: A folder of it.

    Returns:
        File names relative to the photos' folder, sorted, with a function each that reads the
        file's bytes.

    Raises:
        InputError: If there is no such folder, it cannot be read, or holds no file.
    """
    name_yours = "Name yours with --photos=FOLDER or as 'photos:' in conf/local/globals.yml."
    if files.isfile(folder):
        raise InputError(f"'{folder}' is a file and no folder of photos. {name_yours}")
    if not files.isdir(folder):
        raise InputError(f"The photo folder '{folder}' does not exist. {name_yours}")
    try:
        listed = files.find(folder, detail=True)
        files.ls(folder)
    except PermissionError as error:
        raise InputError(f"The photo folder '{folder}' cannot be read: {error}.") from error
    root = photo_root(folder, listed)
    photos: Readers = {}
    for path in sorted(listed):
        name = path.removeprefix(root).lstrip("/")
        if not path.startswith(f"{root}/") or name in TABLES:
            continue
        if not is_left_behind(name) and _is_hidden(name):
            continue
        # A name that is not UTF-8 could be written to no table.
        name = name.encode("utf-8", "backslashreplace").decode()
        # The listing's own texts would keep all of its memory, half of what is taken in the end.
        photo = PhotoFile(files, root + path.removeprefix(root), stamp_of(listed[path]))
        photos |= list_tar(photo, name) if name.endswith(TAR) else {name: photo}
    if not any(not is_left_behind(name) for name in photos):
        raise InputError(f"The photo folder '{root}' holds no photo. Put some there.")
    return photos


def photo_root(folder: str, listed: Iterable[str]) -> str:
    """Gives the folder in which the photos of a folder lie.

    Args:
        folder: A folder.
        listed: All its files.
    """
    folder = folder.rstrip("/")
    names = [path.removeprefix(folder).lstrip("/") for path in listed]
    tops = {name.split("/")[0] for name in names if "/" in name}
    inside = next((one for one in FOLDERS if one in tops), None)
    has_table = any(name in TABLES for name in names)
    if inside is None or (not has_table and _has_others(names)):
        return folder
    return posixpath.join(folder, inside)


def _has_others(names: Iterable[str]) -> bool:
    """Says whether there are photos beside those of :data:`FOLDERS`."""
    return any(
        name.split("/")[0] not in FOLDERS and not is_no_photo(name) and not _is_hidden(name)
        for name in names
    )


def find_table(files: Any, folder: str) -> str | None:
    """Finds the table beside the photos; ``None`` where there is none."""
    places = (posixpath.join(folder, name) for name in TABLES)
    return next((place for place in places if files.exists(place)), None)


def is_left_behind(name: str) -> bool:
    """Says whether a file is no photo by its name: something that a system left behind."""
    parts = name.casefold().split("/")
    return any(part in LEFT_BEHIND for part in parts) or parts[-1].startswith("._")


def is_no_photo(name: str) -> bool:
    """Says whether a file is no photo by its name, and need not be read to know."""
    return is_left_behind(name) or PurePosixPath(name.casefold()).suffix in NO_PHOTOS


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))
