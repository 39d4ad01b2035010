"""What ``label`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "label_report"
NEXT = "kedro run --pipelines=clean"


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Return how many photos have a caption: photos in, captions out, what happened."""
    happened = f"captioned before: {report['captioned_before']:,}; failed: {report['failed']:,}"
    if filtered := report.get("filtered"):
        happened += f", {filtered:,} of them filtered: another captioner may take them"
    if report["output_tokens"]:
        tokens = f"{report['input_tokens']:,} in, {report['output_tokens']:,} out"
        happened += f"; tokens: {tokens}"
    if report["cost"] is not None:
        happened += f"; cost: {report['cost']:.2f}"
    return report["photos"], report["captioned"], happened
