"""What ``clean`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "clean_report"
PLACES = {"catalogue": "catalogue"}
NEXT = "kedro run --pipelines=index"


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Says how many captions were usable: captions in, labels out, what happened."""
    counts = [f"{count:,} {reason}" for reason, count in report["rejected_by_reason"].items()]
    rejected = f"rejected: {', '.join(counts) or 'none'}"
    return report["captions"], report["usable"], f"{rejected}; balanced: {report['balanced']:,}"
