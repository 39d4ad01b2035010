"""What ``understand`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "understand_report"
NEXT = "kedro demo --params=message_network=data/06_models/message_network.onnx"
PLACES = {"network": "message_network", "card": "message_network_card", "scores": "message_scores"}


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return messages in, messages used, and a sentence on the result."""
    happened = "not measured: that takes two writers and understand.folds"
    if report["scores"]:
        (scores,) = report["scores"]["all"]
        happened = (
            f"of writers left out: wanted values {scores['wanted']:.3f}, refused values "
            f"{scores['refused']:.3f}, acts {scores['act']:.3f}"
        )
    used, unused = report["messages"], report["quarantine"]
    return StageSummary(
        used + unused, used, happened, "messages learned from", used,
        {"messages_quarantine": f"messages not used: {unused:,}"} if unused else {},
    )  # fmt: skip
