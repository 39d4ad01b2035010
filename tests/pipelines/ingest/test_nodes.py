import io

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from lookbook.errors import InputError
from lookbook.pipelines.ingest.nodes import (
    check_rows,
    match_rows,
    report_ingest,
)
from lookbook.pipelines.ingest.params import IngestParams
from lookbook.pipelines.ingest.plots import plot_contact_sheet
from project import jpeg, measure

PARAMS = IngestParams(
    max_pixels=1_000_000,
    smallest_side=16,
    batch_size=2,
    photos_per_file=3,
    contact_sheet_columns=3,
    seed=0,
)


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
    (inspected, _), checked = measure(photos, PARAMS), check_rows(rows)
    return (inspected, checked, *match_rows(inspected, checked))


def test_measures_photos():
    (row,) = measure(files(a_jpg=jpeg()), PARAMS)[0].to_dict("records")
    assert (row["width"], row["height"], row["bytes"]) == (300, 400, len(jpeg()))
    assert (len(row["photo_id"]), len(row["phash"]), row["reason"]) == (64, 16, "")


def noise(side=200):
    buffer = io.BytesIO()
    Image.effect_noise((side, side), 80).convert("RGB").save(buffer, "JPEG")
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("data", "status", "reason"),
    [
        (b"", "corrupt", "empty"),
        (b"GIF89a", "corrupt", "cannot be decoded"),
        (noise()[:3000], "truncated", "cannot be decoded"),
        (noise()[:-30], "truncated", "cannot be decoded"),
        (png((64, 64))[:-20], "truncated", "cannot be decoded"),
        (png((1001, 1000)), "too large", "1001 × 1000 pixels, more than the 1,000,000 allowed"),
        (png((1, 1)), "too small", "1 × 1 pixels, less than 16 a side"),
        (png((3, 900)), "too small", "3 × 900 pixels"),
    ],
)
def test_says_why_a_photo_cannot_be_used(data, status, reason):
    inspected, _, _, quarantine = ingest(
        files(good_jpg=jpeg(), bad_jpg=data),
        table(("good", "1", "Hat", "False"), ("bad", "1", "Hat", "False")),
    )
    assert quarantine[["file", "status"]].values.tolist() == [["bad.jpg", status]]
    assert reason in quarantine["reason"].item()
    assert len(inspected) == 2


@pytest.mark.parametrize("data", [png((16, 16)), png((99, 99), "L"), png((99, 99), "RGBA")])
def test_odd_but_whole_photos_are_fine_under_any_extension(data):
    _, _, manifest, _ = ingest(files(a_txt=data), table(("a", "1", "Hat", "False")))
    assert manifest["file"].tolist() == ["a.txt"]


def test_what_is_no_photo_by_its_name_is_counted_and_never_read():
    def read():
        raise AssertionError("read")

    names = ["Thumbs.db", "@eaDir/a.jpg", "._b.jpg", ".DS_Store", "clip.MP4", "old.zip"]
    photos = {"good.jpg": jpeg, **dict.fromkeys(names, read)}
    _, _, manifest, quarantine = ingest(photos, pd.DataFrame())
    assert manifest["file"].tolist() == ["good.jpg"]
    assert dict(zip(quarantine["file"], quarantine["status"], strict=True)) == dict.fromkeys(
        names, "no photo"
    )


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("a.CR2", "a camera's RAW: export it as JPEG"),
        ("a.xmp", "a sidecar"),
        ("a.THM", "a sidecar"),
        ("a.tar", "an archive that cannot be read in place"),
        ("notes.txt", "cannot be decoded"),
    ],
)
def test_says_why_a_file_beside_a_photo_is_none(name, reason):
    photos = {"good.jpg": jpeg, name: lambda: b"some words"}
    _, _, _, quarantine = ingest(photos, pd.DataFrame())
    assert quarantine[["file", "status"]].values.tolist() == [[name, "no photo"]]
    assert reason in quarantine["reason"].item()


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        (("", "1", "Hat", "False"), "column 'image' is empty"),
        (("../a", "1", "Hat", "False"), "leads out of the folder"),
        (("a/..\\b", "1", "Hat", "False"), "leads out of the folder"),
        (("a", "1", "Hat", "maybe"), "column 'kids' is neither true nor false"),
    ],
)
def test_says_what_is_wrong_with_a_row(row, reason):
    (checked,) = check_rows(table(row)).to_dict("records")
    assert reason in checked["reason"]


@pytest.mark.parametrize(
    ("written", "kids"),
    [(" TRUE", True), ("ja", True), ("oui", True), ("0", False), ("No", False), ("1.0", True)],
)
def test_takes_rows_as_people_write_them(written, kids):
    (checked,) = check_rows(table((" a ", " 7-x", " Hat ", written))).to_dict("records")
    assert (checked["image"], checked["sender_id"], checked["label"]) == ("a", "7-x", "Hat")
    assert (checked["kids"], checked["reason"]) == (kids, "")


def test_what_a_row_does_not_say_is_left_open():
    (checked,) = check_rows(table(("a", "", "", ""))).to_dict("records")
    assert all(pd.isna(checked[name]) for name in ("sender_id", "label", "kids"))
    assert checked["reason"] == ""


def test_finds_every_status():
    photo = jpeg()
    _, _, manifest, quarantine = ingest(
        files(a_jpg=photo, b_jpg=photo, c_jpg=b"junk", d_jpg=jpeg("Hat"), e_jpg=jpeg("Skirt")),
        table(
            ("a", "1", "Shirt", "False"),
            ("b", "1", "Shirt", "False"),
            ("c", "1", "Shirt", "False"),
            ("e", "x", "Skirt", "maybe"),
            ("f", "1", "Shirt", "False"),
            ("a", "2", "Polo", "False"),
        ),
    )
    assert manifest[["file", "label", "status"]].values.tolist() == [["a.jpg", "Shirt", "ok"]]
    found = {
        (row.image if isinstance(row.image, str) else row.file, row.status): row.reason
        for row in quarantine.itertuples()
    }
    assert found == {
        ("b", "duplicate"): "same bytes as a.jpg",
        ("c", "corrupt"): found["c", "corrupt"],
        ("d.jpg", "unlisted"): "no row of the table names it",
        ("e", "invalid row"): "column 'kids' is neither true nor false",
        ("f", "missing"): "the table names it, but there is no such file",
        ("a", "invalid row"): "column 'image' names an earlier row's photo",
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
    matched = len({file.split(".")[0] for file in contents} & {row[0] for row in rows})
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
    (axes,) = figure.axes
    assert [text.get_text() for text in axes.texts] == ["Hat", "Shoes"]
    sheet = np.asarray(axes.images[0].get_array())
    places = sheet.reshape(2, sheet.shape[0] // 2, -1, sheet.shape[0] // 2, 3)
    assert (places < 250).any((1, 3, 4)).tolist() == [[True] * 3, [True, False, False]]
