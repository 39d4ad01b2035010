"""Searches within a customer's limits, and for the nearest items where none meets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import names_garments
from lookbook.search.items import Hit
from lookbook.search.product_filter import ProductFilter, Sort
from lookbook.search.table_searcher import Query
from lookbook.understanding.request import SlotQuery

# Items within the limits match the garment at least this well, compared with the best of all items.
_MIN_RELATIVE_MATCH = 0.5
Search = Callable[[list[Query]], list[list[Hit]]]


def search_within_limits(
    search: Search,
    queries: list[Query],
    slot_queries: Sequence[SlotQuery],
    always: ProductFilter,
    schema: Schema,
) -> list[list[Hit]]:
    """Search, and give up limits of a message that no item of the wanted kind meets.

    Args:
        search: Returns the hits of each query.
        queries: The queries, with all limits.
        slot_queries: What they were made of: the limits of the message.
        always: Limits that are never given up.
        schema: The catalogue's attributes.
    """
    results = search(queries)
    for number, (query, wanted) in enumerate(zip(queries, slot_queries, strict=True)):
        limits = wanted.products
        if limits == ProductFilter():
            continue
        unlimited = query.model_copy(update={"products": always, "sort": "relevance"})
        best = _garment_match(search([unlimited])[0], wanted, schema)
        for relaxed, sort in _relax(limits, query.sort):
            if results[number] and (
                _garment_match(results[number], wanted, schema) >= _MIN_RELATIVE_MATCH * best
            ):
                break
            update = {"products": always & relaxed, "sort": sort}
            results[number] = search([query.model_copy(update=update)])[0]
    return results


def _garment_match(hits: list[Hit], wanted: SlotQuery, schema: Schema) -> float:
    """Return how likely the first hit is of the wanted kind; 1 if no kind is wanted."""
    return min(
        (
            probability
            for hit in hits[:1]
            for preference, probability in zip(
                wanted.preferences, hit.match_probabilities, strict=True
            )
            if names_garments(preference.attribute, schema) and not preference.negated
        ),
        default=1.0,
    )


def _relax(limits: ProductFilter, sort: Sort) -> Iterator[tuple[ProductFilter, Sort]]:
    """Yield limits with one fewer each, and the order that brings the nearest items first."""
    if limits.max_price is not None:
        yield limits.model_copy(update={"max_price": None}), "price_ascending"
    if limits.min_price is not None:
        yield limits.model_copy(update={"min_price": None}), "price_descending"
    if limits.sizes is not None:
        yield limits.model_copy(update={"sizes": None}), sort
    if limits.brands is not None:
        yield limits.model_copy(update={"brands": None}), sort
    yield ProductFilter(), sort
