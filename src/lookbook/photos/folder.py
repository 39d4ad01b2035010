"""A folder of photos as users have it: where the photos lie, and how each is read."""

from __future__ import annotations

import os
import posixpath
from collections.abc import Callable, Iterable, Mapping
from pathlib import PurePosixPath
from typing import Any

from lookbook.errors import InputError
from lookbook.photos.tars import TAR, PhotoFile, etag_of, list_tar

# Tables beside the photos: what people say of photos, and what Shopify and Google export.
PHOTO_TABLES = ("images.csv", "images.tsv", "images.xlsx", "images.parquet", "images.jsonl")
SHOP_TABLES = (
    "products_export.csv", "products_export_1.csv", "products.csv", "products.tsv",
    "google_feed.tsv",
)  # fmt: skip
TABLES = PHOTO_TABLES + SHOP_TABLES
TABLE_ENDINGS = (
    ".csv", ".tsv", ".txt", ".xlsx", ".parquet", ".json", ".jsonl", ".ndjson", ".xml", ".rss",
)  # fmt: skip
FOLDERS = ("images_compressed", "images")
_ARCHIVE = "an archive that cannot be read in place: unpack it beside the photos"
_DESIGN = "a design program's file: export it as PNG or JPEG"
_RAW = "a camera's RAW: export it as JPEG"
_SIDECAR = "a sidecar, which holds what a camera or an editor notes about a photo"
_OTHER = "by its name it is none"
# What lies among photos and is none, with the reason; of files with other endings the content
# tells.
NO_PHOTOS = {
    **dict.fromkeys((".7z", ".bz2", ".gz", ".rar", ".tar", ".tgz", ".xz", ".zip"), _ARCHIVE),
    **dict.fromkeys((".ai", ".eps", ".indd", ".ps", ".psb", ".psd", ".svg"), _DESIGN),
    **dict.fromkeys(
        (
            ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dcr", ".dng", ".erf", ".fff", ".iiq", ".kdc",
            ".mef", ".mos", ".mrw", ".nef", ".nrw", ".orf", ".pef", ".raf", ".raw", ".rw2", ".rwl",
            ".sr2", ".srf", ".srw", ".x3f",
        ),
        _RAW,
    ),
    **dict.fromkeys(
        (
            ".aae", ".arp", ".cos", ".dop", ".lrv", ".on1", ".pp3", ".thm", ".vrd", ".xmp",
        ),
        _SIDECAR,
    ),
    **dict.fromkeys(
        (
            ".avi", ".csv", ".db", ".doc", ".docx", ".html", ".ini", ".json", ".jsonl", ".lnk",
            ".log", ".m4v", ".md", ".mkv", ".mov", ".mp3", ".mp4", ".parquet", ".pdf", ".tsv",
            ".url", ".wav", ".webm", ".xls", ".xlsx", ".xml", ".yaml", ".yml",
        ),
        _OTHER,
    ),
}  # fmt: skip
PHOTO_ENDINGS = frozenset(
    {
        ".jpg", ".jpeg", ".jpe", ".jfif", ".pjpeg", ".png", ".webp", ".heic", ".heif", ".avif",
        ".tif", ".tiff", ".bmp", ".gif", ".jp2", ".mpo",
    }
)  # fmt: skip
# What operating systems and photo servers leave behind, by the names of files and folders.
LEFT_BEHIND = frozenset({".ds_store", "thumbs.db", "desktop.ini", "@eadir", "__macosx"})

Loaders = Mapping[str, Callable[[], bytes]]


def list_photos(files: Any, folder: str) -> dict[str, Callable[[], bytes]]:
    """List the files of a folder of photos.

    Beside a table (:data:`TABLES`), or where nothing else is there, the photos are those of the
    first of ``images_compressed/`` and ``images/`` that exists; otherwise all in the folder;
    subfolders count. Every file counts, whatever its extension, so that none
    is passed over in silence; hidden ones do not, but for what :func:`is_left_behind` knows.
    A tar of photos counts as a folder, see :func:`lookbook.photos.tars.list_tar`.

    Returns:
        File names relative to the photos' folder, sorted, with a function each that reads the
        file's bytes.

    Raises:
        InputError: If there is no such folder, it cannot be read, or holds no file.
    """
    name_yours = "Name yours with --params=photos=FOLDER or as 'photos:' in conf/local/globals.yml."
    if files.isfile(folder):
        raise InputError(f"'{folder}' is neither a folder of photos nor a table. {name_yours}")
    if not files.isdir(folder):
        raise InputError(f"The photo folder '{folder}' does not exist. {name_yours}")
    try:
        listed = list_files(files, folder)
        files.ls(folder)
    except PermissionError as error:
        raise InputError(f"The photo folder '{folder}' cannot be read: {error}.") from error
    root = photo_root(folder, listed)
    photos: dict[str, Callable[[], bytes]] = {}
    for path in sorted(listed):
        name = path.removeprefix(root).lstrip("/")
        if not path.startswith(f"{root}/") or name.casefold() in TABLES:
            continue
        if not is_left_behind(name) and _is_hidden(name):
            continue
        # A name that is not UTF-8 could be written to no table.
        name = name.encode("utf-8", "backslashreplace").decode()
        # The listing's own texts would keep all of its memory, half of what is taken in the end.
        photo = PhotoFile(files, root + path.removeprefix(root), etag_of(listed[path]))
        photos |= list_tar(photo, name) if name.endswith(TAR) else {name: photo}
    if not any(not is_left_behind(name) for name in photos):
        raise InputError(f"The photo folder '{root}' holds no photo. Put some there.")
    return photos


def list_files(files: Any, folder: str) -> dict[str, dict[str, Any]]:
    """List the files below a folder.

    A link to a folder counts as a folder. The empty keys by which object stores mark folders,
    and what is neither file nor link, are left out.

    Returns:
        What the filesystem tells of each file, by path.
    """
    listed: dict[str, dict[str, Any]] = {}
    # Followed once each, and none that leads back up, or a link would be walked for ever.
    followed: set[str] = set()
    waiting = [folder]
    while waiting:
        for path, info in files.find(waiting.pop(), detail=True).items():
            if not info.get("islink"):
                if info.get("type") != "other" and not path.endswith(("/", "_$folder$")):
                    listed[path] = info
            elif files.isdir(path):
                target = os.path.realpath(path)
                leads_up = f"{os.path.realpath(folder)}/".startswith(f"{target.rstrip('/')}/")
                if target not in followed and not leads_up:
                    followed.add(target)
                    waiting.append(path)
            else:
                # The link's own time says nothing about the photo.
                listed[path] = files.info(path) if files.exists(path) else info
    parents = {posixpath.dirname(path) for path in listed}
    return {path: info for path, info in listed.items() if info.get("size") or path not in parents}


def read_photo(files: Mapping[str, Callable[[], bytes]], name: str) -> bytes:
    """Read a photo.

    Raises:
        InputError: If it has left the folder.
    """
    if name not in files:
        raise InputError(
            f"The photo '{name}' is no longer in the folder. Run 'kedro run "
            "--pipelines=ingest,balance' again."
        )
    return files[name]()


def photo_root(folder: str, listed: Iterable[str]) -> str:
    """Return the folder in which the photos of a folder lie."""
    folder = folder.rstrip("/")
    names = [path.removeprefix(folder).lstrip("/") for path in listed]
    tops = {name.split("/")[0].casefold(): name.split("/")[0] for name in names if "/" in name}
    inside = next((tops[one] for one in FOLDERS if one in tops), None)
    has_table = any(name.casefold() in TABLES for name in names)
    if inside is None or (not has_table and _has_others(names)):
        return folder
    return posixpath.join(folder, inside)


def _has_others(names: Iterable[str]) -> bool:
    """Whether there are photos beside those of :data:`FOLDERS`."""
    return any(
        name.split("/")[0].casefold() not in FOLDERS
        and not is_no_photo(name)
        and not _is_hidden(name)
        for name in names
    )


def find_table(files: Any, folder: str, tables: Iterable[str] = TABLES) -> str | None:
    """Find the table beside the photos, in any case; ``None`` where there is none.

    Args:
        files: The fsspec filesystem.
        folder: The folder of the photos; or a file, which is the table itself.
        tables: Names that it may have, the first that is there counts.
    """
    try:
        if is_table(files, folder):
            return folder
        paths = files.ls(folder, detail=False)
    except OSError:
        return None
    names = {posixpath.basename(path).casefold(): path for path in sorted(paths, reverse=True)}
    return next((names[name] for name in tables if name in names), None)


def is_table(files: Any, path: str) -> bool:
    """Whether a path is a table and no folder; a web server has no folders."""
    is_named_so = ending_of(path) in TABLE_ENDINGS
    return path.startswith(("http://", "https://")) or (is_named_so and files.isfile(path))


def is_left_behind(name: str) -> bool:
    """Whether a file is no photo by its name: something that a system left behind."""
    parts = name.casefold().split("/")
    return any(part in LEFT_BEHIND for part in parts) or parts[-1].startswith("._")


def is_no_photo(name: str) -> bool:
    """Whether a file is no photo by its name, and need not be read to know."""
    return bool(why_no_photo(name))


def why_no_photo(name: str) -> str:
    """Return why a file is no photo by its name; an empty text where the content tells."""
    return _OTHER if is_left_behind(name) else NO_PHOTOS.get(ending_of(name), "")


def ending_of(name: str) -> str:
    """Return a file's ending in lower case, with its dot."""
    return PurePosixPath(name.casefold()).suffix


def _is_hidden(name: str) -> bool:
    return any(part.startswith(".") for part in name.split("/"))
