"""What ``index`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from lookbook.stage_summary import StageSummary

REPORT = "index_report"
PLACES = {"index": "search_index"}
NEXT = "kedro demo, or your own photos: kedro run --params=photos=FOLDER"


def summarise(report: dict[str, Any]) -> StageSummary:
    """Return the items, and how many of them are new."""
    names = {
        "embedded": "embedded", "reused": "unchanged", "removed": "removed",
        "pictures_failed": "without picture",
    }  # fmt: skip
    counts = {
        said: sum(one[name] for one in report["embedders"].values()) for name, said in names.items()
    }
    counts["duplicate photos"] = report["duplicate_photos"]
    happened = ", ".join(f"{count:,} {said}" for said, count in counts.items() if count)
    return StageSummary(
        report["items"], report["items"], happened, "items indexed", counts["embedded"]
    )
