"""A product as all feeds see it: with its variants, its photos and the sources of its texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

AGE_GROUPS = ("newborn", "infant", "toddler", "kids", "adult")


@dataclass(frozen=True)
class Photo:
    """A photo of a product.

    Attributes:
        file: Its name in the folder.
        address: Where the web has it, encoded; empty if nobody says.
        width: Pixels.
        height: Pixels.
        format: The usual ending of its format, such as ``jpg``.
        bytes: The size of the file.
        image: What the shop's file calls it; empty if it does not name it.
    """

    file: str
    address: str
    width: int
    height: int
    format: str
    bytes: int
    image: str = ""


@dataclass(frozen=True)
class Variant:
    """What one can order; empty texts and ``None`` where the shop's file is silent.

    Attributes:
        id: Its own id in feeds, unlike that of any other.
        sku: The shop's number of it.
        size: Its size.
        colour: Its colour.
        price: The regular price.
        sale_price: What is asked instead.
        in_stock: Whether it can be bought from stock.
        stock: Number of pieces.
        gtin: Its barcode.
        link: Its page, encoded; empty for that of the product.
        image: The photo that shows it, as the shop's file calls it; empty for the main one.
    """

    id: str
    sku: str = ""
    size: str = ""
    colour: str = ""
    price: float | None = None
    sale_price: float | None = None
    in_stock: bool | None = None
    stock: int | None = None
    gtin: str = ""
    link: str = ""
    image: str = ""


@dataclass(frozen=True)
class Text:
    """A text, and whether a model wrote it."""

    value: str
    by_model: bool = False


@dataclass(frozen=True)
class FeedProduct:
    """A product; empty texts where nothing is known.

    Attributes:
        id: The shop's own id, or that of its photo.
        handle: The id as an address may have it.
        title: Its name.
        description: Its description.
        link: The product's page, encoded.
        brand: The maker.
        currency: ISO 4217 code.
        condition: ``new``, ``refurbished`` or ``used``.
        availability: Of variants whose stock nobody knows, as settings say.
        gender: ``female``, ``male`` or ``unisex``.
        age_group: One of :data:`AGE_GROUPS`.
        colours: Of the item, the main one first.
        google_category: A path of Google's product taxonomy.
        shopify_category: A path of Shopify's.
        texts: Further texts by name, see :class:`ExportParams`.
        record: The item's own values by attribute.
        photos: The main one first.
        variants: At least one.
    """

    id: str
    handle: str
    title: Text
    description: Text
    link: str
    brand: str
    currency: str
    condition: str
    availability: str
    gender: str
    age_group: str
    colours: str
    google_category: str
    shopify_category: str
    texts: dict[str, str]
    record: dict[str, Any]
    photos: list[Photo]
    variants: list[Variant] = field(default_factory=list)

    @property
    def has_variants(self) -> bool:
        """Whether there are several to choose from."""
        return len(self.variants) > 1

    @property
    def is_apparel(self) -> bool:
        """Whether rules for clothes, shoes and accessories hold."""
        return self.google_category.startswith("Apparel & Accessories")

    @property
    def has_size(self) -> bool:
        """Whether platforms ask for its size: that of clothes and shoes."""
        return self.google_category.startswith(
            ("Apparel & Accessories > Clothing", "Apparel & Accessories > Shoes")
        ) and not self.google_category.startswith("Apparel & Accessories > Clothing Accessories")

    def photos_of(self, variant: Variant, photos: list[Photo]) -> list[Photo]:
        """Order some photos for a variant: its own comes first, those of others are left out."""
        of_others = {other.image for other in self.variants} - {variant.image, ""}
        shown = [photo for photo in photos if photo.image not in of_others] or photos
        return sorted(shown, key=lambda photo: photo.image != variant.image or not variant.image)

    def availability_of(self, variant: Variant) -> str:
        """Return ``in_stock``, ``out_of_stock``, or what settings say of unknown stock."""
        if variant.in_stock is None:
            return self.availability
        return "in_stock" if variant.in_stock else "out_of_stock"

    def colour_of(self, variant: Variant) -> str:
        """Return the colour of a variant, else those of the item."""
        return variant.colour or self.colours

    def size_of(self, variant: Variant) -> str:
        """Return the size of a variant, else that which its photo shows."""
        return variant.size or ("" if self.has_variants else self.texts["size"])
