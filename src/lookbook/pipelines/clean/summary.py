"""What ``clean`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "clean_report"
PLACES = {"catalogue": "catalogue"}
NEXT = "kedro run --pipelines=index"


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return how many captions are usable: captions in, labels out."""
    counts = [f"{count:,} {reason}" for reason, count in report["rejected_by_reason"].items()]
    happened = [f"rejected: {', '.join(counts) or 'none'}"]
    if report["shop_values"]:
        disagreements = sum(report["disagreements"].values())
        happened.append(
            f"{report['shop_values']:,} values are the shop's ({disagreements:,} unlike the "
            "captioner's)"
        )
    corrections = report["corrections"]
    changed = sum(counts["changed"] for counts in corrections["by_attribute"].values())
    if corrections["by_attribute"] or corrections["others"]:
        happened.append(f"{changed:,} values are people's")
    rejected = report["captions"] - report["usable"]
    return StageSummary(
        report["captions"], report["usable"], "; ".join(happened), "captions cleaned",
        set_aside={"rejected_captions": f"captions rejected: {rejected:,}"} if rejected else {},
    )  # fmt: skip
