import pytest

from lookbook.photos.cells import split_cell
from lookbook.photos.matching import FileNames

NAMES = FileNames(
    ["a.jpg", "b.jpg", "Bluse, rot.jpg", "Bluse.jpg", "a, b.jpg", "12345.jpg", "7.jpg"]
)


@pytest.mark.parametrize("text", [
    "a.jpg, b.jpg", "a.jpg,b.jpg,", "a.jpg|b.jpg", "a.jpg ; b.jpg", "a.jpg\nb.jpg", "a.jpg b.jpg",
    '["a.jpg", "b.jpg"]', "['a.jpg', 'b.jpg']", "{a.jpg,b.jpg}", '"a.jpg","b.jpg"',
    '[{"src": "a.jpg", "alt": "x"}, {"url": "b.jpg"}]', "a.jpg, b.jpg, a.jpg",
    "a.jpg (https://x.example/1), b.jpg (https://x.example/2)",
    "a.jpg ! alt : front ! title : x | b.jpg ! alt : back",
    '<img src="a.jpg" alt="front"><img src=\'b.jpg\'>', "![front](a.jpg) ![back](b.jpg)",
])  # fmt: skip
def test_several_photos_in_a_cell_are_taken_apart(text):
    assert split_cell(text, NAMES.is_written) == ["a.jpg", "b.jpg"]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("https://x.example/a.jpg?v=1,2|https://x.example/b.jpg",
         ["https://x.example/a.jpg", "https://x.example/b.jpg"]),
        ("https://x.example/i/1,https://x.example/i/2", ["https://x.example/i/1", "https://x.example/i/2"]),
        ("//x.example/a.jpg //x.example/b.jpg", ["//x.example/a.jpg", "//x.example/b.jpg"]),
        ('["https:\\/\\/x.example\\/a.jpg"]', ["https://x.example/a.jpg"]),
        ("12345; 7", ["12345", "7"]),
        ("a.jpg, none.jpg", ["a.jpg", "none.jpg"]),
        ("Bluse, rot.jpg, b.jpg", ["Bluse, rot.jpg", "b.jpg"]),
        ("a\\, b.jpg, b.jpg", ["a, b.jpg", "b.jpg"]),
    ],
)  # fmt: skip
def test_each_name_and_address_stays_whole(text, names):
    assert split_cell(text, NAMES.is_written) == names


@pytest.mark.parametrize(
    "text",
    [
        "Bluse, rot.jpg",
        "a, b",
        "Rock, blau.jpg",
        "https://x.example/w_40,h_40,c_fill/a.jpg",
        "",
        "a",
    ],
)
def test_a_name_with_commas_is_one(text):
    assert split_cell(text, NAMES.is_written) == [text]
