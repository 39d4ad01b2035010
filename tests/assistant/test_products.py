"""Prices, sizes and questions on facts, over the sample's products."""

import pytest

import lookbook
from lookbook.assistant.types import with_products
from lookbook.errors import InputError
from lookbook.search.product_filter import ProductFacets, ProductFilter
from project import assistant_of


@pytest.fixture(scope="module")
def assistant(ran):
    return assistant_of(ran[0])


@pytest.fixture
def ask(assistant):
    def ask(message, shown=(), limit=10, **products):
        history = [
            {"role": "user", "content": "shorts"},
            {"role": "assistant", "content": "Here.", "shown": list(shown)},
        ] if shown else []  # fmt: skip
        params = with_products(assistant.params, products, None, assistant.product_facets())
        params = params.model_copy(update={"outfits": 0, "limit": limit})
        turn, found = assistant.recommend(None, message, history, params)
        return found.items, "".join(assistant.reply(turn, found.items))

    return ask


def paid(items):
    return [one.product.effective_price for one in items if one.product]


def test_a_price_limits_what_is_shown(ask):
    items, reply = ask("tops under 30 €")
    assert items and max(paid(items)) <= 30
    assert f"{items[0].product.title}, {items[0].product.price_text}" in reply


def test_a_limit_that_no_item_meets_is_named_and_the_nearest_is_offered(ask, assistant):
    items, reply = ask("shorts under 2 €")
    assert items[0].record["Category"] == "Shorts"
    everything, _ = ask("shorts", limit=30)
    shorts = paid(one for one in everything if one.record["Category"] == "Shorts")
    assert items[0].product.effective_price == min(shorts)
    assert f"costs up to 2 EUR; the nearest costs {items[0].product.price_text}" in reply


def test_a_limit_that_is_set_by_hand_is_kept(ask):
    assert ask("shorts", max_price=1)[0] == []


def test_a_size_that_is_sold_out_is_not_shown(ask):
    (first, *_), _ = ask("LB-045-M")
    assert first.product.product_id == "beige-shorts-045"
    for size, is_shown in (("M", True), ("S", False)):
        items, _ = ask(f"beige shorts in {size}")
        assert ("beige-shorts-045" in [one.product.product_id for one in items]) == is_shown
        assert all(size in one.product.available_sizes for one in items)


def test_cheaper_is_cheaper_than_what_is_shown(ask):
    (dearest, *_), _ = ask("the most expensive shorts")
    items, _ = ask("something cheaper", [dearest.photo_id])
    assert items and max(paid(items)) < dearest.product.effective_price
    assert items[0].record["Category"] == "Shorts"


def test_questions_are_answered_from_the_shops_data(ask):
    items, _ = ask("shorts", limit=3)
    shown = [one.photo_id for one in items]
    second = items[1].product
    told, reply = ask("how much is the second one, and is it still available?", shown)
    assert [one.photo_id for one in told] == [shown[1]]
    assert f"{second.title} costs {second.price_text}" in reply
    assert f"{second.title} is in stock" in reply
    told, reply = ask("is LB-045-M in stock?", shown)
    assert reply == "Beige Shorts is in stock."
    assert ask("how much is it?")[1].startswith("Which item do you mean?")


def test_products_are_searched_from_python(ran):
    shop = lookbook.open(ran[0])
    found = shop.search("tops", k=4, products={"max_price": 40}, sort="price_ascending")
    prices = found["product_sale_price"].fillna(found["product_price"])
    assert prices.is_monotonic_increasing and prices.max() <= 40
    assert set(found["product_in_stock"]) <= {True, None}
    with pytest.raises(InputError, match="no sort order 'cheap'"):
        shop.search("tops", sort="cheap")


@pytest.mark.parametrize(
    ("products", "message"),
    [
        ({"sizes": ["9"]}, "No product has the size '9'. There are: S."),
        ({"brands": ["Nobody"]}, "No product has the brand 'Nobody'. There are: none."),
        ({"max_prize": 3}, "'max_prize' on products cannot be used"),
        ({"max_price": "much"}, "'max_price' on products cannot be used"),
    ],
)
def test_conditions_that_cannot_be_used_end_in_a_sentence(assistant, products, message):
    with pytest.raises(InputError, match=message):
        with_products(assistant.params, products, None, ProductFacets(sizes=["S"]))


def test_conditions_replace_those_of_the_project(assistant):
    params = with_products(assistant.params, {"in_stock": False}, None, ProductFacets())
    assert assistant.params.products == ProductFilter(in_stock=True)
    assert params.products == ProductFilter()
