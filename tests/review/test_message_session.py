import json

import pytest
from kedro.io.core import DatasetError

from lookbook.datasets.json_lines_dataset import JsonLinesDataset
from lookbook.errors import InputError
from lookbook.review.message_page import MessagePage
from lookbook.review.message_session import MessageSession
from lookbook.understanding.examples import read_examples
from lookbook.understanding.kept_messages import row_of
from lookbook.understanding.request import Conversation, Part, Request, Turn

REQUEST = Request(parts=[Part(wanted={"Garment": ["dress"]})], recipients=["Women"])


def understand(conversation):
    if conversation.message == "broken":
        raise InputError("The server is away.")
    return REQUEST


@pytest.fixture
def opened(tmp_path, schema):
    def open_session():
        names = ("kept", "labels", "shop")
        files = (JsonLinesDataset(filepath=str(tmp_path / f"{name}.jsonl")) for name in names)
        return MessageSession(*files, understand, schema)

    kept = JsonLinesDataset(filepath=str(tmp_path / "kept.jsonl"))
    for message in ("one <b>", "two", "broken"):
        shown = Turn("assistant", "Here.", [])
        row = row_of(Conversation(message, [Turn("user", "hi"), shown]), "en", schema)
        kept.save({row["id"]: row})
    return open_session


@pytest.fixture
def session(opened):
    return opened()


def examples(tmp_path):
    path = tmp_path / "shop.jsonl"
    lines = path.read_text().splitlines() if path.exists() else []
    read, faults = read_examples([("shop", line) for line in lines])
    assert not faults
    return read


class Reviewer:
    """Presses keys on a page."""

    def __init__(self, session):
        self.page = MessagePage(session)
        self.page.build()
        self.visit = {"id": "", "field": "", "skipped": [], "done": [], "turn": 0}
        self._take(self.page._on_load(self.visit))

    def _take(self, updates):
        self.visit = updates[self.page.visit]
        self.shown = updates.get(self.page.shown, "")
        self.progress = updates.get(self.page.progress, "")

    def press(self, act, value="", beside=False):
        self._take(self.page._act(self.visit, act, value, beside))


def test_a_message_is_labelled_by_a_key_a_field(session, tmp_path):
    reviewer = Reviewer(session)
    first = reviewer.visit["id"]
    assert "one &lt;b&gt;" in reviewer.shown and reviewer.visit["field"] == "act"
    for act, value in (("accept", ""), ("choose", "refused"), ("choose", "Men")):
        reviewer.press(act, value)
        assert reviewer.visit["id"] == first and not examples(tmp_path)
    reviewer.press("accept")
    (example,) = examples(tmp_path)
    assert (example.id, example.message, example.kind) == (first, "one <b>", "shop")
    assert example.plan.parts[0].refused == {"garment": ["dress"]}
    assert example.plan.wearer == ["Men"]
    assert reviewer.visit["id"] != first and "1 of 3" in reviewer.progress


def test_every_key_is_on_the_disk_and_a_restart_resumes(opened):
    reviewer = Reviewer(opened())
    reviewer.press("accept")
    reviewer.press("choose", "owned")
    again = Reviewer(opened())
    assert (again.visit["id"], again.visit["field"]) == (reviewer.visit["id"], "for whom")
    assert opened().label(again.visit["id"]).values[0].role == "owned"


def test_answers_are_taken_back_one_by_one(session, tmp_path):
    reviewer = Reviewer(session)
    first = reviewer.visit["id"]
    reviewer.press("choose", "small_talk")
    assert examples(tmp_path)[0].plan.act == "small_talk"
    reviewer.press("undo")
    assert (reviewer.visit["id"], reviewer.visit["field"]) == (first, "act")
    assert not examples(tmp_path) and session.label(first).act == "search"
    reviewer.press("undo")
    assert session.progress == (0, 3)


def test_all_of_a_message_is_accepted_skipped_or_looked_at_again(session, tmp_path):
    reviewer = Reviewer(session)
    first = reviewer.visit["id"]
    reviewer.press("all")
    second = reviewer.visit["id"]
    reviewer.press("skip")
    # What the stylist cannot read is asked about all the same.
    assert session.message(reviewer.visit["id"])["message"] == "broken"
    reviewer.press("all")
    assert "No message is left" in reviewer.shown and len(examples(tmp_path)) == 2
    reviewer.press("back")
    reviewer.press("back")
    assert reviewer.visit["id"] == second
    reviewer.press("back")
    assert reviewer.visit["id"] == first and "labelled" in reviewer.shown
    # A changed label is finished anew.
    reviewer.press("choose", "similar")
    assert [one.message for one in examples(tmp_path)] == ["broken"]
    reviewer.press("all")
    assert {one.plan.act for one in examples(tmp_path)} == {"similar", "search"}


def test_examples_outlive_the_kept_messages(opened, tmp_path):
    Reviewer(opened()).press("all")
    (tmp_path / "kept.jsonl").unlink()
    later = opened()
    assert later.next_message([]) == "" and "No message" in Reviewer(later).shown
    assert len(examples(tmp_path)) == 1


def test_fields_and_pieces_are_one_key_away(session):
    reviewer = Reviewer(session)
    reviewer.press("down")
    assert reviewer.visit["field"] == "value 1"
    reviewer.press("choose", "of another piece")
    assert reviewer.visit["field"] == "value 1"
    reviewer.press("focus", "weather")
    assert reviewer.visit["field"] == "weather" and "Weather: none?" in reviewer.shown
    reviewer.press("focus", "nonsense")
    assert reviewer.visit["field"] == "act"
    reviewer.press("up")
    assert reviewer.visit["field"] == "weather"
    reviewer._take(reviewer.page._on_other(reviewer.visit, "Colours: red"))
    assert "Colours red" in reviewer.shown


def test_an_answer_that_cannot_be_written_is_named_and_not_given(session, tmp_path):
    reviewer = Reviewer(session)
    (tmp_path / "labels.jsonl.lock").mkdir()
    with pytest.raises(DatasetError, match="cannot be written"):
        reviewer.press("accept")
    (tmp_path / "labels.jsonl.lock").rmdir()
    assert reviewer.visit["done"] == [] and reviewer.visit["field"] == "act"
    assert json.dumps(reviewer.visit)
