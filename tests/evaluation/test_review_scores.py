import pandas as pd
import pytest

from corrections import decisions
from lookbook.attributes.corrections import read_corrections
from lookbook.evaluation.params import EvaluateParams
from lookbook.evaluation.review_scores import in_drawn_order, score_by_reviews
from project import configuration

PARAMS = EvaluateParams.model_validate(
    {**configuration("parameters_evaluate")["evaluate"], "bootstrap_rounds": 200}
)
IDS = [f"{number:064x}" for number in range(200)]


@pytest.fixture
def judged(schema):
    said = dict.fromkeys(schema.names, "") | {"Garment": "skirt", "Colours": "navy"}
    rows = [
        {"photo_id": one, "sender_id": None, "taught": number < 20, **said}
        for number, one in enumerate(IDS)
    ]
    return pd.DataFrame(rows)


def score(judged, schema, *told):
    return score_by_reviews(judged, read_corrections(decisions(*told), schema), schema, PARAMS)


def test_nothing_looked_at_is_no_score(judged, schema):
    assert score(judged, schema) == {}


def test_those_looked_at_out_of_order_say_nothing_of_all(judged, schema):
    last = in_drawn_order(pd.Series(IDS[20:])).tolist()[-40:]
    scores = score(judged, schema, *((one, "Garment", "dress") for one in last))
    assert scores["Garment"] == {
        "looked_at": 40, "right": 0.0, "drawn": 0, "accuracy": None, "interval_95": None,
        "more_for_one_point": None,
    }  # fmt: skip


def test_those_at_the_head_of_the_drawn_order_speak_for_all(judged, schema):
    head = in_drawn_order(pd.Series(IDS[20:])).tolist()[:40]
    told = [(one, "Garment", "skirt" if row % 4 else "dress") for row, one in enumerate(head)]
    scores = score(judged, schema, *told, (head[0], "Colours", "navy"))
    garment = scores["Garment"]
    assert (garment["drawn"], garment["accuracy"]) == (40, 0.75)
    assert garment["interval_95"][0] < 0.75 < garment["interval_95"][1]
    # 7,203 of an endless number; of 180 all but a few.
    assert garment["more_for_one_point"] == 176 - 40
    assert scores["Colours"]["looked_at"] == 1


def test_photos_that_taught_the_captioner_are_not_scored(judged, schema):
    assert score(judged, schema, *((one, "Garment", "skirt") for one in IDS[:20])) == {}
