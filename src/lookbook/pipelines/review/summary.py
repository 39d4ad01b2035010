"""What ``review`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "review_report"
PLACES = {"order": "review_queue"}
NEXT = "kedro review"


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Return items in and out, and where errors are expected."""
    expected = sorted(report["errors_to_expect"].items(), key=lambda one: -one[1])[:3]
    told = ", ".join(f"{count:,.0f} of {name}" for name, count in expected)
    looked = f"{report['looked_at']:,} looked at"
    return report["items"], report["items"], f"{looked}; errors to expect: {told}"
