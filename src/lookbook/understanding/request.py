"""Requests, recommendations, and the protocol of stylists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from lookbook.attributes.record import Record
from lookbook.attributes.schema import Schema
from lookbook.search.items import Hit
from lookbook.search.preferences import Preference

Mode = Literal["complementary", "similar", "search"]
# Values by attribute.
Values = dict[str, list[str]]
# Characters of a message that are read.
MAX_MESSAGE_LENGTH = 1000


class SlotQuery(BaseModel):
    """What to look for in one slot.

    Attributes:
        slot: The slot; ``None`` for any.
        text: A description of the item.
        is_descriptive: Whether the text says more than the preferences.
        fallback_text: A text for methods that need one, see
            :class:`lookbook.search.table_searcher.Query`.
        filters: Allowed values by attribute; an empty list allows nothing.
        preferences: Soft preferences; the lightest is given up first.
    """

    model_config = ConfigDict(extra="forbid")

    slot: str | None
    text: str = ""
    is_descriptive: bool = True
    fallback_text: str = ""
    filters: Values = {}
    preferences: list[Preference] = []


class Request(BaseModel):
    """What a customer asks for.

    Attributes:
        mode: ``complementary`` for items that go with the customer's own, ``similar`` for more of
            its kind, ``search`` for the message alone.
        queries: One for each slot.
        owned: A garment that the customer mentions and owns.
        context: Other facts of the outfit, such as its season, under the style model's names.
        has_message: Whether there is a message; a photo alone leaves much open.
        understood: Whether any of the message was understood.
        notes: Sentences on what was not understood or is not possible.
        is_late: Whether a language model exceeded its time; then rules write the reply.
    """

    model_config = ConfigDict(extra="forbid")

    mode: Mode
    queries: list[SlotQuery]
    owned: Values = {}
    context: dict[str, str] = {}
    has_message: bool = True
    understood: bool = True
    notes: list[str] = []
    is_late: bool = Field(default=False, exclude=True)


class Message(BaseModel):
    """One turn of a chat."""

    role: Literal["user", "assistant"]
    content: str


@dataclass(frozen=True)
class Recommendation:
    """A recommended item.

    Attributes:
        slot: The slot that it is for; empty for any.
        hit: The item as a search returned it.
        score: How well it matches, from 0 to 1.
        why: The reasons for it, in a few words; may be empty.
    """

    slot: str
    hit: Hit
    score: float = 0.0
    why: str = ""

    @property
    def photo_id(self) -> str:
        """The item's photo."""
        return self.hit.photo_id

    @property
    def file(self) -> str:
        """The file name of its photo."""
        return self.hit.item.file

    @property
    def record(self) -> Record:
        """The item's values by attribute."""
        return self.hit.attributes

    def to_dict(self, schema: Schema) -> dict[str, Any]:
        """Return the part that customers see: no vectors, no probabilities."""
        item = {"photo_id": self.photo_id, "Filename": self.file}
        item |= {name: self.record[name] for name in schema.names}
        scores = {"score": self.score, "why": self.why, "matched_by": self.hit.matched_by}
        return {"slot": self.slot, **item, **scores}


class Stylist(Protocol):
    """Understands customers, and replies to them."""

    def plan(
        self, item: Record | None, message: str, history: list[Message], schema: Schema
    ) -> Request:
        """Turn a message into a request.

        Args:
            item: Attributes of the customer's photo, if any.
            message: The message; may be empty.
            history: Earlier turns.
            schema: The catalogue's attributes.

        Raises:
            InputError: If the message cannot be planned for.
        """
        ...

    def reply(
        self,
        request: Request,
        item: Record | None,
        items: list[Recommendation],
        message: str,
        history: list[Message],
        schema: Schema,
    ) -> Iterator[str]:
        """Write a reply in parts; it names no other items.

        Args:
            request: The request.
            item: Attributes of the customer's photo, if any.
            items: The recommendations.
            message: The message; may be empty.
            history: Earlier turns.
            schema: The catalogue's attributes.

        Raises:
            InputError: If the engine cannot answer.
        """
        ...
