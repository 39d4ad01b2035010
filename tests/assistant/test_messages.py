"""Customers' messages as they are really written: none of them is a dead end."""

from pathlib import Path

import pytest

from project import assistant_of, jpeg, shared_cases


@pytest.fixture(scope="module")
def assistant(ran):
    return assistant_of(ran[0])


@pytest.mark.parametrize("case", shared_cases("messages.jsonl"))
def test_no_message_is_a_dead_end(assistant, case, request):
    photo = None
    if case.get("photo"):
        folder: Path = request.getfixturevalue("clothing")
        data = next(folder.glob(f"images*/{case['photo']}")).read_bytes()
        photo = assistant.see(data, assistant.params)
    turns = case.get("history") or []
    turn, found = assistant.recommend(photo, case["message"], turns, assistant.params)
    reply = "".join(assistant.reply(turn, found.items))
    assert turn.request.understood
    assert found.items
    assert found.items[0].record[assistant.schema.title] in reply


def test_a_message_in_another_script_is_answered_by_the_photo_alone(assistant):
    photo = assistant.see(jpeg("Pants", "blue"), assistant.params)
    _, found = assistant.recommend(photo, "何か", [], assistant.params)
    assert found.items
