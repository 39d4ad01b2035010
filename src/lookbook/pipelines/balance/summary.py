"""What ``balance`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "balance_report"
NEXT = "kedro run --pipelines=label"


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return the photos before and after, and how many are left out."""
    kids, capped = report["kids_dropped"], report["capped"]
    happened = "all photos are kept"
    if kids or capped:
        happened = f"left out: {kids:,} kids', {capped:,} over a group's cap (left_out_photos.csv)"
    selected = report["selected"]
    return StageSummary(report["photos"], selected, happened, "photos selected", selected)
