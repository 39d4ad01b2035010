"""What ``index`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

REPORT = "index_report"
PLACES = {"index": "search_index"}
NEXT = "make demo, make viz, or your own: kedro run --params=photos=FOLDER"


def summarise(report: dict[str, Any]) -> tuple[int, int, str]:
    """Count items in, items searchable, and what happened."""
    names = {
        "embedded": "embedded", "reused": "unchanged", "removed": "removed",
        "pictures_failed": "without picture",
    }  # fmt: skip
    counts = [
        f"{told}: {sum(one[name] for one in report['embedders'].values()):,}"
        for name, told in names.items()
    ]
    counts.append(f"duplicate photos: {report['duplicate_photos']:,}")
    return report["items"], report["items"], "; ".join(counts)
