import pytest
from kedro.io import DatasetError

from lookbook.datasets.photo_table_dataset import PhotoTableDataset
from lookbook.errors import InputError

HEADER = b"image,sender_id,label,kids\n"


def load(folder, content):
    if content is not None:
        (folder / "images.csv").write_bytes(content)
    try:
        return PhotoTableDataset(path=str(folder)).load()
    except DatasetError as error:
        raise error.__cause__ from None


def test_reads_rows_as_text_with_their_lines(tmp_path):
    table = load(tmp_path, HEADER + b'a,1,Hat,False\n"b\nb",x,,maybe\n')
    assert table.to_dict("records") == [
        {"line": 2, "image": "a", "sender_id": "1", "label": "Hat", "kids": "False"},
        {"line": 4, "image": "b\nb", "sender_id": "x", "label": "", "kids": "maybe"},
    ]


def test_is_empty_without_a_file(tmp_path):
    assert load(tmp_path, None).shape == (0, 0)


def test_takes_extra_columns_another_order_and_a_byte_order_mark(tmp_path):
    table = load(tmp_path, b"\xef\xbb\xbfkids, label,x,sender_id,image\nTrue,Hat,0,1,a\n")
    assert table.drop(columns="line").to_dict("records") == [
        {"image": "a", "sender_id": "1", "label": "Hat", "kids": "True"}
    ]


def test_keeps_short_and_long_lines(tmp_path):
    table = load(tmp_path, HEADER + b"a\nb,2,Hat,True,more,and more\n")
    assert table["image"].tolist() == ["a", "b"]
    assert table["kids"].tolist() == ["", "True"]


def test_marks_bytes_that_are_not_utf8(tmp_path):
    assert load(tmp_path, HEADER + b"a,1,Caf\xe9,False\n")["label"].item() == "Caf\ufffd"


def test_names_the_missing_column(tmp_path):
    with pytest.raises(InputError, match=r"images\.csv has no column 'kids' \(it has 'image', "):
        load(tmp_path, b"image,sender_id,label\na,1,Hat\n")


def test_says_that_the_file_is_empty(tmp_path):
    with pytest.raises(InputError, match=r"images\.csv is empty\. It needs the columns image"):
        load(tmp_path, b"")


def test_names_the_line_that_is_not_csv(tmp_path):
    with pytest.raises(InputError, match=r"images\.csv: line \d+ is not CSV"):
        load(tmp_path, HEADER + b'"' + b"x" * 200_000)
