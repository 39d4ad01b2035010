import pytest
import yaml

from lookbook.attributes.schema import Schema
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.planning import (
    GARMENT,
    IMPLIED,
    IMPLIED_GARMENT,
    NAMED,
    RECIPIENT,
    REFUSED,
    SIMILAR,
    merge_parts,
    plan_search,
)
from lookbook.understanding.request import Part, Request
from project import ROOT

REST = {"Size": "Unknown", "Type": "Unknown", "Description": "", "Pattern": "plain",
        "Material": "unknown", "Sleeve": "unknown", "Neckline": "unknown",
        "Length": "unknown"}  # fmt: skip
DRESS = {**REST, "Title": "Blue dress", "Category": "Dresses", "Gender": "Women",
         "Garment": "dress", "Colours": ["blue"]}  # fmt: skip
SHIRT = {**REST, "Title": "White shirt", "Category": "Tops", "Gender": "Men",
         "Garment": "shirt", "Colours": ["white"]}  # fmt: skip
RED_DRESS = Part(wanted={"Garment": ["dress"], "Colours": ["red"]})
SHOES = Part(wanted={"Garment": ["sneakers", "boots"]})


@pytest.fixture
def plan_of(schema):
    def plan_of(request, item=None, message="words", schema=schema, **options):
        return plan_search(request, item, message, schema, **options)

    return plan_of


def wishes(query, **only):
    """The preferences of a query by attribute."""
    return {
        one.attribute: (one.values, one.weight)
        for one in query.preferences
        if all(getattr(one, name) == value for name, value in only.items())
    }


# Search.
def test_a_search_prefers_what_is_wanted_and_filters_nothing(plan_of):
    plan = plan_of(Request(parts=[RED_DRESS]), message="a red dress")
    (query,) = plan.queries
    assert (plan.mode, query.slot, query.text) == ("search", "full_body", "a red dress")
    assert query.filters == {}
    assert wishes(query) == {"Garment": (["dress"], GARMENT), "Colours": (["red"], NAMED)}
    assert [one.attribute for one in query.preferences] == ["Garment", "Colours"]


def test_words_of_a_later_message_alone_are_not_searched(plan_of):
    (query,) = plan_of(Request(parts=[RED_DRESS]), message="in red", is_first=False).queries
    assert (query.text, query.fallback_text) == ("", "dress red")


def test_each_part_of_several_has_a_query_of_its_own(plan_of):
    first, second = plan_of(Request(parts=[RED_DRESS, SHOES])).queries
    assert (first.slot, second.slot) == ("full_body", "feet")
    assert first.text == second.text == ""
    assert wishes(second) == {"Garment": (["sneakers", "boots"], GARMENT)}


def test_a_search_for_nothing_in_particular_searches_the_words(plan_of):
    (query,) = plan_of(Request(understood=False), message="something groovy").queries
    assert (query.text, query.slot, query.is_descriptive) == ("something groovy", None, True)
    assert query.preferences == []


def test_implied_garments_count_where_none_is_named(plan_of):
    implied = {"Garment": ["parka"], "Material": ["wool"]}
    (query,) = plan_of(Request(parts=[Part(implied=implied)])).queries
    assert wishes(query) == {
        "Garment": (["parka"], IMPLIED_GARMENT), "Material": (["wool"], IMPLIED),
    }  # fmt: skip
    named = Part(wanted={"Garment": ["jacket"], "Colours": ["red"]},
                 implied={"Garment": ["parka"], "Colours": ["pink"]})  # fmt: skip
    (query,) = plan_of(Request(parts=[named])).queries
    assert wishes(query, attribute="Garment", weight=IMPLIED) == {"Garment": (["parka"], IMPLIED)}
    # A colour that nobody named is none beside one that was.
    assert wishes(query, attribute="Colours") == {"Colours": (["red"], NAMED)}


@pytest.mark.parametrize("act", ["search", "complement", "similar"])
def test_refused_values_are_required_not_to_be_there(plan_of, act):
    part = Part(wanted={"Garment": ["boots"]}, refused={"Colours": ["black", "grey"]})
    for query in plan_of(Request(act=act, parts=[part]), DRESS).queries:
        (refused,) = [one for one in query.preferences if one.negated]
        assert (refused.attribute, refused.values) == ("Colours", ["black", "grey"])
        assert refused.required and refused.weight == REFUSED


@pytest.mark.parametrize(
    ("recipients", "values"),
    [
        (["Women"], ["Women", "Unisex"]),
        (["Men"], ["Men", "Unisex"]),
        (["Women", "Men"], ["Women", "Men", "Unisex"]),
        (["Kids"], None),
        ([], None),
    ],
)
def test_items_fit_whom_they_are_for(plan_of, recipients, values):
    (query,) = plan_of(Request(parts=[SHOES], recipients=recipients)).queries
    fitting = wishes(query, required=True)
    assert fitting == ({"Gender": (values, RECIPIENT)} if values else {})


def test_a_part_for_somebody_else_is_for_them(plan_of):
    part = Part(wanted={"Garment": ["boots"], "Gender": ["Men"]})
    (query,) = plan_of(Request(parts=[part], recipients=["Women"])).queries
    assert wishes(query, attribute="Gender") == {"Gender": (["Men"], NAMED)}


def test_limits_order_and_weather_go_with_every_query(plan_of):
    limits = ProductFilter(max_price=50)
    plan = plan_of(
        Request(parts=[RED_DRESS, SHOES], products=limits, sort="price_ascending", weather="snow")
    )
    assert {query.products for query in plan.queries} == {limits}
    assert (plan.sort, plan.context) == ("price_ascending", {"season": "cold"})


@pytest.mark.parametrize("act", ["small_talk", "off_topic", "question"])
def test_a_sentence_answers_what_asks_for_no_items(plan_of, act):
    assert plan_of(Request(act=act), DRESS).queries == []


def test_a_question_about_pieces_shows_them(plan_of):
    assert plan_of(Request(act="question", parts=[RED_DRESS])).queries


# Complements.
def test_what_completes_the_outfit_of_an_item_fills_the_other_slots(plan_of):
    plan = plan_of(Request(act="complement"), SHIRT, message="")
    assert (plan.mode, plan.has_message) == ("complementary", False)
    assert [query.slot for query in plan.queries] == ["lower", "outer", "feet"]
    assert plan.queries[0].filters == {"Category": ["Pants", "Shorts", "Skirts"]}
    dressed = plan_of(Request(act="complement"), DRESS)
    assert [query.slot for query in dressed.queries] == ["outer", "feet"]


def test_a_piece_that_is_asked_for_fills_its_slot_alone(plan_of):
    plan = plan_of(Request(act="complement", parts=[SHOES]), SHIRT)
    (query,) = plan.queries
    assert (query.slot, query.filters) == ("feet", {"Category": ["Shoes"]})


def test_an_implied_piece_fills_its_slot(plan_of):
    parts = [Part(implied={"Garment": ["parka"]})]
    plan = plan_of(Request(act="complement", parts=parts), SHIRT)
    assert [query.slot for query in plan.queries] == ["outer"]


def test_a_colour_alone_is_wished_of_every_slot(plan_of):
    plan = plan_of(Request(act="complement", parts=[Part(wanted={"Colours": ["red"]})]), SHIRT)
    assert [query.slot for query in plan.queries] == ["lower", "outer", "feet"]
    assert all(wishes(query) == {"Colours": (["red"], NAMED)} for query in plan.queries)


def test_an_owned_piece_is_completed_and_its_slot_not_filled(plan_of):
    owned = {"Garment": ["skirt"], "Colours": ["red"]}
    plan = plan_of(Request(act="complement", owned=owned))
    assert (plan.mode, plan.owned) == ("complementary", owned)
    assert [query.slot for query in plan.queries] == ["upper", "outer", "feet"]


def test_slots_of_all_owned_pieces_are_not_filled(plan_of):
    plan = plan_of(Request(act="complement", owned={"Garment": ["jeans", "shirt"]}))
    assert [query.slot for query in plan.queries] == ["outer", "feet"]
    with_item = plan_of(Request(act="complement", owned={"Garment": ["boots"]}), SHIRT)
    assert [query.slot for query in with_item.queries] == ["lower", "outer"]
    assert with_item.owned == {}


def test_what_was_asked_for_is_filled_even_where_it_is_owned(plan_of):
    request = Request(act="complement", parts=[SHOES], owned={"Garment": ["jeans", "boots"]})
    assert [query.slot for query in plan_of(request).queries] == ["feet"]


def test_a_refused_category_is_not_among_those_of_a_slot(plan_of):
    parts = [Part(wanted={"Colours": ["red"]}, refused={"Category": ["Skirts", "Shoes"]})]
    queries = plan_of(Request(act="complement", parts=parts), SHIRT).queries
    assert [query.filters.get("Category") for query in queries] == [
        ["Pants", "Shorts"], ["Outerwear"], None,
    ]  # fmt: skip


def test_nothing_goes_with_itself(plan_of):
    plan = plan_of(Request(act="complement", parts=[RED_DRESS]), DRESS)
    assert plan.mode == "search"


@pytest.mark.parametrize("garment", ["trousers", "shirt"])
def test_what_cannot_be_worn_with_the_item_is_searched(plan_of, garment):
    parts = [Part(wanted={"Garment": [garment]})]
    plan = plan_of(Request(act="complement", parts=parts), DRESS)
    assert plan.mode == "search"
    with_shoes = plan_of(Request(act="complement", parts=[*parts, SHOES]), DRESS)
    assert [query.slot for query in with_shoes.queries] == ["feet"]


def test_a_shop_without_slots_shows_what_is_like_the_item():
    furniture = yaml.safe_load((ROOT / "tests/end_to_end/furniture/schema.yml").read_text())
    schema = Schema.model_validate(furniture["schema"])
    sofa = {
        "Title": "Sofa", "Category": "sofa", "Room": ["study"], "Style": "modern",
        "Material": ["velvet"], "Colours": ["green"], "Details": "Soft.",
    }  # fmt: skip
    plan = plan_search(Request(act="complement"), sofa, "", schema)
    (query,) = plan.queries
    assert (plan.mode, query.slot, query.filters) == ("similar", None, {})
    assert {"Room", "Material", "Colours"} <= set(wishes(query))


# Similar items.
def test_a_similar_item_is_of_the_same_kind(plan_of):
    plan = plan_of(Request(act="similar"), DRESS, message="others like it")
    (query,) = plan.queries
    assert (plan.mode, query.slot, query.filters) == (
        "similar", "full_body", {"Category": ["Dresses"]},
    )  # fmt: skip
    assert wishes(query) == {
        "Garment": (["dress"], SIMILAR), "Colours": (["blue"], SIMILAR),
        "Gender": (["Women"], SIMILAR), "Category": (["Dresses"], SIMILAR),
    }  # fmt: skip


def test_a_red_dress_with_a_dress_shown_is_a_similar_dress_in_red(plan_of):
    request = Request(act="similar", parts=[RED_DRESS])
    (query,) = plan_of(request, DRESS, message="red dress please").queries
    assert (query.slot, query.filters) == ("full_body", {"Category": ["Dresses"]})
    assert wishes(query) == {
        "Garment": (["dress"], GARMENT), "Colours": (["red"], NAMED),
        "Gender": (["Women"], SIMILAR),
    }  # fmt: skip


def test_another_kind_of_piece_is_of_its_own_slot(plan_of):
    request = Request(act="similar", parts=[Part(wanted={"Garment": ["sneakers"]})])
    (query,) = plan_of(request, DRESS).queries
    assert (query.slot, query.filters) == ("feet", {"Category": ["Shoes"]})


def test_what_is_refused_of_an_item_is_not_wished_for(plan_of):
    request = Request(act="similar", parts=[Part(refused={"Colours": ["blue"]})])
    (query,) = plan_of(request, DRESS).queries
    assert not [one for one in query.preferences if one.attribute == "Colours" and not one.negated]


def test_without_an_item_similar_ones_are_searched(plan_of):
    assert plan_of(Request(act="similar", parts=[RED_DRESS])).mode == "search"


def test_merged_parts_ask_for_any_of_their_values():
    other = Part(wanted={"Garment": ["dress", "skirt"]}, refused={"Pattern": ["floral"]})
    merged = merge_parts([RED_DRESS, other])
    assert merged == Part(
        wanted={"Garment": ["dress", "skirt"], "Colours": ["red"]}, refused={"Pattern": ["floral"]}
    )
    assert merge_parts([]) == Part()
