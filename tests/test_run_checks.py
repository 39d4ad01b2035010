import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from kedro.io import DataCatalog
from kedro.pipeline import Node, Pipeline
from kedro.runner import SequentialRunner, ThreadRunner

from lookbook.errors import InputError
from lookbook.run_checks import LOCK, RunChecks


@pytest.fixture
def begin(tmp_path):
    """Begins a run of one node, as Kedro does, with the catalog entry of what it writes."""

    def begin(config=None, runner=None, **params):
        config = config or {"type": "pandas.CSVDataset", "filepath": str(tmp_path / "data/x.csv")}
        catalog = DataCatalog.from_config({"written": config, "read": {"type": "MemoryDataset"}})
        pipeline = Pipeline([Node(lambda read: read, "read", "written", name="copy")])
        checks = RunChecks()
        params = {"runner": str(runner or SequentialRunner()), "project_path": tmp_path, **params}
        checks.before_pipeline_run(params, pipeline, catalog)
        return checks

    return begin


def test_a_second_run_is_refused_until_the_first_has_ended(begin, tmp_path):
    first = begin()
    second = (
        "import sys; from filelock import FileLock, Timeout\n"
        "try: FileLock(sys.argv[1], blocking=False).acquire()\n"
        "except Timeout: sys.exit(3)\n"
    )
    other = [sys.executable, "-c", second, str(tmp_path / "data" / LOCK)]
    assert subprocess.run(other, check=False).returncode == 3
    first.after_pipeline_run()
    assert subprocess.run(other, check=False).returncode == 0
    begin().on_pipeline_error()
    assert subprocess.run(other, check=False).returncode == 0


def test_the_second_run_reads_a_sentence(begin, tmp_path):
    (tmp_path / "data").mkdir()
    holding = (
        "import sys; from filelock import FileLock\n"
        "lock = FileLock(sys.argv[1]); lock.acquire(); print(flush=True); sys.stdin.read()\n"
    )
    other = [sys.executable, "-c", holding, str(tmp_path / "data" / LOCK)]
    with subprocess.Popen(other, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        with pytest.raises(InputError, match="Another run is writing to"):
            begin()
        versioned = {
            "type": "pandas.CSVDataset", "filepath": str(tmp_path / "y.csv"), "versioned": True
        }  # fmt: skip
        begin(versioned)
        process.stdin.close()
    begin().after_pipeline_run()


def test_a_run_that_was_interrupted_does_not_lock_its_own_process_out(begin):
    begin()
    begin().after_pipeline_run()


@pytest.mark.parametrize("place", ["data/x.csv", "data/08/deep/x.csv"])
def test_a_folder_that_cannot_be_written_is_named_before_anything_runs(begin, tmp_path, place):
    (tmp_path / "data").write_text("no folder")
    with pytest.raises(InputError) as raised:
        begin({"type": "pandas.CSVDataset", "filepath": str(tmp_path / place)})
    assert f"'{tmp_path / 'data'}' cannot be written" in str(raised.value)


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        (
            {
                "type": "lookbook.datasets.shards_dataset.ShardsDataset",
                "path": "gs://shop/shards",
                "dataset": "text.TextDataset",
            },
            "'written' cannot be opened: Please install gcsfs to access Google Storage.",
        ),
        (
            {"type": "pandas.CSVDataset", "filepath": "nothing://shop/x.csv"},
            "'written' cannot be opened: Protocol not known: nothing.",
        ),
        ({"type": "nowhere.Dataset", "filepath": "x"}, "No module named 'nowhere'"),
        ({"type": "pandas.CSVDataset", "filepth": "x"}, "unexpected keyword argument 'filepth'"),
    ],
)
def test_a_dataset_that_cannot_be_opened_is_named_before_anything_runs(begin, config, sentence):
    with pytest.raises(InputError) as raised:
        begin(config)
    assert sentence in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize(
    "config",
    [
        {
            "type": "lookbook.datasets.engine_dataset.EngineDataset",
            "engine": "builtins.dict",
            "base_url": "http://localhost:8000/v1",
            "connection": {"address": "ray://head:10001"},
        },
        {
            "type": "lookbook.datasets.catalogue_search_dataset.CatalogueSearchDataset",
            "filepath": "s3://shop/lancedb",
            "embedders": {},
            "weights": {},
        },
    ],
)
def test_addresses_that_other_libraries_open_are_left_to_them(begin, config):
    begin(config)


def test_parallel_runner_is_refused_in_a_sentence(begin):
    with pytest.raises(InputError, match="Leave --runner out"):
        begin(runner="<kedro.runner.parallel_runner.ParallelRunner object>")


def test_a_version_that_is_not_there_is_named_with_those_that_are(begin, tmp_path):
    config = {
        "type": "pandas.CSVDataset", "filepath": str(tmp_path / "x.csv"), "versioned": True
    }  # fmt: skip
    catalog = DataCatalog.from_config({"x": config}, save_version="2026-01-31")
    catalog.save("x", pd.DataFrame({"a": [1]}))
    with pytest.raises(InputError, match="has no version '2020'"):
        # Kedro gives the version to the catalog that it makes.
        checked = DataCatalog.from_config({"x": config}, load_versions={"x": "2020"})
        RunChecks().before_pipeline_run(
            {"load_versions": {"x": "2020"}, "project_path": tmp_path}, Pipeline([]), checked
        )


def test_threads_find_plotting_libraries_imported(begin):
    begin(runner=ThreadRunner()).after_pipeline_run()
    assert {"plotly.express", "matplotlib.pyplot", "IPython"} <= set(sys.modules)
    assert Path(sys.modules["IPython"].__file__).exists()
