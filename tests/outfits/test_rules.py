import numpy as np
import pytest

from lookbook.outfits.features import Piece
from lookbook.outfits.rules import broken_pairs, rule_names
from outfits import judge_of, outfit_params, piece


@pytest.fixture(scope="module")
def judge(schema):
    return judge_of(schema)


@pytest.fixture
def broken(judge):
    def broken(*pieces):
        stacked = judge.pieces(pieces)
        (row,) = judge.broken_rules(stacked, np.arange(len(pieces))[None])
        return [name for name, is_broken in zip(judge.rules, row, strict=True) if is_broken]

    return broken


def test_an_everyday_outfit_breaks_no_rule(broken):
    assert broken(piece("T-shirt"), piece("jeans"), piece("sneakers")) == []


@pytest.mark.parametrize(
    ("rule", "pieces"),
    [
        ("warmth", [piece("shorts"), piece("coat", Material="wool")]),
        ("formality", [piece("heels", Type="Formal"), piece("shorts", Type="Sport")]),
        ("boldness", [piece("shirt", Pattern="floral"), piece("skirt", Pattern="checked")]),
        ("brightness", [piece("shirt", Colours="red"), piece("skirt", Colours="green")]),
        ("recipient", [piece("shirt", Gender="Men"), piece("skirt", Gender="Women")]),
        ("age", [piece("shirt"), piece("jeans", is_for_child=True)]),
        ("age", [piece("baby onesie"), piece("jeans")]),
    ],
)
def test_what_does_not_go_together_breaks_a_rule(broken, judge, rule, pieces):
    assert broken(*pieces) == [rule]
    # A pair breaks it by itself, so that no outfit with it need be tried.
    stacked = judge.pieces(pieces)
    assert broken_pairs(stacked, outfit_params().rules)[0, 1] == 1


def test_the_shops_age_group_outranks_what_a_piece_looks_like(broken):
    assert broken(piece("baby onesie", is_for_child=False), piece("jeans")) == []


def test_what_anybody_wears_goes_with_everybody(broken):
    assert broken(piece("shirt", Gender="Unisex"), piece("skirt", Gender="Women")) == []


def test_a_piece_of_an_unknown_wearer_breaks_no_rule(broken):
    sure = piece("shirt", Gender="Women")
    values = {**sure.probabilities, "Gender": {"Women": 0.5, "Men": 0.5}}
    assert broken(Piece(values), piece("jeans", Gender="Men")) == []


def test_a_schema_without_the_scales_attributes_keeps_the_other_rules(schema):
    bare = judge_of(schema, params=outfit_params().model_copy(update={"scales": {}}))
    pieces = bare.pieces([piece("shorts", Gender="Men"), piece("coat", Gender="Women")])
    (row,) = bare.broken_rules(pieces, np.array([[0, 1]]))
    assert np.array(rule_names(outfit_params().rules))[row].tolist() == ["recipient"]
