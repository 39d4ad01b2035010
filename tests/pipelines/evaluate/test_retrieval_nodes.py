import pandas as pd
import pytest

from lookbook.evaluation.params import EvaluateParams
from lookbook.pipelines.evaluate.retrieval_nodes import (
    choose_items,
    plot_retrieval,
    score_retrieval,
)

PARAMS = EvaluateParams(
    human_label="Category", items=2, k=5, seed=0, bootstrap_rounds=50, worst_cases=4
)


@pytest.fixture
def catalogue(fields):
    return pd.DataFrame(
        {
            "Filename": ["a", "b", "c"],
            "Title": ["Blue jeans", "Shirt", "Red hat"],
            "Description": ["Blue with black seams.", "Plain, in white.", "Red."],
            "Colours": ["blue, black", "white", "red"],
            **dict.fromkeys(fields.ones, "x"),
            "photo_id": ["1", "2", "3"],
        }
    )


def test_items_are_asked_for_by_title_and_colour(catalogue, fields):
    photos = pd.DataFrame({"photo_id": ["1", "2", "3"], "label": ["x", "y", None]})
    everything = PARAMS.model_copy(update={"items": 10})
    chosen = choose_items(catalogue, photos, fields, everything).set_index("Filename")
    assert chosen["question"].to_dict() == {
        "a": "Blue jeans black", "b": "Shirt white", "c": "Red hat"
    }  # fmt: skip
    assert chosen.loc["b", "label"] == "y"
    assert len(choose_items(catalogue, photos, fields, PARAMS)) == 2


def test_scores_are_means_with_intervals_and_times_are_percentiles():
    known = pd.DataFrame(
        {
            "photo_id": ["1", "2"], "embedder": "e", "method": "hybrid", "recall_1": [1.0, 0.0],
            "seconds": [0.01, 0.03],
        }
    )  # fmt: skip
    nothing = known.head(0)
    scores = score_retrieval(nothing, known, nothing, PARAMS).set_index("metric")
    assert set(scores["task"]) == {"known item"}
    assert scores.loc["recall_1", ["mean", "low", "high"]].tolist() == [0.5, 0.0, 1.0]
    assert scores.loc["p50_ms", "mean"] == 20
    assert pd.isna(scores.loc["p95_ms", "low"])
    assert plot_retrieval(scores.reset_index()).data
