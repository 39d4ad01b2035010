"""Files among photos, and many of them in one: tars as WebDataset writes them."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

TAR = ".tar"
# What WebDataset keeps beside a photo, under the same name, to say what it is.
_BESIDE = frozenset({".json", ".cls", ".txt"})
# What tells another state of a file: its hash or its time, as filesystems call them.
_STAMPS = (
    "ETag", "etag", "e_tag", "md5Hash", "content_md5", "checksum", "mtime", "LastModified",
    "last_modified", "updated", "modified", "created",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A file among the photos; called, it reads its bytes.

    Attributes:
        files: The fsspec filesystem that it is on.
        path: Its path there.
        etag: Changes with the file: its size, and its hash or time.
        start: Where it begins, in a file of several.
        end: Where it ends there; ``None`` for a file of its own.
    """

    files: Any
    path: str
    etag: str
    start: int | None = None
    end: int | None = None

    def __call__(self) -> bytes:
        """Read it."""
        data: bytes = self.files.cat_file(self.path, start=self.start, end=self.end)
        return data


def etag_of(info: Mapping[str, Any]) -> str:
    """Return a file's ETag, or its size and time, as the filesystem reports them."""
    state = next((info[name] for name in _STAMPS if info.get(name) is not None), "")
    return f"{info.get('size', '')} {state}"


def list_tar(packed: PhotoFile, name: str) -> dict[str, Callable[[], bytes]]:
    """List the photos in a tar, without reading them.

    Returns:
        Its files, named as if the tar were a folder; what WebDataset keeps beside a photo is
        none of them. The tar itself where it cannot be read.
    """
    members = _members(packed)
    if members is None:
        return {name: packed}
    return {
        f"{name}/{member}": file
        for member, file in members.items()
        if PurePosixPath(member).suffix not in _BESIDE
    }


def read_rows(packed: PhotoFile, name: str) -> list[dict[str, str]]:
    """Read what a tar says of its photos: a row for each that has a ``.json`` or ``.cls``.

    Returns:
        Rows of text with ``image``, the photo's name as :func:`list_tar` gives it, ``label`` from
        ``.cls``, and whatever else the JSON has; none where the tar cannot be read.
    """
    rows: dict[str, dict[str, str]] = {}
    photos: dict[str, str] = {}
    for member, file in (_members(packed) or {}).items():
        # WebDataset's key: everything before the first dot of a file's name.
        folder, _, last = member.rpartition("/")
        key = f"{folder}/{last.split('.')[0]}"
        suffix = PurePosixPath(member).suffix
        if suffix not in _BESIDE:
            photos.setdefault(key, f"{name}/{member}")
        elif suffix == ".cls":
            rows.setdefault(key, {})["label"] = file().decode("utf-8", "replace").strip()
        elif suffix == ".json":
            rows.setdefault(key, {}).update(_texts(file()))
    return [{**row, "image": photos.get(key, f"{name}/{key}")} for key, row in rows.items()]


def _members(packed: PhotoFile) -> dict[str, PhotoFile] | None:
    """List a tar's files, but for hidden ones; ``None`` where it cannot be read."""
    members = {}
    try:
        with (
            packed.files.open(packed.path, "rb") as opened,
            # Of a compressed tar no part could be read where it lies.
            tarfile.open(fileobj=opened, mode="r:") as tar,
        ):
            for member in tar:
                name = member.name.removeprefix("./")
                if not member.isfile() or any(part.startswith(".") for part in name.split("/")):
                    continue
                start, end = member.offset_data, member.offset_data + member.size
                etag = f"{packed.etag} {start}"
                members[name] = PhotoFile(packed.files, packed.path, etag, start, end)
    except (tarfile.TarError, EOFError):
        return None
    return members


def _texts(data: bytes) -> dict[str, str]:
    try:
        told = json.loads(data)
    except ValueError:
        return {}
    if not isinstance(told, dict):
        return {}
    simple = (str, int, float, bool)
    return {str(key): str(value) for key, value in told.items() if isinstance(value, simple)}
