"""Cells that hold several values or photos."""

import contextlib
import csv
import io

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from feeds import read_feed
from lookbook.errors import InputError
from lookbook.products.images import split_images
from lookbook.products.lists import read_pairs, split_commas, split_list

WORDS = st.text("abcXYZ0189 -.", min_size=1, max_size=8).map(str.strip).filter(bool)
NAMES = st.text("abc 019_-", min_size=1, max_size=8).map(str.strip).filter(bool)
ADDRESSES = st.builds(
    "{}://h.example/{}.{}{}".format,
    st.sampled_from(["https", "http"]),
    NAMES.map(lambda name: name.replace(" ", "%20")),
    st.sampled_from(["jpg", "webp", "png"]),
    st.sampled_from(["", "?v=1&w=2", "?fit=1,2"]),
)
SEPARATORS = st.sampled_from([",", ", ", ";", "; ", "|", " | ", "\n"])


@given(st.lists(WORDS, min_size=2), st.sampled_from(["|", ";", "\n", ", "]))
def test_a_list_is_split_by_what_separates_it(values, separator):
    assert split_list(separator.join(values)) == values


@given(st.lists(st.text("ab,38", min_size=1, max_size=5), min_size=1))
def test_escaped_commas_are_part_of_a_value(values):
    assert split_commas(", ".join(value.replace(",", "\\,") for value in values)) == values


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("XS/S/M", ["XS", "S", "M"]), ("98/104, 110/116", ["98/104", "110/116"]),
        ("38; 38,5; 39", ["38", "38,5", "39"]), ("36, 38,5, 39", ["36", "38,5", "39"]),
        ("S M L", ["S", "M", "L"]), ("One Size", ["One Size"]), ('["S", 37.0]', ["S", "37"]),
    ],
)  # fmt: skip
def test_lists_of_shops(text, values):
    assert split_list(text) == values


@given(st.lists(ADDRESSES, min_size=1, max_size=5), SEPARATORS)
def test_addresses_are_split_as_they_stand(images, separator):
    assert split_images(separator.join(images)) == images


@given(st.lists(NAMES, min_size=1, max_size=5), SEPARATORS)
def test_file_names_are_split_as_they_stand(names, separator):
    images = [f"{name}.jpg" for name in names]
    assume(all("," not in name for name in names))
    assert split_images(separator.join(images)) == images


@pytest.mark.parametrize(
    ("text", "images"),
    [
        ("https://h.example/f_auto,q_auto/a.jpg", ["https://h.example/f_auto,q_auto/a.jpg"]),
        ("https://h.example/a b.jpg", ["https://h.example/a b.jpg"]),
        ("//h.example/1|//h.example/2|", ["//h.example/1", "//h.example/2"]),
        ("https://h.example/1 https://h.example/2", ["https://h.example/1", "https://h.example/2"]),
        ("https://h.example/a\\,b.jpg, c.jpg", ["https://h.example/a,b.jpg", "c.jpg"]),
        ('["https://h.example/1", "b.png"]', ["https://h.example/1", "b.png"]),
    ],
)
def test_photos_of_shops(text, images):
    assert split_images(text) == images


@pytest.mark.parametrize(
    ("cell", "pairs"),
    [
        (
            "size=M,color=Blue/White,note=a, b",
            [("size", "M"), ("color", "Blue/White"), ("note", "a, b")],
        ),
        ("Size:M:1,Colour:Red:2", [("Size", "M"), ("Colour", "Red")]),
        ("Größe: S | Farbe: Blau", [("Größe", "S"), ("Farbe", "Blau")]),
        ('"Made in=Italy";"Care=Wash, dry"', [("Made in", "Italy"), ("Care", "Wash, dry")]),
        ({"Size": ["S", "M"]}, [("Size", ["S", "M"])]),
        ([{"name": "Size", "value": "S"}], [("Size", "S")]),
        ([("upper", "knit")], [("upper", "knit")]),
        ('{"Size": "S"}', [("Size", "S")]),
        ("a plain text", []),
    ],
)
def test_names_and_values_in_one_cell(cell, pairs):
    assert list(read_pairs(cell)) == pairs


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(data):
    with contextlib.suppress(InputError):
        read_feed(data)


@given(
    st.lists(st.lists(st.text(max_size=6), min_size=5, max_size=5), max_size=6),
    st.sampled_from(["SKU,Title,Price,Sizes,Images", "Handle,Title,Variant Price,Size,Image Src"]),
)
def test_any_table_is_read_without_losing_a_row_with_a_title(rows, heading):
    file = io.StringIO()
    csv.writer(file).writerows([heading.split(","), *rows])
    products = read_feed(file.getvalue().encode("utf-8", "replace"))
    assert len({product["id"] for product in products}) == len(products)
