"""What ``learn`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "learning_report"
PLACES = {"learned": "learned_ranking", "report": "learning_report"}


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return answers logged, answers with a choice, and what was adopted."""
    happened = "; ".join(f"{name}: {part['outcome']}" for name, part in report["parts"].items())
    answers = report["events"].get("answered", 0)
    return StageSummary(answers, report["answers"], happened, "answers read")
