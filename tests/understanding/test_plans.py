import json

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from lookbook.attributes.schema import Schema
from lookbook.search.product_filter import ProductFacets, ProductFilter
from lookbook.understanding.plans import (
    MAX_PARTS,
    MAX_TEXT_LENGTH,
    parse_request,
    request_schema,
    without_refused,
)
from lookbook.understanding.request import Part, Request
from project import declared_fields

SCHEMA = Schema.model_validate(declared_fields())
FACETS = ProductFacets(["Acme"], ["S", "M"], ["EUR"], (10.0, 200.0), True)
SNEAKERS = {
    "wanted": {"Garment": ["sneakers"], "Colours": ["white"]}, "implied": {"Type": ["Casual"]},
    "refused": {"Pattern": ["logo"]},
}  # fmt: skip
ANSWER = {
    "act": "search", "parts": [SNEAKERS], "recipients": ["Men"], "occasion": "office",
    "weather": "rain", "owned": {"Garment": ["coat"]}, "refers_to": 0, "wants_others": False,
    "language": "de", "notes": [],
}  # fmt: skip
OF_PRODUCTS = {
    "min_price": 0, "max_price": 50, "sizes": ["M", "9"], "brands": ["Nobody"],
    "order": "price_ascending", "asks": ["price"], "is_cheaper": True,
}  # fmt: skip


def parsed(answer, facets=ProductFacets()):  # noqa: B008
    text = answer if isinstance(answer, str) else json.dumps(answer)
    return parse_request(text, SCHEMA, facets)


def test_an_answer_is_a_request():
    assert parsed(ANSWER) == Request(
        act="search",
        parts=[Part(**SNEAKERS)],
        recipients=["Men"],
        occasion="office",
        weather="rain",
        owned={"Garment": ["coat"]},
        language="de",
    )


def test_an_answer_in_words_or_in_a_block_is_read():
    assert parsed(f"Sure!\n```json\n{json.dumps(ANSWER)}\n```") == parsed(ANSWER)


def test_what_an_answer_leaves_out_is_nothing():
    assert parsed({"act": "small_talk", "parts": []}) == Request(act="small_talk")


@pytest.mark.parametrize(
    "answer",
    ["I'd rather not.", "", "[]", {"act": "buy", "parts": []}, {"act": "search"},
     {**ANSWER, "mood": "good"}, {**ANSWER, "parts": [{"wishes": {}}]},
     {**ANSWER, "weather": "fog"}, {**ANSWER, "refers_to": -1}, {**ANSWER, "max_price": -5}],
)  # fmt: skip
def test_another_answer_is_no_request(answer):
    assert parsed(answer) is None


def test_values_that_the_schema_lacks_are_left_out():
    odd = {
        "wanted": {"Garment": ["Shoes') OR 1=1 --", "boots"], "1=1": ["y"], "Colours": ["x"]},
        "refused": {"Pattern": ["see-through"]},
    }
    request = parsed({**ANSWER, "parts": [odd], "owned": {"Garment": ["toga"], "Title": ["x"]}})
    assert (request.parts, request.owned) == ([Part(wanted={"Garment": ["boots"]})], {})


def test_a_refused_value_is_never_wanted():
    part = Part(
        wanted={"Garment": ["boots", "heels"], "Colours": ["black"]},
        implied={"Material": ["leather"]},
        refused={"Garment": ["heels"], "Colours": ["black"], "Material": ["wool"]},
    )
    expected = {"wanted": {"Garment": ["boots"]}, "implied": {"Material": ["leather"]},
                "refused": part.refused}  # fmt: skip
    assert without_refused(part) == Part(**expected)
    assert parsed({**ANSWER, "parts": [part.model_dump()]}).parts == [Part(**expected)]


def test_limits_are_those_that_products_can_meet():
    request = parsed({**ANSWER, **OF_PRODUCTS, "refers_to": 2}, FACETS)
    assert request.products == ProductFilter(max_price=50, sizes=["M"])
    assert (request.sort, request.asks, request.refers_to) == ("price_ascending", ["price"], 2)
    assert request.is_cheaper and request.speaks_of_page


def test_long_answers_are_cut():
    request = parsed(
        {**ANSWER, "parts": [SNEAKERS] * 20, "notes": ["x" * 999] * 9, "occasion": "y" * 999}
    )
    assert len(request.parts) == MAX_PARTS
    assert [len(note) for note in request.notes] == [MAX_TEXT_LENGTH] * 3
    assert len(request.occasion) == MAX_TEXT_LENGTH


def test_the_schema_of_an_answer_has_the_values_of_the_catalogue():
    schema = request_schema(SCHEMA, ProductFacets())
    jsonschema.validate(ANSWER, schema)
    for wrong in ({"act": "buy"}, {"parts": [{**SNEAKERS, "wanted": {"Garment": ["toga"]}}]}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate({**ANSWER, **wrong}, schema)
    assert "max_price" not in schema["properties"]


def test_the_schema_asks_for_what_products_have():
    schema = request_schema(SCHEMA, FACETS)
    offered = {"sizes": ["S"], "brands": ["Acme"]}
    jsonschema.validate({**ANSWER, **OF_PRODUCTS, **offered}, schema)
    assert schema["properties"]["sizes"]["items"] == {"enum": ["S", "M"]}
    assert set(OF_PRODUCTS) <= set(schema["required"])


@given(answer=st.one_of(st.text(), st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(st.sampled_from(["act", "parts", "wanted", "notes"]), inner, max_size=4),
    max_leaves=8,
).map(json.dumps)))  # fmt: skip
@example(answer='{"```json{```')
def test_no_answer_breaks_the_parsing(answer):
    request = parsed(answer)
    assert request is None or isinstance(request, Request)
