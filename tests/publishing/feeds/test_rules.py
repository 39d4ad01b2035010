"""Rules of platforms: what is wrong with a value or a photo."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feed_products import PHOTO, PRODUCT
from lookbook.publishing.feeds import google, meta, openai
from lookbook.publishing.feeds.rules import (
    Field,
    PhotoRule,
    choose_photos,
    find_fault,
    format_price,
    has_check_digit,
    shorten,
)


@given(st.text(), st.integers(1, 200))
def test_a_shortened_text_has_no_more_letters_than_allowed(text, limit):
    short = shorten(text, limit)
    assert len(short) <= limit and "\n" not in short and "\t" not in short
    assert " ".join(text.split()).startswith(short)


def test_a_text_is_cut_between_words():
    assert shorten("A red dress, to wrap", 13) == "A red dress"
    assert shorten("Donaudampfschiff", 5) == "Donau"


@given(st.floats(0, 1e9))
def test_a_price_above_0_is_written_as_platforms_read_it(amount):
    fault = find_fault(format_price(amount, "EUR"), Field("price"))
    assert (fault == "") == (round(amount, 2) > 0)


@pytest.mark.parametrize("price", ["15 EUR", "15.00", "EUR 15.00", "15,00 EUR", "-1.00 EUR"])
def test_other_prices_are_none(price):
    assert "not a price such as '15.00 USD'" in find_fault(price, Field("price"))


@given(st.integers(10**11, 10**12 - 1))
def test_one_of_ten_last_digits_is_the_check_digit(number):
    assert sum(has_check_digit(f"{number}{digit}") for digit in range(10)) == 1


@pytest.mark.parametrize(
    ("gtin", "reason"),
    [
        ("4006381333931", ""),
        ("04006381333931", ""),
        ("036000291452", ""),
        ("96385074", ""),
        ("4006381333932", "check digit"),
        ("400638133393", "check digit"),
        ("40063", "digits"),
        ("4006-38133393", "digits"),
        ("2000000000107", "a shop's own"),
        ("0200000000004", "a shop's own"),
    ],
)
def test_barcodes(gtin, reason):
    fault = find_fault(gtin, Field("gtin"))
    assert reason in fault and bool(fault) == bool(reason)


def test_a_models_text_is_marked_and_its_length_is_that_of_the_text():
    rule = Field("structured", max_length=7)
    assert find_fault('trained_algorithmic_media:"3"" hem"', rule) == ""
    assert "8 letters" in find_fault('trained_algorithmic_media:"12345678"', rule)
    assert "is not written as" in find_fault('default:"dress"', rule)
    assert "is not written as" in find_fault('trained_algorithmic_media:" "', rule)


def test_values_lists_and_addresses():
    assert "not one of a, b" in find_fault("c", Field(values=("a", "b")))
    assert "3 entries, and 2" in find_fault(["a", "b", "c"], Field(max_items=2))
    assert find_fault(["https://a.example/b"], Field("addresses")) == ""
    for address in ("ftp://a.example", "https://a.example/ä", "https://a.example/b c", "/a"):
        assert "not a percent-encoded address" in find_fault(address, Field("address"))
    assert "letters" in find_fault("https://a.example/" + "a" * 2000, Field("address"))


@pytest.mark.parametrize(
    ("photo", "reason"),
    [
        (replace(PHOTO, width=499), "499 × 1200 pixels, and 500 × 500"),
        (replace(PHOTO, width=9000, height=9000), "64,000,000 are allowed"),
        (replace(PHOTO, bytes=17_000_000), "16,000,000 are allowed"),
        (replace(PHOTO, address=""), "at which address"),
        (replace(PHOTO, format="heic", address="https://a.example/a.heic"), "format 'heic'"),
        (replace(PHOTO, format="webp"), "ends with 'jpg', and it is a 'webp'"),
    ],
)
def test_photos_that_google_refuses_are_left_out(photo, reason):
    product = replace(PRODUCT, photos=[photo, PHOTO])
    chosen, problems = choose_photos(product, google.RULES.photo)
    assert chosen == [PHOTO] and reason in problems[0].reason


def test_an_address_without_an_ending_and_both_endings_of_a_format_will_do():
    photos = [
        replace(PHOTO, address="https://cdn.example/image/1"),
        replace(PHOTO, address="https://cdn.example/a.jpeg?width=900"),
    ]
    assert choose_photos(replace(PRODUCT, photos=photos), google.RULES.photo) == (photos, [])


def test_more_photos_than_allowed_are_no_fault():
    product = replace(PRODUCT, photos=[PHOTO] * 5)
    assert choose_photos(product, PhotoRule(("jpg",), max_further=2)) == ([PHOTO] * 3, [])


def test_size_is_asked_for_of_clothes_and_shoes_where_the_platform_says_so():
    hat = replace(PRODUCT, google_category="Apparel & Accessories > Clothing Accessories > Hats")
    sofa = replace(PRODUCT, google_category="Furniture > Sofas")
    rules = google.RULES
    assert rules.asks_for("size", PRODUCT, []) and rules.asks_for("size", PRODUCT, ["AT", "DE"])
    assert not rules.asks_for("size", PRODUCT, ["AT"]) and not rules.asks_for("size", hat, [])
    assert rules.asks_for("color", hat, []) and not rules.asks_for("color", sofa, [])
    assert not meta.RULES.asks_for("size", PRODUCT, [])
    assert openai.RULES.asks_for("seller_name", sofa, [])
