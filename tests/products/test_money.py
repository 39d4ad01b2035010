"""Prices as shops write them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from feeds import PROPERTIES
from lookbook.products.money import find_decimal, parse_money

AMOUNTS = st.integers(1, 9_999_999).map(lambda cents: cents / 100)
# How much of the world writes 1234.5.
STYLES = [
    ("", "."), ("", ","), (",", "."), (".", ","), (" ", ","), ("\u00a0", ","), ("\u202f", ","),
    ("'", "."), ("’", "."),
]  # fmt: skip
SIGNS = {"€": "EUR", "EUR": "EUR", "$": "USD", "£": "GBP", "zł": "PLN", "CHF": "CHF", "AUD": "AUD"}


@given(AMOUNTS, st.sampled_from(STYLES), st.sampled_from(list(SIGNS)), st.booleans())
def test_an_amount_is_read_in_any_style(amount, style, sign, is_before):
    thousands, decimal = style
    text = f"{amount:,.2f}".translate(str.maketrans({",": thousands, ".": decimal}))
    text = f"{sign} {text}" if is_before else f"{text} {sign}"
    assert parse_money(text, decimal, PROPERTIES) == (amount, SIGNS[sign], None)


@given(st.lists(AMOUNTS, min_size=3), st.sampled_from(STYLES))
def test_the_decimals_of_a_file_show_how_it_separates_them(amounts, style):
    thousands, decimal = style
    texts = [
        f"{amount:,.2f}".translate(str.maketrans({",": thousands, ".": decimal}))
        for amount in amounts
    ]
    assert find_decimal(texts) == decimal


@pytest.mark.parametrize(
    ("text", "amount", "currency"),
    [
        ("89.–", 89.0, None), ("CHF 89.-", 89.0, "CHF"), ("$.99", 0.99, "USD"),
        ("249.0000", 249.0, None), ("US $5", 5.0, "USD"), ("A$ 20", 20.0, "AUD"),
        ("1290 Kč", 1290.0, "CZK"),
        (12, 12.0, None), (9.5, 9.5, None), ("1.299", 1299.0, None),
    ],
)  # fmt: skip
def test_prices_of_shops(text, amount, currency):
    assert parse_money(text, None, PROPERTIES) == (amount, currency, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [("auf Anfrage", "no amount"), ("-5,00 €", "a negative amount"), (True, "no amount")],
)
def test_what_is_no_price_has_a_reason(text, reason):
    amount, _, found = parse_money(text, None, PROPERTIES)
    assert (amount, found) == (None, reason)


def test_an_unknown_currency_is_named():
    assert parse_money("12.50 XQQ", None, PROPERTIES) == (12.5, None, "unknown currency 'XQQ'")


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused(text):
    amount, _, reason = parse_money(text, None, PROPERTIES)
    assert (amount is None) == (reason is not None) or reason.startswith("unknown currency")
