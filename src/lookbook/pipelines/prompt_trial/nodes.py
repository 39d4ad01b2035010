"""Tries prompts and captioners on the same photos, side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from pydantic import BaseModel, Field

from lookbook.annotations import PlotlyFigure, pd
from lookbook.captioners import Captioner, Prompt
from lookbook.pipelines.evaluate.label_nodes import judge_captions, score_labels
from lookbook.pipelines.evaluate.params import EvaluateParams
from lookbook.pipelines.label.nodes import (
    LabelParams,
    caption_photos,
    collect_captions,
    compose_prompt,
    plan_captions,
)
from lookbook.vocabulary import Vocabulary

# What the project's own captioner and prompt are called.
OWN_CAPTIONER, OWN_PROMPT = "captioner", "caption"
TRIAL = ["captioner", "prompt"]
SHARES = ["schema_valid_share", "usable_share", "category_accuracy", "refusals_share"]


class TrialParams(BaseModel):
    """What is tried on.

    Attributes:
        photos: How many, chosen by seed.
        seed: Of the choice.
    """

    photos: int = Field(gt=0)
    seed: int


def choose_photos(selection: pd.DataFrame, params: TrialParams) -> pd.DataFrame:
    """Chooses by seed the photos that everything is tried on."""
    return selection.sample(min(params.photos, len(selection)), random_state=params.seed)


def compose_prompts(
    system: str,
    question: str,
    trial_prompts: dict[str, Callable[[], str]],
    vocabulary: Vocabulary,
) -> dict[str, dict[str, Any]]:
    """Writes the vocabulary into the prompt in use, named ``caption``, and into those on trial.

    Returns:
        Prompts by name, see :func:`lookbook.pipelines.label.nodes.compose_prompt`.
    """
    questions = {OWN_PROMPT: question, **{name: load() for name, load in trial_prompts.items()}}
    return {name: compose_prompt(system, text, vocabulary) for name, text in questions.items()}


def caption_trials(
    photos: pd.DataFrame,
    known_shards: dict[str, str],
    files: dict[str, Callable[[], bytes]],
    captioner: Captioner,
    trial_captioners: dict[str, Captioner],
    prompts: dict[str, dict[str, Any]],
    params: LabelParams,
) -> Iterator[dict[str, str]]:
    """Captions the photos by every captioner with every prompt, where that is not done yet.

    Args:
        photos: As chosen.
        known_shards: What any run has captioned before.
        files: Functions that read the photos' bytes.
        captioner: The one in use.
        trial_captioners: Others, by name.
        prompts: As composed.
        params: How captions are kept.

    Yields:
        Shards, as the ``label`` pipeline writes them.
    """
    tried: set[str] = set()
    for _, _, engine, prompt in _trials(captioner, trial_captioners, prompts):
        plan, fingerprint = plan_captions(photos, known_shards, engine, prompt)
        # An engine that reads no prompt says the same to each.
        if len(plan) and fingerprint not in tried:
            yield from caption_photos(plan, files, engine, prompt, params)
        tried.add(fingerprint)


def collect_trials(
    photos: pd.DataFrame,
    shards: dict[str, Callable[[], str]],
    captioner: Captioner,
    trial_captioners: dict[str, Captioner],
    prompts: dict[str, dict[str, Any]],
) -> pd.DataFrame:
    """Gathers the captions, a row a photo, captioner and prompt.

    Returns:
        As the ``label`` pipeline collects them, with ``captioner``, ``prompt`` and
        ``fingerprint``.
    """
    collected = []
    for name, asked, engine, prompt in _trials(captioner, trial_captioners, prompts):
        fingerprint = engine.fingerprint(Prompt.model_validate(prompt))
        captions = collect_captions(photos, shards, fingerprint)
        collected.append(captions.assign(captioner=name, prompt=asked, fingerprint=fingerprint))
    return pd.concat(collected, ignore_index=True)


def score_trials(
    trial_captions: pd.DataFrame, vocabulary: Vocabulary, params: EvaluateParams
) -> pd.DataFrame:
    """Scores every captioner with every prompt, the best first.

    Returns:
        A row each: ``captioner``, ``prompt``, ``fingerprint``, ``photos``,
        ``schema_valid_share``, ``usable_share``, ``category_accuracy`` with ``low`` and
        ``high`` (95 %), ``refusals_share``, ``description_words``, ``seconds_per_photo``,
        ``input_tokens``, ``output_tokens`` and ``cost``.
    """
    rows = []
    for (name, asked), captions in trial_captions.groupby(TRIAL, sort=False):
        judged = judge_captions(captions.reset_index(drop=True), vocabulary)
        scores = score_labels(judged, captions["fingerprint"].iloc[0], params)
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
                **{
                    key: scores[key]
                    for key in (
                        "description_words", "seconds_per_photo", "input_tokens", "output_tokens",
                        "cost",
                    )
                },
            }
        )  # fmt: skip
    best = ["category_accuracy", "schema_valid_share"]
    return pd.DataFrame(rows).sort_values(best, ascending=False, ignore_index=True)


def plot_trials(trial_scores: pd.DataFrame) -> PlotlyFigure:
    """Draws the shares that each captioner reaches with each prompt."""
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
) -> Iterator[tuple[str, str, Captioner, dict[str, Any]]]:
    for name, engine in {OWN_CAPTIONER: captioner, **trial_captioners}.items():
        for asked, prompt in prompts.items():
            yield name, asked, engine, prompt
