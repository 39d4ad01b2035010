"""What a turn of a conversation comes to: the request, the item it starts from, and the plan."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache

from lookbook.assistant.types import Outfit, QueryPhoto
from lookbook.assistant.wearer import states_recipient
from lookbook.attributes.schema import Schema
from lookbook.outfits.features import SLOTS
from lookbook.outfits.rules import MISSING
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.items import Item
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.planning import plan_search
from lookbook.understanding.request import (
    Conversation,
    Language,
    Message,
    Recipient,
    Request,
    ShoppingPlan,
    SlotQuery,
    Stylist,
    Turn,
    Weather,
)

# Items on the page whose facts are told where a message does not say which one it means.
_ASKED_ABOUT = 3
_CENT = 0.01


@dataclass(frozen=True)
class Interpretation:
    """What a turn of a conversation comes to.

    Attributes:
        conversation: What the stylist saw.
        request: What the customer means.
        photo: The item that it starts from: the customer's own, or one of the page. Where an
            outfit starts from an item of the catalogue, it has its probabilities.
        plan: What to search for.
    """

    conversation: Conversation
    request: Request
    photo: QueryPhoto | None
    plan: ShoppingPlan


def interpret(
    message: str,
    history: list[Message],
    photo: QueryPhoto | None,
    stylist: Stylist,
    search: CatalogueSearch,
    schema: Schema,
    embedder: str | None = None,
    recipient: Recipient | None = None,
    weather: Weather | None = None,
    language: Language | None = None,
) -> Interpretation:
    """Understand a message, and plan what to search for.

    Args:
        message: The message; may be empty.
        history: Earlier turns, with the items that they showed.
        photo: The customer's photo, if any; it may be the catalogue's.
        stylist: Understands the message.
        search: The index.
        schema: The catalogue's attributes.
        embedder: Embedding model whose table is read; the first by default.
        recipient: Whom items are for where the message does not say.
        weather: The weather that they are for where the message does not say.
        language: The customer's language where messages are too short to tell.
    """

    @cache
    def look_up(photo_id: str) -> Item | None:
        # Turns show the same items, and each look-up asks the index.
        return search.item(photo_id, embedder)

    def items(photo_ids: Iterable[str]) -> list[Item]:
        return [item for one in photo_ids if (item := look_up(one)) is not None]

    turns = [
        Turn(turn.role, turn.content, [item.attributes for item in items(turn.shown)])
        for turn in history
    ]
    conversation = Conversation(
        message, turns, photo.record if photo else None, search.product_facets(embedder), language
    )
    request = stylist.understand(conversation, schema)
    if language is not None and not message.strip():
        request = request.model_copy(update={"language": language})
    if recipient is not None and not states_recipient(request, schema):
        request = request.model_copy(update={"recipients": [recipient]})
    if request.weather is None:
        request = request.model_copy(update={"weather": weather})
    page = next((turn.shown for turn in reversed(history) if turn.shown), [])
    start = _start(request, photo, items(page))
    if start is not None and start is not photo:
        conversation = replace(conversation, item=start.record)
    plan = plan_search(request, conversation.item, message, schema, is_first=not history)
    if plan.mode == "complementary" and start and start.photo_id and not start.probabilities:
        probabilities = search.attribute_probabilities(start.photo_id, embedder)
        known = {name: dict(values) for name, values in probabilities.items()}
        start = replace(start, probabilities=known)
    if request.asks or request.act == "question" or not request.understood:
        named = search.named_products(message, _ASKED_ABOUT, embedder)
        if named and request.asks:
            return Interpretation(
                conversation, request, start, plan.model_copy(update={"about": named})
            )
        if named:
            plan = ShoppingPlan(queries=[SlotQuery(slot=None, text=message)])
            request = request.model_copy(update={"act": "search", "understood": True})
            return Interpretation(conversation, request, start, plan)
    if request.asks:
        own = [photo.photo_id] if photo and photo.photo_id else []
        referred = [start.photo_id] if start and start.photo_id and request.refers_to else []
        about = [one.photo_id for one in items(referred or own or page)]
        plan = plan.model_copy(update={"about": about[:_ASKED_ABOUT]})
    if request.is_cheaper:
        shown = [start.photo_id] if start and start.photo_id else page[:1]
        plan = _cheaper_than(items(shown), plan)
    if request.wants_others:
        seen = [one for turn in history for one in turn.shown]
        plan = plan.model_copy(update={"exclude": list(dict.fromkeys(seen))})
    return Interpretation(conversation, request, start, plan)


def explain_outfits(outfits: list[Outfit], language: Language, stylist: Stylist) -> list[Outfit]:
    """Return outfits with their reasons as a sentence in the customer's language."""
    explained = []
    for one in outfits:
        is_whole = MISSING not in one.broken_rules
        reasons = [reason for reason in one.reasons if is_whole or reason != SLOTS]
        explained.append(replace(one, reason=stylist.explain(reasons, one.pair, language)))
    return explained


def _start(request: Request, photo: QueryPhoto | None, page: list[Item]) -> QueryPhoto | None:
    """Return the item that a request starts from: the one referred to, else the customer's."""
    if request.refers_to is not None and request.refers_to <= len(page):
        item = page[request.refers_to - 1]
        return QueryPhoto(item.attributes, item.photo_id)
    needs_item = request.act == "similar" or (request.act == "complement" and not request.owned)
    if photo is None and page and needs_item and (request.speaks_of_page or not request.parts):
        return QueryPhoto(page[0].attributes, page[0].photo_id)
    return photo


def _cheaper_than(items: list[Item], plan: ShoppingPlan) -> ShoppingPlan:
    """Limit the price to less than an item's; without a price, sort by price."""
    prices = [
        item.product.effective_price
        for item in items
        if item.product and item.product.effective_price is not None
    ]
    if not prices:
        return plan.model_copy(update={"sort": "price_ascending"})
    limit = ProductFilter(max_price=max(min(prices) - _CENT, 0.0))
    queries = [
        query.model_copy(update={"products": query.products & limit}) for query in plan.queries
    ]
    return plan.model_copy(update={"queries": queries})
