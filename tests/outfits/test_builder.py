from dataclasses import replace

import numpy as np
import pytest

from lookbook.outfits.builder import Candidate, build_outfits, compatibility_scores, piece_of
from lookbook.outfits.style import Pairs, StyleModel
from lookbook.search.items import Hit
from outfits import candidate, judge_of, piece


@pytest.fixture(scope="module")
def judge(schema):
    lift = [[0.0, 3.0], [3.0, -3.0]]
    pairs = Pairs(values=["black", "navy"], lift=lift, counts=[[9] * 2] * 2, shares=[0.5] * 2,
                  weight=1)  # fmt: skip
    return judge_of(schema, StyleModel(attributes={"Colours": pairs}, outfits=1, source="x"))


@pytest.fixture
def build(judge):
    def build(*slots, worn=(), count=1, diversity=0.0, context=None):
        return build_outfits(list(worn), list(slots), judge, count, diversity, context or {})

    return build


def names(outfits):
    return [[one.hit.photo_id for one in outfit.candidates] for outfit in outfits]


def test_what_goes_together_beats_what_is_best_alone(build):
    tops = [candidate("black top", "shirt"), candidate("navy top", "shirt", 1.0, Colours="navy")]
    shoes = [candidate("navy shoes", "sneakers", Colours="navy")]
    assert names(build(tops, shoes)) == [["black top", "navy shoes"]]


def test_an_outfit_keeps_the_rules_whatever_the_scores(build):
    tops = [candidate("top", "shirt")]
    shoes = [candidate("his", "sneakers", 9.0, Gender="Men"), candidate("hers", "sneakers")]
    (outfit,) = build(tops, shoes)
    assert names([outfit]) == [["top", "hers"]] and outfit.broken_rules == []


def test_a_rule_is_broken_only_where_there_is_nothing_else_and_named(build):
    coats = [candidate("coat", "coat", Material="wool")]
    (outfit,) = build(coats, worn=[piece("skirt", Material="denim")])
    assert outfit.broken_rules == ["warmth"]
    (outfit,) = build(
        [*coats, candidate("jacket", "jacket", -9.0)], worn=[piece("skirt", Material="denim")]
    )
    assert names([outfit]) == [["jacket"]] and outfit.broken_rules == []


def test_what_is_worn_counts_and_is_not_among_the_pieces(build):
    tops = [candidate("his", "T-shirt", 1.0, Gender="Men"), candidate("hers", "T-shirt")]
    assert names(build(tops, worn=[piece("jeans", Gender="Men")])) == [["his"]]
    assert names(build(tops, worn=[piece("jeans", Gender="Women")])) == [["hers"]]


def test_a_childs_pieces_are_kept_apart_as_the_shop_says(build):
    tops = [
        candidate("child's", "T-shirt", 5.0, "kids"),
        candidate("adult's", "T-shirt", 0.0, "adult"),
    ]
    assert names(build(tops, worn=[piece("jeans")])) == [["adult's"]]
    assert names(build(tops, worn=[piece("jeans", is_for_child=True)])) == [["child's"]]


def test_pieces_follow_the_season(build):
    tops = [candidate("sweater", "sweater", 0.5, Material="wool"), candidate("tee", "T-shirt")]
    assert names(build(tops, worn=[piece("jeans")], context={"season": "warm"})) == [["tee"]]
    assert names(build(tops, worn=[piece("jeans")], context={"season": "cold"})) == [["sweater"]]


def test_no_item_is_in_two_outfits_and_none_is_made_of_leftovers(build):
    tops = [candidate(f"top {n}", "shirt", -n) for n in range(4)]
    shoes = [candidate(f"shoes {n}", "sneakers", -n) for n in range(2)]
    outfits = build(tops, [], shoes, count=5, diversity=1.0)
    used = [name for outfit in names(outfits) for name in outfit]
    assert len(outfits) == 2 and len(set(used)) == 4


def test_the_next_outfit_does_not_look_like_the_first(build):
    first, other = candidate("a", "shirt", 0.1), candidate("c", "shirt", -0.5)
    twin = Candidate(Hit(replace(first.hit.item, photo_id="b")), 0.0)
    assert names(build([first, twin, other], count=2)) == [["a"], ["b"]]
    assert names(build([first, twin, other], count=2, diversity=5.0)) == [["a"], ["c"]]


def test_what_may_fill_two_slots_fills_one(build):
    both = [candidate("boots", "boots"), candidate("shoes", "boots", -1.0)]
    assert sorted(names(build(both, both))[0]) == ["boots", "shoes"]


def test_nothing_to_choose_from_is_no_outfit(build):
    assert build([], [], count=3) == []


def test_the_released_judge_prefers_a_whole_outfit_that_fits(schema):
    from lookbook.outfits.style import open_style

    judge = judge_of(schema, open_style())
    tops = [candidate("tee", "T-shirt"), candidate("sport", "T-shirt", Type="Sport", Colours="red")]
    shoes = [candidate("sneakers", "sneakers"), candidate("heels", "heels", Type="Formal")]
    (outfit,) = build_outfits([piece("jeans")], [tops, shoes], judge, 1, 0.0, {})
    assert names([outfit]) == [["tee", "sneakers"]]
    assert outfit.acceptability > 0.5 and outfit.reasons
    pieces = judge.pieces([piece("jeans"), *(piece_of(one.hit) for one in outfit.candidates)])
    (verdict,) = judge.verdicts(pieces, np.array([[0, 1, 2]]))
    assert verdict.reasons == outfit.reasons
    assert judge.acceptability(pieces, np.array([[0, 1, 2]]))[0] == outfit.acceptability


def test_what_may_be_for_either_suits_whoever_is_likelier(schema):
    worth = compatibility_scores({"Gender": {"Women": 0.9, "Men": 0.1}}, schema)["Gender"]
    assert worth["Unisex"] >= worth["Women"] > worth["Men"]
    unsure = compatibility_scores({"Gender": {"Women": 0.5, "Men": 0.5}}, schema)["Gender"]
    assert unsure["Unisex"] > unsure["Women"] == pytest.approx(unsure["Men"])
