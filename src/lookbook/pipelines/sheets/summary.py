"""What ``sheets`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "sheets_report"
PLACES = {"sheets": "rating_sheets", "form": "rating_form", "key": "rating_key"}
NEXT = "rate the form, then kedro run --pipelines=style,evaluate --params=outfit_ratings=FORM"


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return queries in, outfits out, and a sentence on them."""
    happened = f"{report['unseen']:,} of the photos taught the network nothing"
    if report["without_outfit"]:
        happened += f"; no outfit was found for {report['without_outfit']:,} others"
    return StageSummary(report["queries"], report["outfits"], happened, "photos dressed")
