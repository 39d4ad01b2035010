"""Learns search weights and pair preferences from feedback, and adopts what is better."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from pydantic import BaseModel, Field

from lookbook.errors import InputError
from lookbook.feedback.answers import ShownList, count_answers, read_lists
from lookbook.feedback.ranking import Learned, LearnedRanking, PairPreferences
from lookbook.lazy import ArrowTable, PlotlyFigure
from lookbook.search.ranking import FusionWeights

if TYPE_CHECKING:
    from lookbook.feedback.models import ScoreModel

logger = logging.getLogger(__name__)


class LearnParams(BaseModel, extra="forbid"):
    """How a ranking is learned.

    Attributes:
        weights: The configured weights, to which learned ones stay close.
        days: The last days of the log that count.
        held_out_days: The last of these, by which what was learned is measured.
        min_answers: Answers with a choice that are needed to learn from.
        min_held_out_answers: The same, to measure by.
        weight_scale: How far weights may move, as a standard deviation of their logarithms.
        pair_scale: How far pair preferences may move from 0, as a standard deviation of log odds.
        bootstrap_rounds: Resamples behind each interval.
        seed: Seed of the resamples.
    """

    weights: FusionWeights
    days: int = Field(gt=0)
    held_out_days: int = Field(gt=0)
    min_answers: int = Field(gt=0)
    min_held_out_answers: int = Field(gt=1)
    weight_scale: float = Field(gt=0)
    pair_scale: float = Field(gt=0)
    bootstrap_rounds: int = Field(gt=0)
    seed: int


def learn_ranking(
    feedback_log: ArrowTable, existing_learned_ranking: LearnedRanking, params: LearnParams
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Learn weights and pair preferences, and adopt each that ranks held-out days better.

    Returns:
        A :class:`LearnedRanking` as JSON, in which what was not adopted is as before; and the
        report: ``events`` (answers by event), ``answers`` (those with a choice), and ``parts``:
        ``weights`` and ``pairs`` with ``outcome``, ``is_adopted`` and, where there was enough to
        learn from, ``period``, ``learned_from`` (answers), ``place_effects`` and the figures of
        :func:`lookbook.feedback.measuring.compare`.

    Raises:
        InputError: If there are too few answers for anything.
    """
    from lookbook.feedback.models import PairModel, WeightModel, ranked_by_pairs, ranked_by_weights

    events, lists = count_answers(feedback_log), read_lists(feedback_log, params.days)
    by_weights = [one for one in lists if ranked_by_weights(one)]
    by_pairs = [one for one in lists if ranked_by_pairs(one)]
    weight_model, pair_model = WeightModel(by_weights, params.weights), PairModel(by_pairs)
    learned, old = existing_learned_ranking, existing_learned_ranking
    old_weights = old.weights.values if old.weights else params.weights
    old_pairs = old.pairs.values if old.pairs else {}
    parts = {
        "weights": _learn(
            weight_model, by_weights, weight_model.params(old_weights), params.weight_scale, params
        ),
        "pairs": _learn(
            pair_model, by_pairs, pair_model.params(old_pairs), params.pair_scale, params
        ),
    }
    if not any(part.figures for part in parts.values()):
        counts = ", ".join(f"{part.outcome} for {name}" for name, part in parts.items())
        raise InputError(
            f"The feedback log has {events.get('answered', 0):,} answers. In too few, one item "
            f"was clicked or bought and another was not: {counts}. Wait for more, or lower "
            "'min_answers' in conf/base/parameters_learn.yml."
        )
    if parts["weights"].is_better:
        weights = weight_model.weights(parts["weights"].params)
        learned = learned.model_copy(
            update={"weights": parts["weights"].adopt(Learned[FusionWeights], weights)}
        )
    if parts["pairs"].is_better:
        preferences = pair_model.preferences(parts["pairs"].params)
        learned = learned.model_copy(
            update={"pairs": parts["pairs"].adopt(Learned[PairPreferences], preferences)}
        )
    for name, part in parts.items():
        logger.info("%s: %s", name, part.outcome)
    report = {
        "events": events,
        "answers": len({one.answer_id for one in lists}),
        "parts": {name: part.to_dict() for name, part in parts.items()},
    }
    return learned.model_dump(mode="json"), report


@dataclass(frozen=True)
class _Part:
    """What was learned of weights or of pairs, if there was enough to learn from."""

    outcome: str
    params: np.ndarray
    period: list[str] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)

    @property
    def is_better(self) -> bool:
        """Whether held-out comparisons are surely ordered better than before."""
        return bool(self.figures) and self.figures["ordered_right"]["change"]["interval_99"][0] > 0

    def adopt(self, kind: type[Learned[Any]], values: Any) -> Learned[Any]:
        return kind(values=values, period=self.period, figures=self.figures)

    def to_dict(self) -> dict[str, Any]:
        about = {"outcome": self.outcome, "is_adopted": self.is_better, "period": self.period}
        return {**about, **self.figures}


def _learn(
    model: ScoreModel,
    lists: Sequence[ShownList],
    former: np.ndarray,
    scale: float,
    params: LearnParams,
) -> _Part:
    """Learn from all days but the held-out ones, and compare with what there was before."""
    from lookbook.feedback.comparisons import compare_items, fit
    from lookbook.feedback.measuring import compare

    since = timedelta(days=params.held_out_days)
    held_out = {one.answer_id for one in lists if one.time > lists[-1].time - since}
    taught = len({one.answer_id for one in lists} - held_out)
    if taught < params.min_answers or len(held_out) < params.min_held_out_answers:
        return _Part(
            f"{taught:,} of {params.min_answers:,} needed answers to learn from and "
            f"{len(held_out):,} of {params.min_held_out_answers:,} to measure by in the last "
            f"{params.held_out_days} days",
            former,
        )
    comparisons = compare_items(lists)
    is_held_out = np.array([one.answer_id in held_out for one in lists])[comparisons.lists]
    fitted = fit(model, comparisons.where(~is_held_out), scale)
    figures = compare(
        model.scores(former), model.scores(fitted.params), comparisons.where(is_held_out),
        fitted.place_effects, params.bootstrap_rounds, params.seed,
    )  # fmt: skip
    figures = {"learned_from": taught, **figures, "place_effects": fitted.place_effects.tolist()}
    change = figures["ordered_right"]["change"]
    low, high = change["interval_99"]
    part = _Part(
        "", fitted.params, [lists[0].time.isoformat(), lists[-1].time.isoformat()], figures
    )
    verdict = "adopted" if part.is_better else "not adopted, the former stays"
    sentence = (
        f"{verdict}; comparisons ordered right {change['value']:+.1%} ({low:+.1%} to {high:+.1%})"
    )
    return replace(part, outcome=sentence)


def plot_learning(learning_report: dict[str, Any]) -> PlotlyFigure:
    """Plot how many held-out comparisons are ordered right, before and after."""
    import plotly.graph_objects as go

    figure = go.Figure()
    parts = {
        name: part["ordered_right"]
        for name, part in learning_report["parts"].items()
        if "ordered_right" in part
    }
    for when in ("before", "after"):
        shares = [part[when] for part in parts.values()]
        values = [share["value"] for share in shares]
        figure.add_bar(
            name=when,
            x=list(parts),
            y=values,
            error_y={
                "array": [share["interval_99"][1] - share["value"] for share in shares],
                "arrayminus": [share["value"] - share["interval_99"][0] for share in shares],
            },
        )
    title = "Held-out comparisons ordered right (0.5 is chance)"
    return figure.update_layout(title=title, yaxis_range=[0, 1], barmode="group")
