"""The types of the JSON API; the page, the widget and the MCP server use them, too."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import (
    Base64Bytes,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from lookbook.assistant.methods import AnswerMethod
from lookbook.search.product_filter import Sort
from lookbook.understanding.request import Act, Language, Recipient, Weather

# Characters of a message; the stylist reads fewer.
MAX_MESSAGE_LENGTH = 10_000
# Items of an answer.
MAX_ITEMS = 30
# Items that a search can page through.
MAX_RESULTS = 300
# Turns and characters of the history in a request.
MAX_TURNS = 40
MAX_HISTORY_CHARACTERS = 40_000
MAX_PHOTO_BYTES = 20_000_000

ItemId = Annotated[str, StringConstraints(min_length=1, max_length=300)]
Method = Annotated[
    AnswerMethod | None, Field(description="How to search; the shop's choice by default.")
]


def _plain_base64(text: Any) -> Any:
    """Return base64 without the head of a ``data:`` address and without white space."""
    if not isinstance(text, str):
        return text
    text = re.sub(r"^data:[^,]*,|\s", "", text)
    if not text or not re.fullmatch(r"[A-Za-z0-9+/]+={0,2}", text):
        raise ValueError("is not a file in base64")
    return text


PhotoBytes = Annotated[
    Base64Bytes, Field(max_length=MAX_PHOTO_BYTES), BeforeValidator(_plain_base64)
]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Picture(_Model):
    """A photo of an item: addresses of a small and of a large copy in WebP."""

    thumbnail: str
    large: str


class Price(_Model):
    """A price that a customer pays, and the regular one in a sale."""

    amount: float
    currency: str = Field(description="ISO code; empty if the shop names none.")
    regular: float | None = Field(
        default=None, description="The regular price, if there is a sale."
    )
    text: str = Field(description="The amount as customers read it, such as '89.95 EUR'.")


class Size(_Model):
    """A size of a product."""

    name: str
    available: bool


class Item(_Model):
    """An item of the catalogue.

    Attributes:
        id: The shop's own id of the product, or the photo's identity without one.
        photo_id: SHA-256 of its main photo.
        attributes: Its known values by attribute.
        url: The shop's page.
    """

    id: str
    photo_id: str
    title: str
    description: str
    attributes: dict[str, str | list[str]]
    pictures: list[Picture] = Field(description="The main photo first; may be empty.")
    price: Price | None
    brand: str
    sizes: list[Size]
    in_stock: bool | None = Field(description="null where the shop does not say.")
    url: str = Field(description="The shop's page of the product; empty if there is none.")


class FoundItem(Item):
    """An item of an answer.

    Attributes:
        slot: The part of an outfit that it is for; empty for any.
        score: How well it matches, from 0 to 1.
        why: The reasons for it, in a few words.
        matched_by: ``words``, ``picture``, both, or empty.
    """

    slot: str
    score: float
    why: str
    matched_by: str


class Outfit(_Model):
    """Items to wear together.

    Attributes:
        items: One for each slot.
        score: Predicted probability that people find it acceptable.
        reason: What speaks for it, as a sentence in the customer's language.
        broken_rules: Rules that it breaks, since the catalogue offers nothing else.
    """

    items: list[FoundItem]
    score: float
    reason: str
    reasons: list[str]
    broken_rules: list[str]


class Turn(_Model):
    """An earlier turn of the conversation.

    Attributes:
        role: Who speaks.
        content: What is said.
        item_ids: The items that an answer showed, in the order of the page.
    """

    role: Literal["user", "assistant"]
    content: str = Field(max_length=MAX_HISTORY_CHARACTERS)
    item_ids: list[ItemId] = Field(default=[], max_length=100)


class Filters(_Model):
    """What items must meet; an empty list of values allows all.

    Attributes:
        attributes: Allowed values by attribute, see ``GET /attributes``.
        in_stock: Whether items that are known to be sold out are left out; the shop's choice by
            default.
    """

    attributes: dict[str, list[str]] = Field(default={}, max_length=100)
    min_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    max_price: float | None = Field(default=None, ge=0, allow_inf_nan=False)
    currency: str | None = Field(default=None, max_length=10)
    sizes: list[str] = Field(default=[], max_length=200)
    brands: list[str] = Field(default=[], max_length=200)
    in_stock: bool | None = None

    @model_validator(mode="after")
    def _check_prices(self) -> Filters:
        low, high = self.min_price, self.max_price
        if low is not None and high is not None and low > high:
            raise ValueError("min_price is above max_price")
        return self


class Start(_Model):
    """What a customer shows: a photo, a photo shown before, or an item of the catalogue.

    Attributes:
        photo: A new photo, its file in base64; multipart requests send it as the file ``photo``.
        photo_id: A photo of an earlier request, by the ``photo_id`` of its answer. After an hour
            the server may have forgotten it (404); then send it again.
        item_id: An item of the catalogue.
        corrections: Attributes of the photo that the customer corrects, by name.
    """

    photo: PhotoBytes | None = Field(default=None, examples=[None])
    photo_id: str | None = Field(default=None, pattern="^[0-9a-f]{64}$", examples=[None])
    item_id: ItemId | None = Field(default=None, examples=[None])
    corrections: dict[str, str | list[str]] = Field(default={}, max_length=100)


class RecommendRequest(Start):
    """One turn of a conversation.

    Attributes:
        message: What the customer says; may be empty beside a photo or an item.
        history: Earlier turns, the oldest first.
        recipient: Whom items are for where the message does not say; ``Unisex`` for anybody.
        language: The customer's language where messages are too short to tell.
        limit: Items in all; the shop's choice by default.
        outfits: Outfits to build; the shop's choice by default.
    """

    message: str = Field(
        default="", max_length=MAX_MESSAGE_LENGTH, examples=["a red dress, not too formal"]
    )
    history: list[Turn] = Field(default=[], max_length=MAX_TURNS)
    filters: Filters = Filters()
    sort: Sort | None = None
    recipient: Recipient | None = None
    language: Language | None = None
    limit: int | None = Field(default=None, ge=1, le=MAX_ITEMS)
    outfits: int | None = Field(default=None, ge=0, le=10)
    method: Method = None


class SeenPhoto(_Model):
    """What the customer's photo shows.

    Attributes:
        photo_id: Its identity, for later requests; ``null`` for an item of the catalogue.
        item_id: The item, if it is the catalogue's.
        attributes: All its attributes.
    """

    photo_id: str | None
    item_id: str | None
    title: str
    description: str
    attributes: dict[str, str | list[str]]


class UnderstoodRequest(_Model):
    """What the message was taken to mean."""

    act: Act
    mode: Literal["complementary", "similar", "search"]
    recipients: list[Recipient]
    occasion: str
    weather: Weather | None
    language: Language
    understood: bool


class Recommendations(_Model):
    """The answer to one turn.

    Attributes:
        answer_id: Names this answer in ``POST /feedback``.
        seen: What the customer's photo shows.
        items: The best first; empty where a sentence answers.
        outfits: The best first.
        needs: What to ask the customer, with the best guess: ``recipient``.
        reply: The stylist's reply; streamed apart in an event stream.
    """

    answer_id: str
    seen: SeenPhoto | None
    request: UnderstoodRequest
    items: list[FoundItem]
    outfits: list[Outfit]
    needs: dict[str, Recipient]
    reply: str


class SwapRequest(RecommendRequest):
    """Another item for an outfit of an answer; beside it stand the fields of that request.

    Attributes:
        outfit: The outfit's items.
        position: The item to replace, from 0.
        rejected: Items that are not to come back.
    """

    outfit: list[ItemId] = Field(min_length=1, max_length=20)
    position: int = Field(ge=0)
    rejected: list[ItemId] = Field(default=[], max_length=200)


class SearchRequest(Start):
    """A search without a conversation.

    Attributes:
        text: What to look for; without text and photo, all items that meet the filters.
        limit: Items of a page.
        offset: Items before the page.
    """

    text: str = Field(default="", max_length=MAX_MESSAGE_LENGTH, examples=["black leather boots"])
    filters: Filters = Filters()
    sort: Sort | None = None
    method: Method = None
    limit: int = Field(default=10, ge=1, le=100)
    offset: int = Field(default=0, ge=0, le=MAX_RESULTS)


class SearchResults(_Model):
    """A page of hits.

    Attributes:
        next_offset: The offset of the next page; ``null`` if no other one can be asked for.
    """

    items: list[FoundItem]
    next_offset: int | None


class AttributeValue(_Model):
    """A value of an attribute: its name, its label in the language asked for, its items."""

    name: str
    label: str
    count: int


class AttributeFacet(_Model):
    """An attribute that can be filtered by.

    Attributes:
        is_multiple: Whether an item may have several of its values.
        values: Those that occur.
    """

    name: str
    label: str
    is_multiple: bool
    values: list[AttributeValue]


class PriceRange(_Model):
    """The lowest and the highest price."""

    min: float
    max: float
    currencies: list[str]


class Facets(_Model):
    """What the catalogue can be filtered by, labels in one language.

    Attributes:
        items: Items of the catalogue.
        slots: Labels of the parts of an outfit.
    """

    items: int
    slots: dict[str, str]
    attributes: list[AttributeFacet]
    brands: list[str]
    sizes: list[str]
    price: PriceRange | None
    has_stock: bool = Field(description="Whether any item is known to be sold out.")


class Problem(BaseModel):
    """An error, as RFC 9457 has it."""

    model_config = ConfigDict(extra="allow")

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    instance: str | None = None
    errors: list[dict[str, Any]] | None = None
