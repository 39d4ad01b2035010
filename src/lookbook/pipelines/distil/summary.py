"""What ``distil`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "distil_report"
NEXT = "kedro run --params=network=data/06_models/garment_network.onnx"
PLACES = {"network": "garment_network", "model card": "model_card", "scores": "network_scores"}


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return what was learned: photos in, attributes out."""
    taught = [name for name, count in report["examples"].items() if name not in report["left_out"]]
    happened = f"{report['senders']:,} senders in {report['folds']} folds"
    if report["left_out"]:
        happened += f"; too few examples: {', '.join(report['left_out'])}"
    if report["of_no_use"]:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in report["of_no_use"].items())
        happened += f"; not used: {reasons}"
    unused = sum(report["of_no_use"].values())
    return StageSummary(
        report["photos"], len(taught), happened, "photos learned from",
        set_aside={"teacher_quarantine": f"rows not used: {unused:,}"} if unused else {},
    )  # fmt: skip
