"""Gathers products for feeds from the tables of a run."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from lookbook.attributes.record import from_row
from lookbook.attributes.schema import Schema
from lookbook.lazy import pd
from lookbook.products.product import Product, cell_text, read_variants
from lookbook.products.provenance import PERSON
from lookbook.products.tables import PRODUCTS
from lookbook.products.vocabulary import fold
from lookbook.publishing.export_params import Categories, ExportParams
from lookbook.publishing.feeds.addresses import encode_address, file_address
from lookbook.publishing.feeds.product import AGE_GROUPS, FeedProduct, Photo, Text, Variant
from lookbook.publishing.templates import TemplateTable

# Letters of a photo's identity that stand for an item without a product: Google takes 50.
_ID_LENGTH = 32
_GENDERS = {"Women": "female", "Men": "male", "Unisex": "unisex"}
# Headings under which files have a product's condition, and words for it, all folded.
_CONDITION_HEADINGS = {"condition", "itemcondition", "googleshoppingcondition", "zustand", "etat"}
_CONDITIONS = {
    **dict.fromkeys(("new", "newwithtags", "neu", "neuf", "nuevo", "nuovo"), "new"),
    **dict.fromkeys(("used", "preowned", "secondhand", "gebraucht", "occasion", "usado"), "used"),
    **dict.fromkeys(("refurbished", "generaluberholt", "reconditionne"), "refurbished"),
}


class ProductGatherer:
    """Gathers products from the tables of a run."""

    def __init__(
        self,
        manifest: pd.DataFrame,
        product_photos: pd.DataFrame,
        provenance: pd.DataFrame,
        schema: Schema,
        params: ExportParams,
    ) -> None:
        """Index the tables.

        Args:
            manifest: All usable photos with sizes and products.
            product_photos: The photos that the shop's file names.
            provenance: The source of each item's values.
            schema: The declared attributes.
            params: Templates and settings.

        Raises:
            InputError: If a template is none.
        """
        self._schema, self._params, self._shop = schema, params, params.shop
        texts = {str(name): template for name, template in params.texts.items()}
        self._texts = TemplateTable(texts, "export.texts")
        self._page = TemplateTable({"product_page": params.shop.product_page}, "export.shop")
        places = zip(product_photos["product_id"], product_photos["position"], strict=True)
        self._image_of = dict(zip(places, product_photos["image"], strict=True))
        self._photos: dict[str, list[Mapping[str, Any]]] = {}
        self._kids: dict[str, bool] = {}
        ordered = manifest.sort_values(["position", "file"], kind="stable")
        columns = [
            "file", "photo_id", "product_id", "position", "width", "height", "format", "bytes",
            "kids",
        ]  # fmt: skip
        for row in ordered[columns].to_dict("records"):
            owner = row["photo_id"] if pd.isna(row["product_id"]) else row["product_id"]
            self._photos.setdefault(owner, []).append(row)
            if not pd.isna(row["kids"]):
                self._kids.setdefault(owner, bool(row["kids"]))
        rows = provenance[provenance["attribute"].isin([schema.title, schema.description])]
        keys = zip(rows["photo_id"], rows["attribute"], strict=True)
        self._sources = dict(zip(keys, rows["source"], strict=True))

    def gather(self, catalogue: pd.DataFrame, products: pd.DataFrame) -> Iterator[FeedProduct]:
        """Gather the products: those of the shop's file, then items without one.

        Args:
            catalogue: All items, with ``product_id``.
            products: The shop's products; may be empty.
        """
        items: dict[str, Mapping[Any, Any]] = {}
        for row in catalogue.fillna("").to_dict("records"):
            items.setdefault(str(row["product_id"]), row)
        headings = [name for name in products if fold(str(name)) in _CONDITION_HEADINGS]
        rows = products[[*PRODUCTS, *(name for name in headings if name not in PRODUCTS)]]
        records = {str(row["product_id"]): row for row in rows.to_dict("records")}
        skus = Counter(
            variant["sku"].casefold()
            for row in records.values()
            for variant in read_variants(row)
            if variant.get("sku")
        )
        taken = {product_id.casefold() for product_id in records}
        unique = {sku for sku, count in skus.items() if count == 1 and sku not in taken}
        for product_id, row in records.items():
            condition = next((_read_condition(row[name]) for name in headings), "")
            yield self._build(product_id, items.pop(product_id, {}), row, unique, condition)
        for product_id, item in items.items():
            yield self._build(product_id, item, {}, unique, "")

    def _build(
        self,
        product_id: str,
        item: Mapping[Any, Any],
        row: Mapping[str, Any],
        unique_skus: set[str],
        condition: str,
    ) -> FeedProduct:
        shop, schema = self._shop, self._schema
        product = Product.from_row({**row, "product_id": product_id})
        facts = {name: cell_text(row.get(name)) for name in PRODUCTS}
        record = from_row(item or dict.fromkeys(schema.names, ""), schema)
        texts = self._texts.row(
            _known_record(record, schema),
            item.get("photo_id", ""),
            item.get("Filename", ""),
            schema,
        )
        feed_id = product_id if row else product_id[:_ID_LENGTH]
        title = self._text(item, record, schema.title, facts["title"])
        handle = _to_handle(feed_id, title.value)
        category = self._categorize(record)
        is_child = product.is_for_child
        if is_child is None:
            is_child = True if facts["gender"] == "Kids" else self._kids.get(product_id)
        age_group = facts["age_group"].casefold()
        if age_group not in AGE_GROUPS:
            of_wearer = "kids" if is_child else "adult"
            age_group = shop.age_group if is_child is None else of_wearer
        colours = json.loads(facts["colours"]) if facts["colours"] else []
        return FeedProduct(
            id=feed_id,
            handle=handle,
            title=title,
            description=self._text(item, record, schema.description, facts["description"]),
            link=self._find_link(product, handle),
            brand=product.brand or shop.brand,
            currency=product.currency or shop.currency,
            condition=condition or shop.condition,
            availability=shop.availability,
            gender=_GENDERS.get(facts["gender"], texts["gender"]),
            age_group=age_group,
            colours=colours[0] if len(colours) == 1 else texts["colours"],
            google_category=category.google,
            shopify_category=category.shopify,
            texts={
                **texts,
                "material": facts["material"] or texts["material"],
                "product_type": facts["category"] or texts["product_type"],
                "image_alt": texts["image_alt"] or title.value,
            },
            record=record,
            photos=self._list_photos(product_id),
            variants=self._list_variants(feed_id, product, row, unique_skus),
        )

    def _text(
        self, item: Mapping[Any, Any], record: Mapping[str, Any], name: str, of_shop: str
    ) -> Text:
        """Choose a text: a person's, else the shop's, else the model's."""
        is_persons = self._sources.get((item.get("photo_id"), name)) == PERSON
        if of_shop and not is_persons:
            return Text(of_shop)
        return Text(str(record[name]), by_model=not is_persons)

    def _categorize(self, record: Mapping[str, Any]) -> Categories:
        for name, categories in self._params.categories.items():
            if (value := record.get(name)) in categories:
                return categories[value]
        return Categories()

    def _list_variants(
        self, feed_id: str, product: Product, row: Mapping[str, Any], unique_skus: set[str]
    ) -> list[Variant]:
        offers = read_variants(row) or [{}]
        only = len(offers) == 1
        variants = []
        for number, offer in enumerate(offers, start=1):
            sku = str(offer.get("sku", ""))
            own_id = sku if sku.casefold() in unique_skus else f"{feed_id}-{number}"
            variants.append(
                Variant(
                    id=feed_id if only else own_id,
                    sku=sku,
                    size=str(offer.get("size", "")),
                    colour=str(offer.get("colour", "")),
                    price=offer.get("price", product.price),
                    sale_price=offer.get("sale_price", product.sale_price if only else None),
                    in_stock=offer.get("in_stock", product.in_stock if only else None),
                    stock=offer.get("stock", product.stock if only else None),
                    gtin=str(offer.get("gtin") or (product.gtin if only else "")),
                    link=encode_address(str(offer.get("url", "")), self._shop.url)
                    if offer.get("url")
                    else "",
                    image=str(offer.get("image", "")),
                )
            )
        return variants

    def _find_link(self, product: Product, handle: str) -> str:
        if product.url:
            return encode_address(product.url, self._shop.url)
        values = {"product_id": product.product_id, "handle": handle}
        page = self._page.render(values)["product_page"]
        return encode_address(page, self._shop.url) if page else ""

    def _list_photos(self, product_id: str) -> list[Photo]:
        photos = []
        for row in self._photos.get(product_id, []):
            image = self._image_of.get((product_id, row["position"]), "")
            photos.append(
                Photo(
                    file=row["file"],
                    address=encode_address(image) or file_address(self._shop.photos, row["file"]),
                    width=int(row["width"]),
                    height=int(row["height"]),
                    format=row["format"],
                    bytes=int(row["bytes"]),
                    image=image,
                )
            )
        return photos


def _known_record(record: Mapping[str, Any], schema: Schema) -> dict[str, Any]:
    """Write the default in the place of values that an item without a photo lacks."""
    return {
        name: attribute.default
        if (attribute := schema.singles.get(name)) and not record[name]
        else record[name]
        for name in record
    }


def _read_condition(cell: Any) -> str:
    return _CONDITIONS.get(fold(cell_text(cell)), "")


def _to_handle(product_id: str, title: str) -> str:
    """Make a handle: a shop's own stays, any other has the title and a digest of the id."""
    is_lower = product_id == product_id.casefold()
    is_hash = re.fullmatch(r"[0-9a-f]{32,}", product_id)
    if is_lower and not is_hash and re.fullmatch(r"[^\W_]+([-_][^\W_]+)*", product_id):
        return product_id
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().casefold()
    words = re.sub(r"[^a-z0-9]+", "-", plain[:80]).strip("-") or "item"
    return f"{words}-{hashlib.sha256(product_id.encode()).hexdigest()[:8]}"
