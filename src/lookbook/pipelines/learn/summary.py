"""What ``learn`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "learning_report"
PLACES = {"learned": "learned_ranking", "report": "learning_report"}


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Return answers logged, answers with a choice, and what was adopted."""
    happened = "; ".join(f"{name}: {part['outcome']}" for name, part in report["parts"].items())
    return report["events"].get("answered", 0), report["answers"], happened
