"""A shop logs what its customers do, learns from it, and ranks by what it has learned."""

import json
import shutil

import pytest

from feedback_simulation import simulate
from lookbook import Shop
from lookbook.datasets.feedback_log_dataset import FeedbackLogDataset
from lookbook.feedback.events import FeedbackEvent
from lookbook.search.ranking import FusionWeights
from processes import run_kedro
from project import configuration, copy_project, latest, succeed

WEIGHTS = FusionWeights.model_validate(configuration("globals")["search_weights"])
TRUTH = WEIGHTS.model_copy(update={"text": 2.0, "bm25": 0.05, "attributes_when_vague": 0.05})
LOG = "data/08_reporting/feedback_log"


@pytest.fixture(scope="module")
def project(ran, tmp_path_factory):
    return copy_project(ran[0], tmp_path_factory.mktemp("learn"))


def test_an_answer_and_a_click_are_logged_and_are_too_few_to_learn_from(project):
    shop = Shop(project, params={"serving": {"feedback": True}})
    assistant = shop.assistant
    turn, found = assistant.recommend(None, "a red dress", [], assistant.params)
    answer_id = assistant.log_answer(turn, found, assistant.params)
    clicked = found.items[1].photo_id
    event = FeedbackEvent(answer_id=answer_id, event="clicked", item_ids=[clicked])
    assert assistant.log_event(event)
    log = shop.load("feedback_log")
    assert set(log["answer_id"].to_pylist()) == {answer_id}
    *shown, last = log.to_pylist(maps_as_pydicts="strict")
    assert [row["item_id"] for row in shown[: len(found.items)]] == [
        one.photo_id for one in found.items
    ]
    assert shown[0]["values"]["Colours"] == found.items[0].record["Colours"]
    assert len(shown[0]["components"]) > 1
    assert (last["event"], last["item_id"]) == ("clicked", clicked)

    result = run_kedro(project, "run", "--pipelines=learn")
    assert result.returncode == 1
    assert "The feedback log has 1 answers" in result.stderr


def test_what_is_learned_is_used_unless_the_shop_says_otherwise(project):
    shutil.rmtree(project / LOG)  # answers of today, months after the simulated ones
    log = FeedbackLogDataset(path=str(project / LOG))
    log.save(simulate(4000, WEIGHTS, TRUTH, {}).to_pylist(maps_as_pydicts="strict"))
    log.close()
    printed = succeed(
        run_kedro(project, "run", "--pipelines=learn", "--params=learn.held_out_days=12")
    ).stdout
    assert "weights: adopted" in " ".join(printed.split())
    assert "data/06_models/learned_ranking.json" in printed
    assert json.loads(latest(project, "learning_plot.json").read_text())["data"]
    learned = json.loads(latest(project, "learned_ranking.json").read_text())["weights"]["values"]
    assert learned["text"] > 4 * learned["image_in_text_space"] * WEIGHTS.text

    def weights_of(use_learned):
        shop = Shop(project, params={"serving": {"use_learned": use_learned}})
        recommender = shop.assistant.recommender(shop.assistant.params)
        assert len(shop.search("a red dress", k=3)) == 3
        return recommender._search._weights

    assert weights_of(True) == FusionWeights.model_validate(learned)
    assert weights_of(False) == WEIGHTS
