import pytest

from lookbook.assistant.assistant import Assistant
from lookbook.assistant.interpretation import Interpretation
from lookbook.assistant.recommender import Recommender
from lookbook.assistant.types import Recommendations, ServingParams
from lookbook.understanding.request import Conversation, Request, ShoppingPlan


@pytest.fixture
def answer(schema, monkeypatch):
    """Answers a message that was taken for a request, and returns what was kept."""

    def answered(message, request, keep_messages=True, keep=None):
        kept = []
        params = ServingParams.model_construct(
            embedder=None, max_concurrency=1, keep_messages=keep_messages
        )
        known = {
            "schema": schema, "serving": params, "search_index": None, "stylist": None,
            "existing_learned_ranking": None,
        }  # fmt: skip
        turn = Interpretation(Conversation(message), request, None, ShoppingPlan())
        monkeypatch.setattr(Assistant, "_interpret", lambda *_: turn)
        monkeypatch.setattr(Recommender, "recommend", lambda *_: Recommendations([], []))
        monkeypatch.setattr(Assistant, "judge", None)
        monkeypatch.setattr(Recommender, "__init__", lambda *_: None)
        assistant = Assistant(known.__getitem__, keep=keep or kept.append)
        assert assistant.recommend(None, message, [], params)[0] is turn
        return kept

    return answered


def test_a_message_that_was_not_understood_is_kept_where_it_is_configured(answer):
    (row,) = answer("a blorp, I'm Anna", Request(understood=False, language="de"))
    assert (row["message"], row["lang"], row["history"]) == ("a blorp, I'm [name]", "de", [])
    assert answer("a blorp", Request(understood=False), keep_messages=False) == []
    assert answer("a dress", Request()) == []
    assert answer(" ", Request(understood=False)) == []


def test_a_customer_is_answered_though_nothing_can_be_kept(answer, caplog):
    def fail(row):
        raise OSError("the disk is full")

    answer("a blorp", Request(understood=False), keep=fail)
    assert "could not be kept: the disk is full" in caplog.text
