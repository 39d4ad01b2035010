import math

import pandas as pd
import pytest

from lookbook.understanding.examples import Example
from lookbook.understanding.request import Part, Request
from lookbook.understanding.scores import COUNTS, score_request, summarize_scores

BOOTS_NOT_BLACK = {
    "want": {"garment": ["boots", "t-shirt"]}, "implied": {"material": ["leather"]},
    "not": {"colours": ["black"]},
}  # fmt: skip


@pytest.fixture
def score(schema):
    def score(parts, request, **plan):
        row = {"id": "1", "writer": "ann", "kind": "negation", "lang": "fr", "message": "x"}
        given = {"act": "search", "parts": parts, **plan}
        return score_request(request, Example.model_validate({**row, "plan": given}), schema)

    return score


def counts(scores):
    return [scores[name] for name in COUNTS]


def test_values_are_counted_by_name_in_all_parts(score):
    wanted = Part(wanted={"Garment": ["boots", "coat"]}, implied={"Material": ["leather"]})
    scores = score([BOOTS_NOT_BLACK], Request(parts=[wanted, Part(refused={"Colours": ["black"]})]))
    assert counts(scores) == [2, 1, 1, 1, 0, 0]
    assert (scores["writer"], scores["language"], scores["inverted"]) == ("ann", "fr", False)


def test_a_refused_value_that_is_asked_for_is_inverted(score):
    wanted = Part(wanted={"Colours": ["black"]})
    assert score([BOOTS_NOT_BLACK], Request(parts=[wanted]))["inverted"] is True
    assert score([], Request(parts=[wanted]))["inverted"] is None


def test_values_that_the_schema_lacks_do_not_count(score):
    parts = [{"want": {"garment": ["boots"], "gender": ["Kids"], "fit": ["slim"]}}]
    assert counts(score(parts, Request())) == [0, 0, 1, 0, 0, 0]


def test_act_recipients_and_reference_are_right_or_wrong(score):
    plan = {"act": "similar", "wearer": ["Men", "Women"], "refers_to": 2}
    right = Request(act="similar", recipients=["Women", "Men"], refers_to=2)
    scores = score([], right, **plan)
    assert scores["act"] and scores["recipient"] and scores["reference"]
    scores = score([], Request(recipients=["Men"]), **plan)
    assert not (scores["act"] or scores["recipient"] or scores["reference"])
    # References are scored where there is one.
    assert score([], Request(refers_to=1))["reference"] is None


def test_scores_are_summed_up_by_group():
    zeros = dict.fromkeys(COUNTS, 0)
    row = {"act": True, "recipient": True, "reference": None, "inverted": None}
    scores = pd.DataFrame(
        [
            {**zeros, **row, "writer": "ann", "wanted_right": 3, "wanted_wrong": 1},
            {**zeros, **row, "writer": "ann", "wanted_missed": 1, "act": False, "inverted": True},
            {**zeros, **row, "writer": "bob", "refused_right": 1, "reference": True},
        ]
    )
    (everything,) = summarize_scores(scores).to_dict("records")
    assert everything == {
        "group": "all", "messages": 3, "wanted": 0.75, "refused": 1.0, "act": 0.667,
        "recipient": 1.0, "reference": 1.0, "inverted": 1.0,
    }  # fmt: skip
    ann, bob = summarize_scores(scores, "writer").to_dict("records")
    assert (ann["writer"], ann["messages"], ann["wanted"], ann["act"]) == ("ann", 2, 0.75, 0.5)
    assert math.isnan(bob["wanted"]) and math.isnan(bob["inverted"])
