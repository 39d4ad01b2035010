"""Learns a style model from a table of outfits."""

from __future__ import annotations

from typing import Any

from lookbook.attributes.schema import Schema
from lookbook.errors import InputError
from lookbook.evaluation.metrics import bootstrap_interval
from lookbook.lazy import PlotlyFigure, pd
from lookbook.outfits import style_learning
from lookbook.outfits.style import StyleModel
from lookbook.outfits.style_learning import StyleParams, WornOutfit

# Chance levels, for one right candidate of four and of two.
CHANCE = {"right": 0.25, "right_by_pairs": 0.25, "auc": 0.5, "auc_by_pairs": 0.5}
_ROUNDS = 1000
# Values in a plot.
_DRAWN = 24


def read_outfits(
    table: pd.DataFrame, params: StyleParams, schema: Schema
) -> tuple[dict[str, Any], pd.DataFrame]:
    """Read a table of outfits, see :func:`lookbook.outfits.style_learning.read_outfits`.

    Returns:
        ``items`` and ``context`` of each outfit, and the problems.

    Raises:
        InputError: If there is no table, or nothing in it to learn from.
    """
    outfits, problems = style_learning.read_outfits(table, params, schema)
    if not outfits:
        reasons = ", ".join(
            f"{reason} ({n})" for reason, n in problems["reason"].value_counts().items()
        )
        raise InputError(
            f"The table of outfits has no outfit of two items: {reasons or 'it has no rows'}. An "
            "outfit has a row for each item, with the same value under 'outfit'."
        )
    return {name: outfit.model_dump() for name, outfit in outfits.items()}, problems


def score_folds(outfits: dict[str, Any], params: StyleParams, schema: Schema) -> pd.DataFrame:
    """Answer questions about held-out outfits, see :mod:`lookbook.outfits.style_learning`."""
    return style_learning.score_folds(_outfits(outfits), params, schema)


def learn_style(outfits: dict[str, Any], params: StyleParams, schema: Schema) -> dict[str, Any]:
    """Learn a style model of all outfits, see :func:`lookbook.outfits.style_learning.learn`."""
    return style_learning.learn([*_outfits(outfits).values()], params, schema).model_dump()


def report_style(
    outfits: dict[str, Any], problems: pd.DataFrame, answers: pd.DataFrame, params: StyleParams
) -> dict[str, Any]:
    """Summarize the training outfits, and the scores on held-out outfits.

    Returns:
        ``outfits``, ``items``, ``of_no_use`` by reason, and ``scores``: of each figure ``mean``,
        ``low`` and ``high``, a 95 % interval by bootstrap over outfits (all ``None`` where there
        are too few outfits to ask about any), and ``chance``.
    """
    scores = {}
    for name, chance in CHANCE.items():
        if answers.empty:
            scores[name] = {"mean": None, "low": None, "high": None, "chance": chance}
            continue
        low, high = bootstrap_interval(answers[name], _ROUNDS, params.seed, answers["outfit"])
        mean = round(float(answers[name].mean()), 4)
        scores[name] = {"mean": mean, "low": low, "high": high, "chance": chance}
    return {
        "outfits": len(outfits),
        "items": sum(len(outfit["items"]) for outfit in outfits.values()),
        "of_no_use": problems["reason"].value_counts().to_dict(),
        "scores": scores,
    }


def write_style_card(report: dict[str, Any], params: StyleParams) -> str:
    """Write the model card, as Markdown."""
    scores = report["scores"]

    def score(name: str) -> str:
        values = scores[name]
        if values["mean"] is None:
            return "not measured: too few outfits"
        return f"{values['mean']:.3f} ({values['low']:.3f} to {values['high']:.3f})"

    return "\n".join(
        [
            "# Style model",
            "",
            "Says how much oftener than by chance two garments, colours or patterns are worn in "
            "one outfit, and by whom and when: pointwise mutual information, smoothed, its parts "
            "weighed by a logistic model.",
            "",
            "## Whose taste",
            "",
            f"{report['outfits']:,} outfits with {report['items']:,} items: {params.source}. It is "
            "a sign of what these people chose to wear together, and no rule of what one should.",
            "",
            "## How good",
            "",
            f"Outfits that taught nothing, in {params.folds} folds; 95 % intervals by bootstrap "
            "over outfits. The three others are of the same part of an outfit and differ from the "
            "real one in some of "
            f"{', '.join(params.attributes)}.",
            "",
            f"| | with {', '.join(params.contexts)} of the outfit | by pairs alone | chance |",
            "|---|---|---|---|",
            f"| the real item is the best of four | {score('right')} | {score('right_by_pairs')} "
            "| 0.25 |",
            f"| it scores above another (AUC) | {score('auc')} | {score('auc_by_pairs')} | 0.5 |",
            "",
        ]
    )


def plot_style(style_model: dict[str, Any]) -> PlotlyFigure:
    """Plot log lifts of the commonest values, a heat map for each attribute."""
    import numpy as np
    from plotly.subplots import make_subplots

    model = StyleModel.model_validate(style_model)
    figure = make_subplots(
        rows=max(len(model.attributes), 1), cols=1, subplot_titles=list(model.attributes),
        vertical_spacing=0.08,
    )  # fmt: skip
    for row, pairs in enumerate(model.attributes.values(), start=1):
        common = np.argsort(-np.array(pairs.shares), kind="stable")[:_DRAWN]
        values = [pairs.values[place] for place in common]
        figure.add_heatmap(
            z=np.array(pairs.lift)[np.ix_(common, common)], x=values, y=values, row=row, col=1,
            coloraxis="coloraxis", customdata=np.array(pairs.counts)[np.ix_(common, common)],
            hovertemplate="%{y} with %{x}: %{z:.2f}, %{customdata} outfits<extra></extra>",
        )  # fmt: skip
    return figure.update_layout(
        title=f"What goes with what in {model.outfits:,} outfits: log-lift",
        coloraxis={"colorscale": "RdBu", "cmid": 0, "cmin": -1.5, "cmax": 1.5},
        height=560 * max(len(model.attributes), 1),
    ).update_yaxes(autorange="reversed")


def _outfits(outfits: dict[str, Any]) -> dict[str, WornOutfit]:
    return {name: WornOutfit.model_validate(outfit) for name, outfit in outfits.items()}
