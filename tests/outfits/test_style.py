import json

import pytest

from lookbook.errors import InputError
from lookbook.outfits.style import Pairs, StyleModel, open_style
from lookbook.search.probabilities import StackedProbabilities


@pytest.fixture(scope="module")
def released():
    return open_style()


def test_the_released_model_knows_what_is_often_worn_together(released):
    worth = released.attribute_boosts([{"Garment": {"skirt": 1.0}}], {})
    assert worth["Garment"]["heels"] > worth["Garment"]["dress shoes"]
    assert "vision-language model" in released.source and released.outfits > 1000


def test_what_is_worth_something_depends_on_wearer_and_season(released):
    men = released.attribute_boosts([], {"Gender": {"Men": 1.0}})["Garment"]
    women = released.attribute_boosts([], {"Gender": {"Women": 1.0}})["Garment"]
    assert women["heels"] - women["sneakers"] > men["heels"] - men["sneakers"]
    cold = released.attribute_boosts([], {"season": {"cold": 1.0}})["Garment"]
    warm = released.attribute_boosts([], {"season": {"warm": 1.0}})["Garment"]
    assert cold["coat"] > warm["coat"]


def test_it_supposes_whom_something_is_for(released):
    assert released.infer({"Garment": {"heels": 1.0}})["Gender"]["Women"] > 0.9
    assert sum(released.infer({})["season"].values()) == pytest.approx(1)


def test_a_reason_names_values_that_people_often_wear_together(released):
    pairs = released.attributes["Colours"]
    for pair in released.common_pairs({"Colours": ["navy", "pink"]}, {"Colours": pairs.values}):
        place = tuple(pairs.indices[value] for value in pair)
        assert pairs.lift[place[0]][place[1]] > 0.1
    assert released.common_pairs({"Garment": ["toga"]}, {"Garment": ["jeans"]}) == []


def test_pairs_are_scored_by_probabilities():
    pairs = Pairs(values=["a", "b"], lift=[[0, 1], [1, -1]], counts=[[0] * 2] * 2,
                  shares=[0.5, 0.5], weight=2)  # fmt: skip
    model = StyleModel(attributes={"F": pairs}, outfits=1, source="x")
    scores = model.pair_scores(StackedProbabilities([{"F": {"a": 1.0}}, {"F": {"b": 0.5}}, {}]))
    assert scores[0, 1] == scores[1, 0] == 1
    assert scores[2].tolist() == [0, 0, 0]


def test_a_file_that_is_no_model_ends_in_a_sentence(tmp_path):
    with pytest.raises(InputError, match="kedro run --pipelines=style"):
        open_style(str(tmp_path / "none.json"))
    broken = tmp_path / "broken.json"
    broken.write_text(json.dumps({"attributes": {"F": {"values": ["a"], "lift": []}}}))
    with pytest.raises(InputError, match="is not a style model"):
        open_style(str(broken))


def test_the_newest_version_is_opened(tmp_path, released):
    for version, outfits in (("1", 1), ("2", 2)):
        path = tmp_path / "style_model.json" / version / "style_model.json"
        path.parent.mkdir(parents=True)
        path.write_text(released.model_copy(update={"outfits": outfits}).model_dump_json())
    assert open_style(str(tmp_path / "style_model.json")).outfits == 2
