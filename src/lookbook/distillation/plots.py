"""Figures that people look at before they trust a network."""

from __future__ import annotations

from typing import Any

from lookbook.lazy import PlotlyFigure, pd


def plot_scores(scores: dict[str, Any]) -> PlotlyFigure:
    """Draw how often each head is right on people never seen, with its 95 % interval."""
    import plotly.express as px

    table = pd.DataFrame(
        [
            {
                "head": name,
                "right": score["accuracy"],
                "up": score["interval_95"][1] - score["accuracy"],
                "down": score["accuracy"] - score["interval_95"][0],
                "said": score.get("said_share"),
            }
            for name, score in scores.items()
        ]
    )
    figure = px.bar(
        table, x="head", y="right", error_y="up", error_y_minus="down", hover_data=["said"],
        title="Right on people never seen, with 95 % intervals", range_y=[0, 1],
    )  # fmt: skip
    return figure
