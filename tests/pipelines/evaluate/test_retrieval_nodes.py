import numpy as np
import pandas as pd
import pytest

from lookbook.captioners.network import hash_photo
from lookbook.distillation.params import DistilParams
from lookbook.evaluation.params import EvaluateParams
from lookbook.pipelines.evaluate.label_nodes import judge_captions
from lookbook.pipelines.evaluate.retrieval_nodes import (
    choose_items,
    plot_retrieval,
    read_annotations,
    score_retrieval,
)
from lookbook.pipelines.evaluate.summary import tell_unseen
from project import configuration

PARAMS = EvaluateParams.model_validate(
    {**configuration("parameters_evaluate")["evaluate"], "bootstrap_rounds": 50}
)
ALONE = pd.DataFrame(columns=["photo_id", "duplicate_group"])
NO_WORDS = pd.DataFrame(columns=["photo_id", "text"])


class Taught:
    """A model that was taught with some photos."""

    def __init__(self, *photo_ids):
        self.training_photos = frozenset(map(hash_photo, photo_ids))


@pytest.fixture
def catalogue(schema):
    return pd.DataFrame(
        {
            "Filename": ["a", "b", "c"],
            "Title": ["Blue jeans", "Shirt", "Red hat"],
            "Description": ["Blue with black seams.", "Plain, in white.", "Red."],
            "Colours": ["blue, black", "white", "red"],
            **dict.fromkeys(schema.singles, "x"),
            "photo_id": ["1", "2", "3"],
        }
    )


@pytest.fixture
def choose(catalogue, schema):
    photos = pd.DataFrame(
        {"photo_id": ["1", "2", "3"], "label": ["x", "Not sure", None], "sender_id": "s"}
    )

    def choose(taught=(), words=NO_WORDS, same=ALONE, **changes):
        params = PARAMS.model_copy(update=changes)
        embedders = {"minilm": Taught(*taught)}
        chosen, report = choose_items(
            catalogue, photos, words, same, object(), embedders, schema, params
        )
        return chosen.set_index("Filename"), report

    return choose


def test_items_are_asked_for_by_title_and_colour(choose):
    chosen, report = choose()
    assert chosen["question"].to_dict() == {
        "a": "Blue jeans black", "b": "Shirt white", "c": "Red hat"
    }  # fmt: skip
    assert chosen["label"].dropna().to_dict() == {"a": "x"}
    assert report["asked"] == 3
    assert choose(items=2)[0]["asked"].sum() == 2


def test_whatever_taught_the_network_is_never_asked_for_and_fills_the_gallery(choose):
    words = pd.DataFrame({"photo_id": ["1", "2"], "text": ["jeans with seams", "a white shirt"]})
    chosen, report = choose(taught=["1"], words=words)
    assert set(chosen.index[chosen["asked"]]) == {"b", "c"}
    assert set(chosen.index[chosen["spoken"]]) == {"b"}
    assert (report["taught"], report["unseen"], report["gallery"]) == (1, 2, 3)
    assert set(choose(taught=["1"], gallery=2)[0].index) == {"b", "c"}


def test_a_large_catalogue_is_asked_no_more_than_a_small_one(choose):
    chosen, report = choose(gallery=2)
    assert len(chosen) == report["gallery"] == report["asked"] == 2
    assert (report["items"], report["unseen"]) == (3, 3)


def test_an_item_that_taught_in_another_photo_is_not_asked_for(choose):
    same = pd.DataFrame({"photo_id": ["1", "2"], "duplicate_group": ["1", "1"]})
    chosen, _ = choose(taught=["1"], same=same)
    assert set(chosen.index[chosen["asked"]]) == {"c"}


def test_where_everything_taught_the_network_it_says_so(choose):
    chosen, report = choose(taught=["1", "2", "3"])
    assert not chosen["asked"].any()
    (told,) = tell_unseen(report)
    assert "3 of 3 photos taught the network" in told
    assert "held_out_network.onnx" in told


def test_labels_of_photos_that_taught_are_not_scored(schema):
    captions = pd.DataFrame(
        {"photo_id": ["1", "2"], "label": ["Pants", "Pants"], "caption": ["x", "x"],
         "failure": [None, None]}
    )  # fmt: skip
    judged = judge_captions(captions, Taught("2"), {}, schema, PARAMS)
    assert judged["expected"].fillna("").tolist() == ["Pants", ""]
    assert judged["correct"].isna().tolist() == [False, True]


def test_annotations_are_read_as_a_teachers_table_is(schema):
    text = configuration("parameters_distil")["distil"]
    params = DistilParams.model_validate({**text, "teacher": "t"})
    manifest = pd.DataFrame(
        {"photo_id": ["1", "2"], "file": ["a.jpg", "b.jpg"], "label": None, "sender_id": None}
    )
    table = pd.DataFrame({"file": ["a.jpg", "z.jpg"], "garment": ["jeans", "hat"],
                          "description": ["faded jeans", "a hat"]})  # fmt: skip
    read = read_annotations(table, manifest, schema, params)
    assert read[["photo_id", "Garment", "text"]].to_numpy().tolist() == [
        ["1", "jeans", "faded jeans"]
    ]
    assert read_annotations(pd.DataFrame(), manifest, schema, params).empty


def results(**columns):
    rows = {"photo_id": ["1", "2"], "sender_id": ["s", None], "embedder": "e", "method": "hybrid"}
    return pd.DataFrame({**rows, **columns})


def test_scores_are_means_with_intervals_and_counts_without():
    known = results(
        recall_1=[1.0, 0.0], recall_50=[None, None], shown=["a b", "b c"], seconds=[0.01, 0.03]
    )
    nothing = known.head(0)
    scores = score_retrieval(
        nothing, nothing, known, nothing, nothing, {"gallery": 4}, PARAMS
    ).set_index("metric")
    assert set(scores["task"]) == {"known item"}
    assert scores.loc["recall_1", ["mean", "low", "high"]].tolist() == [0.5, 0.0, 1.0]
    assert "recall_50" not in scores.index
    assert scores.loc[["different_items", "commonest_share"], "mean"].tolist() == [3, 1]
    assert scores.loc["gini", "mean"] == pytest.approx(0.375)
    assert scores.loc["p50_ms", "mean"] == 20
    assert np.isnan(scores.loc["p95_ms", "low"])
    assert plot_retrieval(scores.reset_index()).data


def test_nothing_to_ask_for_gives_nothing():
    nothing = results(shown="", recall_1=1.0).head(0)
    scores = score_retrieval(nothing, nothing, nothing, nothing, nothing, {"gallery": 0}, PARAMS)
    assert scores.empty
    assert not plot_retrieval(scores).data


def test_answers_that_show_nothing_are_counted_as_nothing():
    way = {"photo_id": ["a"], "sender_id": ["s"], "embedder": ["e"], "method": ["m"]}
    answers = pd.DataFrame({**way, "outfits": [0.0], "shown": [float("nan")]})
    scores = score_retrieval(
        *[pd.DataFrame(columns=["embedder", "method"])] * 4, answers, {"gallery": 1}, PARAMS
    )
    told = scores.set_index("metric")["mean"]
    assert told["different_items"] == 0 and told["commonest_share"] == 0
