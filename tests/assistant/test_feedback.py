"""The assistant logs feedback on request alone, and only about items that there are."""

import pytest

from lookbook.assistant.assistant import Assistant
from lookbook.assistant.interpretation import Interpretation
from lookbook.assistant.types import Recommendations, ServingParams
from lookbook.feedback.events import FeedbackEvent
from lookbook.search.items import Hit, Item
from lookbook.understanding.request import Conversation, Recommendation, Request, ShoppingPlan


class Log:
    def __init__(self):
        self.rows = []

    def append(self, rows):
        self.rows += rows


class Index:
    def photo_id(self, item_id):
        return "a" if item_id == "a" else None


@pytest.fixture
def open_assistant(schema):
    def open_assistant(feedback):
        params = ServingParams.model_construct(feedback=feedback, sort="relevance")
        known = {"schema": schema, "serving": params, "search_index": Index()}
        log = Log()
        return Assistant(known.__getitem__, feedback=log), params, log

    return open_assistant


@pytest.mark.parametrize("feedback", [True, False])
def test_an_answer_is_logged_where_it_is_configured(open_assistant, schema, feedback):
    assistant, params, log = open_assistant(feedback)
    record = {name: [] if name in schema.multis else "Unknown" for name in schema.names}
    turn = Interpretation(Conversation("a hat"), Request(), None, ShoppingPlan())
    found = Recommendations([Recommendation("", Hit(Item("a", "a.jpg", record)))], [])
    answer_id = assistant.log_answer(turn, found, params)
    event = FeedbackEvent(answer_id=answer_id, event="clicked", item_ids=["a", "who is Anna?"])
    assert assistant.log_event(event) is feedback
    logged = [(row["answer_id"], row["event"], row["item_id"]) for row in log.rows]
    assert logged == [(answer_id, "answered", "a"), (answer_id, "clicked", "a")][: 2 * feedback]


def test_an_event_on_unknown_items_alone_is_not_logged(open_assistant):
    assistant, _, log = open_assistant(True)
    event = FeedbackEvent(answer_id="0" * 32, event="clicked", item_ids=["who is Anna?"])
    assert not assistant.log_event(event) and not log.rows
