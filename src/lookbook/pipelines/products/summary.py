"""What ``products`` reports at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "products_report"
PLACES = {"products": "products"}
NEXT = "kedro run"


def summarise(report: dict[str, Any]) -> StageSummary | None:
    """Return rows in and products out; ``None`` without any product."""
    if not report["products"]:
        return None
    reasons = [f"{count:,} × {reason}" for reason, count in report["quarantined"].items()]
    cells = f"; cells not used: {', '.join(reasons)}" if reasons else ""
    unused = sum(report["quarantined"].values())
    return StageSummary(
        report["rows"], report["products"],
        f"{report['variants']:,} variants, {report['photos']:,} photos{cells}", "rows read",
        set_aside={"product_quarantine": f"cells not used: {unused:,}"} if unused else {},
    )  # fmt: skip
