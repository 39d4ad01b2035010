"""Draws the bundled sample: a small shop with the troubles that real ones have."""

from __future__ import annotations

import io
import random
import uuid
from typing import Any

from pydantic import BaseModel, Field

from lookbook.lazy import pd
from lookbook.photos.drawing import COLOURS, LABELS, PATTERNS, VIEWS, draw_garment
from lookbook.pipelines.sample.shop import COLUMNS, SampleProduct, write_rows


class SampleParams(BaseModel):
    """What is drawn.

    Attributes:
        products_per_label: Products of each label.
        quality: JPEG quality, 1 to 95.
        seed: Chooses colours, patterns, senders and names.
    """

    products_per_label: int = Field(gt=1)
    quality: int = Field(ge=1, le=95)
    seed: int


def draw_sample(params: SampleParams) -> tuple[dict[str, bytes], pd.DataFrame, pd.DataFrame]:
    """Draw products of every label from up to three sides, and add troubles.

    Troubles of photos: a truncated file, a row without a file, a file without a row, a second copy
    of a photo, children's clothes, a "Not sure" and a row that may be for kids or not. Troubles of
    products: a price in words, a price of 0, a wrong colour, a draft and a product without a photo.

    Returns:
        JPEG files by name without extension; the rows of ``images.csv``, what people say of
        photos; and those of ``products_export.csv``, what the shop says of products.
    """
    return _Sample(params).draw()


class _Sample:
    """The sample while it is drawn."""

    def __init__(self, params: SampleParams) -> None:
        self._params = params
        self._rng = random.Random(params.seed)
        self._photos: dict[str, bytes] = {}
        self._rows: list[dict[str, Any]] = []
        self._products: list[SampleProduct] = []

    def draw(self) -> tuple[dict[str, bytes], pd.DataFrame, pd.DataFrame]:
        for label in LABELS:
            colours = self._rng.sample(list(COLOURS), self._params.products_per_label)
            for number, colour in enumerate(colours):
                pattern = self._rng.choice(PATTERNS) if number % 3 == 2 else "plain"
                # One photo of some, and all views of others.
                views = VIEWS[: (2, 1, 3)[number % 3]]
                self._add(label, colour, pattern, seed=number, views=views)
        self._add_troubles()
        rows = pd.DataFrame(self._rows)
        rows = rows.sample(frac=1, random_state=self._params.seed, ignore_index=True)
        written = [row for one in self._products for row in write_rows(one, self._rng)]
        return self._photos, rows, pd.DataFrame(written).reindex(columns=COLUMNS)

    def _add(
        self,
        label: str,
        colour: str,
        pattern: str,
        seed: int,
        views: tuple[str, ...] = ("front",),
        told: str = "",
        kids: object = False,
    ) -> SampleProduct:
        """Add a product with its photos, and the rows that one sender has written of them."""
        sender = self._rng.randint(1, 40)
        names = []
        for view in views:
            picture = _encode(label, colour, pattern, seed, view, self._params.quality)
            names.append(self._add_photo(picture, told or label, sender, kids))
        number = len(self._products) + 1
        product = SampleProduct(label, colour, pattern, number, names, kids=kids is True)
        self._products.append(product)
        return product

    def _add_photo(self, data: bytes | None, label: str, sender: int, kids: object = False) -> str:
        name = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        if data is not None:
            self._photos[name] = data
        self._rows.append({"image": name, "sender_id": sender, "label": label, "kids": kids})
        return f"{name}.jpg"

    def _add_troubles(self) -> None:
        first, *_, last = self._products
        shirt = next(one for one in self._products if one.label == "Shirt")
        whole = _encode("Shirt", shirt.colour, shirt.pattern, 100, "front", self._params.quality)
        shirt.photos.append(self._add_photo(whole[: len(whole) // 2], "Shirt", 1))
        copied = self._photos[first.photos[0].removesuffix(".jpg")]
        first.photos.append(self._add_photo(copied, first.label, 2))
        self._add("Dress", "pink", "dotted", seed=101, kids=True)
        self._add("Undershirt", "grey", "striped", seed=102, told="Not sure")
        self._add("Skirt", "green", "plain", seed=103, kids="perhaps")
        self._add("Pants", "black", "plain", seed=104, views=())
        self._add_photo(None, "Pants", 3)
        unlisted = str(uuid.UUID(int=self._rng.getrandbits(128), version=4))
        self._photos[unlisted] = _encode("Hat", "red", "plain", 105, "front", self._params.quality)
        colour = "Color (product.metafields.shopify.color-pattern)"
        last.facts["Variant Price"] = "on request"
        self._products[1].facts["Variant Price"] = "0.00"
        self._products[2].facts[colour] = "red" if self._products[2].colour != "red" else "blue"
        self._products[4].facts["Status"] = "draft"


def _encode(label: str, colour: str, pattern: str, seed: int, view: str, quality: int) -> bytes:
    buffer = io.BytesIO()
    draw_garment(label, colour, pattern, seed, view).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()
