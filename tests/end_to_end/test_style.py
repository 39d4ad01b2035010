"""Learns what goes with what from a shop's own outfits and ratings, and answers by it."""

import json

import pandas as pd
import pytest

from lookbook.outfits.style import open_style
from processes import run_kedro
from project import copy_project, latest, succeed, table


@pytest.fixture(scope="module")
def orders(tmp_path_factory):
    """Orders in which people who buy a red shirt take black shoes with it, and so on."""
    rows = []
    for number in range(60):
        shirt, shoes = [("red", "black"), ("white", "brown"), ("green", "beige")][number % 3]
        rows += [
            {"order": number, "item type": "shirt", "colour": shirt, "gender": "Men"},
            {"order": number, "item type": "sneakers", "colour": shoes, "gender": "Men"},
        ]
    rows.append({"order": 99, "item type": "spacesuit", "colour": "red", "gender": "Men"})
    path = tmp_path_factory.mktemp("orders") / "orders.csv"
    pd.DataFrame(rows).to_csv(path, index=False)
    return path


def test_a_shops_orders_teach_its_assistant_what_goes_with_what(ran, tmp_path, orders):
    project = copy_project(ran[0], tmp_path)
    told = f"--params=outfits={orders},style.folds=2"
    printed = succeed(run_kedro(project, "run", "--pipelines=style", told)).stdout
    assert "of four items the right one in" in printed
    report = json.loads(latest(project, "style_report.json").read_text())
    assert (report["outfits"], report["of_no_use"]) == (60, {"no value": 1, "has a single item": 1})
    assert report["scores"]["right"]["mean"] > 0.6
    assert table(project, "outfits_quarantine")["value"].iloc[0] == "spacesuit"
    assert "| it scores above another (AUC) |" in latest(project, "style_card.md").read_text()
    assert json.loads(latest(project, "style_plot.json").read_text())["data"]

    learned = project / "data/06_models/style_model.json"
    worth = open_style(str(learned)).attribute_boosts([{"Colours": {"red": 1.0}}], {})["Colours"]
    assert worth["black"] > worth["brown"]
    given = f"--params=style_model={learned},message=which shoes go with a green shirt"
    succeed(run_kedro(project, "run", "--pipelines=serving", given))
    items = table(project, "recommendations")
    assert set(items["slot"]) == {"feet"}
    assert items["why"].str.contains("green and beige are often worn together").sum() == 1


def test_a_shops_ratings_teach_its_assistant_which_outfits_to_show(ran, tmp_path):
    project = copy_project(ran[0], tmp_path)
    items = table(project, "catalogue")
    tops, bottoms = (items.loc[items["Category"] == one, "Filename"] for one in ("Tops", "Pants"))
    rows = [
        {"Look": f"{number}", "Worn": top, "Pieces": bottom, "Stars": 1 + 3 * (number % 2)}
        for number, (top, bottom) in enumerate(zip(tops[:12], [*bottoms, *bottoms], strict=False))
    ]
    rows += [
        {"Look": "x", "Worn": "nowhere.jpg", "Pieces": bottoms.iloc[0], "Stars": 3},
        {"Look": "y", "Worn": tops.iloc[0], "Pieces": bottoms.iloc[0], "Stars": 9},
        {"Look": "z", "Worn": tops.iloc[0], "Pieces": "", "Stars": 3},
    ]
    pd.DataFrame(rows).to_csv(tmp_path / "form.csv", index=False)
    given = (
        f"--params=outfit_ratings={tmp_path}/form.csv,compatibility.folds=2,compatibility.trees=9"
    )
    printed = " ".join(
        succeed(run_kedro(project, "run", "--pipelines=style", given)).stdout.split()
    )
    assert "judged with an AUC of" in printed and "ratings_quarantine.csv" in printed
    reasons = table(project, "ratings_quarantine")["reason"].tolist()
    assert reasons == ["no such photo", "the score is not from 1 to 5", "has a single piece"]
    report = json.loads(latest(project, "style_report.json").read_text())["ratings"]
    assert report["outfits"] == len(rows) - 3 and report["carried_by"]
    card = latest(project, "style_card.md").read_text()
    assert "Pairs of values are those of the model in use" in card

    learned = project / "data/06_models/style_model.json"
    assert open_style(str(learned)).compatibility.outfits == len(rows) - 3
    given = f"--params=style_model={learned},message=what goes with black trousers"
    succeed(run_kedro(project, "run", "--pipelines=serving", given))
    assert json.loads(latest(project, "outfits.json").read_text())


def test_without_a_table_it_says_how_to_name_one(ran):
    result = run_kedro(ran[0], "run", "--pipelines=style")
    assert result.returncode == 1
    told = " ".join(result.stderr.split())
    assert "--params=outfits=TABLE" in told and "--params=outfit_ratings=TABLE" in told
    assert "Traceback" not in result.stdout + result.stderr
