"""Writing an index to a disk without hard links, such as exFAT or some network shares."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import NamedTemporaryFile, TemporaryDirectory

from lookbook.errors import InputError

# Parts of a table that make a version visible: written after the files that they name.
_LAST = ("_versions", "_refs")


@contextmanager
def linkable(uri: str) -> Iterator[str]:
    """Provide an address at which LanceDB can commit, and publish what is written there.

    LanceDB commits to a local folder by a hard link. Where the disk has none, the database is
    copied to the temporary folder, written there, and brought back: each file by an atomic
    rename, those that make a version visible last.

    Args:
        uri: A folder, or an address that LanceDB opens.

    Yields:
        The address to write to; the same one where hard links work.

    Raises:
        InputError: If the temporary folder has no hard links either.
    """
    if has_hard_links(uri):
        yield uri
        return
    folder = Path(uri)
    with TemporaryDirectory(prefix="lookbook-index-") as temporary:
        if not has_hard_links(temporary):
            raise InputError(
                f"Neither the disk of '{uri}' nor the temporary folder '{temporary}' has hard "
                "links, which the index needs. Set TMPDIR to a folder on a disk that has them."
            )
        copy = Path(temporary) / folder.name
        if folder.exists():
            shutil.copytree(folder, copy)
        before = _stamps(copy)
        yield str(copy)
        _publish(copy, folder, before)


def has_hard_links(uri: str) -> bool:
    """Whether files beside an address can be linked; assumed of an address elsewhere."""
    if "://" in uri:
        return True
    folder = Path(uri)
    while not folder.exists():
        folder = folder.parent
    with NamedTemporaryFile(dir=folder, prefix=".link-") as file:
        link = Path(f"{file.name}.link")
        try:
            os.link(file.name, link)
        except OSError:
            return False
        link.unlink()
        return True


def _stamps(folder: Path) -> dict[str, tuple[int, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {
        path.relative_to(folder).as_posix(): (path.stat().st_size, path.stat().st_mtime_ns)
        for path in files
    }


def _publish(copy: Path, folder: Path, before: dict[str, tuple[int, int]]) -> None:
    """Bring the files back that are new, changed or gone."""
    after = _stamps(copy)
    changed = [name for name, stamp in after.items() if before.get(name) != stamp]
    for name in sorted(changed, key=lambda name: (_rank(name), name)):
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        unfinished = target.with_name(f".{target.name}.unfinished")
        shutil.copyfile(copy / name, unfinished)
        unfinished.replace(target)
    # A version goes before the files that it names.
    for name in sorted(set(before) - set(after), key=_rank, reverse=True):
        (folder / name).unlink(missing_ok=True)


def _rank(name: str) -> int:
    parts = name.split("/")
    return next((rank for rank, part in enumerate(_LAST, 1) if part in parts), 0)
