import subprocess
import sys
import textwrap

import pytest
from kedro.io.core import DatasetError

from lookbook.datasets.shards_dataset import ShardsDataset


@pytest.fixture
def shards(tmp_path):
    return ShardsDataset(
        path=str(tmp_path / "shards"), dataset="text.TextDataset", filename_suffix=".txt"
    )


def test_a_folder_that_is_not_there_holds_no_shards(shards):
    assert shards.load() == {}


def test_what_is_saved_is_loaded_by_name(shards):
    shards.save({"a": "one", "b/c": lambda: "two"})
    shards.save({"a": "three"})
    assert {name: load() for name, load in shards.load().items()} == {"a": "three", "b/c": "two"}


def test_a_write_that_fails_leaves_the_shard_as_it_was(shards):
    shards.save({"a": "one"})
    with pytest.raises(DatasetError):
        shards.save({"a": object()})
    assert shards.load()["a"]() == "one"


def test_a_run_killed_while_it_writes_leaves_no_half_a_shard(shards, tmp_path):
    killed = textwrap.dedent(
        f"""
        import os, signal
        from kedro_datasets.text import TextDataset
        from lookbook.datasets.shards_dataset import ShardsDataset

        class Killed(TextDataset):
            def save(self, data):
                super().save(data[:2])
                os.kill(os.getpid(), signal.SIGKILL)

        ShardsDataset(
            path={str(tmp_path / "shards")!r}, dataset=Killed, filename_suffix=".txt"
        ).save({{"a": "a whole one"}})
        """
    )
    assert subprocess.run([sys.executable, "-c", killed], check=False).returncode < 0
    assert len([*(tmp_path / "shards").iterdir()]) == 1
    assert shards.load() == {}
    shards.save({"a": "a whole one"})
    assert shards.load()["a"]() == "a whole one"
