import numpy as np
import pytest

from lookbook.outfits.features import Piece, feature_names, outfit_features
from lookbook.outfits.style import open_style
from outfits import judge_of, outfit_params, piece


@pytest.fixture(scope="module")
def style():
    return open_style()


@pytest.fixture
def features(schema, style):
    def features(*pieces):
        stacked = judge_of(schema, style).pieces(pieces)
        (row,) = outfit_features(stacked, np.arange(len(pieces))[None])
        names = feature_names(outfit_params().scales, style, schema)
        assert len(row) == len(names) == len(set(names))
        return dict(zip(names, row.tolist(), strict=True))

    return features


def test_slots_are_counted_and_missing_ones_found(features):
    whole = features(piece("shirt"), piece("jeans"), piece("sneakers"))
    assert (whole["slots: number upper"], whole["slots: twice upper"]) == (1, 0)
    assert whole["slots: missing feet"] == whole["slots: overlap"] == 0
    faulty = features(piece("dress"), piece("jeans"), piece("skirt"))
    assert faulty["slots: missing upper"] == 0 and faulty["slots: missing feet"] == 1
    assert (faulty["slots: overlap"], faulty["slots: twice lower"]) == (2, 1)


def test_scales_are_compared_over_the_whole_and_slot_by_slot(features):
    summer = features(piece("T-shirt"), piece("shorts"), piece("sandals"))
    winter = features(piece("T-shirt"), piece("shorts"), piece("boots"))
    assert winter["warmth: range"] > summer["warmth: range"]
    assert winter["warmth: feet"] > 2 and summer["warmth: feet"] < 0


def test_pictures_are_compared_where_they_are_known(features):
    one, other = np.eye(2, dtype=np.float32)
    known = [piece("shirt")._replace(embedding=one), piece("jeans")._replace(embedding=other)]
    assert features(*known)["pictures: mean"] == 0
    assert features(*known, piece("boots")._replace(embedding=one))["pictures: most"] == 1
    assert features(known[0], piece("jeans"))["pictures: mean"] == 0.5


def test_the_order_of_pieces_does_not_matter(features):
    pieces = [piece("shirt", Colours="red"), piece("jeans", Colours="blue"), piece("boots")]
    assert features(*pieces) == pytest.approx(features(*pieces[::-1]), abs=1e-5)


def test_doubt_counts_by_its_probability(features):
    sure = piece("boots")
    doubtful = Piece({**sure.probabilities, "Garment": {"boots": 0.5, "sandals": 0.5}})
    assert features(piece("shirt"), doubtful)["Garment: boots"] == 0.5
