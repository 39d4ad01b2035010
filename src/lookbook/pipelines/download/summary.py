"""What ``download`` tells at the end of a run."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from lookbook.evaluation.score_tables import score_table


def lay_out(report: dict[str, Any]) -> list[Any]:
    """Lay out what was fetched, and says how to go on."""
    table: Table = score_table(f"Fetched from {report['source']}", "what", ["how much"])
    for suffix, count in report["by_suffix"].items():
        table.add_row(f"files {suffix}", f"{count:,}")
    table.add_row("megabytes", f"{report['bytes'] / 1e6:,.1f}")
    warned = [report["differs"]] if report["differs"] else []
    return [table, *warned, f"next  {report['next']}"]


TABLES = {"download_report": lay_out}
