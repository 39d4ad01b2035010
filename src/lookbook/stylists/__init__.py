"""Stylists: what a customer has and says becomes a plan of what to look for, and a reply."""

from __future__ import annotations

from collections.abc import Iterator
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
        colours: Wished for, before others.
    """

    model_config = ConfigDict(extra="forbid")

    slot: str | None
    text: str
    categories: list[str]
    genders: list[str]
    types: list[str]
    colours: list[str] = []


class ShoppingPlan(BaseModel):
    """What to look for.

    Attributes:
        mode: ``complementary`` for what goes with the item, ``similar`` for more of its kind,
            ``search`` where there is no item or something else is asked for.
        queries: One for each part of the outfit.
        unwanted_colours: Not to be shown.
        notes: What was not understood or cannot be done, a sentence each.
    """

    model_config = ConfigDict(extra="forbid")

    mode: Mode
    queries: list[Query]
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


class Recommendation(BaseModel):
    """One item that was found.

    Attributes:
        slot: The part of an outfit that it is for; empty for any.
        title: Its title in the catalogue.
        category: Its category.
        description: What the catalogue says of it.
        why: What speaks for it, in a few words; may be empty.
    """

    slot: str
    title: str
    category: str
    description: str
    why: str


class Stylist(Protocol):
    """Plans what to look for, and says what was found."""

    def plan(self, item: Label | None, message: str, history: list[Message]) -> ShoppingPlan:
        """Plans what to look for.

        Args:
            item: What the customer showed, if anything.
            message: What the customer says now; may be empty.
            history: What was said before.

        Raises:
            InputError: If no plan can be made.
        """
        ...

    def reply(
        self,
        plan: ShoppingPlan,
        item: Label | None,
        found: list[Recommendation],
        message: str,
        history: list[Message],
    ) -> Iterator[str]:
        """Says what was found, in parts as they are written; names no item but those.

        Args:
            plan: What was looked for.
            item: What the customer showed, if anything.
            found: What is shown, in the plan's order of slots.
            message: What the customer says now; may be empty.
            history: What was said before.

        Raises:
            InputError: If the engine cannot answer.
        """
        ...
