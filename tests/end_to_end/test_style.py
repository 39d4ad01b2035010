"""Learns what goes with what from a shop's own table of outfits, and answers by it."""

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


def test_without_a_table_it_says_how_to_name_one(ran):
    result = run_kedro(ran[0], "run", "--pipelines=style")
    assert result.returncode == 1
    assert "--params=outfits=TABLE" in " ".join(result.stderr.split())
    assert "Traceback" not in result.stdout + result.stderr
