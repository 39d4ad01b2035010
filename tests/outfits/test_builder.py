from dataclasses import replace

import numpy as np
import pytest

from lookbook.outfits.builder import Candidate, build_outfits, compatibility_scores
from lookbook.outfits.style import Pairs, StyleModel
from lookbook.search.items import Hit, Item


@pytest.fixture(scope="module")
def style():
    lift = [[0.0, 3.0], [3.0, -3.0]]
    pairs = Pairs(values=["red", "navy"], lift=lift, counts=[[9] * 2] * 2, shares=[0.5] * 2,
                  weight=1)  # fmt: skip
    return StyleModel(attributes={"Colours": pairs}, outfits=1, source="x")


def candidate(name, score=0.0, colour="red", gender="Women"):
    vector = np.random.default_rng(abs(hash(name)) % 2**32).normal(size=8)
    probabilities = {"Colours": {colour: 1.0}, "Gender": {gender: 1.0}}
    item = Item(name, name, {}, name, probabilities, vector / np.linalg.norm(vector))
    return Candidate(Hit(item), score)


def names(composed):
    return [[one.hit.photo_id for one in outfit.candidates] for outfit in composed]


def test_what_goes_together_beats_what_is_best_alone(style, schema):
    tops = [candidate("red top", 0.0), candidate("navy top", 1.0, "navy")]
    shoes = [candidate("navy shoes", 0.0, "navy"), candidate("navy boots", -1.0, "navy")]
    (best,) = names(build_outfits([tops, shoes], style, schema, 1, 0.0))
    assert best == ["red top", "navy shoes"]


def test_an_outfit_is_for_one_wearer(style, schema):
    tops = [candidate("top", 0.0)]
    shoes = [candidate("his", 0.5, gender="Men"), candidate("hers", 0.0)]
    assert names(build_outfits([tops, shoes], style, schema, 1, 0.0)) == [["top", "hers"]]


def test_no_item_is_in_two_outfits_and_none_is_made_of_leftovers(style, schema):
    tops = [candidate(f"top {n}", -n) for n in range(4)]
    shoes = [candidate(f"shoes {n}", -n) for n in range(2)]
    composed = build_outfits([tops, [], shoes], style, schema, 5, 1.0)
    used = [name for outfit in names(composed) for name in outfit]
    assert len(composed) == 2 and len(set(used)) == 4


def test_the_next_outfit_does_not_look_like_the_first(style, schema):
    first, other = candidate("a"), candidate("c", -0.5)
    twin = Candidate(Hit(replace(first.hit.item, photo_id="b")), -0.1)
    assert names(build_outfits([[first, twin, other]], style, schema, 2, 0.0)) == [["a"], ["b"]]
    assert names(build_outfits([[first, twin, other]], style, schema, 2, 5.0)) == [["a"], ["c"]]


def test_what_may_fill_two_parts_fills_one(style, schema):
    both = [candidate("boots"), candidate("shoes", -1.0)]
    (outfit,) = names(build_outfits([both, both], style, schema, 1, 0.0))
    assert sorted(outfit) == ["boots", "shoes"]


def test_nothing_to_choose_from_is_no_outfit(style, schema):
    assert build_outfits([[], []], style, schema, 3, 1.0) == []


def test_what_may_be_for_either_suits_whoever_is_likelier(schema):
    worth = compatibility_scores({"Gender": {"Women": 0.9, "Men": 0.1}}, schema)["Gender"]
    assert worth["Unisex"] >= worth["Women"] > worth["Men"]
    unsure = compatibility_scores({"Gender": {"Women": 0.5, "Men": 0.5}}, schema)["Gender"]
    assert unsure["Unisex"] > unsure["Women"] == pytest.approx(unsure["Men"])
