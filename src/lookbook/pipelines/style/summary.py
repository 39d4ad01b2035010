"""What ``style`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "style_report"
NEXT = "kedro run --pipelines=serving --params=style_model=data/06_models/style_model.json,…"
PLACES = {"style model": "style_model", "card": "style_card", "heat map": "style_plot"}


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Return items in, outfits out, and a sentence on the result."""
    right = report["scores"]["right"]
    happened = "too few outfits to measure how well it tells"
    if right["mean"] is not None:
        happened = f"of four items the right one in {right['mean']:.3f} of held-out outfits"
    if report["of_no_use"]:
        reasons = ", ".join(f"{reason} {count:,}" for reason, count in report["of_no_use"].items())
        happened += f"; of no use, see outfits_quarantine.csv: {reasons}"
    return report["items"], report["outfits"], happened
