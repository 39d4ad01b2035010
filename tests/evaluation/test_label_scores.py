import json

import pandas as pd
import pytest

from lookbook.evaluation.label_scores import count_confusions, judge_captions, score_labels
from lookbook.evaluation.params import EvaluateParams
from lookbook.evaluation.score_tables import label_table
from lookbook.photos.drawing import LABELS
from lookbook.pipelines.evaluate.label_nodes import (
    plot_label_confusion,
    plot_worst_cases,
    rank_runs,
)
from project import configuration, jpeg

PARAMS = EvaluateParams.model_validate(
    {**configuration("parameters_evaluate")["evaluate"], "bootstrap_rounds": 50, "worst_cases": 4}
)
LABEL = {
    "Title": "Blue trousers", "Size": "M", "Category": "Pants", "Gender": "Men", "Type": "Casual",
    "Description": "Straight legs and a belt.", "Garment": "trousers", "Colours": ["blue"],
    "Pattern": "unknown", "Material": "cotton", "Sleeve": "none", "Neckline": "none",
    "Length": "full",
}  # fmt: skip


def captions(*rows):
    """Captions as (human label, text, failure)."""
    return pd.DataFrame(
        [
            {
                "file": f"{number}.jpg", "photo_id": f"{number:064}", "label": label,
                "sender_id": number % 2, "caption": text, "failure": failure, "input_tokens": 10,
                "output_tokens": 5, "cost": None, "seconds": 0.5,
            }
            for number, (label, text, failure) in enumerate(rows)
        ]
    )  # fmt: skip


def written(**schema):
    return json.dumps({**LABEL, **schema})


@pytest.fixture
def judged(schema):
    return judge_captions(
        captions(
            ("Pants", written(), None),
            ("Pants", written(Category="trousers"), None),
            ("Pants", written()[:-1], None),
            ("Shorts", written(), None),
            ("Blouse", "I'm sorry, but I cannot help with that request.", None),
            ("Not sure", written(), None),
            (None, None, "the server is down"),
        ),
        schema,
        PARAMS,
    )


def test_every_photo_is_judged_once_and_told_what_came_of_it(judged):
    assert judged["status"].tolist() == [
        "schema-valid", "outside the vocabulary", "repaired", "schema-valid", "refusal",
        "schema-valid", "no caption: the server is down",
    ]  # fmt: skip
    assert judged["expected"].tolist()[:5] == ["Pants", "Pants", "Pants", "Shorts", "Tops"]
    assert judged["expected"].isna().tolist()[5:] == [True, True]
    assert judged["correct"].tolist()[:5] == [True, True, True, False, False]
    assert judged["correct"].isna().tolist()[5:] == [True, True]


def test_every_label_that_people_gave_has_a_category(schema):
    judged = judge_captions(
        captions(*((label, written(), None) for label in LABELS)), schema, PARAMS
    )
    assert judged["expected"].notna().all()


def test_a_useless_caption_counts_as_wrong(judged, schema):
    scores = score_labels(judged, "engine-1", schema, PARAMS)
    assert (scores["photos"], scores["human_labels"]) == (7, 5)
    assert scores["accuracy"] == 0.6
    assert scores["interval_95"][0] <= 0.6 <= scores["interval_95"][1]
    assert scores["schema_valid_share"] == round(3 / 7, 4)
    assert scores["usable_share"] == round(5 / 7, 4)
    assert scores["values_mapped"] == 1
    assert scores["by_value"]["Pants"] == {"precision": 0.75, "recall": 1.0, "photos": 3}
    assert sum(scores["status"].values()) == 7
    assert scores["seconds_per_photo"] == 0.5
    assert scores["attributes"]["Pattern"] == {"said_share": 0.0, "values": {"unknown": 5}}
    assert scores["attributes"]["Colours"] == {"said_share": 1.0, "values": {"blue": 5}}
    corrected = {"Pattern": {"looked_at": 4, "right": 0.5, "accuracy": None}}
    laid_out = label_table({**scores, "corrected": corrected})
    told = [str(cell) for cell in laid_out.columns[0].cells]
    assert "pattern by reviews" in told
    assert "category accuracy" in told and "says its pattern" in told


def test_photos_without_human_labels_are_scored_for_what_they_are(schema):
    judged = judge_captions(captions((None, written(), None)), schema, PARAMS)
    scores = score_labels(judged, "engine-1", schema, PARAMS)
    assert scores["schema_valid_share"] == 1
    assert scores["accuracy"] is None
    plot_label_confusion(count_confusions(judged, PARAMS))
    plot_worst_cases(judged, {}, schema, PARAMS)


def test_the_leaderboard_has_one_row_per_run(judged, schema):
    scores = score_labels(judged, "engine-1", schema, PARAMS)
    runs = {"2026-01-01": lambda: scores, "2026-01-02": lambda: {**scores, "macro_f1": 1.0}}
    ranked = rank_runs(runs, scores)
    assert ranked["run"].tolist() == ["2026-01-02", "2026-01-01"]
    assert ranked["macro_f1"].tolist() == [1.0, scores["macro_f1"]]


def test_confusions_tell_useless_captions_apart(judged):
    confusion = count_confusions(judged, PARAMS).set_index("label")
    assert confusion.loc["Blouse", "no label"] == 1
    assert confusion.loc["Shorts", "Pants"] == 1
    assert confusion.to_numpy().sum() == 5


def test_the_sheet_shows_wrong_labels_and_bears_missing_photos(judged, schema):
    figure = plot_worst_cases(judged, {"3.jpg": lambda: jpeg("Shorts")}, schema, PARAMS)
    titles = [axis.get_title() for axis in figure.axes if axis.get_title()]
    assert len(titles) == 2
    assert "a person: Shorts" in "".join(titles) and "refusal" in "".join(titles)
    assert sum(bool(axis.images) for axis in figure.axes) == 1
