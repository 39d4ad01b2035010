"""Stylists: what a customer has and says becomes a plan of what to look for, and a reply."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from lookbook.attributes.record import Record
from lookbook.attributes.schema import Schema
from lookbook.search.preferences import Preference

Mode = Literal["complementary", "similar", "search"]
Wishes = dict[str, list[str]]
# So much of a message is read; nobody wishes for more.
LONGEST_MESSAGE = 1000


class PlannedQuery(BaseModel):
    """One thing to look for.

    Attributes:
        slot: The part of an outfit it is for; ``None`` for any.
        text: What to look for, in words that describe it.
        is_descriptive: Whether the words say more than the wishes.
        fallback_text: Words by which it is looked for where nothing else leads to it, see
            :class:`lookbook.search.table_searcher.Query`.
        filters: Values that may be shown, by attribute; an empty list allows nothing.
        preferences: What is wished for; what cannot be had is given up, the lightest wish first.
    """

    model_config = ConfigDict(extra="forbid")

    slot: str | None
    text: str = ""
    is_descriptive: bool = True
    fallback_text: str = ""
    filters: Wishes = {}
    preferences: list[Preference] = []


class ShoppingPlan(BaseModel):
    """What to look for.

    Attributes:
        mode: ``complementary`` for what goes with what the customer has, ``similar`` for more of
            its kind, ``search`` for what was said alone.
        queries: One for each part of the outfit.
        worn: What the customer said to have and did not show: values by attribute.
        context: What else is known of the outfit, such as the season, as the style model calls
            it.
        said: Whether the customer said anything; a photo alone leaves much open.
        understood: Whether anything in the message was; what was not may not be about clothes.
        notes: What was not understood or cannot be done, a sentence each.
        is_late: Whether a language model has not planned in time; it is not asked for a reply.
    """

    model_config = ConfigDict(extra="forbid")

    mode: Mode
    queries: list[PlannedQuery]
    worn: Wishes = {}
    context: dict[str, str] = {}
    said: bool = True
    understood: bool = True
    notes: list[str] = []
    is_late: bool = Field(default=False, exclude=True)


class Message(BaseModel):
    """One turn of a chat.

    Attributes:
        role: Whose it is.
        content: What was said.
    """

    role: Literal["user", "assistant"]
    content: str


class Recommendation(BaseModel):
    """One item that was found.

    Attributes:
        slot: The part of an outfit that it is for; empty for any.
        record: What the catalogue says of it.
        why: What speaks for it, in a few words; may be empty.
    """

    slot: str
    record: Record
    why: str


class Stylist(Protocol):
    """Plans what to look for, and says what was found."""

    def plan(
        self, item: Record | None, message: str, history: list[Message], schema: Schema
    ) -> ShoppingPlan:
        """Plans what to look for.

        Args:
            item: What the customer showed, if anything.
            message: What the customer says now; may be empty.
            history: What was said before.
            schema: The catalogue's schema.

        Raises:
            InputError: If no plan can be made.
        """
        ...

    def reply(
        self,
        plan: ShoppingPlan,
        item: Record | None,
        found: list[Recommendation],
        message: str,
        history: list[Message],
        schema: Schema,
    ) -> Iterator[str]:
        """Says what was found, in parts as they are written; names no item but those.

        Args:
            plan: What was looked for.
            item: What the customer showed, if anything.
            found: What is shown, in the plan's order of slots.
            message: What the customer says now; may be empty.
            history: What was said before.
            schema: The catalogue's schema.

        Raises:
            InputError: If the engine cannot answer.
        """
        ...
