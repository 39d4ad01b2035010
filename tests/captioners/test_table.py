import json

import pandas as pd
import pytest

from lookbook.attributes.parsing import parse_answer
from lookbook.captioners.table import NO_ROW, TableCaptioner
from lookbook.errors import InputError
from lookbook.photos.photo import Photo
from project import jpeg

HAT = {"Filename": "Hat.jpg", "Title": "Red hat", "Category": "Hats", "Description": "Of felt."}
SHIRT = {"Filename": "tops\\SHIRT.JPG", "Description": "Blue, with a =1+1 collar."}


@pytest.fixture
def table(tmp_path):
    def write(*rows, name="catalogue.csv"):
        frame = pd.DataFrame(rows)
        if name.endswith("xlsx"):
            frame.to_excel(tmp_path / name)
        else:
            frame.to_csv(tmp_path / name)
        return str(tmp_path / name)

    return write


def photo(name, label="Hat"):
    return Photo(f"id-{name}", lambda: jpeg(label), name)


def said(captioner, photos, prompt):
    captions = {one.photo_id: one for one in captioner.caption(iter(photos), prompt)}
    return {
        name: json.loads(one.text) if one.text else one.failure for name, one in captions.items()
    }


@pytest.mark.parametrize("name", ["catalogue.csv", "catalogue.xlsx"])
def test_its_rows_are_the_captions(table, captioner, prompt, name):
    engine = TableCaptioner(table(HAT, SHIRT, name=name), captioner)
    names = ("Hat.jpg", "shirt.jpg", "none.jpg", "hat.png")
    found = said(engine, [photo(one) for one in names], prompt)
    assert found == {
        "id-Hat.jpg": {key: HAT[key] for key in ("Title", "Category", "Description")},
        "id-shirt.jpg": {"Description": "Blue, with a =1+1 collar."},
        "id-none.jpg": NO_ROW,
        "id-hat.png": NO_ROW,
    }


def test_what_a_table_lacks_is_captioned_if_asked(table, captioner, prompt):
    engine = TableCaptioner(table(HAT, SHIRT), captioner, fill=True)
    found = said(engine, [photo("Hat.jpg"), photo("dress.jpg", "Dress")], prompt)
    assert found["id-Hat.jpg"].keys() == set(prompt.attributes.names) - {"Colours"} or (
        "Colours" in found["id-Hat.jpg"]
    )
    assert (found["id-Hat.jpg"]["Title"], found["id-Hat.jpg"]["Category"]) == ("Red hat", "Hats")
    assert found["id-dress.jpg"]["Category"] == "Dresses"


def test_a_customers_photo_is_the_other_captioners(table, captioner, prompt):
    engine = TableCaptioner(table(HAT), captioner)
    found = said(engine, [Photo("customer", lambda: jpeg("Dress"))], prompt)
    assert found["customer"]["Category"] == "Dresses"


def test_rows_that_name_no_photo_are_told(table, captioner, prompt, caplog):
    engine = TableCaptioner(table(HAT, SHIRT), captioner)
    list(engine.caption([photo("Hat.jpg")], prompt))
    assert "1 rows name a photo that does not exist: tops\\SHIRT.JPG" in caplog.text


def test_another_table_captions_anew(table, captioner, prompt):
    one = TableCaptioner(table(HAT), captioner).fingerprint(prompt)
    same = TableCaptioner(table(HAT, name="copy.csv"), captioner).fingerprint(prompt)
    other = TableCaptioner(table(HAT, SHIRT), captioner).fingerprint(prompt)
    assert one == same != other


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([{"a": 1}], "is not a catalogue. It needs"),
        ([{"Filename": "a.jpg", "price": 1}], "is not a catalogue. It needs"),
        (None, "cannot be read"),
    ],
)
def test_what_is_no_catalogue_ends_in_a_sentence(table, captioner, prompt, rows, told):
    path = table(*rows) if rows else "nowhere.csv"
    with pytest.raises(InputError, match=told):
        list(TableCaptioner(path, captioner).caption([photo("Hat.jpg")], prompt))


@pytest.mark.parametrize("path", [None, ""])
def test_without_a_table_it_says_how_to_name_one(captioner, path):
    with pytest.raises(InputError, match="Name one with --params=catalogue=TABLE"):
        TableCaptioner(path, captioner)


def test_an_empty_table_is_told(tmp_path, captioner, prompt):
    (tmp_path / "catalogue.csv").write_text("\n")
    engine = TableCaptioner(str(tmp_path / "catalogue.csv"), captioner)
    with pytest.raises(InputError, match="is empty"):
        said(engine, [photo("Hat.jpg")], prompt)


ANSWER = (
    '{\n  "Title": "Red hat",\n  "Size": "M",\n  "Category": "Tops",\n  "Description": "Felt."\n}'
)
REFUSAL = "I'm not able to provide information about the person in this image."


@pytest.mark.parametrize("heading", ["Caption", "Description", "generated"])
def test_raw_answers_of_a_model_are_captions_and_no_descriptions(
    tmp_path, captioner, prompt, heading
):
    parts = [("hat.jpg", f"{ANSWER}<|eot_id|>"), ("shirt.jpg", f"{REFUSAL}<|eot_id|>")]
    for number, part in enumerate(parts):
        frame = pd.DataFrame([part], columns=["Filename", heading])
        frame.to_csv(tmp_path / f"captions_gpu_{number}.csv", index=False)
    engine = TableCaptioner(str(tmp_path / "captions_gpu_*.csv"), captioner)
    asked = [photo("hat.jpg"), photo("shirt.jpg"), photo("dress.jpg")]
    hat, shirt, dress = engine.caption(asked, prompt)
    read = parse_answer(hat.text, prompt.attributes).raw_values
    assert (read["Title"], read["Description"]) == ("Red hat", "Felt.")
    assert parse_answer(shirt.text, prompt.attributes).rejection == "refusal"
    assert dress.failure == NO_ROW


def test_descriptions_alone_stay_descriptions(table, captioner, prompt):
    engine = TableCaptioner(
        table({"Filename": "Hat.jpg", "Description": "Felt {warm}."}), captioner
    )
    found = said(engine, [photo("Hat.jpg")], prompt)
    assert found == {"id-Hat.jpg": {"Description": "Felt {warm}."}}


def test_what_a_raw_answer_lacks_is_captioned_if_asked(table, captioner, prompt):
    rows = {"Filename": "Hat.jpg", "Caption": f"{ANSWER}<|eot_id|>"}
    found = said(TableCaptioner(table(rows), captioner, fill=True), [photo("Hat.jpg")], prompt)
    assert found["id-Hat.jpg"]["Title"] == "Red hat"
    assert found["id-Hat.jpg"]["Pattern"]
