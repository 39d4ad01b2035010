"""Turns items, outfits and photos into the types of the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from lookbook.assistant.types import Outfit, QueryPhoto
from lookbook.attributes.record import Record, known_values_by_attribute
from lookbook.attributes.schema import Schema
from lookbook.products.product import Product, format_price
from lookbook.search.items import Item
from lookbook.server import models
from lookbook.understanding.request import Recommendation

LARGE = "large"


def picture_path(photo_id: str, file: str) -> str:
    """Return the path of a photo of an item, relative to the server.

    It holds the hash of the item's main photo, so that nobody guesses addresses behind a password.

    Args:
        photo_id: The item's main photo.
        file: The file of one of its photos.
    """
    return f"pictures/{photo_id}/{quote(file)}"


class Presenter:
    """Presents the items of one catalogue."""

    def __init__(self, schema: Schema, has_picture: Callable[[str], bool], base: str) -> None:
        """Create a presenter.

        Args:
            schema: The catalogue's attributes.
            has_picture: Whether the file of a photo exists.
            base: The server's address, which those of pictures begin with.
        """
        self._schema = schema
        self._has_picture = has_picture
        self._base = base

    def item(self, item: Item) -> models.Item:
        """Present an item."""
        return models.Item(**self._fields(item))

    def found(self, one: Recommendation) -> models.FoundItem:
        """Present an item of an answer."""
        return models.FoundItem(
            **self._fields(one.hit.item),
            slot=one.slot,
            score=round(one.score, 4),
            why=one.why,
            matched_by=one.hit.matched_by,
        )

    def outfit(self, outfit: Outfit) -> models.Outfit:
        """Present an outfit."""
        return models.Outfit(
            items=[self.found(one) for one in outfit.items],
            score=outfit.score,
            reason=outfit.reason,
            reasons=outfit.reasons,
            broken_rules=outfit.broken_rules,
        )

    def seen(self, photo: QueryPhoto, item_id: str | None) -> models.SeenPhoto:
        """Present what a customer shows.

        Args:
            photo: The photo, or the item of the catalogue.
            item_id: The item's id, if it is the catalogue's.
        """
        return models.SeenPhoto(
            photo_id=None if item_id else photo.photo_id,
            item_id=item_id,
            title=photo.record[self._schema.title],
            description=photo.record[self._schema.description],
            attributes={name: photo.record[name] for name in self._schema.categorical},
        )

    def _fields(self, item: Item) -> dict[str, Any]:
        product = item.product or Product(item.photo_id)
        record, schema = item.attributes, self._schema
        return {
            "id": product.product_id,
            "photo_id": item.photo_id,
            "title": product.title or record[schema.title],
            "description": product.description or record[schema.description],
            "attributes": _known(record, schema),
            "pictures": self._pictures(item, product),
            "price": _price(product),
            "brand": product.brand,
            "sizes": [
                models.Size(name=size, available=size not in product.sold_out_sizes)
                for size in product.sizes
            ],
            "in_stock": product.in_stock,
            "url": product.link,
        }

    def _pictures(self, item: Item, product: Product) -> list[models.Picture]:
        files = dict.fromkeys([item.file, *product.photos])
        addresses = [
            self._base + picture_path(item.photo_id, file)
            for file in files
            if self._has_picture(file)
        ]
        return [
            models.Picture(thumbnail=address, large=f"{address}?size={LARGE}")
            for address in addresses
        ]


def _known(record: Record, schema: Schema) -> dict[str, str | list[str]]:
    known = known_values_by_attribute(record, schema)
    return {
        name: values if name in schema.multis else values[0]
        for name, values in known.items()
        if values
    }


def _price(product: Product) -> models.Price | None:
    amount = product.effective_price
    if amount is None:
        return None
    return models.Price(
        amount=amount,
        currency=product.currency,
        regular=product.price if product.sale_price is not None else None,
        text=format_price(amount, product.currency),
    )
