"""What ``style`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "style_report"
NEXT = "kedro run --pipelines=serving --params=style_model=data/06_models/style_model.json,…"
PLACES = {"style model": "style_model", "card": "style_card", "heat map": "style_plot"}


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return outfits read, outfits of use, and a sentence on the result."""
    right, ratings = report["scores"]["right"], report["ratings"]
    happened = []
    if report["outfits"]:
        happened.append("too few worn outfits to measure how well it tells")
        if right["mean"] is not None:
            happened[-1] = f"of four items the right one in {right['mean']:.3f} of held-out outfits"
    if ratings["outfits"]:
        auc = ratings["auc"]["mean"]
        happened.append("too few ratings to measure how well it judges")
        if auc is not None:
            happened[-1] = f"held-out outfits are judged with an AUC of {auc:.3f}"
    of_no_use = {"outfits": report["of_no_use"], "ratings": ratings["of_no_use"]}
    for name, problems in of_no_use.items():
        if problems:
            reasons = ", ".join(f"{reason} {count:,}" for reason, count in problems.items())
            happened.append(f"{name} not used: {reasons}")
    useful = report["outfits"] + ratings["outfits"]
    unused = {name: sum(problems.values()) for name, problems in of_no_use.items()}
    return StageSummary(
        useful + sum(unused.values()), useful, "; ".join(happened), "outfits learned from", useful,
        {
            f"{name}_quarantine": f"rows of {name} not used: {count:,}"
            for name, count in unused.items() if count
        },
    )  # fmt: skip
