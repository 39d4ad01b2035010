import json
import re

import pytest

from lookbook.understanding.examples import (
    Example,
    conversation_of,
    occasions_of,
    read_examples,
    request_of,
    targets_of,
    values_of_examples,
)
from lookbook.understanding.message_features import CUSTOMER, ITEM, MESSAGE, PAGE
from lookbook.understanding.message_network import (
    ACTS,
    IMPLIED,
    LANGUAGES,
    NONE,
    OWNED,
    RECIPIENTS,
    REFUSED,
    WANTED,
    WEATHERS,
)
from lookbook.understanding.request import Part, Request
from project import ROOT

PLAN = {
    "act": "search",
    "parts": [
        {"want": {"garment": ["t-shirt"], "neck": ["v-neck"]}, "implied": {"material": ["wool"]},
         "not": {"colours": ["light-blue"]}},
        {"want": {"garment": ["boots"]}, "implied": {}, "not": {}},
    ],
    "wearer": ["Men", "Kids"], "occasion": "Wedding", "weather": "rain",
    "has": {"garment": ["coat"]}, "price": {"order": "cheapest"}, "size": None, "brand": None,
    "refers_to": 2,
}  # fmt: skip
ROW = {
    "id": "x-1", "kind": "negation", "lang": "de",
    "history": [
        {"role": "user", "content": "Kleider"},
        {"role": "assistant", "content": "Hier:",
         "shown": [{"title": "Elbe", "garment": "dress", "colours": ["light-blue"]}]},
    ],
    "item": {"garment": "denim-jacket", "colours": ["navy"]}, "message": "das zweite", "plan": PLAN,
}  # fmt: skip


def example_of(**changes):
    return Example.model_validate({**ROW, "writer": "ann", **changes})


def plan(**changes):
    return {**PLAN, **changes}


def test_messages_are_read_with_their_writer():
    ((example,), faults) = read_examples([("ann", json.dumps(ROW))])
    assert faults == []
    assert (example.id, example.writer, example.lang) == ("x-1", "ann", "de")
    assert example.plan.parts[0].refused == {"colours": ["light-blue"]}


@pytest.mark.parametrize(
    ("line", "name", "reason"),
    [
        ("{", "line 2", "it is not a JSON object: "),
        ("[]", "line 2", "it is not a JSON object: "),
        ("null", "line 2", "it is not a JSON object: "),
        (json.dumps({**ROW, "id": "y", "plan": plan(act="buy")}), "y", "plan.act: Input should be"),
        (json.dumps({**ROW, "id": "y", "mood": 1}), "y", "mood: Extra inputs are not permitted"),
        (json.dumps({**ROW, "id": "y", "lang": "it"}), "y", "lang: Input should be"),
        (json.dumps({**ROW, "id": "y", "plan": plan(refers_to=11)}), "y", "plan.refers_to: "),
        (json.dumps({**ROW, "id": "y", "plan": None}), "y", "plan: Input should be"),
        (json.dumps({k: v for k, v in ROW.items() if k != "id"}), "line 2", "id: Field required"),
        (json.dumps({**ROW, "id": "y", "message": " ", "item": None}), "y", "neither message nor"),
        (json.dumps(ROW), "x-1", "another message has this id"),
    ],
)
def test_lines_that_cannot_be_used_are_named_with_the_reason(line, name, reason):
    examples, faults = read_examples([("ann", json.dumps(ROW)), ("bob", line)])
    assert [one.id for one in examples] == ["x-1"]
    ((writer, id_, said),) = [(fault["writer"], fault["id"], fault["reason"]) for fault in faults]
    assert (writer, id_) == ("bob", name)
    assert reason in said and "\n" not in said


def test_the_documented_message_can_be_used(schema):
    guide = (ROOT / "docs/explanation/understanding.md").read_text()
    shown = re.search(r"^```json\n(.*?)^```", guide, re.DOTALL | re.MULTILINE)[1]
    ((example,), faults) = read_examples([("ann", shown)])
    assert faults == []
    request = request_of(example, schema)
    assert request.parts == [
        Part(wanted={"Garment": ["boots"]}, refused={"Colours": ["black"]}),
    ]
    assert request.owned == {"Garment": ["coat"], "Colours": ["grey"]}


def test_an_item_alone_is_a_message():
    ((example,), _) = read_examples([("ann", json.dumps({**ROW, "message": ""}))])
    assert example.message == ""


def test_the_texts_of_a_message_are_those_that_the_network_reads():
    assert [(one.kind, one.number, one.text) for one in example_of().segments] == [
        (MESSAGE, 0, "das zweite"), (ITEM, 0, "navy denim jacket"), (CUSTOMER, 0, "Kleider"),
        (PAGE, 1, "Elbe (light blue dress)"),
    ]  # fmt: skip


def test_targets_tell_the_role_of_each_value_and_the_pieces():
    values = [
        ("Garment", "t shirt"), ("Neckline", "v neck"), ("Material", "wool"),
        ("Colours", "light blue"), ("Garment", "coat"), ("Garment", "boots"), ("Garment", "dress"),
    ]  # fmt: skip
    rows = {value: row for row, value in enumerate(values)}
    targets = targets_of(example_of(), rows, ["", "party", "wedding"])
    assert targets.roles.tolist() == [WANTED, WANTED, IMPLIED, REFUSED, OWNED, WANTED, NONE]
    assert targets.parts == [[0, 1, 2], [5]]
    assert ACTS[targets.act] == "search" and WEATHERS[targets.weather] == "rain"
    assert LANGUAGES[targets.language] == "de"
    named = dict(zip(RECIPIENTS, targets.recipients, strict=True))
    assert named == {"Women": 0, "Men": 1, "Unisex": 0, "Kids": 1}
    assert (targets.occasion, targets.reference, targets.cheapest) == (2, 2, 1.0)


def test_what_is_wanted_of_one_piece_and_refused_of_another_is_wanted():
    parts = [{"want": {"colours": ["red"]}}, {"not": {"colours": ["red"]}}]
    targets = targets_of(example_of(plan=plan(parts=parts)), {("Colours", "red"): 0}, [""])
    assert targets.roles.tolist() == [WANTED]


def test_what_was_not_said_is_none():
    bare = example_of(plan={"act": "small_talk"})
    targets = targets_of(bare, {("Colours", "red"): 0}, ["", "wedding"])
    assert (targets.occasion, targets.weather, targets.reference, targets.cheapest) == (0, 0, 0, 0)
    assert (targets.roles.tolist(), targets.parts) == ([NONE], [])


def test_values_and_occasions_are_those_of_enough_messages():
    party = plan(occasion="party", parts=[{"want": {"garment": ["t-shirt", "t-shirt"]}}], has={})
    examples = [example_of(), example_of(plan=party), example_of(plan=party)]
    assert values_of_examples(examples, 3) == [("Garment", "t shirt")]
    assert ("Garment", "coat") in values_of_examples(examples, 1)
    assert occasions_of(examples, 1) == ["", "party"]
    assert occasions_of(examples, 9) == ["", "party", "wedding"]


def test_items_of_a_message_become_records_of_the_schema(schema):
    conversation = conversation_of(example_of(), schema)
    assert conversation.item["Garment"] == "denim jacket"
    assert conversation.item["Category"] == "Outerwear"
    assert conversation.item["Material"] == "denim"
    assert conversation.item["Colours"] == ["navy"]
    assert [item["Title"] for item in conversation.page] == ["Elbe"]
    assert set(conversation.item) == set(schema.names)


def test_a_message_tells_what_a_perfect_stylist_understands(schema):
    assert request_of(example_of(), schema) == Request(
        act="search",
        parts=[
            Part(
                wanted={"Garment": ["T-shirt"], "Neckline": ["V-neck"]},
                implied={"Material": ["wool"]},
                refused={"Colours": ["light blue"]},
            ),
            Part(wanted={"Garment": ["boots"]}),
        ],
        recipients=["Men", "Kids"],
        occasion="Wedding",
        weather="rain",
        owned={"Garment": ["coat"]},
        refers_to=2,
        language="de",
    )
