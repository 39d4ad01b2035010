"""What ``balance`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "balance_report"
NEXT = "kedro run --pipelines=label"


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Return the photos before and after, and a sentence on those that are left out."""
    kids, capped = report["kids_dropped"], report["capped"]
    text = f"left out: {kids:,} kids', {capped:,} over a group's cap (left_out_photos.csv)"
    return report["photos"], report["selected"], text if kids or capped else "all photos are kept"
