import csv

import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

from lookbook.datasets.csv_dataset import CSVDataset

LOAD = {"keep_default_na": False, "dtype": {"text": str}}
FORMULAS = ['=HYPERLINK("http://x")', "+1", "-2", "@SUM(A1)", "'=1", "''+1", "'quoted'"]
PLAIN = ["plain", "", "a=b", "1 - 2", "it's"]


def test_no_text_is_run_by_a_spreadsheet_and_all_are_read_back_as_they_were(tmp_path):
    path = tmp_path / "table.csv"
    table = pd.DataFrame({"text": [*FORMULAS, *PLAIN], "number": range(-3, 9)})
    dataset = CSVDataset(filepath=str(path), load_args=LOAD, save_args={"index": False})
    dataset.save(table)
    with path.open(newline="") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert cells[len(FORMULAS) :] == PLAIN
    pd.testing.assert_frame_equal(dataset.load(), table, check_dtype=False)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n\0")), min_size=1))
def test_any_text_comes_back(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    dataset = CSVDataset(filepath=str(path), load_args=LOAD, save_args={"index": False})
    dataset.save(pd.DataFrame({"text": texts, "more": 1}))
    assert dataset.load()["text"].tolist() == texts
