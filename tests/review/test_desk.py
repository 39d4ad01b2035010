import pandas as pd
import pytest

from lookbook.datasets.corrections_dataset import CorrectionsDataset
from lookbook.review.desk import DRAWN, Desk, Wanted

IDS = [f"{number:064x}" for number in range(4)]


@pytest.fixture
def corrections(tmp_path):
    return CorrectionsDataset(filepath=str(tmp_path / "corrections.csv"))


@pytest.fixture
def desk(schema, corrections):
    said = {name: attribute.default for name, attribute in schema.singles.items()}
    said |= dict.fromkeys(schema.multis, "") | dict.fromkeys(schema.texts, "Navy skirt")
    said |= {"Garment": "skirt", "Category": "Skirts", "Colours": "navy"}
    catalogue = pd.DataFrame(
        [{"photo_id": one, "Filename": f"{row}.jpg", **said} for row, one in enumerate(IDS)]
    )
    catalogue.loc[3, "Garment"] = "dress"
    doubt = dict.fromkeys(schema.categorical, 0.0)
    queue = pd.DataFrame(
        [
            {"photo_id": one, **doubt, "Garment": 0.9 - row / 10, "Pattern": 0.05 * row,
             "why": ["Garment: unlike everything else"] if row == 2 else [],
             "most_like": IDS[0] if row else None}
            for row, one in enumerate(IDS)
        ]
    )  # fmt: skip
    likely = pd.DataFrame({"photo_id": IDS[:1], "Garment: skirt": [0.3], "Garment: dress": [0.6]})
    files = {"0.jpg": lambda: b"photo"}
    return Desk(catalogue, queue, likely, files, corrections, schema)


def test_items_come_in_the_order_that_is_wanted(desk):
    assert desk.list_items(Wanted(), [], 9) == IDS
    assert desk.list_items(Wanted(attribute="Pattern"), [], 2) == [IDS[3], IDS[2]]
    assert desk.list_items(Wanted(attribute="Garment", value="dress"), [], 9) == [IDS[3]]
    assert desk.list_items(Wanted(sign="unlike everything else"), [], 9) == [IDS[2]]
    assert desk.list_items(Wanted(), IDS[:2], 9) == IDS[2:]
    drawn = desk.list_items(Wanted(order=DRAWN), [], 9)
    assert sorted(drawn) == IDS and drawn != IDS


def test_values_are_offered_the_likeliest_first(desk):
    first, second, *_ = desk.choices(IDS[0], "Garment")
    assert (first.value, first.likely, first.said) == ("dress", 0.6, False)
    assert (second.value, second.likely, second.said) == ("skirt", 0.3, True)
    assert len(desk.choices(IDS[1], "Garment")) == len(desk.schema.singles["Garment"].values)


def test_what_is_decided_is_written_shown_and_does_not_come_again(desk, corrections):
    desk.decide([(IDS[0], "Garment", "jeans")], "ann")
    (row,) = corrections.load().to_dict("records")
    assert (row["was"], row["is"], row["who"]) == ("skirt", "jeans", "ann")
    item = desk.item(IDS[0])
    assert (item["Garment"], item["Category"], item["Title"]) == ("jeans", "Pants", "Navy jeans")
    assert desk.is_decided(IDS[0], "Garment")
    # What follows from it is no question any more.
    assert desk.wrong(IDS[0], "Category") == 0
    assert desk.list_items(Wanted(attribute="Garment"), [], 9) == IDS[1:]
    assert desk.progress["looked_at"] == 1


def test_every_decision_can_be_taken_back(desk, corrections):
    before = desk.item(IDS[0])
    first = desk.decide([(IDS[0], "Garment", "jeans")], "ann")
    second = desk.decide([(IDS[0], "Garment", "dress")], "ann")
    desk.decide(second, "ann")
    assert desk.item(IDS[0])["Garment"] == "jeans"
    desk.decide(first, "ann")
    assert desk.item(IDS[0]) == before
    assert not desk.is_decided(IDS[0], "Garment")
    back = desk.decide([(IDS[1], "status", "not an item")], "ann")
    assert desk.is_left_out(IDS[1]) and IDS[1] not in desk.list_items(Wanted(), [], 9)
    desk.decide(back, "ann")
    assert not desk.is_left_out(IDS[1])
    assert len(corrections.load()) == 6


def test_values_beside_one_another_are_added_and_taken_away(desk):
    assert desk.replacing(IDS[0], "Garment", "dress", beside=True) == "dress"
    assert desk.replacing(IDS[0], "Colours", "white", beside=False) == ["white"]
    assert desk.replacing(IDS[0], "Colours", "white", beside=True) == ["navy", "white"]
    assert desk.replacing(IDS[0], "Colours", "navy", beside=True) == []


def test_what_another_reviewer_decides_is_seen(desk, corrections, schema):
    row = {"photo_id": IDS[1], "field": "Garment", "was": "skirt", "is": "dress", "who": "ben"}
    corrections.save(pd.DataFrame([{**row, "when": "2026-01-31T12:00:00+00:00"}]))
    desk.decide([(IDS[0], "Garment", "dress")], "ann")
    assert desk.item(IDS[1])["Garment"] == "dress"
    assert desk.list_items(Wanted(attribute="Garment"), [], 9) == IDS[2:]


def test_photos_are_those_of_the_folder_alone(desk):
    assert desk.picture("0.jpg") == b"photo"
    assert desk.picture("../secret") is None
