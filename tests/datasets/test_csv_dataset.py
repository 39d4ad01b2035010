import csv

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kedro.io import DatasetError, Version

from lookbook.datasets.csv_dataset import CSVDataset
from lookbook.parts import TableParts

LOAD = {"na_values": [], "dtype": {"text": str}}
FORMULAS = ['=HYPERLINK("http://x")', "+1", "-2", "@SUM(A1)", "'=1", "''+1"]
PLAIN = ["'90s jeans", "plain", "", "a=b", "1 - 2", "it's"]


def test_no_text_is_run_by_a_spreadsheet_and_all_are_read_back_as_they_were(tmp_path):
    path = tmp_path / "table.csv"
    table = pd.DataFrame({"text": [*FORMULAS, *PLAIN], "number": range(-3, 9)})
    dataset = CSVDataset(filepath=str(path), load_args=LOAD)
    dataset.save(table)
    with path.open(newline="") as file:
        cells = [row[0] for row in csv.reader(file)][1:]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert cells[len(FORMULAS) :] == PLAIN
    pd.testing.assert_frame_equal(dataset.load(), table, check_dtype=False)


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0")), min_size=1))
def test_any_text_comes_back(tmp_path_factory, texts):
    path = tmp_path_factory.mktemp("csv") / "table.csv"
    dataset = CSVDataset(filepath=str(path), load_args=LOAD)
    dataset.save(pd.DataFrame({"text": texts, "more": 1}))
    assert dataset.load()["text"].tolist() == texts


def test_a_long_table_is_written_as_its_parts_are_made(tmp_path):
    parts = TableParts(lambda: (pd.DataFrame({"text": [f"={n}"], "n": n}) for n in range(3)))
    dataset = CSVDataset(filepath=str(tmp_path / "table.csv"))
    dataset.save(parts)
    assert (tmp_path / "table.csv").read_text() == "text,n\n'=0,0\n'=1,1\n'=2,2\n"
    pd.testing.assert_frame_equal(dataset.load(), parts.whole(), check_dtype=False)


def test_a_table_that_was_cut_off_is_not_seen(tmp_path):
    def make(version=None):
        return CSVDataset(filepath=str(tmp_path / "table.csv"), version=Version(None, version))

    def cut_off():
        yield pd.DataFrame({"text": ["more"]})
        raise OSError("the disk is full")

    make("1").save(pd.DataFrame({"text": ["whole"]}))
    with pytest.raises(DatasetError, match="the disk is full"):
        make("2").save(TableParts(cut_off))
    assert make().load()["text"].tolist() == ["whole"]
