"""Requests: what a customer means, and what is to be searched for it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

from lookbook.attributes.record import Record
from lookbook.attributes.schema import Schema
from lookbook.products.product import Product
from lookbook.search.items import Hit
from lookbook.search.preferences import Preference
from lookbook.search.product_filter import ProductFacets, ProductFilter, Sort

Act = Literal["search", "complement", "similar", "question", "small_talk", "off_topic"]
Recipient = Literal["Women", "Men", "Unisex", "Kids"]
Weather = Literal["hot", "warm", "mild", "cold", "rain", "snow", "wind"]
Language = Literal["en", "de", "fr", "es"]
Mode = Literal["complementary", "similar", "search"]
# What customers ask of a product.
Fact = Literal["price", "stock", "sizes", "brand"]
# Acts that look for nothing.
ACTS_WITHOUT_PARTS: tuple[Act, ...] = ("question", "small_talk", "off_topic")
# Values by attribute.
Values = dict[str, list[str]]
# Characters of a message that are read.
MAX_MESSAGE_LENGTH = 1000


def without(values: Values, others: Values) -> Values:
    """Return the values that are not among others."""
    left = {
        name: [value for value in own if value not in others.get(name, [])]
        for name, own in values.items()
    }
    return {name: own for name, own in left.items() if own}


@dataclass(frozen=True)
class Turn:
    """An earlier turn of a conversation.

    Attributes:
        role: Who speaks.
        content: What is said.
        items: The items that an answer shows, the best first.
    """

    role: Literal["user", "assistant"]
    content: str
    items: list[Record] = field(default_factory=list)


@dataclass(frozen=True)
class Conversation:
    """What a stylist sees.

    Attributes:
        message: What the customer says now; may be empty.
        turns: What was said before, oldest first.
        item: The item that the customer shows by a photo or has chosen.
        facets: Brands, sizes and prices of the catalogue's products.
        language: The customer's language where messages are too short to tell.
    """

    message: str
    turns: list[Turn] = field(default_factory=list)
    item: Record | None = None
    facets: ProductFacets = ProductFacets()  # noqa: RUF009
    language: Language | None = None

    @property
    def page(self) -> list[Record]:
        """The items that were shown last."""
        return next((turn.items for turn in reversed(self.turns) if turn.items), [])


class Part(BaseModel):
    """A kind of piece that is asked for.

    Attributes:
        wanted: Values that the customer names, by attribute; any of an attribute will do.
        implied: Values that nobody named, but that a shop assistant would go by.
        refused: Values that the customer does not want.
    """

    model_config = ConfigDict(extra="forbid")

    wanted: Values = {}
    implied: Values = {}
    refused: Values = {}


class Request(BaseModel):
    """What a customer means, all that was said before included.

    Attributes:
        act: ``search`` finds what is described, ``complement`` what goes with the item shown or
            owned, ``similar`` more like it. A ``question`` is about products or the shop;
            ``small_talk`` greets or thanks; ``off_topic`` is about neither clothes nor the shop.
        parts: The pieces that are asked for. None: for ``complement`` whatever completes the
            outfit, for ``similar`` more of the item's kind.
        recipients: For whom, as far as it is known.
        occasion: What it is for, in a word or two; empty if unknown.
        weather: The weather that it is for.
        owned: What the customer owns and does not show; it is never recommended.
        products: Limits of price, size and brand.
        sort: The order of the items.
        asks: Facts of products that are asked for.
        refers_to: The number, from 1, of the item meant among those shown last.
        is_cheaper: Whether items are to be cheaper than the one referred to.
        speaks_of_page: Whether the message speaks of items shown ("it", "these").
        wants_others: Whether items shown before are not to be shown again.
        language: The customer's language.
        understood: Whether any of the message was understood.
        notes: Sentences on what is not possible, in the customer's language.
        is_late: Whether a language model exceeded its time; then templates make the reply.
    """

    model_config = ConfigDict(extra="forbid")

    act: Act = "search"
    parts: list[Part] = []
    recipients: list[Recipient] = []
    occasion: str = ""
    weather: Weather | None = None
    owned: Values = {}
    products: ProductFilter = ProductFilter()
    sort: Sort = "relevance"
    asks: list[Fact] = []
    refers_to: int | None = Field(default=None, ge=1)
    is_cheaper: bool = False
    speaks_of_page: bool = False
    wants_others: bool = False
    language: Language = "en"
    understood: bool = True
    notes: list[str] = []
    is_late: bool = Field(default=False, exclude=True)

    @property
    def is_for_words_alone(self) -> bool:
        """Whether the answer is a sentence, and no items."""
        return self.act in ("small_talk", "off_topic")


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


class ShoppingPlan(BaseModel):
    """What to search for a request.

    Attributes:
        mode: ``complementary`` for items that go with the customer's own, ``similar`` for more of
            its kind, ``search`` for the message alone.
        queries: One for each slot; none where a sentence answers.
        owned: A garment that the customer mentions and owns.
        sort: The order of the items.
        about: Photos of the items that a question is about.
        exclude: Photos of items that are not to be shown again.
        broken_rules: Rules that the first outfit breaks since nothing else goes together; known
            when it is built.
        context: Other facts of the outfit, such as its season, under the style model's names.
        is_for_child: Whether it is for a child; ``None`` where nobody says for whom.
        has_message: Whether there is a message; a photo alone leaves much open.
        understood: Whether the message was understood; else its words alone are searched, if they
            are about clothes at all.
    """

    model_config = ConfigDict(extra="forbid")

    mode: Mode = "search"
    queries: list[SlotQuery] = []
    owned: Values = {}
    sort: Sort = "relevance"
    about: list[str] = []
    exclude: list[str] = []
    broken_rules: list[str] = []
    context: dict[str, str] = {}
    is_for_child: bool | None = None
    has_message: bool = True
    understood: bool = True


class Message(BaseModel):
    """One turn of a chat, as a page or a program sends it.

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

    def explain(
        self, reasons: Sequence[str], pair: tuple[str, str] | None, language: Language
    ) -> str:
        """Return why an outfit goes together, as a sentence.

        Args:
            reasons: Keys, see :func:`lookbook.understanding.replies.outfit_sentence`.
            pair: Two values that are often worn together, if any.
            language: The customer's language.
        """
        ...

    def understand(self, conversation: Conversation, schema: Schema) -> Request:
        """Tell what a customer means.

        Args:
            conversation: The message and what is known beside it.
            schema: The catalogue's attributes.

        Raises:
            InputError: If the message cannot be understood by this stylist.
        """
        ...

    def reply(
        self,
        request: Request,
        plan: ShoppingPlan,
        conversation: Conversation,
        items: list[Recommendation],
        schema: Schema,
    ) -> Iterator[str]:
        """Write a reply in parts; it names no other items.

        Args:
            request: What the customer means.
            plan: What was searched for.
            conversation: What the stylist sees.
            items: The recommendations.
            schema: The catalogue's attributes.

        Raises:
            InputError: If the stylist cannot answer.
        """
        ...
