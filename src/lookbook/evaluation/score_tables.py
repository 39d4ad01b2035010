"""Scores laid out as tables to read at the end of a run."""

from __future__ import annotations

from typing import Any

from rich.table import Table

from lookbook.lazy import pd


def label_table(scores: dict[str, Any]) -> Table:
    """Lay out a captioner's scores, see :func:`lookbook.evaluation.label_scores.score_labels`."""
    table = score_table(f"Labels by {scores['captioner']}", "figure", ["value"])
    table.add_row("photos", f"{scores['photos']:,}")
    for status, count in scores["status"].items():
        table.add_row(f"  {status}", f"{count:,}")
    table.add_row("with a human label", f"{scores['human_labels']:,}")
    if scores["human_labels"]:
        low, high = scores["interval_95"]
        interval = f"{scores['accuracy']:.3f} ({low:.3f} to {high:.3f})"
        table.add_row(f"{scores['human_label'].lower()} accuracy", interval)
        table.add_row("macro-F1", f"{scores['macro_f1']:.3f}")
    for name, attribute in scores["attributes"].items():
        table.add_row(f"says its {name.lower()}", f"{attribute['said_share']:.3f}")
    for name, told in scores["corrected"].items():
        right = f"{told['right']:.3f} of {told['looked_at']:,} looked at"
        if told["accuracy"] is not None:
            low, high = told["interval_95"]
            right += (
                f"; {told['accuracy']:.3f} ({low:.3f} to {high:.3f}) of {told['drawn']:,} drawn"
            )
            right += f"; {told['more_for_one_point']:,} more for ± 0.010"
        table.add_row(f"{name.lower()} by reviews", right)
    table.add_row("values mapped", f"{scores['values_mapped']:,}")
    table.add_row("seconds a photo", f"{scores['seconds_per_photo']:.4f}")
    return table


def retrieval_tables(scores: pd.DataFrame) -> list[Table]:
    """Lay out what each method finds, see the pipeline ``evaluate``.

    One table per task and embedding model; figures come with half their 95 % interval.
    """
    tables = []
    for (task, embedder), group in scores.groupby(["task", "embedder"], sort=False):
        methods = list(group["method"].unique())
        title = f"{task}, {int(group['items'].max())} items, {embedder}"
        table = score_table(title.capitalize(), "", methods)
        for metric, row in group.groupby("metric", sort=False):
            by_method = row.set_index("method")
            figures = [
                _figure(by_method.loc[method]) if method in by_method.index else ""
                for method in methods
            ]
            table.add_row(str(metric).replace("_", " "), *figures)
        tables.append(table)
    return tables


def rating_tables(scores: pd.DataFrame) -> list[Table]:
    """Lay out what people say of outfits, by source; no table where nobody rated any."""
    if scores.empty:
        return []
    table = score_table("Rated outfits", "source", ["outfits", *scores["metric"].unique()])
    for source, group in scores.groupby("source", sort=False):
        figures = [_figure(row) for _, row in group.iterrows()]
        table.add_row(str(source), f"{group['outfits'].iloc[0]:,}", *figures)
    return [table]


def trial_table(scores: pd.DataFrame) -> Table:
    """Lay out prompts and captioners side by side, see ``prompt_trial``."""
    asked = bool(scores["output_tokens"].any())
    columns = ["valid", "accuracy", "refusals", "words", "s a photo"]
    columns += ["tokens in", "tokens out"] if asked else []
    columns += ["cost"] if scores["cost"].notna().any() else []
    photos = int(scores["photos"].max())
    table = score_table(f"Prompts tried on {photos:,} photos", "captioner, prompt", columns)
    for row in scores.itertuples():
        figures = [
            f"{row.schema_valid_share:.3f}",
            "" if pd.isna(row.accuracy) else f"{row.accuracy:.3f}",
            f"{row.refusals_share:.3f}",
            "" if pd.isna(row.description_words) else f"{row.description_words:.1f}",
            f"{row.seconds_per_photo:.3f}",
            f"{row.input_tokens:,}" if asked else "",
            f"{row.output_tokens:,}" if asked else "",
            "" if pd.isna(row.cost) else f"{row.cost:.4f}",
        ]
        table.add_row(f"{row.captioner}, {row.prompt}", *figures[: len(columns)])
    return table


def _figure(row: pd.Series) -> str:
    if pd.isna(row["low"]):
        return f"{row['mean']:.3f}" if row["mean"] < 1 else f"{row['mean']:,.0f}"
    half = f"{(row['high'] - row['low']) / 2:.3f}".removeprefix("0")
    return f"{row['mean']:.3f}±{half}"


def score_table(title: str, first: str, columns: list[str]) -> Table:
    """Make a table of figures, with a column of names before them."""
    table = Table(title=title, title_justify="left")
    table.add_column(first, no_wrap=True)
    for column in columns:
        table.add_column(column, justify="right")
    return table
