"""Shops' files, read as the pipeline reads them."""

import io

from openpyxl import Workbook

from lookbook.products.building import read_products
from lookbook.products.reading import read_shop_file
from lookbook.products.shop_file import ShopFile
from lookbook.products.vocabulary import ProductProperties
from project import configuration

PROPERTIES = ProductProperties.model_validate(configuration("products")["product_properties"])

EMPTY = {
    "price": None, "currency": None, "sale_price": None, "brand": None, "in_stock": None,
    "sizes": [], "url": None, "gender": None, "colours": [], "images": [], "variants": 1,
}  # fmt: skip


def check(data, *want, name="products.csv"):
    """Checks that a file has these products; fields that are not given are empty."""
    assert read_feed(data, name) == [EMPTY | product for product in want]


def read_feed(data, name="products.csv"):
    """Reads a file as the shared cases describe products."""
    data = data.encode() if isinstance(data, str) else data
    products, _ = read_products(read_shop_file(ShopFile(name, data), PROPERTIES), PROPERTIES)
    return [as_case(product) for product in products]


def as_case(product):
    names = (
        "title", "price", "currency", "sale_price", "brand", "in_stock", "sizes", "url", "gender",
        "colours",
    )  # fmt: skip
    return {
        "id": product.id,
        **{name: product.facts[name] for name in names},
        "images": [image for image, _ in product.images],
        "variants": len(product.facts["variants"]),
    }


def workbook(sheets):
    book = Workbook()
    book.remove(book.active)
    for title, rows, state in sheets:
        sheet = book.create_sheet(title)
        sheet.sheet_state = state
        for row in rows:
            sheet.append(row)
    return book


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()
