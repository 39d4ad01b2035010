"""Resolves what a message refers to: items on the page, and products by their codes."""

from __future__ import annotations

from collections.abc import Iterator

from lookbook.assistant.types import QueryPhoto
from lookbook.search.catalogue_search import CatalogueSearch
from lookbook.search.items import Item
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.request import Message, Request, SlotQuery
from lookbook.understanding.rule_stylist import NOT_UNDERSTOOD

# Items on the page whose facts are told where a message does not say which one it means.
_ASKED_ABOUT = 3
_CENT = 0.01


def resolve_references(
    request: Request,
    message: str,
    photo: QueryPhoto | None,
    history: list[Message],
    search: CatalogueSearch,
    embedder: str | None = None,
) -> Request:
    """Return a request with the items that it is about, and with limits that follow from them.

    Args:
        request: The request of a stylist.
        message: The message.
        photo: The customer's photo, if any; it may be the catalogue's.
        history: Earlier turns, with the items that they showed.
        search: The index.
        embedder: Embedding model whose table is read; the first by default.
    """
    named = []
    if request.asks or not request.understood:
        named = search.named_products(message, _ASKED_ABOUT, embedder)
    if named and request.asks:
        return request.model_copy(update={"about": named})
    if named:
        notes = [note for note in request.notes if note != NOT_UNDERSTOOD]
        return Request(mode="search", queries=[SlotQuery(slot=None, text=message)], notes=notes)
    if not request.is_about_shown:
        return request
    ids = _ids_of(request, photo, history)
    items = [item for photo_id in ids if (item := search.item(photo_id, embedder)) is not None]
    if request.is_cheaper:
        request = _cheaper_than(items[:1], request)
    return request.model_copy(update={"about": [item.photo_id for item in items[:_ASKED_ABOUT]]})


def _ids_of(request: Request, photo: QueryPhoto | None, history: list[Message]) -> list[str]:
    """Return the photos that a request may refer to, the likeliest first."""
    shown = next((turn.shown for turn in reversed(history) if turn.role == "assistant"), [])
    if request.refers_to is not None:
        return shown[request.refers_to - 1 : request.refers_to]
    own = [photo.photo_id] if photo and photo.photo_id else []
    return [*own, *shown] if request.mode == "similar" or not shown else shown


def _cheaper_than(items: list[Item], request: Request) -> Request:
    """Limit the price of what is asked for to less than an item's; without one, sort by price."""
    prices = list(_prices(items))
    if not prices:
        return request.model_copy(update={"sort": "price_ascending"})
    limit = ProductFilter(max_price=max(min(prices) - _CENT, 0.0))
    queries = [
        query.model_copy(update={"products": query.products & limit}) for query in request.queries
    ]
    return request.model_copy(update={"queries": queries})


def _prices(items: list[Item]) -> Iterator[float]:
    for item in items:
        price = item.product.effective_price if item.product else None
        if price is not None:
            yield price
