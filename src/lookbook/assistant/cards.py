"""Items as HTML. Whatever comes from a table, a model or a customer is shown as text."""

from __future__ import annotations

import html
import io
from typing import Any

from lookbook.attributes.record import known_values
from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import called
from lookbook.photos.photo import PhotoError, decode

WIDTH, HEIGHT = 320, 400
# The page's templates would fill in what stands in these.
_TEMPLATE_SIGNS = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;"})


def text(value: object) -> str:
    """Escapes a text for HTML, and for the page's templates."""
    return html.escape(str(value)).translate(_TEMPLATE_SIGNS)


def thumbnail(data: bytes, size: tuple[int, int] = (WIDTH, HEIGHT)) -> bytes:
    """Makes a small copy of a photo, upright and without metadata, in WebP.

    Args:
        data: The photo; what is none gives nothing.
        size: Width and height that it fits into.
    """
    try:
        image = decode(data, at_least=max(size))
    except PhotoError:
        return b""
    image.thumbnail(size)
    buffer = io.BytesIO()
    image.save(buffer, "WEBP", quality=75)
    return buffer.getvalue()


def item_card(item: dict[str, Any], heading: str, schema: Schema, picture: str = "") -> str:
    """Shows one item: what it is and what is said of it.

    Args:
        item: Its record.
        heading: What it is to the customer.
        schema: The catalogue's schema.
        picture: Address of its photo.
    """
    title = item[schema.title]
    facts = "".join(f"<li>{text(fact)}</li>" for fact in _facts(item, schema))
    return (
        f'<article class="card">{_picture(picture, title) if picture else ""}'
        f'<div class="card-body"><p class="eyebrow">{text(heading)}</p>'
        f"<h3>{text(title)}</h3><ul class='facts'>{facts}</ul>"
        f"<p>{text(item[schema.description])}</p></div></article>"
    )


def gallery(items: list[dict[str, Any]], pictures: list[str], schema: Schema) -> str:
    """Shows items by the part of an outfit that they are for.

    Args:
        items: Recommendations, in the order of slots.
        schema: The catalogue's schema.
        pictures: Addresses of their photos.
    """
    slots: dict[str, list[str]] = {}
    for number, (item, picture) in enumerate(zip(items, pictures, strict=True)):
        found = f"found by {item['matched_by']}" if item.get("matched_by") else ""
        told = " · ".join(filter(None, (item["why"], found)))
        why = f'<span class="why">{text(told)}</span>' if told else ""
        title = text(item[schema.title])
        slots.setdefault(item["slot"], []).append(
            f'<button class="tile" data-item="{number}" aria-label="{title}">'
            f"{_picture(picture, item[schema.title])}"
            f'<span class="title">{title}</span>{why}</button>'
        )
    return "".join(
        f'<section class="slot"><h2>{text(called(slot, schema) or "found")}</h2>'
        f'<div class="tiles">{"".join(tiles)}</div></section>'
        for slot, tiles in slots.items()
    )


def outfits(
    shown: list[tuple[list[dict[str, Any]], str]], pictures: list[list[str]], schema: Schema
) -> str:
    """Shows whole outfits, each as a card: its pieces side by side, and what speaks for it.

    Args:
        shown: The items of each, and the reason; may be empty.
        pictures: Addresses of their photos.
        schema: The catalogue's schema.
    """
    cards = []
    for number, ((items, reason), own) in enumerate(zip(shown, pictures, strict=True), start=1):
        pieces = "".join(
            _piece(number - 1, place, item, picture, schema)
            for place, (item, picture) in enumerate(zip(items, own, strict=True))
        )
        told = f'<p class="reason">{text(reason)}</p>' if reason else ""
        cards.append(
            f'<article class="outfit" aria-label="Outfit {number}"><h2>Outfit {number}</h2>'
            f'<div class="pieces">{pieces}</div>{told}</article>'
        )
    return f'<div class="outfits">{"".join(cards)}</div>' if cards else ""


def _piece(outfit: int, place: int, item: dict[str, Any], picture: str, schema: Schema) -> str:
    title = text(item[schema.title])
    at = f'data-outfit="{outfit}" data-place="{place}"'
    part = text(called(item["slot"], schema) or "piece")
    return (
        f'<figure class="piece"><button class="tile" {at} data-do="choose" aria-label="{title}">'
        f"{_picture(picture, item[schema.title])}</button>"
        f'<figcaption><span class="title">{title}</span>'
        f'<span class="do"><button {at} data-do="swap" aria-label="Swap this {part}">Swap</button>'
        f'<button {at} data-do="alike" aria-label="More like this {part}">More like this</button>'
        "</span></figcaption></figure>"
    )


def strip(items: list[dict[str, Any]], pictures: list[str], schema: Schema) -> str:
    """Shows items as a row of small pictures to choose from."""
    tiles = "".join(
        f'<button class="example" data-item="{number}" aria-label="{text(item[schema.title])}" '
        f'title="{text(item[schema.title])}">{_picture(picture, item[schema.title])}</button>'
        for number, (item, picture) in enumerate(zip(items, pictures, strict=True))
    )
    return f'<p class="eyebrow">or try one of these</p><div class="strip">{tiles}</div>'


def note(sentence: str) -> str:
    """Says something in the place of items."""
    return f'<p class="note">{text(sentence)}</p>'


def _facts(item: dict[str, Any], schema: Schema) -> list[str]:
    """Lists the values that tell something, each once."""
    told: dict[str, str] = {}
    for value in known_values(item, schema):
        told.setdefault(value.casefold(), value)
    return list(told.values())


def _picture(source: str, title: object) -> str:
    if not source:
        return '<span class="no-picture">no photo</span>'
    return f'<img src="{source}" alt="{text(title)}" loading="lazy">'
