import time
from importlib import import_module

import pytest
from kedro.framework.session.session import _create_hook_manager
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner, ThreadRunner

from lookbook.hooks import SummaryHooks, typed_command
from lookbook.pipeline_registry import every_pipeline

REPORTS = {
    "ingest": ({"files": 3350, "ok": 3250, "quarantined": {"unlisted": 100}}, "100 unlisted"),
    "balance": ({"photos": 9, "selected": 5, "kids_dropped": 3, "capped": 1}, "3 kids', 1 over"),
    "label": (
        {
            "photos": 5,
            "captioned": 4,
            "captioned_before": 2,
            "failed": 1,
            "input_tokens": 9000,
            "output_tokens": 500,
            "cost": 1.234,
        },
        "2 captioned before; 1 failed; tokens: 9,000 in, 500 out; cost: 1.23",
    ),
    "clean": (
        {
            "captions": 5,
            "usable": 3,
            "rejected_by_reason": {"refusal": 2},
            "balanced": 3,
            "shop_values": 4,
            "disagreements": {"Gender": 1},
            "corrections": {"by_attribute": {"Type": {"confirmed": 1, "changed": 2}}, "others": {}},
        },
        "rejected: 2 refusal; 4 values are the shop's (1 unlike the captioner's); 2 values are "
        "people's",
    ),
    "index": (
        {
            "items": 3,
            "duplicate_photos": 1,
            "embedders": {
                "one": {"embedded": 1, "reused": 2, "removed": 4, "pictures_failed": 1},
                "other": {"embedded": 3, "reused": 0, "removed": 0, "pictures_failed": 0},
            },
        },
        "4 embedded, 2 unchanged, 4 removed, 1 without picture, 1 duplicate photos",
    ),
}


@pytest.mark.parametrize("step", REPORTS)
def test_says_what_a_step_did(step):
    report, told = REPORTS[step]
    summary = import_module(f"lookbook.pipelines.{step}.summary")
    said = summary.summarise(report)
    assert said.came >= said.went > 0
    assert told in said.happened


def test_all_pipelines_run_together():
    pipelines = every_pipeline().values()
    # Kedro raises where two nodes write one dataset, or have one name.
    together = sum(pipelines, Pipeline([]))
    assert set(together.nodes) == {node for pipeline in pipelines for node in pipeline.nodes}


def sleep(seconds):
    def node(*inputs):
        time.sleep(seconds)
        return REPORTS["balance"][0]

    return node


@pytest.fixture
def summarise(tmp_path, capsys):
    """Runs a pipeline with Kedro's own runner, and gives what the summary prints."""

    def summarise(nodes, entries=(), runner=None, **options):
        configs = {
            name: {"type": "json.JSONDataset", "filepath": str(tmp_path / f"{name}.json")}
            for name in entries
        }
        pipeline, catalog = Pipeline(nodes), DataCatalog.from_config(configs)
        hooks, manager = SummaryHooks(), _create_hook_manager()
        manager.register(hooks)
        hooks.before_pipeline_run(pipeline)
        (runner or SequentialRunner()).run(pipeline, catalog, manager, **options)
        capsys.readouterr()
        hooks.after_pipeline_run(pipeline, catalog)
        return capsys.readouterr().out

    return summarise


def reporting(namespace="balance", seconds=0.0, name="report"):
    return Node(sleep(seconds), None, "balance_report", name=name, namespace=namespace)


def test_a_summary_tells_what_was_done(summarise):
    assert "balance" in summarise([reporting()], ["balance_report"])


def test_a_summary_tells_nothing_of_work_that_was_left_out(summarise):
    written = ["balance_report", "category_plot"]
    nodes = [reporting(), Node(sleep(0), None, "category_plot", name="p", namespace="clean")]
    assert "plots" in summarise(nodes, written)
    assert summarise(nodes, written, only_missing_outputs=True).strip() == ""


@pytest.mark.parametrize("namespace", [None, "theirs", "theirs.deep", "ingest.deep"])
def test_pipelines_and_namespaces_of_others_have_no_summary(summarise, namespace):
    theirs = Node(sleep(0), None, "theirs_plot", name="theirs", namespace=namespace)
    assert "balance" in summarise([theirs, reporting()], ["balance_report"])


def test_nodes_in_threads_are_counted_by_the_clock(summarise):
    nodes = [
        Node(sleep(0.3), None, f"part_{number}", name=f"n{number}", namespace="balance")
        for number in range(3)
    ]
    entries = ["balance_report", *(f"part_{number}" for number in range(3))]
    printed = summarise([*nodes, reporting(seconds=0.3)], entries, ThreadRunner(max_workers=4))
    (row,) = [line for line in printed.splitlines() if "│ balance" in line]
    # 0.3 seconds of the clock, and not 1.2 of all threads.
    assert 0.3 <= float(row.split("│")[4].removesuffix(" s ")) < 1


def test_each_step_logs_a_line_once_it_is_done(summarise, caplog):
    caplog.set_level("INFO", "lookbook.hooks")
    summarise([reporting(seconds=0.3), Node(sleep(0), None, "theirs", name="n", namespace="mine")])
    lines = sorted(record.getMessage() for record in caplog.records)
    assert lines[0].startswith("balance   5 photos selected in 0.")
    assert lines[1].startswith("mine      done in 0.")


def test_what_was_set_aside_is_pointed_to(summarise):
    nodes = [
        Node(lambda: REPORTS["ingest"][0], None, "ingest_report", name="r", namespace="ingest"),
        Node(lambda: {}, None, "quarantine", name="q", namespace="ingest"),
    ]
    printed = summarise(nodes, ["ingest_report", "quarantine"])
    assert "photos or rows set aside: 100, see" in printed and "quarantine.json" in printed


@pytest.mark.parametrize(("script", "command"), [("kedro", "bin/kedro"), ("pytest", "kedro")])
def test_says_kedro_as_the_user_types_it(monkeypatch, tmp_path, script, command):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sys.argv", [str(tmp_path / "bin" / script)])
    assert typed_command() == command
