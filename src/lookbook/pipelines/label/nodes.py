"""Captions each chosen photo once, however often the run is cut off or repeated."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from lookbook.attributes.schema import Schema
from lookbook.captioners import FILTERED, Captioner, Prompt
from lookbook.captioners.shards import (
    ShardParams,
    Shards,
    caption_into_shards,
    find_uncaptioned,
    gather_captions,
    gather_probabilities,
)
from lookbook.lazy import pd
from lookbook.parts import TableParts

ANOTHER_CAPTIONER = (
    "Another captioner may accept the photos that this server's content filter refuses: the "
    "bundled one, or a model of your own (docs/tutorials/models.md)."
)


def compose_prompt(
    system: str, question: str, schema: Schema, params: ShardParams
) -> dict[str, Any]:
    """Write the attributes and their values into the prompt.

    Args:
        system: The system prompt.
        question: The caption prompt.
        schema: Where either says ``$attributes``, a line for each attribute stands, and where
            it says ``$`` and an attribute's name, such as ``$Category``, that attribute's values.
        params: How many photos of a product are shown at once.

    Returns:
        A :class:`lookbook.captioners.Prompt` as a dictionary, with its ``answer_schema``.
    """
    prompt = Prompt.compose(system, question, schema, params.photos_per_request)
    return {**prompt.model_dump(), "answer_schema": prompt.answer_schema}


def limit_selection(selection: pd.DataFrame, params: ShardParams) -> pd.DataFrame:
    """Return the photos to caption: all, or the first ones.

    Where a model is shown several photos of a product at once, the product's first photo stands
    for all, and ``more_files`` lists the others that are shown with it, in JSON.
    """
    if params.photos_per_request > 1:
        ordered = selection.sort_values(["position", "file"])
        products = ordered["product_id"].fillna(ordered["photo_id"])
        files = ordered.groupby(products, sort=False)["file"].agg(list)
        first = ordered.index[~products.duplicated()]
        more = [json.dumps(names[1 : params.photos_per_request]) for names in files]
        selection = selection.loc[first].assign(more_files=more).sort_values("file")
    return selection if params.limit is None else selection.head(params.limit)


def plan_captions(
    selection: pd.DataFrame,
    existing_shards: Shards,
    existing_trial_shards: Shards,
    captioner: Captioner,
    prompt: dict[str, Any],
) -> tuple[pd.DataFrame, str]:
    """Find the photos that this captioner has not captioned yet with this prompt.

    Args:
        selection: The photos to caption.
        existing_shards: Shards of earlier runs by name, of this and of other captioners.
        existing_trial_shards: Shards of prompt trials.
        captioner: Its fingerprint tells which captions are its own.
        prompt: What it is asked.

    Returns:
        The rows of the selection that still need a caption, among them those that failed
        before; and the captioner's fingerprint.
    """
    fingerprint = captioner.fingerprint(Prompt.model_validate(prompt))
    known = {**existing_trial_shards, **existing_shards}
    return find_uncaptioned(selection, known, fingerprint), fingerprint


def caption_photos(
    plan: pd.DataFrame,
    files: Mapping[str, Callable[[], bytes]],
    captioner: Captioner,
    prompt: dict[str, Any],
    params: ShardParams,
) -> Iterator[dict[str, str]]:
    """Caption photos, see :func:`lookbook.captioners.shards.caption_into_shards`.

    Yields:
        One shard, which Kedro saves before it asks for the next.
    """
    yield from caption_into_shards(plan, files, captioner, Prompt.model_validate(prompt), params)


def collect_captions(
    selection: pd.DataFrame,
    shards: Shards,
    existing_trial_shards: Shards,
    fingerprint: str,
) -> TableParts:
    """Gather the captions of the chosen photos from all shards of this captioner.

    Returns:
        The selection with its captions and what they took, see
        :func:`lookbook.captioners.shards.gather_captions`.
    """
    return gather_captions(selection, {**existing_trial_shards, **shards}, fingerprint)


def collect_probabilities(
    selection: pd.DataFrame,
    shards: Shards,
    existing_trial_shards: Shards,
    fingerprint: str,
    schema: Schema,
) -> TableParts:
    """Gather how likely each value of each attribute is, where the captioner tells.

    Returns:
        See :func:`lookbook.captioners.shards.gather_probabilities`.
    """
    every = {**existing_trial_shards, **shards}
    return gather_probabilities(selection, every, fingerprint, schema)


def count_captions(
    selection: pd.DataFrame,
    shards: Shards,
    existing_trial_shards: Shards,
    fingerprint: str,
) -> dict[str, Any]:
    """Count captions, failures and tokens, part by part.

    Returns:
        ``photos``, ``captioned``, ``failed``, ``filtered`` (of these, by the server's content
        filter), ``failures`` by reason, ``asked_again``, ``input_tokens``, ``output_tokens`` and
        ``cost``, which is ``None`` where nothing tells.
    """
    counts, failures = Counter[str](), Counter[str]()
    costs = []
    for part in collect_captions(selection, shards, existing_trial_shards, fingerprint):
        failed = part["caption"].isna()
        failures.update(part.loc[failed, "failure"])
        costs.append(part["cost"].sum(min_count=1))
        counts.update(
            {
                "photos": len(part),
                "captioned": int((~failed).sum()),
                "failed": int(failed.sum()),
                "filtered": int(part.loc[failed, "failure"].str.startswith(FILTERED).sum()),
                "asked_again": int((part["answers"] - 1).clip(lower=0).sum()),
                "input_tokens": int(part["input_tokens"].sum()),
                "output_tokens": int(part["output_tokens"].sum()),
            }
        )
    cost = pd.Series(costs).sum(min_count=1)
    return {
        **counts,
        "failures": dict(failures.most_common()),
        "cost": None if pd.isna(cost) else round(float(cost), 4),
    }


def report_captions(
    caption_counts: dict[str, Any], plan: pd.DataFrame, fingerprint: str
) -> dict[str, Any]:
    """Report what came of the photos, what this run had to do, and what may help."""
    before = caption_counts["photos"] - len(plan)
    advice = ANOTHER_CAPTIONER if caption_counts["filtered"] else None
    told = {"captioned_before": before, "captioner": fingerprint, "advice": advice}
    return {**caption_counts, **told}
