"""One customer's turn in four steps, each a plain function."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from pydantic import BaseModel, Field

from lookbook.captioners import Captioner, Prompt
from lookbook.errors import InputError
from lookbook.labels.cleaning import clean_answer
from lookbook.labels.fields import Fields
from lookbook.labels.record import Record, values_of, whole_text_of
from lookbook.outfits import Message, PlannedQuery, Recommendation, ShoppingPlan, Stylist
from lookbook.outfits.harmony import harmonise
from lookbook.photos.photo import Photo
from lookbook.search.catalogue_search import CatalogueSearch, Item, Method, Query, diversify
from lookbook.search.pictures import decode_picture

Turns = list[dict[str, str]]
# Methods that compare no pictures.
WORDS_ONLY: tuple[Method, ...] = ("text", "full text")


class Shown(NamedTuple):
    """The photo that a customer shows.

    Attributes:
        photo_id: Its identity, by which it is found where it is the catalogue's own.
        look: What a search compares it by, where it is not; see
            :meth:`lookbook.search.catalogue_search.CatalogueSearch.see`.
    """

    photo_id: str | None = None
    look: list[float] | None = None


NOTHING_SHOWN = Shown()


class ServingParams(BaseModel):
    """How items are recommended.

    Attributes:
        method: How the index is searched.
        embedder: The embedding model whose table is searched; ``None`` for the first.
        limit: Items in all.
        filters: Values that may be shown, by field; a field that is not named allows all.
        candidates: Items that are looked at for each that is shown, where it counts what goes
            with what.
        relevance: Weight of the search's own order.
        wish: Weight of how likely an item is what was wished for.
        harmony: Weights of fields whose values are to go together by their hues, where nothing
            is wished for.
        same: Weights of fields whose values are to be the same.
        diversity: How much items are to differ, from 0 to 1.
    """

    method: Method
    embedder: str | None
    limit: int = Field(gt=0)
    filters: dict[str, list[str]]
    candidates: int = Field(gt=0)
    relevance: float = Field(ge=0)
    wish: float = Field(ge=0)
    harmony: dict[str, float]
    same: dict[str, float]
    diversity: float = Field(ge=0, le=1)


def describe(photo: Photo, captioner: Captioner, prompt: Prompt) -> Record:
    """Labels a customer's photo as the catalogue's are, cleaning included.

    Args:
        photo: What was shown.
        captioner: The catalogue's engine.
        prompt: What it is asked.

    Raises:
        InputError: If the photo cannot be described.
    """
    (caption,) = captioner.caption([photo], prompt)
    if caption.text is None:
        raise InputError(f"The photo cannot be described: {caption.failure}.")
    cleaned = clean_answer(caption.text, prompt.fields)
    if cleaned.rejection is not None:
        raise InputError(f"The photo cannot be described: {cleaned.rejection}.")
    return cleaned.record


def look(photo: Photo, search: CatalogueSearch, params: ServingParams) -> list[float] | None:
    """Looks at a customer's photo; ``None`` where the index has no pictures.

    Raises:
        InputError: If the photo cannot be read, or there is no index.
    """
    seen = search.see(decode_picture(photo), params.embedder)
    return None if seen is None else seen.tolist()


def plan(
    item: Record | None, message: str, history: Turns, stylist: Stylist, fields: Fields
) -> ShoppingPlan:
    """Plans what to look for.

    Args:
        item: What was shown, if anything.
        message: What the customer says; may be empty.
        history: Earlier turns: ``role`` and ``content``.
        stylist: Understands them.
        fields: The catalogue's.

    Raises:
        InputError: If there is neither item nor message.
    """
    if item is None and not message.strip():
        raise InputError(
            "There is nothing to answer: give a photo, a message or both, as in "
            "--params=photo=FILE,message='in blue'."
        )
    return stylist.plan(item, message, [Message.model_validate(one) for one in history], fields)


def find(
    plan: ShoppingPlan,
    item: Record | None,
    shown: Shown,
    search: CatalogueSearch,
    params: ServingParams,
    fields: Fields,
) -> list[Item]:
    """Finds items for each part of a plan.

    What goes with an item is chosen among what the search finds, and diversified; what is like
    it, or as a customer says, comes in the search's own order.

    Args:
        plan: What to look for.
        item: What was shown, if anything.
        shown: Its photo: it is never recommended to itself.
        search: The catalogue.
        params: How many, and what counts.
        fields: The catalogue's.

    Returns:
        Items in the plan's order of slots, each with ``slot`` (empty for any), ``score`` from
        0 to 1, ``why`` in words and ``found_by``: words, picture or both.

    Raises:
        InputError: If the index cannot be searched.
    """
    a_slot = math.ceil(params.limit / max(len(plan.queries), 1))
    chooses = plan.mode == "complementary"
    most = a_slot * params.candidates if chooses else a_slot
    similar = plan.mode == "similar" and item is not None
    compares = similar and params.method not in WORDS_ONLY
    look = _look_of(shown, search, params) if compares else None
    # Where no picture is compared, words say what it would show.
    described = whole_text_of(item, fields) if similar and look is None and item else ""
    queries = [
        Query(
            text=" ".join(filter(None, (query.text, described))),
            look=look,
            allowed=_narrow(query, params, fields),
            wished={name: values for name, values in query.wished.items() if values},
            without=[shown.photo_id] if shown.photo_id else [],
        )
        for query in plan.queries
    ]
    # What is unwanted is left out afterwards, so a little more is looked at.
    results = search.search(
        queries, params.method, most * (2 if plan.unwanted else 1), params.embedder
    )
    found: list[Item] = []
    for query, answers in zip(plan.queries, results, strict=True):
        candidates = [one for one in answers if not _is_unwanted(one, plan)]
        if not candidates:
            continue
        ranks = np.linspace(1, 0, len(candidates) + 1)[:-1]
        judged = [
            _judge(one, rank, plan, query, item, params, fields)
            for one, rank in zip(candidates, ranks, strict=True)
        ]
        places = list(range(min(a_slot, len(candidates))))
        if chooses:
            scores = np.array([score for score, _ in judged])
            vectors = np.array([one["vector"] for one in candidates])
            places = diversify(vectors, scores, a_slot, 1 - params.diversity)
        for place in places:
            score, why = judged[place]
            told = {"slot": query.slot or "", "score": round(float(score), 4), "why": why}
            found.append({**candidates[place], **told})
    return found[: params.limit]


def _look_of(shown: Shown, search: CatalogueSearch, params: ServingParams) -> np.ndarray | None:
    # Another embedding model, chosen since, may look at pictures otherwise.
    if shown.look is not None and len(shown.look) == search.look_size(params.embedder):
        return np.asarray(shown.look, np.float32)
    return search.look_of(shown.photo_id, params.embedder) if shown.photo_id else None


def reply(
    plan: ShoppingPlan,
    item: Record | None,
    found: list[Item],
    message: str,
    history: Turns,
    stylist: Stylist,
    fields: Fields,
) -> Iterator[str]:
    """Says in words what was found, in parts as they are written.

    Args:
        plan: What was looked for.
        item: What was shown, if anything.
        found: As :func:`find` returns it.
        message: What the customer says; may be empty.
        history: Earlier turns: ``role`` and ``content``.
        stylist: Writes.
        fields: The catalogue's.

    Raises:
        InputError: If the stylist cannot answer.
    """
    recommended = [
        Recommendation(
            slot=one["slot"], record={name: one[name] for name in fields.names}, why=one["why"]
        )
        for one in found
    ]
    turns = [Message.model_validate(turn) for turn in history]
    return stylist.reply(plan, item, recommended, message, turns, fields)


def _narrow(query: PlannedQuery, params: ServingParams, fields: Fields) -> dict[str, list[str]]:
    """Leaves of the values that a query allows those that the filters allow too."""
    allowed = dict(query.allowed)
    for name, values in params.filters.items():
        if values and name in fields.enumerated:
            allowed[name] = [one for one in values if one in query.allowed.get(name, values)]
    return allowed


def _is_unwanted(item: Item, plan: ShoppingPlan) -> bool:
    return any(set(values_of(item, name)) & set(values) for name, values in plan.unwanted.items())


def _judge(
    item: Item,
    relevance: float,
    plan: ShoppingPlan,
    query: PlannedQuery,
    shown: Mapping[str, Any] | None,
    params: ServingParams,
    fields: Fields,
) -> tuple[float, str]:
    """Scores an item from 0 to 1, and says what speaks for it."""
    scores, weights, reasons = [relevance], [params.relevance], []
    if query.wished:
        scores.append(item["granted"])
        weights.append(params.wish)
        reasons += _granted(item, query)
    else:
        for name, weight in params.harmony.items():
            good, why = 1.0, ""
            if shown is not None and plan.mode == "complementary" and name in fields.enumerated:
                worn = values_of(shown, name)
                good, why = harmonise(values_of(item, name), worn, fields.enumerated[name])
            scores.append(good)
            weights.append(weight)
            reasons += [why] if why else []
    for name, weight in params.same.items():
        same = shown is None or name not in fields.ones or item[name] == shown[name]
        scores.append(float(same))
        weights.append(weight)
        if same and shown is not None and name in fields.ones:
            reasons.append(f"{item[name].lower()} like it")
    return float(np.average(scores, weights=weights)), ", ".join(reasons)


def _granted(item: Item, query: PlannedQuery) -> list[str]:
    """Lists what of the wishes an item is said to have, one value a field."""
    has = []
    for name, wished in query.wished.items():
        values = values_of(item, name)
        has += [one.lower() for one in wished if one in values][:1]
    return list(dict.fromkeys(has))
