"""Tries prompts and captioners on the same photos, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import BaseModel, Field

from lookbook.attributes.schema import Schema
from lookbook.captioners import Captioner, Prompt
from lookbook.captioners.shards import (
    ShardParams,
    Shards,
    caption_into_shards,
    find_uncaptioned,
    gather_captions,
)
from lookbook.evaluation.label_scores import judge_captions, score_labels
from lookbook.evaluation.params import EvaluateParams
from lookbook.lazy import PlotlyFigure, pd

# What the project's own captioner and prompt are called.
OWN_CAPTIONER, OWN_PROMPT = "captioner", "caption"
TRIAL = ["captioner", "prompt"]
SHARES = ["schema_valid_share", "usable_share", "accuracy", "refusals_share"]
COSTS = ["description_words", "seconds_per_photo", "input_tokens", "output_tokens", "cost"]


class TrialParams(BaseModel):
    """What is tried on.

    Attributes:
        photos: How many, chosen by seed.
        seed: Of the choice.
    """

    photos: int = Field(gt=0)
    seed: int


def choose_photos(selection: pd.DataFrame, params: TrialParams) -> pd.DataFrame:
    """Choose by seed the photos that everything is tried on."""
    return selection.sample(min(params.photos, len(selection)), random_state=params.seed)


def compose_prompts(
    system: str, question: str, trial_prompts: dict[str, Callable[[], str]], schema: Schema
) -> dict[str, dict[str, Any]]:
    """Write the attributes into the prompt in use, named ``caption``, and into those on trial.

    Returns:
        Prompts by name, each a :class:`lookbook.captioners.Prompt` as a dictionary.
    """
    questions = {OWN_PROMPT: question, **{name: load() for name, load in trial_prompts.items()}}
    return {
        name: Prompt.compose(system, text, schema).model_dump() for name, text in questions.items()
    }


def caption_trials(
    photos: pd.DataFrame,
    existing_shards: Shards,
    existing_trial_shards: Shards,
    files: Mapping[str, Callable[[], bytes]],
    captioner: Captioner,
    trial_captioners: dict[str, Captioner],
    prompts: dict[str, dict[str, Any]],
    params: ShardParams,
) -> Iterator[dict[str, str]]:
    """Caption the photos by every captioner with every prompt, where that is not done yet.

    Args:
        photos: As chosen.
        existing_shards: What the ``label`` pipeline has captioned before.
        existing_trial_shards: What was tried before.
        files: Functions that read the photos' bytes.
        captioner: The one in use.
        trial_captioners: Others, by name.
        prompts: As composed.
        params: How captions are kept.

    Yields:
        Shards, as the ``label`` pipeline writes them.
    """
    known, tried = {**existing_trial_shards, **existing_shards}, set()
    for _, _, engine, prompt in _trials(captioner, trial_captioners, prompts):
        fingerprint = engine.fingerprint(prompt)
        # An engine that reads no prompt says the same to each.
        if fingerprint in tried:
            continue
        tried.add(fingerprint)
        missing = find_uncaptioned(photos, known, fingerprint)
        if len(missing):
            yield from caption_into_shards(missing, files, engine, prompt, params)


def collect_trials(
    photos: pd.DataFrame,
    existing_shards: Shards,
    shards: Shards,
    captioner: Captioner,
    trial_captioners: dict[str, Captioner],
    prompts: dict[str, dict[str, Any]],
) -> pd.DataFrame:
    """Gather the captions, one row per photo, captioner and prompt.

    Returns:
        As the ``label`` pipeline collects them, with ``captioner``, ``prompt`` and
        ``fingerprint``.
    """
    known = {**existing_shards, **shards}
    collected = []
    for name, asked, engine, prompt in _trials(captioner, trial_captioners, prompts):
        fingerprint = engine.fingerprint(prompt)
        captions = gather_captions(photos, known, fingerprint).whole()
        collected.append(captions.assign(captioner=name, prompt=asked, fingerprint=fingerprint))
    return pd.concat(collected, ignore_index=True)


def score_trials(
    trial_captions: pd.DataFrame, schema: Schema, params: EvaluateParams
) -> pd.DataFrame:
    """Score every captioner with every prompt, the best first.

    Returns:
        One row each: ``captioner``, ``prompt``, ``fingerprint``, ``photos``,
        ``schema_valid_share``, ``usable_share``, ``accuracy`` with ``low`` and ``high`` (95 %),
        ``refusals_share``, ``description_words``, ``seconds_per_photo``, ``input_tokens``,
        ``output_tokens`` and ``cost``.
    """
    rows = []
    for (name, asked), captions in trial_captions.groupby(TRIAL, sort=False):
        judged = judge_captions(captions.drop(columns=TRIAL), schema, params)
        scores = score_labels(judged, captions["fingerprint"].iloc[0], schema, params)
        low, high = scores["interval_95"] or (None, None)
        rows.append(
            {
                "captioner": name,
                "prompt": asked,
                "fingerprint": scores["captioner"],
                **{key: scores[key] for key in ("photos", *SHARES[:3])},
                "low": low,
                "high": high,
                "refusals_share": round(float(judged["status"].eq("refusal").mean()), 4),
                **{key: scores[key] for key in COSTS},
            }
        )
    best = ["accuracy", "schema_valid_share"]
    return pd.DataFrame(rows).sort_values(best, ascending=False, ignore_index=True)


def plot_trials(trial_scores: pd.DataFrame) -> PlotlyFigure:
    """Draw the shares that each captioner reaches with each prompt."""
    import plotly.express as px

    drawn = trial_scores.assign(trial=trial_scores["captioner"] + ", " + trial_scores["prompt"])
    return px.bar(
        drawn.melt(["trial"], SHARES, "figure", "share"),
        x="figure", y="share", color="trial", barmode="group", range_y=[0, 1.05],
        title=f"Prompts tried on {int(trial_scores['photos'].max())} photos",
    )  # fmt: skip


def _trials(
    captioner: Captioner,
    trial_captioners: dict[str, Captioner],
    prompts: dict[str, dict[str, Any]],
) -> Iterator[tuple[str, str, Captioner, Prompt]]:
    for name, engine in {OWN_CAPTIONER: captioner, **trial_captioners}.items():
        for asked, prompt in prompts.items():
            yield name, asked, engine, Prompt.model_validate(prompt)
