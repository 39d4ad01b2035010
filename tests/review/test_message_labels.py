import json

import pytest

from lookbook.review.message_labels import (
    ACT,
    OTHER_PIECE,
    RECIPIENTS,
    REFERENCE,
    WEATHER,
    MessageLabel,
    add_value,
    answer,
    label_of,
    plan_of,
    questions,
)
from lookbook.search.product_filter import ProductFilter
from lookbook.understanding.examples import Example, read_examples, targets_of
from lookbook.understanding.request import Part, Request

STRIPED = {"Pattern": ["striped"]}
REQUEST = Request(
    parts=[
        Part(wanted={"Garment": ["T-shirt"], "Colours": ["light blue"]}, refused=STRIPED),
        Part(wanted={"Garment": ["dress"]}, implied={"Type": ["Formal"]}, refused=STRIPED),
    ],
    recipients=["Women"],
    occasion="wedding",
    owned={"Garment": ["blazer"]},
    products=ProductFilter(max_price=50, currency="EUR", sizes=["M"]),
    refers_to=2,
)  # fmt: skip


@pytest.fixture
def label():
    return label_of(REQUEST)


def names(label, items_shown=3):
    return [one.name for one in questions(label, items_shown)]


def example(label, schema):
    row = {"id": "shop-1", "lang": "en", "history": [], "item": None, "message": "a tee"}
    ((read,), faults) = read_examples(
        [("shop", json.dumps({**row, "plan": plan_of(label, schema)}))]
    )
    assert not faults
    return read


def test_a_labelled_message_is_an_example_that_understand_trains_on(label, schema):
    plan = example(label, schema).plan
    one, other = plan.parts
    assert one.want == {"garment": ["t-shirt"], "colours": ["light-blue"]}
    # Refused for both pieces, and asked about once.
    assert one.refused == {"pattern": ["striped"]} and other.refused == {}
    assert (other.want, other.implied) == ({"garment": ["dress"]}, {"type": ["Formal"]})
    assert (plan.act, plan.wearer, plan.occasion) == ("search", ["Women"], "wedding")
    assert plan.has == {"garment": ["blazer"]} and plan.refers_to == 2
    assert plan.price == {"min": None, "max": 50, "currency": "EUR"} and plan.size == "M"
    values = [("Garment", "t shirt"), ("Pattern", "striped"), ("Garment", "blazer")]
    rows = {value: number for number, value in enumerate(values)}
    targets = targets_of(example(label, schema), rows, [""])
    # Wanted, refused and owned.
    assert targets.roles.tolist() == [1, 3, 4]


def test_every_field_is_a_question_with_a_key_an_answer(label):
    asked = {one.name: one for one in questions(label, 3)}
    assert next(iter(asked)) == ACT and list(asked)[-1] == REFERENCE
    assert "".join(asked[ACT].choices) == "scmqto" and asked[ACT].current == ["search"]
    assert len([name for name in asked if name.startswith("value")]) == len(label.values) == 6
    assert {"occasion", "price", "size"} <= set(asked) and "brand" not in asked
    for one in asked.values():
        for choice in one.choices.values():
            changed = answer(label, one.name, choice)
            assert one.name in changed.answered and MessageLabel.model_validate(
                changed.model_dump()
            )


def test_what_is_no_search_needs_no_more_questions(label, schema):
    thanks = answer(label, ACT, "small_talk")
    assert names(thanks) == [ACT]
    plan = example(thanks, schema).plan
    assert (plan.parts, plan.wearer, plan.occasion, plan.has) == ([], [], None, {})
    asked = answer(label, ACT, "question")
    assert names(asked) == [ACT, REFERENCE] and plan_of(asked, schema)["refers_to"] == 2
    # Nothing is lost by a wrong key.
    assert answer(thanks, ACT, "search").values == label.values


def test_a_value_is_wanted_refused_owned_or_not_meant(label, schema):
    for role, field in (("refused", "not"), ("implied", "implied"), ("wanted", "want")):
        part = plan_of(answer(label, "value 2", role), schema)["parts"][0]
        assert "light-blue" in part[field]["colours"]
    assert plan_of(answer(label, "value 2", "owned"), schema)["has"]["colours"] == ["light-blue"]
    assert "light-blue" not in str(plan_of(answer(label, "value 2", "none"), schema))


def test_a_value_moves_to_another_piece(label, schema):
    moved, pieces = label, []
    for _ in range(3):
        moved = answer(moved, "value 2", OTHER_PIECE)
        pieces.append((moved.values[1].part, len(plan_of(moved, schema)["parts"])))
    assert pieces == [(1, 2), (2, 3), (0, 2)]


def test_recipients_may_be_several_or_nobody(label):
    both = answer(label, RECIPIENTS, "Men", beside=True)
    assert both.recipients == ["Women", "Men"]
    assert answer(both, RECIPIENTS, "Women", beside=True).recipients == ["Men"]
    assert answer(both, RECIPIENTS, "Kids").recipients == ["Kids"]
    assert answer(both, RECIPIENTS, "nobody").recipients == []


def test_details_are_kept_or_removed(label):
    assert answer(label, "occasion", "keep").occasion == "wedding"
    assert answer(label, "occasion", "remove").occasion is None
    assert answer(label, WEATHER, "rain").weather == "rain"
    assert answer(label, REFERENCE, "none").refers_to is None


def test_a_missing_value_is_added(label, schema):
    added = add_value(label, "Neckline", "V-neck", part=1)
    assert plan_of(added, schema)["parts"][1]["want"]["neck"] == ["v-neck"]
    vague = label_of(Request(understood=False))
    assert plan_of(vague, schema)["parts"] == [{"want": {}, "implied": {}, "not": {}}]


def test_values_are_written_as_the_corpus_does(schema):
    every = [
        (name, value)
        for name, attribute in schema.categorical.items()
        for value in attribute.values
    ]
    label = MessageLabel(act="search")
    for name, value in every:
        label = add_value(label, name, value, 0)
    assert isinstance(example(label, schema), Example)
