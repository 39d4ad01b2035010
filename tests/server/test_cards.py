import io
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lookbook.products.product import Product
from lookbook.search.items import Hit, Item
from lookbook.server import cards
from lookbook.understanding.request import Recommendation
from project import jpeg

HOSTILE = '<script>alert("1")</script>{{value}}${value}`<img src=x onerror=alert(1)>'


def record(**values):
    return {
        "Title": "Boots", "Category": "Shoes",
        "Gender": "Unknown", "Type": "Casual", "Description": "Leather.", "Size": "Unknown",
        "Garment": "boots", "Colours": ["black", "red"], "Pattern": "unknown",
        "Material": "leather", "Sleeve": "none", "Neckline": "none", "Length": "none", **values,
    }  # fmt: skip


def recommendation(slot="feet", why="black", **values):
    hit = Hit(Item("0", "0.jpg", record(**values)))
    return Recommendation(slot, hit, 1.0, why)


@pytest.mark.parametrize("field", ["Title", "Description", "Category", "why", "slot"])
def test_html_is_escaped(field, schema):
    hostile = recommendation(**{field: HOSTILE})
    pages = (
        cards.item_card(hostile.record, HOSTILE, schema)
        + cards.gallery([hostile], [""], schema)
        + cards.strip([hostile], [""], schema)
        + cards.note(HOSTILE)
    )
    assert not any(sign in pages for sign in ("<script", "<img", "{{", "${", "`"))


SHOP = Product(
    "1", title="Stiefel", price=89.95, sale_price=49.5, currency="EUR", brand="Elbmoor",
    in_stock=False, sizes=["38", "40"], sold_out_sizes=["40"],
    url="https://shop.example/p?a=1&b=2",
)  # fmt: skip


def of_shop(**changes):
    item = Item("0", "0.jpg", record(), product=replace(SHOP, **changes))
    return Recommendation("feet", Hit(item), 1.0, "black")


@pytest.mark.parametrize("field", ["title", "description", "brand", "currency", "url", "sizes"])
def test_what_a_shop_says_is_escaped(field, schema):
    hostile = of_shop(**{field: [HOSTILE] if field == "sizes" else HOSTILE})
    pages = (
        cards.item_card(hostile.record, "Yours", schema, "", hostile.product)
        + cards.gallery([hostile], [""], schema)
        + cards.strip([hostile], [""], schema)
    )
    assert not any(sign in pages for sign in ("<script", "<img", "{{", "${", "`"))


@pytest.mark.parametrize(
    "url",
    ["javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "/p/1", "https://[", ""],
)
def test_only_addresses_of_the_web_are_links(url, schema):
    assert "<a" not in cards.gallery([of_shop(url=url)], [""], schema)


def test_a_tile_shows_price_brand_sizes_availability_and_a_link(schema):
    tile = cards.gallery([of_shop()], [""], schema)
    for shown in (
        "Stiefel", '<s title="Regular price">89.95 EUR</s> <b>49.50 EUR</b>', "Elbmoor", ">38<",
        "Sold out", 'href="https://shop.example/p?a=1&amp;b=2"', 'rel="noopener noreferrer"',
    ):  # fmt: skip
        assert shown in tile
    unknown = of_shop(price=None, sale_price=None, in_stock=None, brand="", sizes=[], url="")
    tile = cards.gallery([unknown], [""], schema)
    assert not any(shown in tile for shown in ("EUR", "stock", "None", "<a"))


def test_a_card_lists_known_values_only(schema):
    card = cards.item_card(record(), "Yours", schema)
    assert [fact in card for fact in ("<li>black", "<li>red", "<li>leather")] == [True] * 3
    assert "known" not in card and "<li>none" not in card


@given(st.text())
def test_escaped_text_has_no_markup(text):
    assert not set("<>{}$`\"'") & set(cards.text(text).replace("&#x27;", ""))


def test_the_gallery_groups_items_by_slot(schema):
    shown = cards.gallery(
        [recommendation(), recommendation("head", Title="Cap"), recommendation(Title="Clogs")],
        [""] * 3,
        schema,
    )
    assert shown.index("shoes") < shown.index("Clogs") < shown.index("hat") < shown.index("Cap")
    assert [f'data-item="{number}"' in shown for number in range(4)] == [True, True, True, False]


def test_a_thumbnail_is_small_upright_and_without_metadata():
    buffer = io.BytesIO()
    exif = Image.Exif()
    exif[274], exif[270] = 6, "where I live"
    Image.new("RGB", (1000, 500), "red").save(buffer, "JPEG", exif=exif)
    small = Image.open(io.BytesIO(cards.thumbnail(buffer.getvalue())))
    assert small.format == "WEBP"
    assert small.width < small.height <= cards.HEIGHT
    assert not small.getexif()


@pytest.mark.parametrize("data", [b"", b"junk", jpeg()[:500]])
def test_other_files_have_an_empty_thumbnail(data):
    assert cards.thumbnail(data) == b""


def test_an_item_without_a_photo_says_so(schema):
    assert "no photo" in cards.gallery([recommendation()], [""], schema)


def test_the_question_for_whom_marks_the_guess_until_it_is_answered():
    assert cards.recipient_choice(None, None) == ""
    asked = cards.recipient_choice("Men", None)
    assert asked.count("<button") == 3 and 'aria-pressed="true"' not in asked
    assert 'data-recipient="Men" aria-pressed="false" class="guess"' in asked
    answered = cards.recipient_choice("Men", "Unisex")
    assert 'data-recipient="Unisex" aria-pressed="true">either<' in answered
    assert "guess" not in answered
