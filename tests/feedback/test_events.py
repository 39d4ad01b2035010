from datetime import UTC, datetime, timedelta, timezone

import pytest
from pydantic import ValidationError

from lookbook.feedback.events import FeedbackEvent, event_rows, new_answer_id, shown_rows
from lookbook.search.items import Hit, Item
from lookbook.understanding.request import Recommendation, Request, ShoppingPlan, SlotQuery

NOW = datetime(2026, 3, 1, 14, 41, 7, tzinfo=timezone(timedelta(hours=1)))
SECRETS = ("Anna", "anna@example.org", "+49 170 1234567", "holiday.jpg", "my red dress")


@pytest.fixture
def record(schema):
    record = {
        name: [] if name in schema.multis else attribute.default or "Anna's own words"
        for name, attribute in schema.root.items()
    }
    return {**record, "Category": "Shoes", "Colours": ["red"]}


def recommendation(photo_id, record, slot="shoes"):
    scores = {"bm25": 1.5, "required": -0.25}
    item = Item(photo_id, f"{photo_id}.jpg", record)
    return Recommendation(slot, Hit(item, components=scores, text_confidence=0.5))


def rows_of(record, schema, plan=None, **given):
    items = [recommendation(one, record) for one in "abc"]
    plan = plan or ShoppingPlan(
        mode="complementary", queries=[SlotQuery(slot="shoes", text="my red dress")]
    )
    arguments = {
        "answer_id": new_answer_id(),
        "request": Request(act="complement", language="de", notes=["Anna"], occasion="Anna's"),
        "plan": plan,
        "start": {**record, "Title": "holiday.jpg of anna@example.org"},
        "items": items,
        "outfits": [[items[1], recommendation("d", record, "bag")]],
        "sort": "relevance",
        "schema": schema,
        "now": NOW,
    }
    return shown_rows(**{**arguments, **given})


def test_an_answer_is_a_row_for_each_item_with_its_place_and_scores(record, schema):
    rows = rows_of(record, schema)
    assert [row["item_id"] for row in rows] == ["a", "b", "c", "d"]
    assert [row["rank"] for row in rows] == [0, 1, 2, 3]
    assert [row["outfit"] for row in rows] == [None, 0, None, 0]
    assert rows[0]["components"] == {"bm25": 1.5, "required": -0.25}
    assert rows[0]["start"] == {"Category": ["Shoes"], "Colours": ["red"]}
    assert {(row["event"], row["mode"], row["act"], row["language"]) for row in rows} == {
        ("answered", "complementary", "complement", "de")
    }


def test_rows_hold_nothing_personal(record, schema):
    event = FeedbackEvent(answer_id=new_answer_id(), event="clicked", item_ids=["a"])
    for row in [*rows_of(record, schema), *event_rows(event, NOW)]:
        assert not [secret for secret in SECRETS if secret in repr(row)]
        # The hour, in UTC: neither the minute nor the customer's time zone.
        assert row["time"] == datetime(2026, 3, 1, 13, tzinfo=UTC)
        values = {**row.get("start", {}), **row.get("values", {})}
        assert all(
            one in schema.categorical[name].values for name in values for one in values[name]
        )


def test_a_search_needs_no_starting_item(record, schema):
    plan = ShoppingPlan(mode="similar", queries=[SlotQuery(slot=None)])
    assert rows_of(record, schema, plan)[0]["start"] == {}


def test_scores_of_two_searches_for_one_slot_are_left_out(record, schema):
    plan = ShoppingPlan(queries=[SlotQuery(slot="shoes"), SlotQuery(slot="shoes")])
    assert rows_of(record, schema, plan)[0]["components"] == {}


def test_an_event_is_a_row_for_each_item_once_or_one_for_an_outfit():
    event = FeedbackEvent(answer_id="0" * 32, event="bought", item_ids=["b", "a", "b"], outfit=1)
    assert [(row["item_id"], row["outfit"]) for row in event_rows(event)] == [("b", 1), ("a", 1)]
    event = FeedbackEvent(answer_id="0" * 32, event="dismissed", outfit=2)
    (row,) = event_rows(event)
    assert row["outfit"] == 2 and "item_id" not in row


@pytest.mark.parametrize(
    "given",
    [
        {"answer_id": "Anna"}, {"event": "loved"}, {"item_ids": ["a"] * 101}, {"item_ids": []},
        {"message": "my red dress"}, {"outfit": -1},
    ],
)  # fmt: skip
def test_an_event_of_another_form_is_refused(given):
    whole = {"answer_id": "0" * 32, "event": "clicked", "item_ids": ["a"]}
    with pytest.raises(ValidationError):
        FeedbackEvent.model_validate({**whole, **given})
