"""What a run has found out, as tables to read at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.table import Table

from lookbook.annotations import pd


def label_table(scores: dict[str, Any]) -> Table:
    """Lays out a captioner's scores, see ``label_nodes.score_labels``."""
    table = _table(f"Labels by {scores['captioner']}", "figure", ["value"])
    table.add_row("photos", f"{scores['photos']:,}")
    for status, count in scores["status"].items():
        table.add_row(f"  {status}", f"{count:,}")
    table.add_row("with a human label", f"{scores['human_labels']:,}")
    if scores["human_labels"]:
        low, high = scores["interval_95"]
        told = f"{scores['category_accuracy']:.3f} ({low:.3f} to {high:.3f})"
        table.add_row("category accuracy", told)
        table.add_row("macro-F1", f"{scores['macro_f1']:.3f}")
    table.add_row("values mapped", f"{scores['values_mapped']:,}")
    table.add_row("seconds a photo", f"{scores['seconds_per_photo']:.4f}")
    return table


def retrieval_tables(scores: pd.DataFrame) -> list[Table]:
    """Lays out what each method finds, see ``retrieval_nodes.score_retrieval``.

    A table a task and embedding model; figures come with half their 95 % interval.
    """
    tables = []
    for (task, embedder), group in scores.groupby(["task", "embedder"], sort=False):
        methods = list(group["method"].unique())
        title = f"{task}, {int(group['items'].max())} items, {embedder}"
        table = _table(title.capitalize(), "", methods)
        for metric, row in group.groupby("metric", sort=False):
            by_method = row.set_index("method")
            figures = [_figure(by_method.loc[method]) for method in methods]
            table.add_row(str(metric).replace("_", " "), *figures)
        tables.append(table)
    return tables


def trial_table(scores: pd.DataFrame) -> Table:
    """Lays out prompts and captioners side by side, see ``prompt_trial``."""
    asked = bool(scores["output_tokens"].any())
    columns = ["valid", "accuracy", "refusals", "words", "s a photo"]
    columns += ["tokens in", "tokens out"] if asked else []
    columns += ["cost"] if scores["cost"].notna().any() else []
    photos = int(scores["photos"].max())
    table = _table(f"Prompts tried on {photos:,} photos", "captioner, prompt", columns)
    for row in scores.itertuples():
        figures = [
            f"{row.schema_valid_share:.3f}",
            "" if pd.isna(row.category_accuracy) else f"{row.category_accuracy:.3f}",
            f"{row.refusals_share:.3f}",
            "" if pd.isna(row.description_words) else f"{row.description_words:.1f}",
            f"{row.seconds_per_photo:.3f}",
            f"{row.input_tokens:,}" if asked else "",
            f"{row.output_tokens:,}" if asked else "",
            "" if pd.isna(row.cost) else f"{row.cost:.4f}",
        ]
        table.add_row(f"{row.captioner}, {row.prompt}", *figures[: len(columns)])
    return table


def download_table(report: dict[str, Any]) -> Table:
    """Lays out what was fetched, see ``download.nodes.report_download``."""
    table = _table(f"Fetched from {report['source']}", "what", ["how much"])
    for suffix, count in report["by_suffix"].items():
        table.add_row(f"files {suffix}", f"{count:,}")
    table.add_row("megabytes", f"{report['bytes'] / 1e6:,.1f}")
    return table


def _figure(row: pd.Series) -> str:
    if pd.isna(row["low"]):
        return f"{row['mean']:.0f}"
    half = f"{(row['high'] - row['low']) / 2:.3f}".removeprefix("0")
    return f"{row['mean']:.3f}±{half}"


def _table(title: str, first: str, columns: list[str]) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table


# What is told of each dataset that a run has written.
TABLES: dict[str, Callable[[Any], list[Table]]] = {
    "download_report": lambda report: [download_table(report)],
    "label_scores": lambda scores: [label_table(scores)],
    "retrieval_scores": retrieval_tables,
    "trial_scores": lambda scores: [trial_table(scores)],
}
