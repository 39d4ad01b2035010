import doctest
import subprocess
import sys

import pytest
from PIL import Image

import lookbook
from lookbook import shop as module
from lookbook.errors import InputError
from processes import ENVIRONMENT
from project import jpeg, make_project


@pytest.fixture(scope="module")
def shop(ran):
    return lookbook.open(ran[0])


def test_the_examples_of_the_docstrings_run(ran, shop, tmp_path, monkeypatch):
    (tmp_path / "shop").symlink_to(ran[0])
    (tmp_path / "shirt.jpg").write_bytes(jpeg("Shirt", "blue"))
    monkeypatch.chdir(tmp_path)
    failed, tested = doctest.testmod(module, extraglobs={"shop": shop})
    assert tested > 8 and not failed


def test_importing_lookbook_loads_no_heavy_library():
    code = "import sys, lookbook; assert not {'pandas', 'torch', 'kedro'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)
    assert {"Shop", "open"} <= set(lookbook.__all__) and lookbook.Shop is module.Shop


def test_opening_a_project_prints_nothing(project):
    code = f"import lookbook; lookbook.open({str(project)!r})"
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=ENVIRONMENT)
    assert done.stdout + done.stderr == ""


def test_settings_and_tables_are_loaded_by_name_more_than_once(shop):
    for _ in range(2):
        assert shop.load("params:balance").seed == 42
        assert "photo_id" in shop.load("manifest")


def test_a_photo_is_a_path_bytes_or_an_image(shop, tmp_path):
    data = jpeg("Pants", "red")
    path = tmp_path / "trousers.jpg"
    path.write_bytes(data)
    records = [shop.caption(photo) for photo in (path, str(path), data, Image.open(path))]
    assert [record["Category"] for record in records] == ["Pants"] * 4


def test_a_text_and_an_image_are_searched_together(shop):
    found = shop.search("shoes", image=jpeg("Shoes", "black"), k=3)
    assert found["Category"].tolist() == ["Shoes"] * 3
    assert found["score"].between(0, 1).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"text": "shoes", "k": 0}, "k is 0"),
        ({"text": " "}, "nothing to search for"),
        ({"text": "shoes", "filters": {"Heel": ["high"]}}, "no attribute 'Heel'.*Category"),
        ({"text": "shoes", "filters": {"Colours": ["blurple"]}}, "blurple.*black"),
        ({"text": "shoes", "filters": {"Colours": "black"}}, "not a list"),
        ({"text": "shoes", "method": "guess"}, "no search method 'guess'.*hybrid"),
        ({"image": b"junk"}, "cannot use that photo"),
        ({"image": "nowhere.jpg"}, "'nowhere.jpg' cannot be read"),
    ],
)
def test_invalid_arguments_are_named(shop, options, message):
    with pytest.raises(InputError, match=message):
        shop.search(**options)


def test_neither_photo_nor_message_is_an_error(shop):
    with pytest.raises(InputError, match="give a photo, a message or both"):
        shop.recommend()


def test_a_folder_without_a_project_is_an_error(tmp_path):
    with pytest.raises(InputError, match="no Lookbook project"):
        lookbook.open(tmp_path)


def test_without_an_index_it_says_what_to_run(tmp_path):
    shop = lookbook.open(make_project(tmp_path))
    with pytest.raises(InputError, match="Run 'kedro run' first"):
        shop.search("shoes")
    with pytest.raises(InputError, match="Run 'kedro run' first"):
        _ = shop.items
