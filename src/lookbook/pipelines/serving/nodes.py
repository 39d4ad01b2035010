"""Answers one customer: what the photo shows, what goes with it, and a reply."""

from __future__ import annotations

from typing import Any

from lookbook.assistant import answering
from lookbook.assistant.answers import ServingParams, Shown
from lookbook.attributes.record import from_row, to_row
from lookbook.attributes.schema import Schema
from lookbook.captioners import Captioner, Prompt
from lookbook.lazy import pd
from lookbook.outfits import ShoppingPlan, Stylist
from lookbook.outfits.style import StyleModel
from lookbook.photos.photo import Photo
from lookbook.search.catalogue_search import CatalogueSearch

ABOUT = ["slot", "photo_id", "Filename"]
FOUND = ["score", "why", "matched_by"]


def describe_item(
    photo: Photo | None,
    captioner: Captioner,
    prompt: dict[str, Any],
    search_index: CatalogueSearch,
    params: ServingParams,
) -> dict[str, Any]:
    """Labels the customer's photo, see :func:`lookbook.assistant.answering.describe`.

    Returns:
        ``photo_id``, the ``record``, the picture's ``image_embedding`` and the ``probabilities`` of
        its values; nothing where nothing was shown.
    """
    if photo is None:
        return {}
    record, probabilities = answering.describe(photo, captioner, Prompt.model_validate(prompt))
    look = answering.look(photo, search_index, params)
    return {
        "photo_id": photo.photo_id,
        "record": record,
        "image_embedding": look,
        "probabilities": probabilities,
    }


def plan_outfit(
    described_item: dict[str, Any],
    message: str,
    history: list[dict[str, str]],
    stylist: Stylist,
    schema: Schema,
) -> dict[str, Any]:
    """Plans what to look for, see :func:`lookbook.assistant.answering.plan`."""
    item = described_item.get("record")
    return answering.plan(item, message, history, stylist, schema).model_dump()


def recommend_items(
    shopping_plan: dict[str, Any],
    described_item: dict[str, Any],
    search_index: CatalogueSearch,
    style: StyleModel,
    params: ServingParams,
    schema: Schema,
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Finds items for each part of the plan, see :func:`lookbook.assistant.answering.find`.

    Returns:
        One row per item, the best first: ``slot``, ``photo_id``, ``Filename``, the attributes,
        ``score``, ``why`` and ``matched_by``; and the outfits: files, score and reason of each.
    """
    item = described_item.get("record")
    about = {name: described_item.get(name) for name in Shown._fields}
    shown = Shown(**about)
    plan = ShoppingPlan.model_validate(shopping_plan)
    answer = answering.find(plan, item, shown, search_index, style, params, schema)
    rows = [
        {**{name: one[name] for name in (*ABOUT, *FOUND)}, **to_row(one, schema)}
        for one in answer.items
    ]
    table = pd.DataFrame(rows, columns=[*ABOUT, *schema.names, *FOUND])
    return table, [outfit.told() for outfit in answer.outfits]


def write_reply(
    shopping_plan: dict[str, Any],
    described_item: dict[str, Any],
    recommendations: pd.DataFrame,
    message: str,
    history: list[dict[str, str]],
    stylist: Stylist,
    schema: Schema,
) -> str:
    """Writes the whole reply, see :func:`lookbook.assistant.answering.reply`."""
    plan = ShoppingPlan.model_validate(shopping_plan)
    found = [{**row, **from_row(row, schema)} for row in recommendations.to_dict("records")]
    item = described_item.get("record")
    return "".join(answering.reply(plan, item, found, message, history, stylist, schema))
