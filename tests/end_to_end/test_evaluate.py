"""Types ``kedro run --pipelines=evaluate``."""

import pandas as pd

from lookbook.pipelines.evaluate.outfit_nodes import ASKED_WITH
from lookbook.pipelines.evaluate.retrieval_nodes import NEAREST
from lookbook.search.methods import METHODS
from project import latest, report, table, versions


def test_labels_are_scored_and_the_run_has_its_row(finished):
    judged, leaderboard = table(finished, "judged_captions"), table(finished, "leaderboard")
    assert len(judged) == report(finished, "label")["photos"]
    assert leaderboard["run"].tolist() == versions(finished, "label_scores.json")
    assert leaderboard["accuracy"][0] > 0.8


def test_every_method_is_measured_with_every_embedding_model(finished):
    scores = table(finished, "retrieval_scores")
    more = {"complementary": 1, "customer's words": 1}
    for task in ("customer's words", "similar", "known item", "complementary"):
        ways = scores[scores["task"].eq(task)].groupby(["embedder", "method"]).ngroups
        assert ways == 2 * (len(METHODS) + more.get(task, 0))
    means = scores.set_index(["task", "embedder", "method", "metric"])["mean"].sort_index()
    complementary = means["complementary", "minilm"]
    assert complementary["hybrid", "slot"] > 0.9
    assert complementary["hybrid", "complements"] > 0.8
    # For men the sample's captions know of tops alone; whom there is something for is dressed.
    wearers = table(finished, "full_catalogue").set_index("photo_id")["Gender"]
    items = table(finished, "complementary_items").query("method == 'hybrid'")
    dressed = items[items["photo_id"].map(wearers).ne("Men")]
    assert len(dressed) > 0 and dressed["complements"].mean() > 0.9
    assert complementary[NEAREST, "complements"] < 0.5
    # One model under two names finds the same; only its seconds differ.
    shares = scores[~scores["metric"].str.endswith("_ms")].drop(columns="embedder")
    by_model = [group for _, group in shares.groupby(scores["embedder"])]
    pd.testing.assert_frame_equal(*(one.reset_index(drop=True) for one in by_model))


def test_outfits_are_measured_with_and_without_a_recipient(finished):
    scores = table(finished, "retrieval_scores").query("task == 'outfits'")
    assert scores["method"].unique().tolist() == ASKED_WITH
    means = scores.groupby("metric")["mean"].mean()
    assert 0 < means["acceptability"] < 1
    assert means["different_items"] > 2 and means["p95_ms"] > means["p50_ms"] > 0
    assert {"breaks_any", "admits_fault", "other_wearer", "commonest_share", "gini"} < {
        *means.index
    }
    assert table(finished, "rating_scores").empty


def test_the_tables_are_printed(finished):
    printed = (finished / "printed.txt").read_text()
    for told in (
        "category accuracy",
        "precision",
        "recall 10",
        "complements",
        "nearest",
        "p95 ms",
        "different items",
        "acceptability",
        "breaks warmth",
        "photos taught the network and are not scored",
    ):
        assert told in printed


def test_plots_are_written(finished):
    for name in ("label_confusion_plot.json", "retrieval_plot.json", "worst_cases.png"):
        assert latest(finished, name).stat().st_size > 1000
