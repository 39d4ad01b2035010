"""The shared files of shops are read exactly as they were meant."""

import json

import pytest

from feeds import read_feed
from project import shared_cases


@pytest.mark.parametrize("folder", shared_cases("feeds"))
def test_a_file_is_read_exactly(folder):
    want = json.loads((folder / "want.json").read_text(encoding="utf-8"))["products"]
    file = next(path for path in folder.iterdir() if path.name != "want.json")
    products = read_feed(file.read_bytes(), file.name)
    assert [product["id"] for product in products] == [product["id"] for product in want]
    for product, wanted in zip(products, want, strict=True):
        for name, value in product.items():
            assert value in [wanted[name], *wanted.get("accept", {}).get(name, [])], (wanted, name)
