import io

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from lookbook.assistant import cards
from project import jpeg

HOSTILE = '<script>alert("1")</script>{{value}}${value}`<img src=x onerror=alert(1)>'


def item(**values):
    return {
        "slot": "feet", "Title": "Boots", "Category": "Shoes", "Gender": "Unknown",
        "Type": "Casual", "Description": "Leather.", "Size": "Unknown", "Garment": "boots",
        "Colours": ["black", "red"], "Pattern": "unknown", "Material": "leather", "Sleeve": "none",
        "Neckline": "none", "Length": "none", "why": "black", **values,
    }  # fmt: skip


@pytest.mark.parametrize("attribute", ["Title", "Description", "Category", "why", "slot"])
def test_whatever_a_table_says_is_shown_as_text(attribute, schema):
    hostile = item(**{attribute: HOSTILE})
    pages = (
        cards.item_card(hostile, HOSTILE, schema)
        + cards.gallery([hostile], [""], schema)
        + cards.strip([hostile], [""], schema)
        + cards.note(HOSTILE)
    )
    assert not any(sign in pages for sign in ("<script", "<img", "{{", "${", "`"))


def test_a_card_tells_what_is_known_and_leaves_out_what_is_not(schema):
    card = cards.item_card(item(), "Yours", schema)
    assert [fact in card for fact in ("<li>black", "<li>red", "<li>leather")] == [True] * 3
    assert "known" not in card and "<li>none" not in card


@given(st.text())
def test_no_text_leaves_its_place(text):
    assert not set("<>{}$`\"'") & set(cards.text(text).replace("&#x27;", ""))


def test_items_stand_under_the_part_of_an_outfit_that_they_are_for(schema):
    shown = cards.gallery(
        [item(), item(slot="head", Title="Cap"), item(Title="Clogs")], [""] * 3, schema
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
def test_what_is_no_photo_has_no_thumbnail(data):
    assert cards.thumbnail(data) == b""


def test_an_item_whose_photo_is_gone_says_so(schema):
    assert "no photo" in cards.gallery([item()], [""], schema)
