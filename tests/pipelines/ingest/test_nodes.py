import io

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookbook.errors import InputError
from lookbook.pipelines.ingest.nodes import (
    IngestParams,
    check_rows,
    inspect_photos,
    match_rows,
    plot_contact_sheet,
    report_ingest,
)
from project import jpeg

PARAMS = IngestParams(max_pixels=1_000_000, workers=2, contact_sheet_columns=3, seed=0)


def files(**contents):
    return {name.replace("_", "."): (lambda data=data: data) for name, data in contents.items()}


def table(*rows):
    columns = ["line", "image", "sender_id", "label", "kids"]
    return pd.DataFrame([(number + 2, *row) for number, row in enumerate(rows)], columns=columns)


def png(size, mode="RGB"):
    buffer = io.BytesIO()
    Image.new(mode, size).save(buffer, "PNG")
    return buffer.getvalue()


def ingest(photos, rows):
    inspected, checked = inspect_photos(photos, PARAMS), check_rows(rows)
    return (inspected, checked, *match_rows(inspected, checked))


def test_measures_photos():
    (row,) = inspect_photos(files(a_jpg=jpeg()), PARAMS).to_dict("records")
    assert (row["width"], row["height"], row["bytes"]) == (300, 400, len(jpeg()))
    assert (len(row["photo_id"]), len(row["phash"]), row["reason"]) == (64, 16, "")


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "empty"),
        (b"GIF89a", "cannot be decoded"),
        (jpeg()[:3000], "cannot be decoded"),
        (png((1001, 1000)), "1001 × 1000 pixels, more than the 1,000,000 allowed"),
    ],
)
def test_says_why_a_photo_is_corrupt(data, reason):
    inspected, _, _, quarantine = ingest(
        files(good_jpg=jpeg(), bad_jpg=data),
        table(("good", "1", "Hat", "False"), ("bad", "1", "Hat", "False")),
    )
    assert quarantine[["file", "status"]].values.tolist() == [["bad.jpg", "corrupt"]]
    assert reason in quarantine["reason"].item()
    assert len(inspected) == 2


@pytest.mark.parametrize("data", [png((1, 1)), png((9, 9), "L"), png((9, 9), "RGBA")])
def test_odd_but_whole_photos_are_fine_under_any_extension(data):
    _, _, manifest, _ = ingest(files(a_txt=data), table(("a", "1", "Hat", "False")))
    assert manifest["file"].tolist() == ["a.txt"]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", "1", "Hat", "False"), "column 'image' is empty"),
        (("../a", "1", "Hat", "False"), "path separator"),
        (("..", "1", "Hat", "False"), "path separator"),
        (("a\\b", "1", "Hat", "False"), "path separator"),
        (("a", "one", "Hat", "False"), "column 'sender_id' is not a whole number"),
        (("a", "1.5", "Hat", "False"), "column 'sender_id' is not a whole number"),
        (("a", "", "Hat", "False"), "column 'sender_id' is not a whole number"),
        (("a", "1e30", "Hat", "False"), "column 'sender_id' is not a whole number"),
        (("a", "inf", "Hat", "False"), "column 'sender_id' is not a whole number"),
        (("a", "1", "", "False"), "column 'label' is empty"),
        (("a", "1", "Hat", "maybe"), "column 'kids' is neither True nor False"),
        (("a", "1", "Caf\ufffd", "False"), "not UTF-8"),
    ],
)
def test_says_what_is_wrong_with_a_row(row, reason):
    (checked,) = check_rows(table(row)).to_dict("records")
    assert reason in checked["reason"]


def test_takes_rows_as_people_write_them():
    (checked,) = check_rows(table((" a ", " 7", " Hat ", " TRUE"))).to_dict("records")
    assert (checked["image"], checked["sender_id"], checked["label"]) == ("a", 7, "Hat")
    assert (checked["kids"], checked["reason"]) == (True, "")


def test_finds_every_status():
    photo = jpeg()
    _, _, manifest, quarantine = ingest(
        files(a_jpg=photo, b_jpg=photo, c_jpg=b"junk", d_jpg=jpeg("Hat"), e_jpg=jpeg("Skirt")),
        table(
            ("a", "1", "Shirt", "False"),
            ("b", "1", "Shirt", "False"),
            ("c", "1", "Shirt", "False"),
            ("e", "x", "Skirt", "False"),
            ("f", "1", "Shirt", "False"),
            ("a", "2", "Polo", "False"),
        ),
    )
    assert manifest[["file", "label", "status"]].values.tolist() == [["a.jpg", "Shirt", "ok"]]
    found = {(row.image, row.status): row.reason for row in quarantine.itertuples()}
    assert found == {
        ("b", "duplicate"): "same bytes as a.jpg",
        ("c", "corrupt"): found["c", "corrupt"],
        ("d", "unlisted"): "no row of images.csv names it",
        ("e", "invalid row"): "column 'sender_id' is not a whole number",
        ("f", "missing"): "images.csv names it, but there is no such file",
        ("a", "invalid row"): "column 'image' repeats an earlier row's id",
    }


def test_a_bare_folder_needs_no_rows():
    _, _, manifest, quarantine = ingest(files(a_jpg=jpeg(), b_jpg=jpeg("Hat")), pd.DataFrame())
    assert manifest["file"].tolist() == ["a.jpg", "b.jpg"]
    assert manifest["label"].isna().all()
    assert quarantine.empty


def test_says_so_when_nothing_can_be_used():
    with pytest.raises(InputError, match="No photo can be used: 1 corrupt"):
        ingest(files(a_jpg=b"junk"), pd.DataFrame())


NAMES = st.sampled_from(["a", "b", "c", "d", "..", "e/f", ""])
PHOTOS = {"shirt": jpeg(), "hat": jpeg("Hat"), "junk": b"junk", "none": b""}


@settings(max_examples=60, deadline=None)
@given(
    st.dictionaries(st.sampled_from(["a.jpg", "a.png", "b.jpg", "c.jpg"]), st.sampled_from(
        list(PHOTOS)), min_size=1),
    st.lists(st.tuples(NAMES, st.sampled_from(["1", "x"]), st.just("Hat"), st.just("False"))),
)  # fmt: skip
def test_every_file_and_row_is_accounted_for_once(contents, rows):
    photos = {name: (lambda data=PHOTOS[kind]: data) for name, kind in contents.items()}
    try:
        inspected, checked, manifest, quarantine = ingest(photos, table(*rows))
    except InputError:
        return
    everything = pd.concat([manifest[["file"]], quarantine[["file", "line"]]])
    matched = sum(
        name in {file.split(".")[0] for file in contents} for name in {row[0] for row in rows}
    )
    assert len(checked) + len(inspected) == len(manifest) + len(quarantine) + matched
    assert sorted(everything["file"].dropna()) == sorted(contents)


def test_reports_counts_and_near_duplicates():
    photo = Image.open(io.BytesIO(jpeg()))
    again = io.BytesIO()
    photo.save(again, "JPEG", quality=60)
    everything = ingest(
        files(a_jpg=jpeg(), b_jpg=again.getvalue(), c_jpg=jpeg("Hat", "red")), pd.DataFrame()
    )
    report = report_ingest(*everything)
    assert (report["files"], report["rows"], report["ok"], report["kids"]) == (3, 0, 3, 0)
    assert report["near_duplicates"] == [["a.jpg", "b.jpg"]]
    assert report["width"] == {"min": 300, "median": 300, "max": 300}


def test_the_contact_sheet_shows_a_row_of_photos_a_label():
    photos = files(**{f"p{n}_jpg": jpeg(seed=n) for n in range(5)})
    rows = table(*[(f"p{n}", "1", "Hat" if n else "Shoes", "False") for n in range(5)])
    manifest = ingest(photos, rows)[2]
    figure = plot_contact_sheet(manifest, photos, PARAMS)
    assert [len(axis.images) for axis in figure.axes] == [1, 1, 1, 1, 0, 0]
    assert {text.get_text() for axis in figure.axes for text in axis.texts} == {"Hat", "Shoes"}
