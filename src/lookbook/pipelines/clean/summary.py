"""What ``clean`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "clean_report"
PLACES = {"catalogue": "catalogue"}
NEXT = "kedro run --pipelines=index"


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Return how many captions were usable: captions in, labels out, what happened."""
    counts = [f"{count:,} {reason}" for reason, count in report["rejected_by_reason"].items()]
    rejected = f"rejected: {', '.join(counts) or 'none'}"
    told = f"{rejected}; balanced: {report['balanced']:,}"
    if report["shop_values"]:
        disagreements = sum(report["disagreements"].values())
        told += f"; {report['shop_values']:,} values are the shop's, "
        told += f"{disagreements:,} of them against the captioner"
    corrections = report["corrections"]
    changed = sum(counts["changed"] for counts in corrections["by_attribute"].values())
    if corrections["by_attribute"] or corrections["others"]:
        told += f"; {changed:,} values are people's"
    return report["captions"], report["usable"], told
