"""What ``publish`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "publish_report"
PLACES = {"data set": "published_files"}
NEXT = "look at its README.md; publish.repository pushes it to the hub"


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Return what was published: items in, photos out, and what happened."""
    told = f"{report['train']:,} to train, {report['test']:,} to test; {report['licence']}"
    left = len(report["left_out"])
    told += f"; {left:,} photos cannot be read any more" if left else ""
    return report["items"], report["photos"], told
