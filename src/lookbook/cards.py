"""Items as HTML. Whatever comes from a table, a model or a customer is shown as text."""

from __future__ import annotations

import base64
import html
import io
from typing import Any

from lookbook.photos import PhotoError, decode
from lookbook.vocabulary import SLOTS

WIDTH, HEIGHT = 320, 400
# The page's templates would fill in what stands in these.
_TEMPLATE_SIGNS = str.maketrans({"{": "&#123;", "}": "&#125;", "$": "&#36;", "`": "&#96;"})
FACTS = ("Category", "Gender", "Type")


def text(value: object) -> str:
    """Escapes a text for HTML, and for the page's templates."""
    return html.escape(str(value)).translate(_TEMPLATE_SIGNS)


def thumbnail(data: bytes | None) -> str:
    """Encodes a small copy of a photo as a data URL, so that no file has to be served.

    Args:
        data: The photo; ``None`` or no photo at all gives an empty text.
    """
    try:
        image = decode(data or b"", at_least=HEIGHT)
    except PhotoError:
        return ""
    image.thumbnail((WIDTH, HEIGHT))
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=80)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()


def item_card(item: dict[str, Any], heading: str, picture: str = "") -> str:
    """Shows one item: what it is and what is said of it.

    Args:
        item: Its label.
        heading: What it is to the customer.
        picture: Data URL of its photo.
    """
    facts = "".join(f"<li>{text(item[name])}</li>" for name in FACTS if item[name] != "Unknown")
    return (
        f'<article class="card">{_picture(picture, item["Title"]) if picture else ""}'
        f'<div class="card-body"><p class="eyebrow">{text(heading)}</p>'
        f"<h3>{text(item['Title'])}</h3><ul class='facts'>{facts}</ul>"
        f"<p>{text(item['Description'])}</p></div></article>"
    )


def gallery(items: list[dict[str, Any]], pictures: list[str]) -> str:
    """Shows items by the part of an outfit that they are for.

    Args:
        items: Recommendations, in the order of slots.
        pictures: Data URLs of their photos.
    """
    slots: dict[str, list[str]] = {}
    for number, (item, picture) in enumerate(zip(items, pictures, strict=True)):
        why = f'<span class="why">{text(item["why"])}</span>' if item["why"] else ""
        slots.setdefault(item["slot"], []).append(
            f'<button class="tile" data-item="{number}" aria-label="{text(item["Title"])}">'
            f"{_picture(picture, item['Title'])}"
            f'<span class="title">{text(item["Title"])}</span>{why}</button>'
        )
    return "".join(
        f'<section class="slot"><h2>{text(SLOTS.get(slot, "found"))}</h2>'
        f'<div class="tiles">{"".join(tiles)}</div></section>'
        for slot, tiles in slots.items()
    )


def strip(items: list[dict[str, Any]], pictures: list[str]) -> str:
    """Shows items as a row of small pictures to choose from."""
    tiles = "".join(
        f'<button class="example" data-item="{number}" aria-label="{text(item["Title"])}" '
        f'title="{text(item["Title"])}">{_picture(picture, item["Title"])}</button>'
        for number, (item, picture) in enumerate(zip(items, pictures, strict=True))
    )
    return f'<p class="eyebrow">or try one of these</p><div class="strip">{tiles}</div>'


def note(sentence: str) -> str:
    """Says something in the place of items."""
    return f'<p class="note">{text(sentence)}</p>'


def _picture(source: str, title: object) -> str:
    if not source:
        return '<span class="no-picture">no photo</span>'
    return f'<img src="{source}" alt="{text(title)}" loading="lazy">'
