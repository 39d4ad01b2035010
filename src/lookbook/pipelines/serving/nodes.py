"""Answers one customer: what the photo shows, what goes with it, and a reply."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from pydantic import BaseModel, Field

from lookbook.annotations import LanceTable, Reranker, pd
from lookbook.captioners import Captioner, Prompt
from lookbook.colours import find_colours, harmony
from lookbook.embedder import Embedder
from lookbook.errors import InputError
from lookbook.photos import Photo
from lookbook.pipelines.clean.nodes import map_vocabulary, parse_captions, strip_titles
from lookbook.retrieval import Method, choose_table, diversify, search
from lookbook.stylists import Message, Query, Recommendation, ShoppingPlan, Stylist
from lookbook.vocabulary import Label, Vocabulary

SHOWN = [
    "slot",
    "Filename",
    "Title",
    "Size",
    "Category",
    "Gender",
    "Type",
    "Description",
    "score",
    "why",
]
# An item that names no colour neither harmonises nor clashes.
UNKNOWN_COLOUR = 0.5


class Filters(BaseModel):
    """What may be shown; an empty list allows all.

    Attributes:
        categories: Values of the vocabulary, as the others.
        genders: Whom it is for.
        types: Occasions.
    """

    categories: list[str]
    genders: list[str]
    types: list[str]


class ServingParams(BaseModel):
    """How items are recommended.

    Attributes:
        method: How the index is searched.
        embedder: The embedding model whose table is searched; ``None`` for the first.
        limit: Items in all.
        filters: What may be shown.
        candidates: Items that are looked at for each that is shown.
        relevance: Weight of the search's own order.
        colour: Weight of the colours' harmony, or of the colour that was wished for.
        type: Weight of the same occasion.
        diversity: How much items are to differ, from 0 to 1.
    """

    method: Method
    embedder: str | None
    limit: int = Field(gt=0)
    filters: Filters
    candidates: int = Field(gt=0)
    relevance: float = Field(ge=0)
    colour: float = Field(ge=0)
    type: float = Field(ge=0)
    diversity: float = Field(ge=0, le=1)


def describe_item(
    photo: Photo | None, captioner: Captioner, prompt: dict[str, Any], vocabulary: Vocabulary
) -> dict[str, str]:
    """Labels the customer's photo as the catalogue's are, cleaning included.

    Args:
        photo: What was shown; ``None`` where there are only words.
        captioner: The catalogue's engine.
        prompt: What it is asked.
        vocabulary: The catalogue's words.

    Returns:
        The fields of a :class:`lookbook.vocabulary.Label`; none where nothing was shown.

    Raises:
        InputError: If the photo cannot be described.
    """
    if photo is None:
        return {}
    (caption,) = captioner.caption([photo], Prompt.model_validate(prompt))
    one = pd.DataFrame([{"file": photo.id, "caption": caption.text, "failure": caption.failure}])
    labels, rejected = parse_captions(one)
    if len(rejected):
        raise InputError(f"The photo cannot be described: {rejected['reason'].item()}.")
    mapped, _ = map_vocabulary(labels, vocabulary)
    described: dict[str, str] = strip_titles(mapped)[list(Label.model_fields)].iloc[0].to_dict()
    return described


def plan_outfit(
    described_item: dict[str, str],
    message: str,
    history: list[dict[str, str]],
    stylist: Stylist,
) -> dict[str, Any]:
    """Plans what to look for.

    Args:
        described_item: What was shown; empty if nothing was.
        message: What the customer says; may be empty.
        history: Earlier turns: ``role`` and ``content``.
        stylist: Understands them.

    Returns:
        A :class:`lookbook.stylists.ShoppingPlan`.

    Raises:
        InputError: If there is neither photo nor message.
    """
    if not described_item and not message.strip():
        raise InputError(
            "There is nothing to answer: give a photo, a message or both, as in "
            "--params=photo=FILE,message='in blue'."
        )
    item = Label.model_validate(described_item) if described_item else None
    turns = [Message.model_validate(turn) for turn in history]
    return stylist.plan(item, message, turns).model_dump()


def recommend_items(
    shopping_plan: dict[str, Any],
    described_item: dict[str, str],
    photo: Photo | None,
    search_index: dict[str, LanceTable],
    embedders: dict[str, Embedder],
    reranker: Reranker,
    selection: pd.DataFrame,
    params: ServingParams,
) -> pd.DataFrame:
    """Finds items for each part of the plan.

    Args:
        shopping_plan: What to look for.
        described_item: What was shown; empty if nothing was.
        photo: It is never recommended to itself.
        search_index: The catalogue's items, a table for each embedding model.
        embedders: The models.
        reranker: For the method that has one.
        selection: Files of the catalogue with their ``sha256``.
        params: How many, and what counts.

    Returns:
        The items in the plan's order of slots: :data:`SHOWN`, ``score`` from 0 to 1 and
        ``why`` in words.

    Raises:
        InputError: If the index has no table for the embedding model.
    """
    plan = ShoppingPlan.model_validate(shopping_plan)
    table, embedder = choose_table(search_index, embedders, params.embedder)
    itself = selection.loc[selection["sha256"] == photo.id, "file"].tolist() if photo else []
    a_slot = math.ceil(params.limit / max(len(plan.queries), 1))
    most = a_slot * params.candidates + len(itself)
    queries = [_narrow(query, params.filters) for query in plan.queries]
    results = search(table, embedder, queries, params.method, most, reranker)
    rows: list[dict[str, Any]] = []
    for query, found in zip(queries, results, strict=True):
        candidates = [
            item
            for item in found
            if item["Filename"] not in itself
            and not set(_colours(item)) & set(plan.unwanted_colours)
        ]
        if not candidates:
            continue
        ranks = np.linspace(1, 0, len(candidates) + 1)[:-1]
        judged = [
            _judge(item, rank, plan, query, described_item, params)
            for item, rank in zip(candidates, ranks, strict=True)
        ]
        scores = np.array([score for score, _ in judged])
        vectors = np.array([item["vector"] for item in candidates])
        for place in diversify(vectors, scores, a_slot, 1 - params.diversity):
            score, why = judged[place]
            told = {"slot": query.slot or "", "score": round(float(score), 4), "why": why}
            rows.append({**candidates[place], **told})
    return pd.DataFrame(rows, columns=SHOWN)[: params.limit]


def stream_reply(
    shopping_plan: dict[str, Any],
    described_item: dict[str, str],
    recommendations: pd.DataFrame,
    message: str,
    history: list[dict[str, str]],
    stylist: Stylist,
) -> Iterator[str]:
    """Says in words what was found, in parts as they are written.

    Args:
        shopping_plan: What was looked for.
        described_item: What was shown; empty if nothing was.
        recommendations: What was found.
        message: What the customer says; may be empty.
        history: Earlier turns: ``role`` and ``content``.
        stylist: Writes.
    """
    found = [
        Recommendation.model_validate({key.lower(): value for key, value in item.items()})
        for item in recommendations.to_dict("records")
    ]
    return stylist.reply(
        ShoppingPlan.model_validate(shopping_plan),
        Label.model_validate(described_item) if described_item else None,
        found,
        message,
        [Message.model_validate(turn) for turn in history],
    )


def write_reply(
    shopping_plan: dict[str, Any],
    described_item: dict[str, str],
    recommendations: pd.DataFrame,
    message: str,
    history: list[dict[str, str]],
    stylist: Stylist,
) -> str:
    """Writes the whole reply, see :func:`stream_reply`."""
    parts = stream_reply(shopping_plan, described_item, recommendations, message, history, stylist)
    return "".join(parts)


def _narrow(query: Query, filters: Filters) -> Query:
    """Leaves of the values that a query allows those that the filters allow too."""
    return query.model_copy(
        update={
            name: [one for one in getattr(query, name) if one in (allowed or [one])]
            for name, allowed in filters.model_dump().items()
        }
    )


def _judge(
    item: dict[str, Any],
    relevance: float,
    plan: ShoppingPlan,
    query: Query,
    described_item: dict[str, str],
    params: ServingParams,
) -> tuple[float, str]:
    """Scores an item from 0 to 1, and says what speaks for it."""
    reasons = []
    colour = same_type = 1.0
    colours = _colours(item)
    if query.colours:
        wished = [one for one in query.colours if one in colours]
        colour = float(bool(wished))
        reasons += wished[:1]
    elif described_item and plan.mode == "complementary":
        colour, told = _harmony(colours, find_colours(_text(described_item)))
        reasons += [told] if told else []
    if described_item:
        same_type = float(item["Type"] == described_item["Type"])
        reasons += [f"{item['Type'].lower()} like it"] if same_type else []
    weights = np.array([params.relevance, params.colour, params.type])
    score = float(weights @ np.array([relevance, colour, same_type]) / weights.sum())
    return score, ", ".join(reasons)


def _harmony(colours: list[str], shown: list[str]) -> tuple[float, str]:
    """Says how well an item's colours go with those shown: as well as the worst of them."""
    if not colours or not shown:
        return UNKNOWN_COLOUR, ""
    worst = min(max(harmony(colour, one) for one in shown) for colour in colours)
    told = f"{colours[0]} goes with {shown[0]}" if worst == 1 else ""
    return worst, told


def _colours(item: dict[str, Any]) -> list[str]:
    return find_colours(_text(item))


def _text(item: dict[str, Any]) -> str:
    return f"{item['Title']}. {item['Description']}"
