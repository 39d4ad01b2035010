"""Addresses go out as ASCII, encoded once."""

from urllib.parse import unquote, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lookbook.publishing.feeds.addresses import encode_address, ending_of, file_address

# No half characters: no file system and no feed has them.
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))
NAMES = TEXTS.filter(lambda name: name.strip("./") and "/" not in name and name == name.strip())


@given(NAMES)
def test_every_sign_of_a_files_name_comes_back(name):
    address = file_address("https://cdn.lookbook.example/photos", name)
    assert address.isascii() and not set(address) & set(' "<>,\\^`{|}')
    assert unquote(urlsplit(address).path) == f"/photos/{name}"


@given(TEXTS)
def test_encoding_is_done_once_and_yields_ascii(text):
    address = encode_address(f"https://lookbook.example/{text}")
    assert address.isascii() and not set(address) & set(' "<>,\\^`{|}')
    assert encode_address(address) == address


@given(TEXTS)
def test_no_text_at_all_stops_an_export(text):
    address = encode_address(text)
    assert address == "" or encode_address(address) == address


@pytest.mark.parametrize(
    ("written", "encoded"),
    [
        ("https://shop.example/kleid größe.jpg", "https://shop.example/kleid%20gr%C3%B6%C3%9Fe.jpg"),
        ("https://shop.example/a%20b.jpg", "https://shop.example/a%20b.jpg"),
        ("https://shop.example/100%.jpg", "https://shop.example/100%25.jpg"),
        ("https://shop.example/w=1,h=2/a.jpg?v=1,2", "https://shop.example/w=1%2Ch=2/a.jpg?v=1%2C2"),
        ("https://möwe.example/a", "https://xn--mwe-sna.example/a"),
        ("//cdn.example/a.jpg", "https://cdn.example/a.jpg"),
        ("www.shop.example/a", "https://www.shop.example/a"),
        ("/trail-belt/", "https://shop.example/trail-belt/"),
        ("bilder/a.jpg", "https://shop.example/bilder/a.jpg"),
        ("s3://bucket/a.jpg", ""),
        ("javascript:alert(1)", ""),
        ("https://user:word@shop.example/", ""),
        ("https://[::1", ""),
    ],
)  # fmt: skip
def test_addresses_as_shops_write_them(written, encoded):
    assert encode_address(written, "https://shop.example") == encoded


def test_without_the_address_of_a_site_a_path_is_no_address():
    assert encode_address("/trail-belt/") == file_address("", "a.jpg") == ""


def test_the_ending_is_that_of_the_file_and_not_of_the_query():
    assert ending_of("https://cdn.example/a.JPG?x=.png") == "jpg"
    assert ending_of("https://cdn.example/image/v1.2/abc") == ""
