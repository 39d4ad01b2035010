"""Answers one customer: describes the photo, understands the message, recommends and replies."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import date
from typing import Any

from lookbook.assistant import wearer
from lookbook.assistant.assistant import check_input
from lookbook.assistant.interpretation import explain_outfits, interpret
from lookbook.assistant.query_photo import describe, embed
from lookbook.assistant.recommender import Recommender
from lookbook.assistant.types import QueryPhoto, ServingParams
from lookbook.attributes.record import from_row, to_row
from lookbook.attributes.schema import Schema
from lookbook.captioners import Captioner, Prompt
from lookbook.errors import InputError
from lookbook.feedback.ranking import LearnedRanking
from lookbook.lazy import pd
from lookbook.outfits.judge import OutfitJudge
from lookbook.outfits.params import OutfitParams
from lookbook.outfits.style import StyleModel
from lookbook.photos.photo import Photo
from lookbook.products.product import Product
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.items import Hit, Item
from lookbook.understanding.request import (
    Conversation,
    Message,
    Recipient,
    Recommendation,
    Request,
    ShoppingPlan,
    Stylist,
    Turn,
)

BEFORE = ["slot", "photo_id", "Filename"]
AFTER = ["product", "score", "why", "matched_by"]


def describe_item(
    photo: Photo | None,
    captioner: Captioner,
    prompt: dict[str, Any],
    search_index: CatalogueSearch,
    params: ServingParams,
) -> dict[str, Any]:
    """Describe and embed the customer's photo.

    Returns:
        The attributes of :class:`QueryPhoto`; nothing without a photo.
    """
    if photo is None:
        return {}
    described = asdict(describe(photo, captioner, Prompt.model_validate(prompt)))
    return {**described, "image_embedding": embed(photo, search_index, params.embedder)}


def interpret_message(
    described_item: dict[str, Any],
    message: str,
    history: list[dict[str, Any]],
    stylist: Stylist,
    search_index: CatalogueSearch,
    params: ServingParams,
    schema: Schema,
    today: str,
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """Understand the message and plan what to search for.

    Returns:
        The request; the item that it starts from, the customer's own or one of the page, as
        attributes of :class:`QueryPhoto`; and the plan.

    Raises:
        InputError: If there is neither photo nor message, or ``today`` is no date.
    """
    photo = _query_photo(described_item)
    check_input(photo, message)
    turn = interpret(
        message, _messages(history), photo, stylist, search_index, schema, params.embedder,
        params.recipient, params.weather_on(_date(today)), params.language,
    )  # fmt: skip
    start = asdict(turn.photo) if turn.photo else {}
    return turn.request.model_dump(), start, turn.plan.model_dump()


def recommend_items(
    request: dict[str, Any],
    shopping_plan: dict[str, Any],
    starting_item: dict[str, Any],
    stylist: Stylist,
    search_index: CatalogueSearch,
    style: StyleModel,
    existing_learned_ranking: LearnedRanking,
    outfit_params: OutfitParams,
    params: ServingParams,
    schema: Schema,
) -> tuple[pd.DataFrame, list[dict[str, Any]]]:
    """Recommend items for a plan, and build outfits.

    Returns:
        One row per item, the best first: ``slot``, ``photo_id``, ``Filename``, the attributes,
        ``product`` (the shop's data as JSON), ``score``, ``why`` and ``matched_by``; and the
        outfits, see :meth:`Outfit.to_dict`.
    """
    plan, photo = ShoppingPlan.model_validate(shopping_plan), _query_photo(starting_item)
    judge = OutfitJudge(style, outfit_params, schema)
    recommender = Recommender(search_index, judge, params, existing_learned_ranking)
    found = recommender.recommend(plan, photo)
    rows = [
        {
            **one.to_dict(schema),
            **to_row(one.record, schema),
            "product": json.dumps(asdict(one.product)) if one.product else "",
        }
        for one in found.items
    ]
    outfits = explain_outfits(found.outfits, Request.model_validate(request).language, stylist)
    table = pd.DataFrame(rows, columns=[*BEFORE, *schema.names, *AFTER])
    return table, [outfit.to_dict() for outfit in outfits]


def find_needs(
    request: dict[str, Any],
    shopping_plan: dict[str, Any],
    starting_item: dict[str, Any],
    params: ServingParams,
    schema: Schema,
) -> dict[str, Recipient]:
    """Return what the customer should be asked, with the best guess."""
    return wearer.find_needs(
        Request.model_validate(request), ShoppingPlan.model_validate(shopping_plan),
        _query_photo(starting_item), params, schema,
    )  # fmt: skip


def write_reply(
    request: dict[str, Any],
    shopping_plan: dict[str, Any],
    described_item: dict[str, Any],
    recommendations: pd.DataFrame,
    outfits: list[dict[str, Any]],
    message: str,
    history: list[dict[str, Any]],
    stylist: Stylist,
    schema: Schema,
) -> str:
    """Write the reply to a recommendation."""
    items = [
        Recommendation(
            row["slot"],
            Hit(Item(row["photo_id"], row["Filename"], from_row(row, schema), product=product)),
            why=row["why"],
        )
        for row in recommendations.to_dict("records")
        for product in [Product(**json.loads(row["product"])) if row["product"] else None]
    ]
    turns = [Turn(turn.role, turn.content) for turn in _messages(history)]
    conversation = Conversation(message, turns, described_item.get("record"))
    broken = outfits[0]["broken_rules"] if outfits else []
    plan = ShoppingPlan.model_validate({**shopping_plan, "broken_rules": broken})
    parts = stylist.reply(Request.model_validate(request), plan, conversation, items, schema)
    return "".join(parts)


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"'today' is '{text}'. Write a date like 2026-12-24.") from error


def _query_photo(item: dict[str, Any]) -> QueryPhoto | None:
    return QueryPhoto(**item) if item else None


def _messages(history: list[dict[str, Any]]) -> list[Message]:
    return [Message.model_validate(turn) for turn in history]
