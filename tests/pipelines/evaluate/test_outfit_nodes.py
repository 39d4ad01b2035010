import pandas as pd
import pytest
from rich.console import Console

from lookbook.assistant.types import ServingParams
from lookbook.evaluation.params import EvaluateParams
from lookbook.evaluation.score_tables import rating_tables
from lookbook.outfits.compatibility_learning import CompatibilityParams
from lookbook.outfits.params import OutfitParams
from lookbook.outfits.style import open_style
from lookbook.pipelines.evaluate.outfit_nodes import (
    ASKED_WITH,
    RECIPIENT_GIVEN,
    UNKNOWN,
    find_outfits,
    score_ratings,
)
from project import bundled_stylist, configuration, open_search

PARAMS = EvaluateParams.model_validate(
    {**configuration("parameters_evaluate")["evaluate"], "bootstrap_rounds": 50}
)
RATINGS = CompatibilityParams.model_validate(
    {**configuration("parameters_style")["compatibility"], "source": "x"}
)
OUTFITS = OutfitParams.model_validate(configuration("parameters_outfits")["outfits"])
SERVING = ServingParams.model_validate(
    configuration("parameters_serving")["serving"] | {"max_concurrency": None}
)
MANIFEST = pd.DataFrame({"file": ["a.jpg", "b.jpg", "c.jpg"], "photo_id": ["a", "b", "c"]})
FORM = pd.DataFrame(
    {
        "outfit": ["1", "2", "3", "4"],
        "query": ["a.jpg", "a.jpg", "b.jpg", "c.jpg"],
        "items": ["b.jpg", "c.jpg", "c.jpg", "a.jpg"],
        "score": ["4", "2", "3", ""],
    }
)


def key_of(form, *sources):
    return form[["outfit", "query", "items"]].assign(source=sources)


def means(scores):
    return scores.set_index(["source", "metric"])["mean"].to_dict()


def test_ratings_are_averaged_by_source_with_intervals_over_queries():
    told = FORM.assign(source=["rule", "random", "rule", "rule"])
    scores = score_ratings(told, {}, MANIFEST, RATINGS, PARAMS)
    assert means(scores) == {
        ("random", "score"): 2, ("random", "acceptable"): 0,
        ("rule", "score"): 3.5, ("rule", "acceptable"): 1,
    }  # fmt: skip
    rule = scores.set_index(["source", "metric"]).loc[("rule", "score")]
    assert (rule["low"], rule["high"], rule["outfits"]) == (3, 4, 2)
    (laid_out,) = rating_tables(scores)
    console = Console(width=100, record=True)
    console.print(laid_out)
    assert "3.500±.500" in console.export_text()


def test_a_form_has_its_sources_from_its_own_key():
    # Of two runs of `sheets`, whose outfits have the same numbers.
    other = FORM.assign(query="c.jpg", items="b.jpg")
    keys = {
        "1/key": lambda: key_of(FORM, "rule", "random", "rule", "random"),
        "2/key": lambda: key_of(other, "x", "x", "x", "x"),
    }
    scores = score_ratings(FORM, keys, MANIFEST, RATINGS, PARAMS)
    assert means(scores)["rule", "score"] == 3.5
    assert set(scores["source"]) == {"rule", "random"}
    assert set(score_ratings(FORM, {}, MANIFEST, RATINGS, PARAMS)["source"]) == {UNKNOWN}


def test_without_ratings_there_are_no_scores():
    scores = score_ratings(pd.DataFrame(), {}, MANIFEST, RATINGS, PARAMS)
    assert scores.empty and rating_tables(scores) == []


@pytest.fixture(scope="module")
def items(ran):
    rows = [
        {"photo_id": item.photo_id, "sender_id": "s", **item.attributes}
        for item in open_search(ran[0]).browse({}, 1000)
    ]
    items = pd.DataFrame(rows)
    return items.assign(asked=items.groupby("Category").cumcount().eq(0))


@pytest.fixture(scope="module")
def ask(ran, items, schema):
    def ask(annotations):
        found = find_outfits(
            items, annotations, bundled_stylist(), open_style(None), OUTFITS, open_search(ran[0]),
            schema, SERVING, PARAMS,
        )  # fmt: skip
        return found.merge(items[["photo_id", "Category", "Gender"]], on="photo_id")

    return ask


@pytest.fixture(scope="module")
def answers(ask):
    return ask(pd.DataFrame(columns=["photo_id"]))


def test_every_asked_item_is_answered_with_and_without_a_recipient(answers):
    assert answers.groupby("method").size().to_dict() == dict.fromkeys(
        ASKED_WITH, answers["photo_id"].nunique()
    )
    assert answers["outfits"].between(1, SERVING.outfits).all()
    assert answers["acceptability"].between(0, 1).all()
    assert answers["breaks_any"].eq(0).all() and answers["admits_fault"].eq(0).all()


def test_with_the_recipient_given_no_piece_is_for_another_wearer(answers):
    # For men the sample has tops alone.
    given = answers[answers["method"].eq(RECIPIENT_GIVEN) & answers["Gender"].eq("Women")]
    assert len(given) > 0 and given["other_wearer"].eq(0).all()


def test_outfits_are_judged_by_what_annotations_say(ask, items):
    is_shoe = items["Category"].eq("Shoes")
    told = items[["photo_id"]].assign(Gender=is_shoe.map({True: "Men", False: "Women"}))
    answers = ask(told).query("Category != 'Shoes'")
    assert answers["breaks_recipient"].eq(1).all() and answers["breaks_any"].eq(1).all()
    assert answers["other_wearer"].between(0.2, 0.5).all()
    garments = items[["photo_id"]].assign(Category="Dresses")
    assert ask(garments)["breaks_slot"].eq(1).all()
