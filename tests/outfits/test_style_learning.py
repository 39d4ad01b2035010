import pandas as pd
import pytest

from lookbook.errors import InputError
from lookbook.outfits.compatibility_learning import CompatibilityParams
from lookbook.outfits.style import open_style
from lookbook.outfits.style_learning import StyleParams, ask, learn, read_outfits, score_folds
from lookbook.pipelines.style import nodes
from lookbook.pipelines.style.summary import summarise
from project import configuration

RATINGS = CompatibilityParams.model_validate(
    {**configuration("parameters_style")["compatibility"], "source": "x"}
)
PARAMS = StyleParams.model_validate({**configuration("parameters_style")["style"], "source": "x"})


def table(*rows):
    return pd.DataFrame(rows, columns=["Look", "garment", "Color", "pattern", "gender", "season"])


def worn(number, top, bottom, season="cold"):
    """An outfit in which tops and bottoms of one colour go together."""
    name = f"o{number}"
    return [
        (name, "shirt", top, "plain", "Women", season),
        (name, "trousers", bottom, "plain", "Women", season),
    ]


@pytest.fixture(scope="module")
def outfits(schema):
    colours = ["red", "navy", "white", "green"]
    rows = [row for n in range(80) for row in worn(n, colours[n % 4], colours[n % 4])]
    return read_outfits(table(*rows), PARAMS, schema)[0]


def test_a_table_is_read_by_its_headings_whatever_they_are(schema):
    rows = [
        ("1", "tee", "light-blue+white", "striped", "Women", "Warm"),
        ("1", "jeans", "navy", "plain", "Women", "Warm"),
    ]
    outfits, problems = read_outfits(table(*rows), PARAMS, schema)
    assert outfits["1"].items[0] == {
        "Garment": ["T-shirt"], "Colours": ["light blue", "white"], "Pattern": ["striped"]
    }  # fmt: skip
    assert outfits["1"].context == {"Gender": "Women", "season": "warm"}
    assert problems.empty


def test_rows_of_no_use_are_listed_with_their_reason(schema):
    rows = [
        (None, "tee", "red", "plain", "Women", "warm"),
        ("1", "spacesuit", "red", "plain", "Women", "warm"),
        ("1", "jeans", None, None, None, None),
        ("2", "jeans", "navy", "plain", "Men", "cold"),
    ]
    outfits, problems = read_outfits(table(*rows), PARAMS, schema)
    assert set(outfits) == {"1"}
    assert problems["reason"].tolist() == ["names no outfit", "no value", "has a single item"]
    assert problems["value"].dropna().tolist() == ["spacesuit"]


def test_a_table_that_names_no_outfits_ends_in_a_sentence(schema):
    with pytest.raises(InputError, match="needs a column 'outfit'"):
        read_outfits(pd.DataFrame({"x": ["1"]}), PARAMS, schema)


def test_the_real_item_is_found_among_others_where_there_is_a_rule(outfits, schema):
    answers = score_folds(outfits, PARAMS, schema)
    assert answers["right"].mean() > 0.9
    assert answers["auc"].mean() > 0.9
    assert set(answers["outfit"]) == set(outfits)


def test_where_there_is_no_rule_nothing_is_better_than_chance(schema):
    colours = ["red", "navy", "white", "green"]
    rows = [row for n in range(160) for row in worn(n, colours[n % 4], colours[n * 7 // 4 % 4])]
    outfits, _ = read_outfits(table(*rows), PARAMS, schema)
    assert score_folds(outfits, PARAMS, schema)["right"].mean() < 0.5


def test_others_are_of_the_same_part_of_an_outfit_and_differ(outfits, schema):
    questions = list(ask(list(outfits.values()), PARAMS, schema, seed=0))
    assert len(questions) == len(outfits)
    for question in questions:
        real, *others = question.candidates
        assert {tuple(one["Garment"]) for one in others} == {tuple(real["Garment"])}
        assert all(one["Colours"] != real["Colours"] for one in others)


def test_what_is_learned_is_the_same_each_time(outfits, schema):
    listed = list(outfits.values())
    assert learn(listed, PARAMS, schema) == learn(listed, PARAMS, schema)


@pytest.mark.parametrize("few", [1, 2, 5])
@pytest.mark.filterwarnings("error")
def test_a_few_outfits_are_learned_from_and_no_figure_is_made_up(few, schema):
    rows = [row for n in range(few) for row in worn(n, "red", "navy")]
    outfits, problems = nodes.read_outfits(table(*rows), PARAMS, schema)
    answers = nodes.score_folds(outfits, PARAMS, schema)
    learned = nodes.learn_pairs(outfits, open_style(), PARAMS, schema)
    features = pd.DataFrame(columns=["outfit", "source", "group", "score"])
    predictions = nodes.predict_ratings(features, RATINGS)
    none = pd.DataFrame(columns=["reason"])
    report = nodes.report_style(
        outfits, problems, answers, none, features, predictions, learned, PARAMS
    )
    assert report["outfits"] == few and report["scores"]["right"]["mean"] is None
    card = nodes.write_style_card(report, learned, PARAMS)
    assert "too few outfits" in card and "judged as by the model in use: 900 rated" in card
    assert "too few worn outfits" in summarise(report).happened
    nodes.plot_style(learned)


def test_a_table_without_a_whole_outfit_ends_in_a_sentence(schema):
    rows = [("1", "shirt", "red", "plain", "Women", "cold")]
    with pytest.raises(InputError, match=r"no outfit of two items: has a single item \(1\)"):
        nodes.read_outfits(table(*rows), PARAMS, schema)
