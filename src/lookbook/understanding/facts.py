"""Sentences on products, from the shop's own data alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import slot_name
from lookbook.products.product import Product, format_price
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.request import Fact, Recommendation, Request

WHICH_ONE = "Which item do you mean? Choose one first, or describe it."
# Items whose facts are told in one reply.
_TOLD = 3


def tell_facts(request: Request, items: Sequence[Recommendation], schema: Schema) -> Iterator[str]:
    """Answer a request's questions on facts; say what the shop's data does not tell."""
    if not items:
        yield WHICH_ONE
    wanted = next((query.products.sizes for query in request.queries), None) or []
    for one in items[:_TOLD]:
        product = one.product or Product("")
        yield " ".join(_FACTS[fact](one.title(schema), product, wanted) for fact in request.asks)


def _price(title: str, product: Product, wanted: list[str]) -> str:
    if not product.price_text:
        return f"I do not know the price of {title}."
    is_sale = product.sale_price is not None and product.price is not None
    regular = format_price(product.price or 0.0, product.currency)
    return f"{title} costs {product.price_text}{f' instead of {regular}' if is_sale else ''}."


def _stock(title: str, product: Product, wanted: list[str]) -> str:
    if product.in_stock is None:
        return f"I do not know whether {title} is in stock."
    return f"{title} is {'in stock' if product.in_stock else 'sold out'}."


def _sizes(title: str, product: Product, wanted: list[str]) -> str:
    if not product.sizes:
        return f"I do not know the sizes of {title}."
    is_sold_out = product.in_stock is False
    gone = [size for size in product.sizes if is_sold_out or size in product.sold_out_sizes]
    sold_out = f"; sold out: {', '.join(gone)}" if gone else ""
    if not set(wanted) & set(product.sizes):
        refusal = f"does not come in {' or '.join(wanted)}, but in" if wanted else "comes in"
        return f"{title} {refusal} {', '.join(product.sizes)}{sold_out}."
    there = [size for size in wanted if size in product.sizes and size not in gone]
    if there:
        return f"{title} comes in {' and '.join(there)}."
    return f"{title} comes in {' and '.join(wanted)}, but is sold out in it."


def _brand(title: str, product: Product, wanted: list[str]) -> str:
    if not product.brand:
        return f"I do not know who made {title}."
    return f"{title} is by {product.brand}."


_FACTS: dict[Fact, Callable[[str, Product, list[str]], str]] = {
    "price": _price, "stock": _stock, "sizes": _sizes, "brand": _brand,
}  # fmt: skip


def name_unmet_limits(
    request: Request, items: Sequence[Recommendation], schema: Schema
) -> Iterator[str]:
    """Name the limits that no recommendation meets, and the nearest price."""
    for query in request.queries:
        products = [
            one.product or Product("") for one in items if not query.slot or one.slot == query.slot
        ]
        place = f" for {slot_name(query.slot, schema)}" if query.slot else ""
        for unmet in _unmet(query.products, products) if products else ():
            yield f"Nothing{place} that fits {unmet}."


def _unmet(limits: ProductFilter, products: list[Product]) -> Iterator[str]:
    prices = [one.effective_price for one in products if one.effective_price is not None]
    currency = limits.currency or next((one.currency for one in products if one.currency), "")
    if limits.has_price and not any(_is_within(price, limits) for price in prices):
        bounds = (("at least", limits.min_price), ("up to", limits.max_price))
        words = " and ".join(
            f"{word} {format_price(amount, currency)}"
            for word, amount in bounds
            if amount is not None
        )
        limit = limits.max_price if limits.max_price is not None else limits.min_price or 0.0
        nearest = min(prices, key=lambda price: abs(price - limit), default=None)
        end = "" if nearest is None else f"; the nearest costs {format_price(nearest, currency)}"
        yield f"costs {words}{end}"
    if limits.sizes and not any(set(limits.sizes) & set(one.available_sizes) for one in products):
        yield f"comes in {' or '.join(limits.sizes)}"
    if limits.brands and not any(one.brand in limits.brands for one in products):
        yield f"is by {' or '.join(limits.brands)}"


def _is_within(price: float, limits: ProductFilter) -> bool:
    is_enough = limits.min_price is None or price >= limits.min_price
    return is_enough and (limits.max_price is None or price <= limits.max_price)
