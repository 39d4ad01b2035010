"""Rows of the feedback log: what an answer showed, and what a customer did with it.

A row holds no message, no photo, no address, no key and no identity of a customer. Its time is that
of the hour, and an answer's id is drawn at random.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field, model_validator

from lookbook.attributes.record import Record, known_values_by_attribute
from lookbook.attributes.schema import Schema
from lookbook.search.product_filter import Sort
from lookbook.understanding.request import Recommendation, Request, ShoppingPlan, Values

Row = dict[str, Any]
# What our own rows say, one for each item of an answer.
ANSWERED = "answered"
Event = Literal["shown", "clicked", "bought", "dismissed"]
MAX_ITEMS = 100


class FeedbackEvent(BaseModel):
    """What a customer did with items of an answer.

    Attributes:
        answer_id: The answer, see :func:`new_answer_id`.
        event: ``shown`` on the screen, ``clicked``, ``bought`` or ``dismissed``.
        item_ids: The items; none for all of an outfit.
        outfit: The outfit's number in the answer, from 0.
    """

    model_config = ConfigDict(extra="forbid")

    answer_id: str = Field(pattern="^[0-9a-f]{32}$")
    event: Event
    item_ids: list[str] = Field(default=[], max_length=MAX_ITEMS)
    outfit: int | None = Field(default=None, ge=0, lt=MAX_ITEMS)

    @model_validator(mode="after")
    def _check_items(self) -> FeedbackEvent:
        if not self.item_ids and self.outfit is None:
            raise ValueError("name items, an outfit, or both")
        return self


class FeedbackLog(Protocol):
    """Where rows are kept."""

    def append(self, rows: list[Row]) -> None:
        """Add rows; it neither waits for the disk nor fails."""
        ...


def new_answer_id() -> str:
    """Return a random id of an answer, which tells nothing about it."""
    return secrets.token_hex(16)


def shown_rows(
    answer_id: str,
    request: Request,
    plan: ShoppingPlan,
    start: Record | None,
    items: Sequence[Recommendation],
    outfits: Sequence[Sequence[Recommendation]],
    sort: Sort,
    schema: Schema,
    now: datetime | None = None,
) -> list[Row]:
    """Return what an answer shows, a row for each item.

    Args:
        answer_id: See :func:`new_answer_id`.
        request: What the customer means; only its act and language are kept.
        plan: What was searched for; only its mode and the owned garment's values are kept.
        start: The attributes of the item that the answer starts from.
        items: The items, in the order of the page.
        outfits: The items of each outfit.
        sort: The order of the items.
        schema: The catalogue's attributes.
        now: The time; today's without it.
    """
    numbers: dict[str, int] = {}
    for number, outfit in enumerate(outfits):
        for one in outfit:
            numbers.setdefault(one.photo_id, number)
    shown = {one.photo_id: one for one in (*items, *(one for outfit in outfits for one in outfit))}
    slots = [query.slot or "" for query in plan.queries]
    # Scores of two searches for one slot cannot be compared.
    is_comparable = len(set(slots)) == len(slots)
    owned: Values = known_values_by_attribute(start, schema) if start else plan.owned
    about = {
        "answer_id": answer_id,
        "time": _hour(now),
        "event": ANSWERED,
        "mode": plan.mode,
        "act": request.act,
        "language": request.language,
        "sort": sort,
        "start": owned if plan.mode == "complementary" else {},
    }
    return [
        {
            **about,
            "item_id": photo_id,
            "rank": rank,
            "slot": one.slot,
            "outfit": numbers.get(photo_id),
            "components": one.hit.components if is_comparable else {},
            "text_confidence": one.hit.text_confidence,
            "values": known_values_by_attribute(one.record, schema),
        }
        for rank, (photo_id, one) in enumerate(shown.items())
    ]


def event_rows(event: FeedbackEvent, now: datetime | None = None) -> list[Row]:
    """Return an event as rows, one for each item that it names, or one for an outfit.

    Args:
        event: The event; its items are the catalogue's.
        now: The time; today's without it.
    """
    about = {
        "answer_id": event.answer_id,
        "time": _hour(now),
        "event": event.event,
        "outfit": event.outfit,
    }
    return [{**about, "item_id": item_id} for item_id in dict.fromkeys(event.item_ids)] or [about]


def _hour(now: datetime | None) -> datetime:
    return (now or datetime.now(UTC)).astimezone(UTC).replace(minute=0, second=0, microsecond=0)
