"""What ``ingest`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "ingest_report"
PLACES = {"quarantine": "quarantine"}
NEXT = "kedro run --pipelines=balance"


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Return what came of files and rows: photos in, photos out, what happened."""
    counts = [f"{count:,} {name}" for name, count in report["quarantined"].items()]
    return report["files"], report["ok"], f"quarantined: {', '.join(counts) or 'none'}"
