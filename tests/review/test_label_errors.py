import numpy as np
import pandas as pd
import pytest

from lookbook.attributes.probabilities import ProbabilityTable
from lookbook.review.label_errors import (
    ReviewEvidence,
    ReviewParams,
    find_neighbours,
    score_label_errors,
)
from project import configuration

PARAMS = ReviewParams.model_validate(configuration("parameters_review")["review"])


@pytest.fixture
def catalogue(schema):
    said = {name: attribute.default for name, attribute in schema.singles.items()}
    said |= dict.fromkeys(schema.multis, "") | dict.fromkeys(schema.texts, "x")
    rows = [
        {
            "photo_id": one,
            "Filename": f"{one}.jpg",
            **said,
            "Garment": "skirt",
            "Category": "Skirts",
        }
        for one in "abcd"
    ]
    return pd.DataFrame(rows)


def evidence(**known):
    nothing = {
        "probabilities": ProbabilityTable(pd.DataFrame()), "labels": {}, "contradicted": {},
        "others": {}, "duplicate_groups": {}, "decided": {}, "disputed": (),
        "neighbours": np.full((4, 3), -1), "nearest": np.full(4, np.nan),
    }  # fmt: skip
    return ReviewEvidence(**{**nothing, **known})


def doubts(catalogue, schema, **known):
    return score_label_errors(catalogue, evidence(**known), schema, PARAMS).set_index("photo_id")


def test_what_is_less_sure_comes_first(catalogue, schema):
    likely = pd.DataFrame(
        {"photo_id": list("abcd"), "Garment: skirt": [0.9, 0.4, 0.7, 0.6],
         "Garment: dress": [0.1, 0.6, 0.3, 0.4]}
    )  # fmt: skip
    found = doubts(catalogue, schema, probabilities=ProbabilityTable(likely))
    assert found.index.tolist() == ["b", "d", "c", "a"]
    assert found.loc["a", "Garment"] == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("known", "signal"),
    [
        ({"labels": {"a": "Shoes", "b": "Skirt", "c": "Not sure"}}, "a person's label"),
        ({"contradicted": {"a": {"Category"}}}, "another attribute implies"),
        ({"duplicate_groups": {"a": "a", "b": "a"}}, "another photo of the item"),
        ({"neighbours": np.array([[1, 2, 3], [2, 3, -1], [1, 3, -1], [1, 2, -1]])}, "similar"),
        ({"nearest": np.array([0.1, 0.9, 0.9, 0.9])}, "unlike everything"),
    ],
)
def test_each_sign_raises_doubt_and_is_told(catalogue, schema, known, signal):
    # Only `a` says something else than its neighbours and the other photo of its item.
    catalogue.loc[0, "Category"] = "Pants"
    before, after = doubts(catalogue, schema), doubts(catalogue, schema, **known)
    assert after.loc["a", "Category"] > before.loc["a", "Category"]
    assert any(one.startswith(f"Category: {signal}") for one in after.loc["a", "signals"])
    assert after.loc["c", "Category"] == before.loc["c", "Category"]
    assert after.index[0] == "a"


def test_two_captioners_that_agree_raise_none(catalogue, schema):
    record = {name: catalogue.loc[0, name] for name in schema.names} | {"Colours": []}
    other = {"a": {**record, "Garment": "dress"}, "b": record}
    found = doubts(catalogue, schema, others=other)
    assert found.loc["a", "Garment"] > found.loc["b", "Garment"]
    assert found.loc["a", "signals"] == ["Garment: another captioner says otherwise"]


def test_what_is_never_said_of_anything_is_not_looked_for(catalogue, schema):
    assert doubts(catalogue, schema)["Size"].eq(0).all()


def test_what_people_have_decided_and_what_follows_from_it_is_no_question(catalogue, schema):
    catalogue.loc[0, ["Garment", "Category"]] = ["jeans", "Pants"]
    found = doubts(catalogue, schema, decided={"a": {"Garment"}, "b": {"Colours"}})
    assert found.loc["a", ["Garment", "Category"]].tolist() == [0, 0]
    assert found.loc["b", "Colours"] == 0 and found.loc["b", "Garment"] > 0


def test_an_item_of_which_all_is_decided_is_no_question(catalogue, schema):
    # Its garment implies its category, and both are decided.
    found = doubts(catalogue, schema, decided={"a": set(schema.categorical)})
    assert found.loc["a", list(schema.categorical)].eq(0).all()


def test_a_value_of_the_shop_that_the_captioner_contradicts_is_doubtful(catalogue, schema):
    likely = pd.DataFrame({"photo_id": list("ab"), "Garment: skirt": 0.1, "Garment: dress": 0.9})
    doubtful = doubts(
        catalogue, schema, probabilities=ProbabilityTable(likely), disputed={("a", "Garment")},
        decided={"b": {"Garment"}},
    )  # fmt: skip
    assert doubtful.loc["a", "Garment"] > 0.9
    assert "Garment: the captioner contradicts the shop" in doubtful.loc["a", "signals"]
    assert doubtful.loc["b", "Garment"] == 0


def test_neighbours_are_the_most_similar_pictures_of_other_items():
    looks = {"a": [1, 0], "b": [1, 0.1], "c": [0.9, 0.5], "d": [0, 1]}
    unit = {name: np.array(one) / np.linalg.norm(one) for name, one in looks.items()}

    def image_embeddings_of(names):
        return {name: unit[name] for name in names if name in unit}

    ids = ["a", "b", "c", "d", "gone"]
    found, nearest = find_neighbours(ids, image_embeddings_of, {"a": "a", "b": "a"}, 2, 100)
    assert found.tolist() == [[2, 3], [2, 3], [1, 0], [2, 1], [-1, -1]]
    assert nearest[0] == pytest.approx(float(unit["a"] @ unit["c"]))
    assert np.isnan(nearest[4])
    alone, none = find_neighbours(["gone"], image_embeddings_of, {}, 2, 100)
    assert alone.tolist() == [[-1, -1]] and np.isnan(none).all()
