"""Requests, recommendations, and the protocol of stylists."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from lookbook.attributes.record import Record
from lookbook.attributes.schema import Schema
from lookbook.products.product import Product
from lookbook.search.items import Hit
from lookbook.search.preferences import Preference
from lookbook.search.product_filter import ProductFacets, ProductFilter, Sort

Mode = Literal["complementary", "similar", "search"]
# What customers ask of a product.
Fact = Literal["price", "stock", "sizes", "brand"]
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
        products: Limits of price, size and brand. Where no item meets them the nearest are shown.
        preferences: Soft preferences; the lightest is given up first.
    """

    model_config = ConfigDict(extra="forbid")

    slot: str | None
    text: str = ""
    is_descriptive: bool = True
    fallback_text: str = ""
    filters: Values = {}
    products: ProductFilter = ProductFilter()
    preferences: list[Preference] = []


class Request(BaseModel):
    """What a customer asks for.

    Attributes:
        mode: ``complementary`` for items that go with the customer's own, ``similar`` for more of
            its kind, ``search`` for the message alone.
        queries: One for each slot.
        owned: A garment that the customer mentions and owns.
        sort: The order of the items.
        asks: Facts that the customer asks for.
        is_about_shown: Whether the message speaks of items on the page.
        refers_to: The number, from 1, of the item meant among those shown last; ``None`` for any.
        is_cheaper: Whether items are to be cheaper than the one referred to.
        about: Photos of the items that the message speaks of.
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
    sort: Sort = "relevance"
    asks: list[Fact] = []
    is_about_shown: bool = False
    refers_to: int | None = Field(default=None, ge=1)
    is_cheaper: bool = False
    about: list[str] = []
    context: dict[str, str] = {}
    has_message: bool = True
    understood: bool = True
    notes: list[str] = []
    is_late: bool = Field(default=False, exclude=True)


class Message(BaseModel):
    """One turn of a chat.

    Attributes:
        role: Who speaks.
        content: What is said.
        shown: Photos of the items that an answer shows, the best first.
    """

    role: Literal["user", "assistant"]
    content: str
    shown: list[str] = Field(default=[], max_length=100)


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

    @property
    def product(self) -> Product | None:
        """The shop's own data."""
        return self.hit.item.product

    def title(self, schema: Schema) -> str:
        """Return the shop's title, or else that of the item's attributes."""
        return (self.product.title if self.product else "") or str(self.record[schema.title])

    def to_dict(self, schema: Schema) -> dict[str, Any]:
        """Return the part that customers see: no vectors, no probabilities."""
        item: dict[str, Any] = {"photo_id": self.photo_id, "Filename": self.file}
        item["product"] = self.product and asdict(self.product)
        item |= {name: self.record[name] for name in schema.names}
        scores = {"score": self.score, "why": self.why, "matched_by": self.hit.matched_by}
        return {"slot": self.slot, **item, **scores}


class Stylist(Protocol):
    """Understands customers, and replies to them."""

    def plan(
        self,
        item: Record | None,
        message: str,
        history: list[Message],
        schema: Schema,
        facets: ProductFacets = ProductFacets(),  # noqa: B008
    ) -> Request:
        """Turn a message into a request.

        Args:
            item: Attributes of the customer's photo, if any.
            message: The message; may be empty.
            history: Earlier turns.
            schema: The catalogue's attributes.
            facets: Brands, sizes and prices of the catalogue's products.

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
