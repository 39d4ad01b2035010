import pytest
from kedro.io.core import DatasetError

from lookbook.datasets.table_dataset import TableDataset


def test_a_table_is_loaded_as_text(tmp_path):
    path = tmp_path / "outfits.csv"
    path.write_text("outfit;garment\n007;jeans\n")
    dataset = TableDataset(filepath=str(path), named="outfits")
    assert dataset.load().to_dict("records") == [{"outfit": "007", "garment": "jeans"}]
    assert dataset.preview()["data"] == [["007", "jeans"]]


def test_no_table_ends_in_a_sentence_that_says_how_to_name_one(tmp_path):
    with pytest.raises(DatasetError, match="--params=outfits=TABLE"):
        TableDataset(filepath=None, named="outfits").load()
    with pytest.raises(DatasetError, match="cannot be read"):
        TableDataset(filepath=str(tmp_path / "none.csv"), named="outfits").load()
    assert TableDataset(filepath=None, named="outfits").preview()["data"] == []
