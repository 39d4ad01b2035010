"""Scores the labels of the catalogue's captioner."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lookbook.attributes.corrections import read_corrections
from lookbook.attributes.schema import Schema
from lookbook.captioners import Captioner
from lookbook.evaluation import label_scores
from lookbook.evaluation.params import EvaluateParams
from lookbook.evaluation.plots import plot_confusion
from lookbook.evaluation.questions import is_unseen, trained_on
from lookbook.evaluation.review_scores import score_by_reviews
from lookbook.lazy import MatplotlibFigure, PlotlyFigure, pd
from lookbook.search.embedders import Embedder

# Runs' scores that are told in one row each.
RANKED = [
    "captioner", "photos", "schema_valid_share", "usable_share", "human_labels", "accuracy",
    "interval_95", "macro_f1", "description_words", "seconds_per_photo", "input_tokens",
    "output_tokens", "cost",
]  # fmt: skip


def judge_captions(
    captions: pd.DataFrame,
    captioner: Captioner,
    embedders: dict[str, Embedder],
    schema: Schema,
    params: EvaluateParams,
) -> pd.DataFrame:
    """Compare captions with people, see :mod:`lookbook.evaluation.label_scores`.

    Photos that taught the captioner are not compared, and marked as ``taught``: of them it knows
    what people say.
    """
    taught = trained_on([captioner, *embedders.values()])
    unseen = is_unseen(captions["photo_id"], taught)
    judged = label_scores.judge_captions(captions, schema, params)
    return judged.assign(
        expected=judged["expected"].where(unseen),
        correct=judged["correct"].where(unseen),
        taught=~unseen,
    )


def score_labels(
    judged: pd.DataFrame,
    corrections: pd.DataFrame,
    fingerprint: str,
    schema: Schema,
    params: EvaluateParams,
) -> dict[str, Any]:
    """Score a captioner's labels, see :mod:`lookbook.evaluation.label_scores`.

    Returns:
        The scores, and under ``corrected`` those by what people have said in reviews, see
        :func:`lookbook.evaluation.review_scores.score_by_reviews`.
    """
    decided = read_corrections(corrections, schema)
    return {
        **label_scores.score_labels(judged, fingerprint, schema, params),
        "corrected": score_by_reviews(judged, decided, schema, params),
    }


def count_confusions(judged: pd.DataFrame, params: EvaluateParams) -> pd.DataFrame:
    """Count the values given, by human label."""
    return label_scores.count_confusions(judged, params)


def rank_runs(
    scores_of_runs: dict[str, Callable[[], dict[str, Any]]], scores: dict[str, Any]
) -> pd.DataFrame:
    """Gather the scores of all runs so far, one row each, the latest first.

    Args:
        scores_of_runs: Every version of the scores, by the run's time.
        scores: This run's, which are among them; named so that they are written first.

    Returns:
        ``run`` and :data:`RANKED`.
    """
    rows = [{"run": version.split("/")[0], **load()} for version, load in scores_of_runs.items()]
    ranked = pd.DataFrame(rows, columns=["run", *RANKED])
    return ranked.sort_values("run", ascending=False, ignore_index=True)


def plot_label_confusion(confusion: pd.DataFrame) -> PlotlyFigure:
    """Draw which values the photos of each human label were given."""
    return plot_confusion(confusion, "Values given, by human label")


def plot_worst_cases(
    judged: pd.DataFrame,
    files: Mapping[str, Callable[[], bytes]],
    schema: Schema,
    params: EvaluateParams,
) -> MatplotlibFigure:
    """Draw photos of wrong labels with what the caption and what a person says.

    The confusions that occur most often come first, one photo of each before a second of any.
    """
    import textwrap

    from matplotlib.figure import Figure

    from lookbook.photos.sheets import show_photo

    wrong = judged[judged["correct"].eq(False).fillna(False)].copy()
    wrong["said"] = wrong[params.human_label].fillna(wrong["status"])
    wrong["title"] = wrong[schema.title].fillna(wrong["status"])
    pairs = wrong.groupby(["label", "said"])["file"]
    wrong["turn"], wrong["often"] = pairs.cumcount(), pairs.transform("size")
    order = wrong.sort_values(["turn", "often", "file"], ascending=[True, False, True])
    chosen = order.head(params.worst_cases)
    columns = 6
    rows = max(1, -(-len(chosen) // columns))
    figure = Figure(figsize=(2.1 * columns, 2.9 * rows), dpi=80, layout="constrained")
    figure.suptitle(f"{len(wrong):,} of {int(judged['expected'].notna().sum()):,} labels are wrong")
    axes = figure.subplots(rows, columns, squeeze=False).ravel()
    for axis in axes:
        axis.axis("off")
    for axis, row in zip(axes, chosen.itertuples(), strict=False):
        show_photo(axis, row.file, files)
        told = textwrap.fill(f"{row.said}: {row.title}", 26, max_lines=2)
        axis.set_title(f"{told}\na person: {row.label}", fontsize=8, parse_math=False)
    return figure
