from datetime import UTC, datetime, timedelta

import pyarrow as pa
import pytest

from lookbook.datasets.feedback_log_dataset import SCHEMA
from lookbook.feedback.answers import count_answers, read_lists

NOW = datetime(2026, 3, 1, 13, tzinfo=UTC)


def answered(answer_id, items, time=NOW):
    """An answer that shows items ``a1``: in slot ``a``, outfit 1."""
    return [
        {
            "answer_id": answer_id, "time": time, "event": "answered", "item_id": item,
            "rank": rank, "slot": item[0], "outfit": int(item[1]), "components": {"bm25": 1.0},
            "start": {}, "values": {}, "mode": "search", "sort": "relevance",
        }
        for rank, item in enumerate(items)
    ]  # fmt: skip


def event(answer_id, name, item=None, outfit=None, time=NOW):
    return {
        "answer_id": answer_id, "time": time, "event": name, "item_id": item, "outfit": outfit,
    }  # fmt: skip


def lists(*rows, days=30):
    found = read_lists(pa.Table.from_pylist([*rows], SCHEMA), days)
    return [
        [
            one.row["item_id"] + "+" * one.is_chosen + "-" * one.is_dismissed
            for one in shown.items
        ]
        for shown in found
    ]  # fmt: skip


def test_items_of_one_slot_are_compared():
    rows = answered("x", ["a0", "b0", "a1", "b1", "c2"])
    assert lists(*rows, event("x", "clicked", "a1"), event("x", "bought", "c2")) == [["a0", "a1+"]]
    assert lists(*rows, event("x", "clicked", "b0"), event("x", "dismissed", "b1")) == [
        ["b0+", "b1-"]
    ]


def test_answers_without_a_choice_and_events_without_an_answer_teach_nothing():
    rows = answered("x", ["a0", "a1"])
    assert lists(*rows, event("x", "dismissed", "a1"), event("y", "clicked", "a1")) == []
    assert lists(*rows, event("x", "clicked", "a0"), event("x", "clicked", "a1")) == []
    assert lists(*rows, event("x", "clicked", "unknown")) == []
    assert lists() == []


def test_an_event_of_an_outfit_is_one_of_all_its_items():
    rows = answered("x", ["a0", "b0", "a1", "b1"])
    assert lists(*rows, event("x", "bought", outfit=1)) == [["a0", "a1+"], ["b0", "b1+"]]


def test_items_that_were_not_on_the_screen_were_not_passed_over():
    rows = answered("x", ["a0", "a1", "a2"])
    seen = [event("x", "shown", "a0"), event("x", "clicked", "a1")]
    assert lists(*rows, *seen) == [["a0", "a1+"]]


def test_old_answers_do_not_count():
    old = NOW - timedelta(days=40)
    rows = [*answered("x", ["a0", "a1"], old), event("x", "clicked", "a1", time=old)]
    rows += [*answered("y", ["a0", "a2"]), event("y", "clicked", "a2")]
    assert lists(*rows) == [["a0", "a2+"]]
    assert lists(*rows, days=60) == [["a0", "a1+"], ["a0", "a2+"]]


def test_answers_are_counted_by_event():
    rows = [*answered("x", ["a0", "a1"]), event("x", "clicked", "a0"), event("x", "clicked", "a1")]
    assert count_answers(pa.Table.from_pylist(rows, SCHEMA)) == {"answered": 1, "clicked": 1}


@pytest.mark.parametrize("number", [0, 1])
def test_rows_of_two_processes_may_be_mixed(number):
    rows = answered("x", ["a0", "a1"]) + answered("y", ["a0", "a1"])
    acts = [event("y", "clicked", "a1"), event("x", "clicked", "a0")]
    mixed = [*acts, *rows][:: -1 if number else 1]
    assert sorted(lists(*mixed)) == [["a0", "a1+"], ["a0+", "a1"]]
