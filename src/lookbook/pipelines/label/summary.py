"""What ``label`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "label_report"
NEXT = "kedro run --pipelines=clean"


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return how many photos have a caption: photos in, captions out."""
    before, failed = report["captioned_before"], report["failed"]
    happened = [f"{before:,} captioned before"] if before else []
    if failed:
        filtered = report.get("filtered")
        happened.append(f"{failed:,} failed" + (f" ({filtered:,} filtered)" if filtered else ""))
    if report["output_tokens"]:
        tokens = f"{report['input_tokens']:,} in, {report['output_tokens']:,} out"
        happened.append(f"tokens: {tokens}")
    if report["cost"] is not None:
        happened.append(f"cost: {report['cost']:.2f}")
    return StageSummary(
        report["photos"], report["captioned"], "; ".join(happened) or "all photos are captioned",
        "photos captioned", report["captioned"] - before,
        {"captions": f"photos without a caption, with the reason: {failed:,}"}
        if failed else {},
    )  # fmt: skip
