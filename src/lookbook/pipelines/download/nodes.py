"""Says what was fetched, and how to go on."""

from __future__ import annotations

from collections import Counter
from pathlib import PurePosixPath
from typing import Any


def report_download(remote_photos: dict[str, Any]) -> dict[str, Any]:
    """Count what was fetched.

    Args:
        remote_photos: ``source``, ``photos`` (the folder), ``files`` (bytes by path) and
            ``differs`` (a sentence, or nothing).

    Returns:
        ``source``, ``photos``, ``files`` (their number), ``bytes``, ``by_suffix``, and
        ``next``, the command that goes on with them, and ``differs``.
    """
    files = remote_photos["files"]
    suffixes = Counter(PurePosixPath(name).suffix.lower() or "none" for name in files)
    return {
        "source": remote_photos["source"],
        "photos": remote_photos["photos"],
        "files": len(files),
        "bytes": sum(files.values()),
        "by_suffix": dict(suffixes.most_common()),
        "next": f"kedro run --params=photos={remote_photos['photos']}",
        "differs": remote_photos["differs"],
    }
