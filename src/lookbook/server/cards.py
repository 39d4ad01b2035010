"""Items as HTML; texts of tables, models and customers are escaped."""

from __future__ import annotations

import html
import io
from collections.abc import Sequence
from typing import Any

from lookbook.assistant.types import Outfit
from lookbook.attributes.record import known_values
from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import slot_name
from lookbook.photos.photo import PhotoError, decode
from lookbook.products.product import Product, format_price
from lookbook.understanding.request import Recipient, Recommendation

WIDTH, HEIGHT = 320, 400
# Buttons of the question whom items are for.
_RECIPIENTS: dict[Recipient, str] = {"Women": "women", "Men": "men", "Unisex": "either"}
# Sizes that an offer lists.
_MAX_SIZES = 8
_GUESS = ' class="guess" title="Our guess"'
# Gradio's templates replace what these enclose.
_TEMPLATE_CHARACTERS = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;"})


def text(value: object) -> str:
    """Escape a text for HTML and for Gradio's templates."""
    return html.escape(str(value)).translate(_TEMPLATE_CHARACTERS)


def thumbnail(data: bytes, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """Return a small, upright copy of a photo in WebP, without metadata.

    Args:
        data: The photo's bytes; of other files the copy is empty.
        size: The largest width and height in pixels.
    """
    try:
        image = decode(data, at_least=max(size))
    except PhotoError:
        return b""
    image.thumbnail(size)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=75)
    return buffer.getvalue()


def item_card(
    item: dict[str, Any], heading: str, schema: Schema, picture: str = "",
    product: Product | None = None, further: Sequence[str] = (),
) -> str:  # fmt: skip
    """Return an item as a card.

    Args:
        item: Its attributes.
        heading: A line above its title.
        schema: The catalogue's attributes.
        picture: The address of its picture.
        product: The shop's own data.
        further: The addresses of its other pictures.
    """
    title = (product and product.title) or item[schema.title]
    description = (product and product.description) or item[schema.description]
    facts = "".join(f"<li>{text(fact)}</li>" for fact in _facts(item, schema))
    pictures = "".join(_picture(source, title) for source in further)
    views = f'<div class="views">{pictures}</div>' if pictures else ""
    return (
        f'<article class="card">{_picture(picture, title) if picture else ""}'
        f'<div class="card-body"><p class="eyebrow">{text(heading)}</p>'
        f"<h3>{text(title)}</h3>{_offer(product) + _link(product) if product else ''}"
        f"<ul class='facts'>{facts}</ul><p>{text(description)}</p>{views}</div></article>"
    )


def gallery(items: list[Recommendation], pictures: list[str], schema: Schema) -> str:
    """Return recommendations as tiles, by slot.

    Args:
        items: The recommendations.
        pictures: The addresses of their pictures.
        schema: The catalogue's attributes.
    """
    slots: dict[str, list[str]] = {}
    for number, (one, picture) in enumerate(zip(items, pictures, strict=True)):
        matched_by = one.hit.matched_by
        reasons = (one.why, f"found by {matched_by}" if matched_by else "")
        reason = " · ".join(filter(None, reasons))
        why = f'<span class="why">{text(reason)}</span>' if reason else ""
        title, product = text(one.title(schema)), one.product
        offer, link = (_offer(product), _link(product)) if product else ("", "")
        slots.setdefault(one.slot, []).append(
            f'<div class="entry"><button class="tile" data-item="{number}" aria-label="{title}">'
            f"{_picture(picture, one.title(schema))}"
            f'<span class="title">{title}</span></button>{offer}{link}{why}</div>'
        )
    return "".join(
        f'<section class="slot"><h2>{text(slot_name(slot, schema) or "found")}</h2>'
        f'<div class="tiles">{"".join(tiles)}</div></section>'
        for slot, tiles in slots.items()
    )


def outfits(outfits: list[Outfit], pictures: list[list[str]], schema: Schema) -> str:
    """Return outfits as cards: their items side by side, and the reason.

    Args:
        outfits: The outfits; may be empty.
        pictures: The addresses of their items' pictures.
        schema: The catalogue's attributes.
    """
    articles = []
    for number, (outfit, addresses) in enumerate(zip(outfits, pictures, strict=True)):
        pieces = "".join(
            _piece(number, place, one, picture, schema)
            for place, (one, picture) in enumerate(zip(outfit.items, addresses, strict=True))
        )
        reason = f'<p class="reason">{text(outfit.reason)}</p>' if outfit.reason else ""
        name = f"Outfit {number + 1}"
        articles.append(
            f'<article class="outfit" aria-label="{name}"><h2>{name}</h2>'
            f'<div class="pieces">{pieces}</div>{reason}</article>'
        )
    return f'<div class="outfits">{"".join(articles)}</div>' if articles else ""


def _piece(outfit: int, place: int, one: Recommendation, picture: str, schema: Schema) -> str:
    title = text(one.title(schema))
    offer = f'<span class="offer">{_price(one.product)}</span>' if one.product else ""
    data = f'data-outfit="{outfit}" data-place="{place}"'
    slot = text(slot_name(one.slot, schema) or "piece")
    return (
        f'<figure class="piece"><button class="tile" {data} data-do="choose" aria-label="{title}">'
        f"{_picture(picture, one.title(schema))}</button>"
        f'<figcaption><span class="title">{title}</span>{offer}'
        f'<span class="do"><button {data} data-do="swap" aria-label="Swap this {slot}">Swap'
        f'</button><button {data} data-do="alike" aria-label="More like this {slot}">'
        "More like this</button></span></figcaption></figure>"
    )


def recipient_choice(guess: str | None, chosen: str | None) -> str:
    """Return the question whom items are for, as a row of buttons.

    Args:
        guess: The best guess, if the customer is asked.
        chosen: The customer's answer, if there is one.

    Returns:
        The row; empty without a guess and an answer.
    """
    if not guess and not chosen:
        return ""
    buttons = "".join(
        f'<button data-recipient="{value}" aria-pressed="{str(value == chosen).lower()}"'
        f"{_GUESS if value == guess and not chosen else ''}>{name}</button>"
        for value, name in _RECIPIENTS.items()
    )
    return f'<div class="recipient" role="group" aria-label="For"><span>For:</span>{buttons}</div>'


def strip(items: list[Recommendation], pictures: list[str], schema: Schema) -> str:
    """Return items as a row of small pictures to choose from."""
    tiles = "".join(
        f'<button class="example" data-item="{number}" '
        f'aria-label="{text(one.title(schema))}" '
        f'title="{text(one.title(schema))}">{_picture(picture, one.title(schema))}'
        "</button>"
        for number, (one, picture) in enumerate(zip(items, pictures, strict=True))
    )
    return f'<p class="eyebrow">or try one of these</p><div class="strip">{tiles}</div>'


def note(sentence: str) -> str:
    """Return a sentence in the place of items."""
    return f'<p class="note">{text(sentence)}</p>'


def _price(product: Product) -> str:
    """Return what a customer pays, beside the regular price in a sale."""
    if not product.price_text:
        return ""
    price = f"<b>{text(product.price_text)}</b>"
    if product.sale_price is not None and product.price is not None:
        regular = text(format_price(product.price, product.currency))
        price = f'<s title="Regular price">{regular}</s> {price}'
    return f'<span class="price">{price}</span>'


def _offer(product: Product) -> str:
    """Return price, brand, sizes that are not sold out, and availability."""
    available = product.available_sizes
    sizes = ", ".join(available[:_MAX_SIZES]) + (", …" if len(available) > _MAX_SIZES else "")
    stock = {True: "In stock", False: "Sold out", None: ""}[product.in_stock]
    facts = "".join(
        f'<span class="{name}">{text(fact)}</span>'
        for name, fact in (("brand", product.brand), ("sizes", sizes), ("stock", stock))
        if fact
    )
    price = _price(product)
    return f'<span class="offer">{price}{facts}</span>' if price or facts else ""


def _link(product: Product) -> str:
    """Return a link to the shop's page."""
    if not product.link:
        return ""
    title = text(f"{product.title or product.product_id}: to the shop's page")
    return (
        f'<a class="to-shop" href="{text(product.link)}" target="_blank" '
        f'rel="noopener noreferrer" aria-label="{title}">To the shop</a>'
    )


def _facts(item: dict[str, Any], schema: Schema) -> list[str]:
    """Return the known values, each once."""
    facts: dict[str, str] = {}
    for value in known_values(item, schema):
        facts.setdefault(value.casefold(), value)
    return list(facts.values())


def _picture(source: str, title: object) -> str:
    if not source:
        return '<span class="no-picture">no photo</span>'
    return f'<img src="{source}" alt="{text(title)}" loading="lazy">'
