"""What ``balance`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "balance_report"
NEXT = "kedro run --pipelines=label"


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Says which photos were left out: photos in, photos out, what happened."""
    return (
        report["photos"],
        report["selected"],
        f"left out: {report['kids_dropped']:,} kids', {report['capped']:,} over a group's cap",
    )
