import pandas as pd
import pytest

from lookbook.datasets.corrections_dataset import CorrectionsDataset
from lookbook.review.session import RANDOM, ReviewFilter, ReviewSession

IDS = [f"{number:064x}" for number in range(4)]


@pytest.fixture
def corrections(tmp_path):
    return CorrectionsDataset(filepath=str(tmp_path / "corrections.csv"))


@pytest.fixture
def session(schema, corrections):
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
             "signals": ["Garment: unlike everything else"] if row == 2 else [],
             "most_similar": IDS[0] if row else None}
            for row, one in enumerate(IDS)
        ]
    )  # fmt: skip
    likely = pd.DataFrame({"photo_id": IDS[:1], "Garment: skirt": [0.3], "Garment: dress": [0.6]})
    files = {"0.jpg": lambda: b"photo"}
    provenance = pd.DataFrame([{"photo_id": IDS[1], "attribute": "Garment", "source": "shop"}])
    return ReviewSession(catalogue, queue, likely, provenance, files, corrections, schema)


def test_items_come_in_the_order_that_is_wanted(session):
    assert session.list_items(ReviewFilter(), [], 9) == IDS
    assert session.list_items(ReviewFilter(attribute="Pattern"), [], 2) == [IDS[3], IDS[2]]
    assert session.list_items(ReviewFilter(attribute="Garment", value="dress"), [], 9) == [IDS[3]]
    assert session.list_items(ReviewFilter(signal="unlike everything else"), [], 9) == [IDS[2]]
    assert session.list_items(ReviewFilter(), IDS[:2], 9) == IDS[2:]
    drawn = session.list_items(ReviewFilter(order=RANDOM), [], 9)
    assert sorted(drawn) == IDS and drawn != IDS


def test_values_are_offered_the_likeliest_first(session):
    first, second, *_ = session.choices(IDS[0], "Garment")
    assert (first.value, first.probability, first.is_current) == ("dress", 0.6, False)
    assert (second.value, second.probability, second.is_current) == ("skirt", 0.3, True)
    assert len(session.choices(IDS[1], "Garment")) == len(session.schema.singles["Garment"].values)


def test_what_is_decided_is_written_shown_and_does_not_come_again(session, corrections):
    session.decide([(IDS[0], "Garment", "jeans")], "ann")
    (row,) = corrections.load().to_dict("records")
    assert (row["old_value"], row["new_value"], row["reviewer"]) == ("skirt", "jeans", "ann")
    item = session.item(IDS[0])
    assert (item["Garment"], item["Category"], item["Title"]) == ("jeans", "Pants", "Navy jeans")
    assert session.is_decided(IDS[0], "Garment")
    # What follows from it is no question any more.
    assert session.error_probability(IDS[0], "Category") == 0
    assert session.list_items(ReviewFilter(attribute="Garment"), [], 9) == IDS[1:]
    assert session.progress["looked_at"] == 1


def test_every_decision_can_be_taken_back(session, corrections):
    before = session.item(IDS[0])
    first = session.decide([(IDS[0], "Garment", "jeans")], "ann")
    second = session.decide([(IDS[0], "Garment", "dress")], "ann")
    session.decide(second, "ann")
    assert session.item(IDS[0])["Garment"] == "jeans"
    session.decide(first, "ann")
    assert session.item(IDS[0]) == before
    assert not session.is_decided(IDS[0], "Garment")
    back = session.decide([(IDS[1], "status", "not an item")], "ann")
    assert session.is_left_out(IDS[1]) and IDS[1] not in session.list_items(ReviewFilter(), [], 9)
    session.decide(back, "ann")
    assert not session.is_left_out(IDS[1])
    assert len(corrections.load()) == 6


def test_values_beside_one_another_are_added_and_taken_away(session):
    assert session.replacing(IDS[0], "Garment", "dress", beside=True) == "dress"
    assert session.replacing(IDS[0], "Colours", "white", beside=False) == ["white"]
    assert session.replacing(IDS[0], "Colours", "white", beside=True) == ["navy", "white"]
    assert session.replacing(IDS[0], "Colours", "navy", beside=True) == []


def test_what_another_reviewer_decides_is_seen(session, corrections, schema):
    row = {
        "photo_id": IDS[1],
        "attribute": "Garment",
        "old_value": "skirt",
        "new_value": "dress",
        "reviewer": "ben",
    }
    corrections.save(pd.DataFrame([{**row, "timestamp": "2026-01-31T12:00:00+00:00"}]))
    session.decide([(IDS[0], "Garment", "dress")], "ann")
    assert session.item(IDS[1])["Garment"] == "dress"
    assert session.list_items(ReviewFilter(attribute="Garment"), [], 9) == IDS[2:]


def test_photos_are_those_of_the_folder_alone(session):
    assert session.picture("0.jpg") == b"photo"
    assert session.picture("../secret") is None


def test_the_shops_own_values_are_marked(session):
    assert session.is_of_shop(IDS[1], "Garment")
    assert not session.is_of_shop(IDS[0], "Garment")
