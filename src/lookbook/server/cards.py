"""Items as HTML; texts of tables, models and customers are escaped."""

from __future__ import annotations

import html
import io
from typing import Any

from lookbook.assistant.types import Outfit
from lookbook.attributes.record import known_values
from lookbook.attributes.schema import Schema
from lookbook.outfits.slots import slot_name
from lookbook.photos.photo import PhotoError, decode
from lookbook.understanding.request import Recommendation

WIDTH, HEIGHT = 320, 400
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


def item_card(item: dict[str, Any], heading: str, schema: Schema, picture: str = "") -> str:
    """Return an item as a card.

    Args:
        item: Its attributes.
        heading: A line above its title.
        schema: The catalogue's attributes.
        picture: The address of its picture.
    """
    title = item[schema.title]
    facts = "".join(f"<li>{text(fact)}</li>" for fact in _facts(item, schema))
    return (
        f'<article class="card">{_picture(picture, title) if picture else ""}'
        f'<div class="card-body"><p class="eyebrow">{text(heading)}</p>'
        f"<h3>{text(title)}</h3><ul class='facts'>{facts}</ul>"
        f"<p>{text(item[schema.description])}</p></div></article>"
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
        title = text(one.record[schema.title])
        slots.setdefault(one.slot, []).append(
            f'<button class="tile" data-item="{number}" aria-label="{title}">'
            f"{_picture(picture, one.record[schema.title])}"
            f'<span class="title">{title}</span>{why}</button>'
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
    title = text(one.record[schema.title])
    data = f'data-outfit="{outfit}" data-place="{place}"'
    slot = text(slot_name(one.slot, schema) or "piece")
    return (
        f'<figure class="piece"><button class="tile" {data} data-do="choose" aria-label="{title}">'
        f"{_picture(picture, one.record[schema.title])}</button>"
        f'<figcaption><span class="title">{title}</span>'
        f'<span class="do"><button {data} data-do="swap" aria-label="Swap this {slot}">Swap'
        f'</button><button {data} data-do="alike" aria-label="More like this {slot}">'
        "More like this</button></span></figcaption></figure>"
    )


def strip(items: list[Recommendation], pictures: list[str], schema: Schema) -> str:
    """Return items as a row of small pictures to choose from."""
    tiles = "".join(
        f'<button class="example" data-item="{number}" '
        f'aria-label="{text(one.record[schema.title])}" '
        f'title="{text(one.record[schema.title])}">{_picture(picture, one.record[schema.title])}'
        "</button>"
        for number, (one, picture) in enumerate(zip(items, pictures, strict=True))
    )
    return f'<p class="eyebrow">or try one of these</p><div class="strip">{tiles}</div>'


def note(sentence: str) -> str:
    """Return a sentence in the place of items."""
    return f'<p class="note">{text(sentence)}</p>'


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
