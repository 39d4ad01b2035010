import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookbook.search.product_filter import ProductFacets, ProductFilter
from lookbook.understanding.product_wishes import (
    Note,
    amounts_in,
    read_product_wishes,
)
from project import usual_phrases

PHRASES = usual_phrases()
FACETS = ProductFacets(
    ["Acme", "Next", "Nordlys & Co"], ["S", "M", "L", "XL", "38", "EU 40"], ["EUR"], (10, 200), True
)


def read(message, facets=FACETS):
    return read_product_wishes(message, PHRASES, facets)


@pytest.mark.parametrize(
    ("message", "limits"),
    [
        ("a dress under 50 €", {"max_price": 50, "currency": "EUR"}),
        ("a dress under 50 for a wedding", {"max_price": 50}),
        ("something below 29.90", {"max_price": 29.9}),
        ("between 20 and 40", {"min_price": 20, "max_price": 40}),
        ("jeans, 20-40 €", {"min_price": 20, "max_price": 40, "currency": "EUR"}),
        ("from 40 to 20 euros", {"min_price": 20, "max_price": 40, "currency": "EUR"}),
        ("up to 100 euros", {"max_price": 100, "currency": "EUR"}),
        ("I have 1.299,50 €", {"max_price": 1299.5, "currency": "EUR"}),
        ("at least €80", {"min_price": 80, "currency": "EUR"}),
        ("around 50 euros", {"min_price": 40, "max_price": 60, "currency": "EUR"}),
        ("80 or less", {"max_price": 80}),
        ("Kleid unter 50 Euro", {"max_price": 50, "currency": "EUR"}),
        ("ein Kleid bis 60", {"max_price": 60}),
        ("une robe à moins de 60 euros", {"max_price": 60, "currency": "EUR"}),
        ("zapatos por debajo de 30 €", {"max_price": 30, "currency": "EUR"}),
        ("a shirt in M", {"sizes": ["M"]}),
        ("a shirt in xl please", {"sizes": ["XL"]}),
        ("trousers, size 38", {"sizes": ["38"]}),
        ("shoes in 40", {"sizes": ["EU 40"]}),
        ("Hose in Größe 38", {"sizes": ["38"]}),
        ("XXS", {"sizes": ["XXS"]}),
        ("men's L, EU 40", {"sizes": ["L"]}),
        ("trainers, eu 40", {"sizes": ["EU 40"]}),
        ("nothing over 45 quid", {"max_price": 45}),
        ("a jacket from Acme", {"brands": ["Acme"]}),
        ("acme or by nordlys & co", {"brands": ["Nordlys & Co"]}),
        ("Acme jacket in L under 90 €",
         {"max_price": 90, "currency": "EUR", "sizes": ["L"], "brands": ["Acme"]}),
    ],
)  # fmt: skip
def test_limits_are_read(message, limits):
    assert read(message).limits == ProductFilter(**limits)


@pytest.mark.parametrize(
    "message",
    [
        "it's under 20 degrees", "temperatures between 5 and 10", "I'm over 50", "women under 30",
        "for 3 people", "in 20 minutes", "up to 3 colours", "a look of 2024", "in 2026",
        "less than 10 days", "next, something black", "en l'état", "I'm a 70s fan",
        "no Acme please", "two sizes too small", "two shirts", "for my 40th birthday",
        "20 % wool", "unter 20 Grad",
    ],
)  # fmt: skip
def test_other_numbers_and_words_are_no_limits(message):
    assert read(message).limits == ProductFilter()


PRICE_CUES = {
    word
    for phrases in (PHRASES.at_most, PHRASES.or_less, PHRASES.between, PHRASES.around)
    for phrase in phrases
    for word in phrase.split()
}
WORDS = sorted({*PHRASES.function_words, "evening", "wedding", "rain", "shop"} - PRICE_CUES)


@given(st.lists(st.sampled_from(WORDS) | st.integers(0, 9999).map(str), max_size=12))
def test_a_number_without_a_cue_is_no_price(words):
    assert not read(" ".join(words)).limits.has_price


@given(st.text(max_size=80))
@example(f"under {'9' * 500} €")
def test_any_text_can_be_read(text):
    read(text)
    amounts_in(text)


@pytest.mark.parametrize(
    ("message", "asks", "number"),
    [
        ("how much is it?", ["price"], None), ("was kostet das?", ["price"], None),
        ("is it still available?", ["stock"], None), ("what brand is it?", ["brand"], None),
        ("which sizes are there?", ["sizes"], None), ("how much is the second one?", ["price"], 2),
        ("combien coûte le premier, et en quelles tailles ?", ["price", "sizes"], 1),
    ],
)  # fmt: skip
def test_questions_on_facts_are_read(message, asks, number):
    wishes = read(message)
    assert (wishes.asks, wishes.refers_to) == (asks, number)


def test_orders_by_price_are_read():
    assert read("the cheapest jeans").sort == "price_ascending"
    assert read("the most expensive jacket").sort == "price_descending"
    assert read("something cheaper than this").is_cheaper
    assert read("zu teuer").is_cheaper


def test_what_is_read_is_taken_out_of_the_message():
    rest = read("a blue dress from Acme in M under 50 € for a party").rest
    assert rest.split() == ["a", "blue", "dress", "for", "a", "party"]


def test_a_catalogue_without_prices_and_sizes_says_so():
    wishes = read("the cheapest jeans under 50 € in size 38", ProductFacets())
    assert wishes.notes == [Note("no_prices"), Note("no_sizes")]
    assert (wishes.limits, wishes.sort) == (ProductFilter(), None)


def test_another_currency_is_named():
    wishes = read("under $50")
    assert wishes.limits == ProductFilter(max_price=50)
    assert wishes.notes == [Note("other_currency", {"currencies": "EUR", "currency": "USD"})]


def test_amounts_of_money_are_found_in_a_text():
    assert amounts_in("49,95 € or 20 EUR, size 38, 2 pieces for 1,299.00") == [49.95, 20, 1299]
