import json

import pytest

from lookbook.errors import InputError
from lookbook.feedback.ranking import Learned, LearnedRanking, PairPreferences, open_learned_ranking


def test_boosts_are_expected_log_odds():
    values = {"Colours": {"red": {"blue": 1.0, "black": -0.5}, "white": {"blue": 0.5}}}
    pairs = Learned[PairPreferences](values=values, period=[], figures={})
    boosts = LearnedRanking(pairs=pairs).pair_boosts({"Colours": {"red": 0.8, "white": 0.2}})
    assert boosts == {"Colours": {"blue": pytest.approx(0.9), "black": pytest.approx(-0.4)}}
    assert LearnedRanking().pair_boosts({"Colours": {"red": 1.0}}) == {}


def test_the_newest_version_is_opened_and_none_is_needed(tmp_path):
    path = tmp_path / "learned_ranking.json"
    assert open_learned_ranking(str(path)) == LearnedRanking()
    for version, odds in (("2026-01-01", 0.5), ("2026-01-02", 0.7)):
        pairs = {"values": {"Colours": {"red": {"blue": odds}}}, "period": [], "figures": {}}
        (path / version).mkdir(parents=True)
        (path / version / path.name).write_text(json.dumps({"pairs": pairs, "weights": None}))
    assert open_learned_ranking(str(path)).pairs.values == {"Colours": {"red": {"blue": 0.7}}}
    (path / "2026-01-02" / path.name).write_text("{")
    with pytest.raises(InputError, match="not a learned ranking"):
        open_learned_ranking(str(path))
