import time

import pytest

from lookbook.photos.matching import FileNames
from lookbook.photos.pairing import MISSING, REPEATED, pair_rows


def pairs(images, files, skus=None, no_photos=()):
    found = pair_rows(images, skus or [""] * len(images), files, no_photos)
    return {(pair.row, pair.file or pair.reason) for pair in found}


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("C:\\shop\\new\\A.JPG", "a.jpg"),
        ("https://x.example/media/cache/1/image/9df78eab/s/h/shirt.jpg", "tops/shirt.jpg"),
        ("//x.example/shirt_1024x1024.jpg?v=17", "shirt.jpg"),
        ("shirt-300x300.jpg", "shirt.jpg"),
        ("shirt.jpg", "shirt-scaled.jpg"),
        ("https://x.example/shirt_grande.jpg", "shirt.png"),
        ("red%20coat.jpg", "red coat.jpg"),
        ("https://x.example/red%2520coat.jpg#main", "red coat.jpg"),
        ("https://x.example/red+coat.jpg", "red coat.jpg"),
        ("a&amp;b.jpg", "a&b.jpg"),
        ("https://x.example/_next/image?url=%2Fp%2Fa.jpg&w=640", "a.jpg"),
        ("red\u202fcoat.jpg", "red coat.jpg"),
        (" red  coat ", "red\u00a0coat .jpg"),
        ("red coat.jpg", "\u200ered coat.jpg"),
        ("bluse-rot-e1712345678901.jpg", "Bluse rot.jpg"),
        ("fonce\u0301.jpg", "foncé.webp"),
        ("women’s.jpg", "women's.jpg"),
        ("IMG_1.CR2", "IMG_1.JPG"),
    ],
)
def test_a_name_finds_the_one_file_that_is_called_so(name, file):
    assert FileNames(["other.jpg", file]).find(name) == file


def test_the_nearest_folder_tells_and_a_mere_name_does_not():
    files = ["men/a.jpg", "women/a.jpg", "men/b.jpg"]
    assert pairs(["/x/y/women/a.jpg", "/x/y/men/a.jpg", "shop/b.jpg"], files) == {
        (0, "women/a.jpg"), (1, "men/a.jpg"), (2, "men/b.jpg")
    }  # fmt: skip
    assert pairs(["a.jpg"], files) == {(0, "several files may be meant: men/a.jpg, women/a.jpg")}


def test_a_row_that_names_the_very_file_comes_before_one_that_names_another_folder():
    assert pairs(["men/a.jpg", "women/a.jpg"], ["women/a.jpg"]) == {
        (0, MISSING), (1, "women/a.jpg")
    }  # fmt: skip
    told = f"{MISSING}; 'kids/a.jpg' is in another folder"
    assert pairs(["men/a.jpg", "women/a.jpg"], ["kids/a.jpg"]) == {(0, told), (1, told)}


def test_a_photo_belongs_to_the_first_row_that_names_it():
    assert pairs(["a.jpg", "a"], ["a.jpg"]) == {(0, "a.jpg"), (1, REPEATED)}
    # Variants of a product share photos.
    assert pairs(["a.jpg,c.jpg", "b.jpg,c.jpg"], ["a.jpg", "b.jpg", "c.jpg"]) == {
        (0, "a.jpg"), (0, "c.jpg"), (1, "b.jpg")
    }  # fmt: skip


@pytest.mark.parametrize(
    ("files", "skus", "want"),
    [
        (["12345_1.jpg", "12345_2.jpg", "12345.jpg"], ["12345"], {0: 3}),
        (["A1-front.jpg", "A10.jpg"], ["A1", "A10"], {0: 1, 1: 1}),
        (["ls_s_1.jpg", "LS-S-M.jpg", "LS.jpg"], ["LS-S", "LS-S-M", "LS"], {0: 1, 1: 1, 2: 1}),
        (["12345/front.jpg", "12345 red/back.jpg", "67890/front.jpg"], ["12345"], {0: 2}),
        (["Scarf, long, 27WARM-150x150.png"], ["27WARM"], {0: 1}),
        (["2_1.jpg", "1_1.jpg"], ["1", "2"], {0: 1, 1: 1}),
        (["123456.jpg", "x12345.jpg"], ["12345"], {}),
        (["12345_67890.jpg"], ["12345", "67890"], {}),
    ],
)
def test_a_number_finds_the_photos_whose_names_hold_it(files, skus, want):
    found = [row for row, told in pairs(skus, files, skus) if told in files]
    assert {row: found.count(row) for row in found} == want


def test_a_number_in_the_column_of_photos_finds_them_where_no_file_is_called_so():
    files = ["A-77_1.jpg", "A-77_2.jpg", "B-1.jpg", "B-1_back.jpg"]
    assert pairs(["A-77", "B-1", "C-9"], files) == {
        (0, "A-77_1.jpg"), (0, "A-77_2.jpg"), (1, "B-1.jpg"), (2, MISSING)
    }  # fmt: skip


def test_photos_come_before_sidecars_which_are_found_where_nothing_else_is():
    assert pairs(["IMG_1"], ["IMG_1.JPG"], no_photos=["IMG_1.CR2"]) == {(0, "IMG_1.JPG")}
    assert pairs(["IMG_1"], ["a.jpg"], no_photos=["IMG_1.CR2"]) == {(0, "IMG_1.CR2")}


def test_many_files_of_one_name_are_no_burden():
    begun = time.perf_counter()
    rows = [f"https://x.example/p/{n}/front.jpg" for n in range(4_000)]
    files = [f"{n}/front.jpg" for n in range(4_000)]
    assert len(pairs(rows, files)) == 4_000
    assert len(pairs(rows, [f"x{name}" for name in files])) == 4_000
    assert time.perf_counter() - begun < 20
