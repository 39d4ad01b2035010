"""What ``review`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "review_report"
PLACES = {"order": "review_queue"}
NEXT = "kedro review"


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return items in and out, and where errors are expected."""
    expected = sorted(report["errors_to_expect"].items(), key=lambda one: -one[1])[:3]
    told = ", ".join(f"{count:,.0f} of {name}" for name, count in expected)
    happened = f"{report['looked_at']:,} looked at; errors to expect: {told}"
    return StageSummary(report["items"], report["items"], happened, "items put in order")
