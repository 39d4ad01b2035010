import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from kedro.io.core import DatasetError

from lookbook.datasets.json_lines_dataset import JsonLinesDataset
from lookbook.errors import InputError


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder/rows.jsonl"


def rows_of(*names, **values):
    return {name: {"id": name, **values} for name in names}


def test_rows_are_added_replaced_and_removed(path):
    dataset = JsonLinesDataset(filepath=str(path))
    assert dataset.load() == {}
    dataset.save(rows_of("a", "b"))
    dataset.save(rows_of("c", text="é\u2028\ud800"))
    dataset.save({"a": {"id": "a", "n": 1}, "b": None, "d": None})
    again = JsonLinesDataset(filepath=str(path)).load()
    assert (
        again == dataset.load() == {"a": {"id": "a", "n": 1}, **rows_of("c", text="é\u2028\ud800")}
    )
    assert len(path.read_text().splitlines()) == 2


def test_what_another_process_saves_is_seen(path):
    one, other = (JsonLinesDataset(filepath=str(path)) for _ in range(2))
    one.save(rows_of("a"))
    other.save(rows_of("b"))
    one.save({"a": None})
    assert one.load() == other.load() == rows_of("b")


def test_the_same_row_is_kept_once_and_the_file_is_bounded(path):
    dataset = JsonLinesDataset(filepath=str(path), max_rows=3)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda number: dataset.save(rows_of(str(number % 5))), range(40)))
    assert len(path.read_text().splitlines()) == 3
    # What is there is replaced all the same.
    key = next(iter(dataset.load()))
    dataset.save(rows_of(key, n=1))
    assert dataset.load()[key]["n"] == 1


def test_half_a_line_stays_and_harms_no_other(path):
    path.parent.mkdir()
    path.write_text(json.dumps({"id": "a"}) + '\n{"id": "b", "te')
    dataset = JsonLinesDataset(filepath=str(path))
    dataset.save(rows_of("c"))
    dataset.save(rows_of("a", n=1))
    assert list(dataset.load()) == ["a", "c"]
    assert '{"id": "b", "te' in path.read_text().splitlines()


def test_a_file_that_cannot_be_written_is_named(path):
    path.mkdir(parents=True)
    with pytest.raises(DatasetError, match="cannot be written") as raised:
        JsonLinesDataset(filepath=str(path)).save(rows_of("a"))
    assert isinstance(raised.value.__cause__, InputError)
