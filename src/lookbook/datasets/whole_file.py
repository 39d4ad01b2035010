"""Files that appear under their name once they are whole."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


@contextmanager
def open_whole(files: Any, path: str, **how: Any) -> Iterator[Any]:
    """Open a file to write that is seen once it is closed, and not at all if it is cut off.

    Args:
        files: An fsspec filesystem.
        path: The file.
        **how: Arguments of the filesystem's ``open``.
    """
    unfinished = f"{path}.unfinished"
    with files.open(unfinished, **how) as file:
        yield file
    files.mv(unfinished, path)
