"""What ``ingest`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "ingest_report"
NEXT = "kedro run --pipelines=balance"


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return what became of files and rows: photos in, photos out."""
    counts = [f"{count:,} {name}" for name, count in report["quarantined"].items()]
    quarantined = sum(report["quarantined"].values())
    sentence = f"photos or rows set aside: {quarantined:,}"
    return StageSummary(
        report["files"], report["ok"], f"set aside: {', '.join(counts) or 'none'}",
        "photos checked", set_aside={"quarantine": sentence} if quarantined else {},
    )  # fmt: skip
