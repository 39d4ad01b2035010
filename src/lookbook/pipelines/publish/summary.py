"""What ``publish`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "publish_report"
PLACES = {"data set": "published_files"}
NEXT = "read its README.md; set publish.repository to push it to the hub"


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return what was published: items in, photos out."""
    told = f"{report['train']:,} to train, {report['test']:,} to test; {report['licence']}"
    left = len(report["left_out"])
    told += f"; {left:,} photos can no longer be read" if left else ""
    return StageSummary(report["items"], report["photos"], told, "items published")
