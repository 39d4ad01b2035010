"""Figures that several pipelines draw."""

from __future__ import annotations

from lookbook.lazy import PlotlyFigure, pd


def plot_before_and_after(before: pd.Series, after: pd.Series, title: str) -> PlotlyFigure:
    """Draw how many items each value has before and after a step, side by side."""
    import plotly.express as px

    counts = pd.DataFrame({"before": before, "after": after}).fillna(0)
    counts = counts.sort_values("before", ascending=False, kind="stable")
    figure = px.bar(
        counts.rename_axis("category").reset_index().melt("category", value_name="items"),
        x="category", y="items", color="variable", barmode="group", title=title,
    )  # fmt: skip
    return figure.update_layout(legend_title=None)


def plot_confusion(confusion: pd.DataFrame, title: str) -> PlotlyFigure:
    """Draw a confusion matrix, each human label's row adding up to 1.

    Args:
        confusion: ``label``, and a column of counts for each prediction.
        title: Says what was predicted.
    """
    import plotly.express as px

    counts = confusion.set_index("label")
    shares = counts.div(counts.sum(axis=1), axis=0).round(2)
    return px.imshow(
        shares,
        text_auto=True,
        color_continuous_scale="Blues",
        labels={"x": "predicted", "y": "human label", "color": "share"},
        title=title,
    )
