import json

from lookbook.understanding.examples import LabelledTurn, attribute_of, value_of
from lookbook.understanding.kept_messages import conversation_of, is_misunderstood, row_of
from lookbook.understanding.request import (
    Conversation,
    Request,
    ShoppingPlan,
    SlotQuery,
    Turn,
)


def record(schema, **values):
    item = {name: attribute.default for name, attribute in schema.singles.items()}
    item |= {name: [] for name in schema.multis} | dict.fromkeys(schema.texts, "Anything")
    return item | values


def conversation(schema, message="not those, I'm Anna, anna@web.de"):
    shown = record(schema, Title="Striped tee", Garment="T-shirt", Colours=["light blue", "white"])
    turns = [
        Turn("user", "a top, call 0170 1234567"),
        Turn("assistant", "Here you are.", [shown]),
    ]
    return Conversation(message, turns, record(schema, Garment="dress", Neckline="V-neck"))


def test_a_kept_message_is_an_unlabelled_line_of_the_corpus(schema):
    row = row_of(conversation(schema), "en", schema)
    assert list(row) == ["id", "lang", "history", "item", "message"]
    assert row["message"] == "not those, I'm [name], [email]"
    assert row["history"][0] == {"role": "user", "content": "a top, call [number]"}
    (shown,) = row["history"][1]["shown"]
    assert (shown["title"], shown["garment"]) == ("Striped tee", "t-shirt")
    assert shown["colours"] == ["light-blue", "white"]
    assert (row["item"]["garment"], row["item"]["neck"]) == ("dress", "v-neck")
    # What a customer may have written of their own item is no value.
    assert "Anything" not in json.dumps(row["item"])
    for turn in row["history"]:
        LabelledTurn.model_validate(turn)
    assert {attribute_of(name) for name in row["item"]} <= set(schema.categorical)
    assert value_of(shown["garment"]) == "t shirt"


def test_the_same_conversation_has_the_same_id(schema):
    one, again = (row_of(conversation(schema), "en", schema) for _ in range(2))
    other = row_of(conversation(schema, "something else"), "en", schema)
    assert one == again and one["id"] != other["id"]


def test_messages_and_conversations_are_cut(schema):
    turns = [Turn("user", "x" * 3000)] * 40
    row = row_of(Conversation("y " * 3000, turns), "de", schema)
    assert len(row["message"]) == 1000 and row["item"] is None
    assert len(row["history"]) == 6 and len(row["history"][0]["content"]) == 1000


def test_a_kept_message_can_be_read_again(schema):
    kept = conversation(schema)
    again = conversation_of(row_of(kept, "en", schema), schema)
    (shown,) = again.page
    assert (shown["Title"], shown["Garment"]) == ("Striped tee", "T-shirt")
    assert shown["Colours"] == ["light blue", "white"]
    assert again.item and again.item["Neckline"] == "V-neck"
    assert set(shown) == set(kept.page[0])


def test_only_messages_that_went_wrong_are_kept():
    searched = ShoppingPlan(queries=[SlotQuery(slot=None, text="x")])
    assert not is_misunderstood(Request(), searched, 10)
    assert is_misunderstood(Request(understood=False), searched, 10)
    assert is_misunderstood(Request(), searched, 0)
    assert not is_misunderstood(Request(act="small_talk"), ShoppingPlan(), 0)
