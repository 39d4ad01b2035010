"""Stylists: what a customer has and says becomes a plan of what to look for, and a reply."""

from __future__ import annotations

from typing import Literal, Protocol

from pydantic import BaseModel, ConfigDict

from lookbook.vocabulary import Label

Mode = Literal["complementary", "similar", "search"]


class Query(BaseModel):
    """One thing to look for.

    Attributes:
        slot: The part of an outfit it is for; ``None`` for any.
        text: What to look for, in words.
        categories: Values of the vocabulary that may be shown; so are the others.
        genders: Values that may be shown.
        types: Values that may be shown.
    """

    model_config = ConfigDict(extra="forbid")

    slot: str | None
    text: str
    categories: list[str]
    genders: list[str]
    types: list[str]


class ShoppingPlan(BaseModel):
    """What to look for.

    Attributes:
        mode: ``complementary`` for what goes with the item, ``similar`` for more of its kind,
            ``search`` where there is no item or something else is asked for.
        queries: One for each part of the outfit.
        colours: Wished for.
        unwanted_colours: Not to be shown.
        notes: What was not understood or cannot be done, a sentence each.
    """

    model_config = ConfigDict(extra="forbid")

    mode: Mode
    queries: list[Query]
    colours: list[str] = []
    unwanted_colours: list[str] = []
    notes: list[str] = []


class Message(BaseModel):
    """One turn of a chat.

    Attributes:
        role: Whose it is.
        content: What was said.
    """

    role: Literal["user", "assistant"]
    content: str


class Stylist(Protocol):
    """Plans what to look for."""

    def plan(self, item: Label | None, message: str, history: list[Message]) -> ShoppingPlan:
        """Plans what to look for.

        Args:
            item: What the customer showed, if anything.
            message: What the customer says now; may be empty.
            history: What was said before.
        """
        ...
